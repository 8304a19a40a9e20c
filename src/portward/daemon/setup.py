"""What the daemon works by: a policy with its keys, and what of it the reader is given. Pure."""

import pickle
from pathlib import Path

import attrs

from portward.errors import UsageError
from portward.policy.policy import Places, Policy
from portward.spa.keyring import Keyring, ServerKey
from portward.spa.memory import Way


@attrs.frozen
class Setup:
    """A policy that has no mistakes, and the keys.

    Attributes:
        policy: the gate's.
        keyring: all people's keys.
        server: the gate's own key.
    """

    policy: Policy
    keyring: Keyring
    server: ServerKey

    @property
    def ports(self) -> dict[int, Way]:
        """What the daemon listens for, by port; nothing where the policy has no people."""
        ways = self.policy.ways
        found = {Way.SEALED: ways.sealed, Way.FWKNOP: ways.fwknop}
        return {each.port: way for way, each in found.items() if each and self.policy.people}


@attrs.frozen
class ReaderSetup:
    """What the reader needs and no more: neither sequences nor the secrets of passes.

    Attributes:
        policy: people, services and ways alone.
        keyring: without tokens.
        server: the gate's own key.
        replay: the file of the replay memory.
        sockets: descriptor to what comes in by it.
        channel: the descriptor that leads to the process that opens doors.
    """

    policy: Policy
    keyring: Keyring
    server: ServerKey
    replay: Path
    sockets: dict[int, Way]
    channel: int


def for_reader(setup: Setup, replay: Path, sockets: dict[int, Way], channel: int) -> bytes:
    """Spell what the reader is given."""
    policy = attrs.evolve(setup.policy, sequences=(), public=(), always=(), places=Places())
    keyring = attrs.evolve(setup.keyring, tokens=())
    return pickle.dumps(ReaderSetup(policy, keyring, setup.server, replay, sockets, channel))


def read_reader_setup(data: bytes) -> ReaderSetup:
    """Read what `for_reader` spelled; only ever from our own parent, by a pipe.

    Raises:
        UsageError: it is nothing of the kind.
    """
    try:
        setup = pickle.loads(data)  # noqa: S301 - from our parent, which is trusted with more than we are
    except (pickle.UnpicklingError, EOFError) as error:
        raise UsageError("the reader is started by portward serve alone") from error
    if not isinstance(setup, ReaderSetup):
        raise UsageError("the reader is started by portward serve alone")
    return setup
