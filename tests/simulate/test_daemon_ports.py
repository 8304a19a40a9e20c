"""The daemon's ports: what may pass to it."""

from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from tests.simulate.keyed import WORD, KeyedGate, gate
from tests.simulate.transcript import OTHER, VISITOR, VISITOR_6, sequence

from portward.policy.people import Fwknop, Sealed, Ways
from portward.policy.policy import Mode, Policy


AGE = timedelta(minutes=2)
WAYS = Ways(sealed=Sealed(62203, AGE, 2), fwknop=Fwknop(62201, AGE, 2))
SEALED = WORD.ljust(232, b"x")


def here(**settings: Any) -> KeyedGate:
    """A gate with both ports."""
    return gate(ways=WAYS, **settings)


@pytest.mark.parametrize("mode", list(Mode))
def test_what_may_be_a_sealed_knock_is_left(mode: Mode) -> None:
    assert here(mode=mode).hears_data(SEALED, 62203).verdict == "leave"


@pytest.mark.parametrize("data", [b"", WORD, SEALED + b"x", SEALED[:-1], bytes(232)])
def test_what_cannot_be_one_is_dropped(data: bytes) -> None:
    judgement = here().hears_data(data, 62203)
    assert (judgement.verdict, judgement.line, judgement.stray) == ("drop", "1.1", False)


def test_a_word_has_an_end() -> None:
    late = here()
    late.now = 1000.0
    assert late.hears_data(SEALED, 62203).verdict == "drop"


@pytest.mark.parametrize(
    ("data", "verdict"),
    [
        (b"+".ljust(140), "leave"),
        (b"9".ljust(399), "leave"),
        (b"/".ljust(139), "drop"),
        (b"8".ljust(400), "drop"),
        (b"U".ljust(200), "drop"),
        (b"", "drop"),
    ],
)
def test_what_may_be_a_packet_of_fwknops(data: bytes, verdict: str) -> None:
    assert here().hears_data(data, 62201).verdict == verdict


def test_who_sends_too_often_is_dropped_until_the_bucket_fills() -> None:
    """Two seconds' worth at once, then so many a second."""
    one = here()
    verdicts = [one.hears_data(SEALED, 62203, after=0).verdict for _ in range(6)]
    assert verdicts == ["leave"] * 4 + ["drop"] * 2
    assert one.hears_data(SEALED, 62203, source=OTHER).verdict == "leave"
    assert one.hears_data(SEALED, 62203, after=0.51).verdict == "leave"
    assert one.hears_data(SEALED, 62203, after=0.1).verdict == "drop"


def test_junk_takes_nothing_out_of_the_bucket() -> None:
    one = here()
    for _ in range(9):
        one.hears_data(b"junk", 62203)
    assert one.hears_data(SEALED, 62203).verdict == "leave"


def test_ipv6_is_counted_by_network_and_each_port_by_itself() -> None:
    one = here()
    for number in range(4):
        one.hears_data(SEALED, 62203, source=VISITOR_6 + number)
    assert one.hears_data(SEALED, 62203, source=VISITOR_6 + 9).verdict == "drop"
    assert one.hears_data(b"+".ljust(140), 62201, source=VISITOR_6).verdict == "leave"


def test_always_is_not_asked() -> None:
    one = here(always=(ip_network(f"{VISITOR}/32"),))
    assert one.hears_data(b"junk", 62203).verdict == "drop"
    assert one.hears_data(b"junk", 62204).verdict == "leave"


def test_without_people_they_are_any_ports() -> None:
    nobody = KeyedGate(Policy(sequences=(sequence(),), ways=WAYS))
    nobody.hears("tcp/33333")
    assert nobody.hears_data(SEALED, 62203).stray
