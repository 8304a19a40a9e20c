"""Honest visitors: the door they try, how long they wait, and how their visits are summed up."""

from datetime import timedelta
from ipaddress import ip_address
from random import Random
from typing import cast

import attrs
import pytest

from portward.attack.visitors import DOOR, Street, Visitor, free_port, how_long, summed_up, with_door
from portward.attack.weather import Weather
from portward.check.rules import mistakes
from portward.errors import UsageError
from portward.policy.net import Knock, PortRange, Protocol
from portward.policy.policy import EVERYTHING, Policy, Sequence, Service


TCP = Protocol.TCP
SEQUENCE = Sequence(
    "s", (Knock(TCP, 49152), Knock(TCP, 7)), (timedelta(seconds=10),), ("ssh",), timedelta(hours=1)
)
POLICY = Policy((Service("ssh", (PortRange(TCP, 22, 22),)),), (SEQUENCE,), grant_prefix_v4=24)


def test_the_door_is_one_more_service_that_the_sequence_opens() -> None:
    """The rest of the policy stays, and the result has no mistakes."""
    policy, port = with_door(POLICY, SEQUENCE)
    assert port == 49153, "49152 is a knock"
    assert policy.sequences[0].opens == ("ssh", DOOR)
    assert policy.services[0] == POLICY.services[0]
    assert policy.grant_prefix_v4 == 32
    assert not mistakes(policy)


def test_a_sequence_that_opens_everything_opens_the_door_too() -> None:
    trusted = attrs.evolve(SEQUENCE, opens=(EVERYTHING,))
    policy, _ = with_door(attrs.evolve(POLICY, sequences=(trusted,)), trusted)
    assert policy.sequences == (trusted,)


def test_where_no_port_is_free_it_says_so() -> None:
    with pytest.raises(UsageError, match="no TCP port"):
        free_port(attrs.evolve(POLICY, public=(PortRange(TCP, 49152, 65535),)))


def test_a_visitor_waits_for_the_penalty_once() -> None:
    patience = how_long(POLICY, SEQUENCE)
    assert timedelta(seconds=61) < patience.timeout < timedelta(seconds=90)
    assert how_long(attrs.evolve(POLICY, strict=False), SEQUENCE).timeout < timedelta(seconds=30)


def test_visits_are_counted_by_their_tries() -> None:
    weather = Weather("rain")

    def made(tries: int, seconds: float | None) -> Visitor:
        visitor = Visitor(cast("Street", None), ip_address("192.0.2.1"), weather, Random(1), SEQUENCE)  # noqa: S311
        visitor.tries, visitor.seconds = tries, seconds
        return visitor

    found = summed_up(weather, [made(1, 0.5), made(2, 62.0), made(2, None)])
    assert (found.visits, found.at_once, found.entered, found.seconds) == (3, 1, 2, 62.0)
