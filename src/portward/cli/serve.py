"""`portward serve`: the daemon, which loads windows ahead and opens doors for sealed knocks and fwknop's packets."""

import argparse
import os
from pathlib import Path

from portward.apply.keystore import KeyStore
from portward.apply.state import StateDirectory
from portward.cli.environment import Environment
from portward.cli.outcome import Outcome
from portward.cli.policy import read_checked
from portward.daemon.serve import Sources, load_once, serve
from portward.daemon.setup import Setup
from portward.errors import HostError, UsageError


STATE = "/var/lib/portward-serve"
"""Where the daemon remembers what it accepted and loaded; not the directory of trials, which is root's."""


def run(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Serve until told to stop, or load ahead once."""
    if options.policy == "-":
        raise UsageError("the daemon reads its policy again at a reload, so it needs a file, not stdin")
    state = StateDirectory(state_directory(options, environment))
    state.prepare()
    setup = read_setup(options, environment)
    if options.once:
        loaded = load_once(state.path, setup)
        until = loaded.until.isoformat(timespec="seconds")
        said = (
            f"loaded {loaded.windows} windows of keys, up to {until}" if loaded.windows else "nothing to load"
        )
        return Outcome(said, {"windows": loaded.windows, "until": until}, changed=loaded.windows > 0)
    keys = KeyStore.beside(options.policy).directory
    sources = Sources(lambda: read_setup(options, environment), lambda: trace_of(keys))
    serve(state.path, dict(environment.variables), sources, environment.talk)
    return Outcome("", {})


def state_directory(options: argparse.Namespace, environment: Environment) -> Path:
    """What `--state` says, else systemd, else the usual place."""
    return Path(options.state or environment.variables.get("STATE_DIRECTORY", "").split(":")[0] or STATE)


def trace_of(directory: Path) -> frozenset[tuple[str, int, int]]:
    """Something that differs when a file of keys was written, came or went; empty if they cannot be looked at."""
    try:
        with os.scandir(directory) as found:
            return frozenset((each.name, each.stat().st_ino, each.stat().st_mtime_ns) for each in found)
    except OSError:
        return frozenset()


def read_setup(options: argparse.Namespace, environment: Environment) -> Setup:
    """Read the policy and the keys beside it.

    Raises:
        PolicyError: with every mistake of the policy, or of the keys.
        HostError: a file cannot be read, or the gate has no key of its own.
    """
    policy = read_checked(options.policy, environment).policy
    store = KeyStore.beside(options.policy)
    server = store.server()
    if server is None:
        raise HostError(
            f"the gate has no key of its own in {store.directory}; portward person add makes it with the first person"
        )
    return Setup(policy, store.load(), server)
