"""The policy's own small helpers."""

from datetime import timedelta

import pytest

from portward.errors import Span
from portward.policy.net import Knock, PortRange, Protocol
from portward.policy.policy import Places, Policy, Sequence, Service


SSH = Service("ssh", (PortRange(Protocol.TCP, 22, 22),))
MAIL = Service("mail", (PortRange(Protocol.TCP, 25, 25),), (PortRange(Protocol.TCP, 2525, 2525),))


def sequence(*opens: str) -> Sequence:
    """One knock that opens these."""
    return Sequence("s", (Knock(Protocol.TCP, 1),), (), opens, timedelta(hours=1))


def test_nearest_finds_the_closest_thing_around() -> None:
    """A value without a place of its own has its table's, and at last the file's."""
    places = Places([((), Span("f", 1, 1)), (("services", "ssh"), Span("f", 5, 1))])
    assert places.nearest("services", "ssh", "ports", 0) == Span("f", 5, 1)
    assert places.nearest("sequences") == Span("f", 1, 1)
    assert Places().nearest("x") is None


def test_places_take_no_part_in_comparison() -> None:
    """The same meaning from another file is the same policy."""
    assert Policy(places=Places([((), Span("a", 1, 1))])) == Policy(places=Places())


def test_everything_is_taken_apart() -> None:
    """`*` opens all services, in their order; an unknown name is a KeyError."""
    policy = Policy((SSH, MAIL))
    assert policy.opened_by(sequence("*")) == (SSH, MAIL)
    assert policy.opened_by(sequence("mail")) == (MAIL,)
    with pytest.raises(KeyError):
        policy.opened_by(sequence("nothing"))


def test_doors_are_the_published_ports_where_there_are_any() -> None:
    """A visitor of mail comes to 2525."""
    assert SSH.doors == SSH.ports
    assert MAIL.doors == MAIL.published
