"""Knocks as lists: what the rules of single policies do, packet by packet."""

from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address

import pytest

from portward.compile import routeros_names as names
from portward.compile.names import IpFamily
from portward.compile.routeros import Target, export
from portward.compile.routeros_knocks import content, gather
from portward.policy.net import Address, Knock, Protocol
from portward.policy.notation import read_knock, read_ports
from portward.policy.policy import EVERYTHING, Policy, Sequence, Service
from portward.simulate.packet import datagram, echo_request, syn
from portward.simulate.passage import Passage
from portward.simulate.routeros import Router
from portward.sources.routeros_rules import Family
from portward.sources.routeros_script import read_source


SECOND = timedelta(seconds=1)
VISITOR, VISITOR_6 = IPv4Address("192.0.2.7"), IPv6Address("2001:db8::7")
GATE, GATE_6 = IPv4Address("198.51.100.1"), IPv6Address("2001:db8:1::1")


def policy(*knocks: str, steps: tuple[int, ...] = (), opens: str = "ssh", penalty: int = 60) -> Policy:
    found = tuple(map(read_knock, knocks))
    times = tuple(each * SECOND for each in steps) or (10 * SECOND,) * (len(found) - 1)
    sequence = Sequence("admin", found, times, (opens,), 3600 * SECOND)
    return Policy((Service("ssh", (read_ports("tcp/22"),)),), (sequence,), penalty=penalty * SECOND)


class Visit:
    """One visitor of one router."""

    def __init__(self, kept: Policy, source: Address = VISITOR) -> None:
        script = read_source(export(kept, Target()).text.encode(), "gate.rsc").script
        self.router = Router(script)
        self.memory = self.router.start()
        self.source = source
        self.goal = GATE if source.version == 4 else GATE_6

    def sends(self, what: str, now: float) -> None:
        """Send the packet that a knock is."""
        knock = read_knock(what)
        match knock.protocol:
            case Protocol.TCP:
                packet = syn(self.source, self.goal, knock.number)
            case Protocol.UDP:
                packet = datagram(self.source, self.goal, knock.number, knock.word)
            case _:
                packet = echo_request(self.source, self.goal, knock.number, knock.word)
        self.router.advance(self.memory, Passage(packet), now)

    def on(self, now: float) -> set[str]:
        """The lists that hold the visitor, without `portward-`."""
        family = Family.V4 if self.source.version == 4 else Family.V6
        return {
            name.removeprefix("portward-")
            for (whose, name), each in self.memory.lists.items()
            if whose is family and each.holds(self.source, now)
        }


@pytest.mark.parametrize("source", [VISITOR, VISITOR_6])
def test_a_visit(source: Address) -> None:
    """Each knock in turn, then the grant, which lasts; IPv6 as IPv4."""
    visit = Visit(policy("tcp/1000", "udp/2000", "icmp/128", "tcp/3000"), source)
    for now, (knock, stage) in enumerate(
        [("tcp/1000", "stage-admin-1"), ("udp/2000", "stage-admin-2"), ("icmp/128", "stage-admin-3")]
    ):
        visit.sends(knock, now)
        assert stage in visit.on(now)
        assert "grant-ssh" not in visit.on(now)
    visit.sends("tcp/3000", 3)
    assert visit.on(3602.9) == {"grant-ssh"}
    assert visit.on(3603) == set()


def test_a_repeat_of_the_last_knock_is_no_stray_when_its_stage_is_over() -> None:
    """The grant tells that it was a knock."""
    visit = Visit(policy("tcp/1000", "tcp/2000", "tcp/3000", steps=(30, 1)))
    for now, knock in ((0, "tcp/1000"), (0.5, "tcp/2000"), (1, "tcp/3000"), (5, "tcp/3000")):
        visit.sends(knock, now)
    assert visit.on(5) == {"grant-ssh", "midway", "stage-admin-1"}


def test_one_packet_never_takes_two_stages() -> None:
    """Though a list holds its source at once."""
    visit = Visit(policy("tcp/1000", "tcp/1000", "tcp/1000", "tcp/2000"))
    visit.sends("tcp/1000", 0)
    assert visit.on(0) == {"stage-admin-1", "midway"}
    visit.sends("tcp/1000", 1)
    assert visit.on(1) == {"stage-admin-1", "stage-admin-2", "midway"}


def test_a_stray_earns_a_penalty_which_ends_mid_sequence() -> None:
    """While it lasts no knock counts, and it is not prolonged."""
    visit = Visit(policy("tcp/1000", "tcp/2000"))
    visit.sends("tcp/1000", 0)
    visit.sends("udp/7", 1)
    assert "penalty" in visit.on(1)
    visit.sends("tcp/2000", 2)
    visit.sends("udp/8", 30)
    assert visit.on(30) == {"penalty"}
    visit.sends("tcp/1000", 61)
    assert visit.on(61) == {"stage-admin-1", "midway"}


def test_where_a_stage_may_outlive_the_penalty_so_does_mid_sequence() -> None:
    visit = Visit(policy("tcp/1000", "tcp/2000", steps=(30,), penalty=5))
    visit.sends("tcp/1000", 0)
    visit.sends("udp/7", 1)
    assert visit.on(10) == {"stage-admin-1", "midway"}


def test_who_may_reach_everything_never_strays() -> None:
    visit = Visit(policy("tcp/1000", "tcp/2000", opens=EVERYTHING))
    for now, knock in ((0, "tcp/1000"), (1, "tcp/2000"), (2, "tcp/9")):
        visit.sends(knock, now)
    assert visit.on(2) == {"trusted", "midway", "stage-admin-1"}


def test_without_its_word_a_packet_is_no_knock_but_a_stray() -> None:
    visit = Visit(policy("udp/1000=mellon", "udp/1000=friend"))
    visit.sends("udp/1000=friend", 0)
    assert visit.on(0) == set()
    visit.sends("udp/1000=mellon", 1)
    visit.sends("udp/1000=other", 2)
    assert visit.on(2) >= {"penalty"}


def test_an_echo_that_ipv6_cannot_send_has_no_rule_there() -> None:
    """Its later places are never reached."""
    kept = policy("tcp/1000", "icmp/30", "tcp/2000")
    small = Knock(Protocol.ICMP, 30)
    assert small in gather(kept, IpFamily.V4)
    assert small not in gather(kept, IpFamily.V6)
    assert names.knock_chain(small) == "portward-icmp-30"


def test_a_word_does_not_turn_its_question_round() -> None:
    """`content=!x` would fit every packet without x."""
    assert content(b"!!x!") == (("content", "x!"),)
    assert content(b"") == ()
