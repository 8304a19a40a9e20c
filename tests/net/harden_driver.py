"""Mends everything on trial and kills itself at a named step: what the tests of a harden trial run in a host.

Usage: harden_driver.py STEP SECONDS
"""

import os
import signal
import sys
import time
from argparse import Namespace
from datetime import timedelta
from pathlib import Path

from portward.apply import harden_trial
from portward.apply.state import StateDirectory
from portward.cli import harden
from portward.cli.environment import Environment
from portward.exposure.mend_plan import plan


def main() -> None:
    """Do as the command line says."""
    step, seconds = sys.argv[1:]
    options = Namespace(
        root=None,
        policy="/etc/portward/policy.toml",
        no_ask=True,
        target=(),
        spare=(),
        by=None,
        ports=None,
        opened_by=None,
    )
    environment = Environment()
    situation = harden.look(options, environment)
    made = plan(situation, harden.wish_of(options))
    rules, _ = harden.judged(made, situation, environment, offline=False)
    work = harden.work_of(options, made, situation, rules)

    def die(reached: harden_trial.Step) -> None:
        if reached == step:
            sys.stdout.write(f"{reached}\n")
            sys.stdout.flush()
            os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(60)

    state = StateDirectory(Path(os.environ["STATE_DIRECTORY"]))
    harden_trial.begin(state, work, timedelta(seconds=float(seconds)), None, die)


if __name__ == "__main__":
    main()
