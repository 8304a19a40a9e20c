"""Puts the daemon together from a policy, keys and a state directory."""

import asyncio
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime
from pathlib import Path

import attrs

from portward.apply.libnft import Libnft
from portward.daemon.ahead_store import AheadStore
from portward.daemon.loader import Loaded, Loader
from portward.daemon.notify import Notifier
from portward.daemon.privileges import undumpable
from portward.daemon.reader_process import Say
from portward.daemon.setup import Setup
from portward.daemon.sockets import handed_over
from portward.daemon.warden import Tools, Warden


AHEAD_FILE = "ahead.db"
"""In the state directory: what was loaded ahead."""


@attrs.frozen
class Sources:
    """Where the daemon's policy and keys come from.

    Attributes:
        load: reads both.
        trace: something that differs when the keys on the disk have changed.
    """

    load: Callable[[], Setup]
    trace: Callable[[], object]


def serve(state: Path, variables: MutableMapping[str, str], sources: Sources, say: Say) -> None:
    """Serve until told to stop.

    Args:
        state: a directory of ours.
        variables: the environment; what systemd said in it is taken out.
        sources: of policy and keys.
        say: takes lines for the log.

    Raises:
        PolicyError: the policy or the keys have mistakes.
        HostError: a port is taken, a file cannot be used, or the firewall may not be touched.
    """
    undumpable()
    sockets = handed_over(variables)
    nft, store = Libnft(), AheadStore(state / AHEAD_FILE)
    tools = Tools(nft, Loader(nft, store), Notifier(variables), sources.load, sources.trace, say)

    async def run() -> None:
        await Warden(tools, state).run(sockets)

    try:
        asyncio.run(run())
    finally:
        store.close()
        nft.close()


def load_once(state: Path, setup: Setup) -> Loaded:
    """Load ahead what is due and come back: for gates that have no daemon but a timer.

    Raises:
        TargetError: the gate is not up, or the kernel refused.
        HostError: a file cannot be used, or the firewall may not be touched.
    """
    nft, store = Libnft(), AheadStore(state / AHEAD_FILE)
    try:
        return Loader(nft, store).round(setup.policy, setup.keyring, setup.server, datetime.now(UTC))
    finally:
        store.close()
        nft.close()
