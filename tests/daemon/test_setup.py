"""What the daemon works by, and what of it the reader is given."""

import pickle
from pathlib import Path

import attrs
import pytest
from tests.daemon_case import KEYRING, SERVER, policy

from portward.daemon.setup import Setup, for_reader, read_reader_setup
from portward.errors import UsageError
from portward.policy.people import Sealed, Ways
from portward.spa.memory import Way


SETUP = Setup(policy(), KEYRING, SERVER)


def test_the_ports_it_listens_on() -> None:
    assert SETUP.ports == {62203: Way.SEALED, 62201: Way.FWKNOP}
    assert attrs.evolve(SETUP, policy=policy(ways=Ways(sealed=Sealed(7)))).ports == {7: Way.SEALED}
    assert attrs.evolve(SETUP, policy=policy(people=())).ports == {}


def test_the_reader_is_not_given_the_secrets_of_passes() -> None:
    """Whoever takes it over can make no pass of anybody's."""
    told = for_reader(SETUP, Path("/x/replay.db"), {5: Way.SEALED}, 6)
    assert b"t" * 32 not in told
    assert KEYRING.tokens
    setup = read_reader_setup(told)
    assert setup.keyring.tokens == ()
    assert setup.keyring.sealed == KEYRING.sealed
    assert (setup.replay, setup.sockets, setup.channel) == (Path("/x/replay.db"), {5: Way.SEALED}, 6)
    assert setup.policy.people == SETUP.policy.people


@pytest.mark.parametrize("data", [b"", b"nonsense", pickle.dumps(5)])
def test_started_by_hand_it_says_so(data: bytes) -> None:
    with pytest.raises(UsageError, match="portward serve"):
        read_reader_setup(data)
