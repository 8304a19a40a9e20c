"""Connection tracking in small."""

import attrs
import pytest
from tests.simulate.transcript import GATE, VISITOR, packet
from tests.simulate.wire import to_bytes

from portward.simulate.flows import Flows
from portward.simulate.packet import Begun, ConnectionState, Packet, TcpFlag


NEW, ESTABLISHED = ConnectionState.NEW, ConnectionState.ESTABLISHED
RELATED, INVALID = ConnectionState.RELATED, ConnectionState.INVALID

QUERY = packet("udp/53", GATE, VISITOR, source_port=5353)
ANSWER = packet("udp/5353", source_port=53)


def test_an_answer_is_part_of_something_known() -> None:
    flows = Flows()
    assert flows.state_of(ANSWER, 0.0) is NEW
    flows.sent(QUERY, 0.0)
    assert flows.state_of(ANSWER, 1.0) is ESTABLISHED
    assert flows.state_of(attrs.evolve(ANSWER, source_port=54), 1.0) is NEW
    assert flows.state_of(ANSWER, 121.0) is NEW


def test_a_flow_in_use_stays_known() -> None:
    flows = Flows()
    flows.sent(QUERY, 0.0)
    for now in (100.0, 200.0, 300.0):
        assert flows.state_of(ANSWER, now) is ESTABLISHED
        flows.let_in(ANSWER, now)


def test_tcp_that_was_let_in_goes_on() -> None:
    """One whose SYN was dropped does not."""
    flows, ack = Flows(), packet("tcp/22", tcp_flags=TcpFlag.ACK)
    assert flows.state_of(packet("tcp/22"), 0.0) is NEW
    assert flows.state_of(ack, 0.0) is INVALID
    flows.let_in(packet("tcp/22"), 0.0)
    assert flows.state_of(ack, 1.0) is ESTABLISHED


def test_a_datagram_that_was_let_in_is_new_until_it_is_answered() -> None:
    flows, knock = Flows(), packet("udp/7000")
    flows.let_in(knock, 0.0)
    assert flows.state_of(knock, 1.0) is NEW
    flows.sent(packet("udp/40000", GATE, VISITOR, source_port=7000), 1.0)
    assert flows.state_of(knock, 2.0) is ESTABLISHED


def test_echoes_are_told_apart_by_their_identifier() -> None:
    """A second ping from the same source is new; the same ping, answered, goes on."""
    flows, ping = Flows(), packet("icmp/84", source_port=7)
    reply = Packet(GATE, VISITOR, 1, destination_port=7, icmp_type=0, icmp_code=0)
    flows.sent(reply, 0.0)
    assert flows.state_of(ping, 0.5) is ESTABLISHED
    assert flows.state_of(attrs.evolve(ping, source_port=8), 0.5) is NEW


@pytest.mark.parametrize(
    ("quoted", "expected"), [(QUERY, RELATED), (packet("udp/54", GATE, VISITOR), INVALID)]
)
def test_an_icmp_error_is_related_to_the_packet_it_quotes(quoted: Packet, expected: ConnectionState) -> None:
    flows = Flows()
    flows.sent(QUERY, 0.0)
    error = Packet(VISITOR, GATE, 1, icmp_type=3, icmp_code=3, payload=to_bytes(quoted)[:28])
    assert flows.state_of(error, 1.0) is expected


def test_who_spoke_first_began() -> None:
    """A visitor whose datagram was left alone; or this host, whose question is answered."""
    flows = Flows()
    flows.sent(QUERY, 0.0)
    assert flows.begun(ANSWER, 1.0) is Begun.HOST
    flows.let_in(ANSWER, 1.0)
    assert flows.begun(ANSWER, 2.0) is Begun.HOST
    visit, reply = packet("udp/51820"), packet("udp/40000", GATE, VISITOR, source_port=51820)
    flows.let_in(visit, 0.0)
    flows.sent(reply, 1.0)
    assert flows.state_of(visit, 2.0) is ESTABLISHED
    assert flows.begun(visit, 2.0) is Begun.VISITOR
    flows.sent(reply, 100.0)
    assert flows.begun(visit, 200.0) is Begun.VISITOR
    assert flows.begun(visit, 300.0) is Begun.HOST
