"""Applies a policy on trial and kills itself at a named step: what the tests of a trial run in a namespace.

Usage: trial_driver.py STATE WANTED.json SECONDS STEP SIGNAL (process|session)

STEP may be `none`: then the trial is begun and waited for.
"""

import json
import os
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path

from portward.apply import trial, wanted
from portward.apply.gate import plan_or_guess
from portward.apply.state import StateDirectory
from portward.apply.trial import Step


def say(word: str) -> None:
    """Tell the test."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main() -> None:
    """Do as the command line says."""
    state, file, seconds, step, number, target = sys.argv[1:]

    def die(reached: Step) -> None:
        if reached == step:
            say(reached)
            (os.killpg if target == "session" else os.kill)(
                os.getpgid(0) if target == "session" else os.getpid(), signum
            )
            time.sleep(60)

    signum = signal.Signals[number]
    rules = wanted.from_json(json.loads(Path(file).read_text()), file)
    directory = StateDirectory(Path(state))
    begun = trial.begin(directory, plan_or_guess(rules), timedelta(seconds=float(seconds)), None, die)
    say("begun")
    say(trial.watch(directory, begun))


if __name__ == "__main__":
    main()
