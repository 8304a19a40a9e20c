"""A gate to talk to in a test: packets go in by their short spelling, judgements come out, the clock is ours."""

from datetime import timedelta
from ipaddress import ip_address
from typing import Any

import attrs

from portward.policy.notation import read_knock, read_ports
from portward.policy.policy import Policy, Sequence, Service
from portward.simulate.judgement import Judgement
from portward.simulate.machine import Machine
from portward.simulate.packet import Packet, datagram, echo_request, syn


VISITOR = ip_address("192.0.2.7")
OTHER = ip_address("192.0.2.8")
VISITOR_6 = ip_address("2001:db8:1::7")
GATE = ip_address("198.51.100.1")
GATE_6 = ip_address("2001:db8::1")
INSIDE = ip_address("192.168.1.10")

SSH = Service("ssh", (read_ports("tcp/22"),))
VPN = Service("vpn", (read_ports("udp/51820"),))


def sequence(
    name: str = "admin",
    knocks: str = "tcp/33333 udp/22222 icmp/128 tcp/11111",
    *,
    steps: float | tuple[float, ...] = 10,
    opens: tuple[str, ...] = ("ssh",),
    open_for: float = 3600,
    once: bool = False,
) -> Sequence:
    """A sequence by the spelling of its knocks; times in seconds."""
    found = tuple(map(read_knock, knocks.split(" ")))
    each = steps if isinstance(steps, tuple) else (steps,) * (len(found) - 1)
    timeouts = tuple(timedelta(seconds=step) for step in each)
    return Sequence(name, found, timeouts, opens, timedelta(seconds=open_for), once)


def policy(*sequences: Sequence, services: tuple[Service, ...] = (SSH, VPN), **settings: Any) -> Policy:
    """A policy of these sequences; `admin` if none is given."""
    return Policy(services, sequences or (sequence(),), **settings)


def packet(what: str, source: Any = VISITOR, destination: Any = None, **changes: Any) -> Packet:
    """A packet by the spelling of a knock: a SYN, a datagram with the word, an echo request with it."""
    knock = read_knock(what)
    target = destination or (GATE if source.version == 4 else GATE_6)
    if knock.protocol == "tcp":
        made = syn(source, target, knock.number)
    elif knock.protocol == "udp":
        made = datagram(source, target, knock.number, knock.word)
    else:
        made = echo_request(source, target, knock.number, knock.word)
    return attrs.evolve(made, **changes)


class Gate:
    """A machine, its memory and a clock."""

    def __init__(self, kept: Policy, **start: Any) -> None:
        self.machine = Machine(kept)
        self.state = self.machine.start(**start)
        self.now = 0.0

    def hears(self, what: str, *, after: float = 0.1, **about: Any) -> Judgement:
        """A packet arrives, some seconds after the one before."""
        self.now += after
        judgement = self.machine.judge(self.state, packet(what, **about), self.now)
        self.state = judgement.state
        return judgement

    def hears_all(self, knocks: str, *, after: float = 0.1, **about: Any) -> Judgement:
        """Packets arrive one after another; the last judgement comes back."""
        return [self.hears(each, after=after, **about) for each in knocks.split(" ")][-1]

    def is_open(self, **about: Any) -> bool:
        """Whether SSH would answer right now."""
        return self.hears("tcp/22", after=0, **about).verdict == "leave"
