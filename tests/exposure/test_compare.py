from ipaddress import ip_address, ip_network

import pytest

from portward.exposure.compare import compare
from portward.exposure.passage import Answer
from portward.exposure.question import Target
from portward.exposure.record import Believed
from portward.exposure.scan import Sighting, State
from portward.policy.net import Protocol


GATE, STRANGER, NEIGHBOUR, FRIEND = map(ip_address, ("198.51.100.1", "203.0.113.7", "10.0.0.7", "192.0.2.7"))


def believed(strangers: Answer, private: Answer = Answer.CLOSED, port: int = 22) -> Believed:
    return Believed(Protocol.TCP, port, {4: strangers}, private, (ip_network("192.0.2.0/24"),), (41022,))


def codes(row: Believed | None, state: State, visitor: str = "203.0.113.7", port: int = 22) -> list[str]:
    seen = Sighting(GATE, Target(Protocol.TCP, port), state)
    return [each.code for each in compare([row] if row else [], [seen], ip_address(visitor))]


@pytest.mark.parametrize(
    ("answer", "state", "expected"),
    [
        (Answer.CLOSED, State.SILENT, []),
        (Answer.CLOSED, State.CLOSED, []),
        (Answer.CLOSED, State.OPEN, ["PX601"]),
        (Answer.OPEN, State.OPEN, []),
        (Answer.OPEN, State.SILENT, ["PX604"]),
        (Answer.UNSURE, State.OPEN, ["PX603"]),
        (Answer.UNSURE, State.SILENT, []),
    ],
)
def test_what_audit_believes_closed_must_be_closed(answer: Answer, state: State, expected: list[str]) -> None:
    assert codes(believed(answer), state) == expected


def test_what_audit_does_not_know_must_not_answer() -> None:
    assert codes(None, State.OPEN) == ["PX602"]
    assert codes(None, State.SILENT) == []


def test_what_counts_is_what_holds_for_this_visitor() -> None:
    row = believed(Answer.CLOSED, private=Answer.OPEN)
    assert codes(row, State.OPEN, str(NEIGHBOUR)) == []
    assert codes(row, State.OPEN, str(FRIEND)) == []
    assert codes(row, State.OPEN, str(STRANGER)) == ["PX601"]


def test_a_published_port_stands_for_its_service() -> None:
    assert codes(believed(Answer.CLOSED), State.OPEN, port=41022) == ["PX601"]
    assert codes(believed(Answer.OPEN), State.OPEN, port=41022) == []


def test_a_silent_udp_port_proves_nothing() -> None:
    row = Believed(Protocol.UDP, 53, {4: Answer.OPEN}, Answer.OPEN)
    assert compare([row], [Sighting(GATE, Target(Protocol.UDP, 53), State.SILENT)], STRANGER) == ()
