import pytest
from tests.simulate.router import script

from portward.simulate.packet import ConnectionState
from portward.simulate.routeros import Router
from portward.simulate.routeros_replay import Step, picked_up, replay
from portward.simulate.trace import read_trace


RULES = """add chain=input connection-state=established,related action=accept
add chain=input connection-state=new protocol=tcp dst-port=22 action=accept
add chain=input action=drop
add chain=output connection-state=new protocol=udp dst-port=99 action=drop"""


def steps(trace: str) -> list[Step]:
    """Run a trace through the rules."""
    router = Router(script(RULES))
    return list(replay(router, read_trace(trace, "test.trace"), router.start()))


def states(trace: str) -> list[str]:
    """The connection states that the packets were judged by."""
    return [str(each.packet.state) for each in steps(trace)]


def test_a_syn_sent_again_before_an_answer_is_still_new() -> None:
    assert states("0 192.0.2.1 > 192.0.2.2 tcp/22\n+1s 192.0.2.1 > 192.0.2.2 tcp/22") == ["new", "new"]


def test_what_follows_an_accepted_syn_is_established() -> None:
    assert states("0 192.0.2.1 > 192.0.2.2 tcp/22\n+1s 192.0.2.1 > 192.0.2.2 tcp/22 ack") == [
        "new",
        "established",
    ]


def test_an_answer_to_this_host_is_established() -> None:
    trace = "0 192.0.2.2 > 192.0.2.9 udp/53 from 7 out\n+1s 192.0.2.9 > 192.0.2.2 udp/7 from 53"
    assert states(trace) == ["new", "established"]
    assert str(steps(trace)[1].judgement.ending) == "accept"


def test_what_the_rules_drop_on_its_way_out_gets_no_answer_in() -> None:
    trace = "0 192.0.2.2 > 192.0.2.9 udp/99 from 7 out\n+1s 192.0.2.9 > 192.0.2.2 udp/7 from 99"
    assert [str(each.judgement.ending) for each in steps(trace)] == ["drop", "drop"]


def test_this_hosts_answer_to_a_visitor_is_established() -> None:
    trace = "0 192.0.2.1 > 192.0.2.2 tcp/22 from 7\n+1s 192.0.2.2 > 192.0.2.1 tcp/7 syn,ack from 22 out"
    assert states(trace) == ["new", "established"]


@pytest.mark.parametrize(("flags", "state"), [("ack", "new"), ("rst", "invalid"), ("fin,ack", "invalid")])
def test_a_packet_out_of_nowhere_is_new_if_it_may_belong_to_a_running_connection(
    flags: str, state: str
) -> None:
    assert states(f"0 192.0.2.1 > 192.0.2.2 tcp/22 {flags}") == [state]
    packet = read_trace(f"0 192.0.2.1 > 192.0.2.2 tcp/22 {flags}", "x")[0].packet
    assert picked_up(packet) == (state == "new")


def test_a_state_that_the_trace_gives_counts() -> None:
    assert (
        steps("0 192.0.2.1 > 192.0.2.2 tcp/80 state established")[0].packet.state
        is ConnectionState.ESTABLISHED
    )
