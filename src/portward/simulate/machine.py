"""The reference machine: docs/meaning.md as a pure state machine, (state, packet, now) to (state, verdict).

It is written from that page alone and must not look at how the kernel's ruleset does it: the two are compared
with each other. Each function here is a line of "The order of judgement". The time is an argument: seconds.
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv6Network

import attrs

from portward.policy.net import Address
from portward.policy.policy import EVERYTHING, Mode, Policy
from portward.simulate import sequence
from portward.simulate import state as memory
from portward.simulate.daemon_ports import DaemonPorts
from portward.simulate.judgement import Judgement, Verdict
from portward.simulate.loaded import NOTHING, Loaded, Tokens
from portward.simulate.packet import ConnectionState, Packet
from portward.simulate.passes import Passes
from portward.simulate.people import with_tokens
from portward.simulate.ports import Ground, Knocks, survey
from portward.simulate.rolling import Rolling
from portward.simulate.state import Connection, State
from portward.simulate.visit import Visit


LINK_LOCAL = IPv6Network("fe80::/10")
"""RFC 4291 §2.5.6."""

VITAL_ICMP_V6 = frozenset({130, 133, 134, 135, 136})
"""Multicast listener query (RFC 2710); router and neighbour solicitations and their answers (RFC 4861)."""

DHCP_V6_SERVER, DHCP_V6_CLIENT = 547, 546
"""UDP ports (RFC 8415 §7.2)."""


class Machine:
    """A gate that keeps a policy.

    The policy must be one that `check` finds no mistakes in. The machine itself never changes; what the gate
    remembers of its visitors is a `State` that goes in and comes out.
    """

    def __init__(self, policy: Policy, ground: Ground | None = None, loaded: Loaded = NOTHING) -> None:
        """Make the machine; `ground` saves a survey where that of the same services and ports is at hand.

        Args:
            policy: that it keeps.
            ground: what stands where.
            loaded: what people's keys have been made into.
        """
        self.policy = policy
        self.ground = ground or survey(policy)
        self._knocks = Knocks(policy.sequences)
        self._mid_sequence = sequence.longest_step(policy).total_seconds()
        people, tokens = with_tokens(policy), Tokens(loaded.windows)
        self._passes = Passes.of(policy, people, tokens)
        self._rolling = Rolling.of(policy, people, tokens)
        self._daemon_ports = DaemonPorts(policy, loaded.words)

    def start(self, adopted: Iterable[Connection] = ()) -> State:
        """Make the memory of a gate just put up, when the `adopted` TCP connections were open already."""
        return attrs.evolve(memory.empty(self.policy.sizes), adopted=frozenset(adopted))

    def judge(self, state: State, packet: Packet, now: float) -> Judgement:
        """Judge a packet; the state given is left as it is, and the judgement holds the new one."""
        return self.advance(state.copy(), packet, now)

    def run(self, packets: Iterable[tuple[float, Packet]], state: State | None = None) -> Iterator[Judgement]:
        """Judge packets one after another, times rising.

        For speed all the judgements share one state, which is always that after the packet last judged; the
        state given is left as it is.
        """
        working = self.start() if state is None else state.copy()
        for now, packet in packets:
            yield self.advance(working, packet, now)

    def grant(self, state: State, service: str, source: Address, now: float, until: float) -> State:
        """A grant that comes from outside: by the daemon, or by hand; nothing happens where its set is full."""
        granted = state.copy()
        prefix = self.policy.grant_prefix_v4 if source.version == 4 else self.policy.grant_prefix_v6
        bits = int(source) >> (source.max_prefixlen - prefix)
        granted.grant(service, source.version).update(bits, now, until)
        return granted

    def advance(self, state: State, packet: Packet, now: float) -> Judgement:
        """Judge a packet and change the state given."""
        visit = Visit(self.policy, state, packet, now)
        return visit.judgement(self._first_line_that_fits(visit))

    def _first_line_that_fits(self, visit: Visit) -> Verdict:
        for line in (
            elsewhere,
            self._at_keys,
            self._known,
            always,
            self._stale_tcp,
            vital,
            self._to_us,
            self._inside,
        ):
            if (verdict := line(visit)) is not None:
                return verdict
        return self._unasked(visit)

    def _at_keys(self, visit: Visit) -> Verdict | None:
        """Line 1.1: a datagram to one of the keys' ports."""
        packet = visit.packet
        if packet.protocol != 17 or not packet.local:
            return None
        if packet.destination_port != self._passes.port:
            return self._daemon_ports.judge(visit)
        if carried := self._passes.carried(packet, visit.now):
            self._passes.use(visit, "1.1", carried)
        return closed_port(visit)

    def _known(self, visit: Visit) -> Verdict | None:
        """Line 2: part of something known, which goes on, but not at a door that cuts."""
        packet = visit.packet
        if packet.is_new_tcp or packet.state not in {ConnectionState.ESTABLISHED, ConnectionState.RELATED}:
            return None
        service = self.ground.cutting(packet) if packet.state is ConnectionState.ESTABLISHED else None
        if service is None:
            return visit.leave("2", f"connection tracking says: {packet.state}")
        if (welcome := always(visit)) is not None:
            return welcome
        if connection_of(packet) in visit.state.adopted:
            return visit.leave("2", "the connection was open when the gate was put up")
        if visit.may_reach(service.name):
            return visit.leave("2", f"its source may still reach {service.name}", service=service.name)
        return visit.drop(
            "2", f"the connection ended with the grant for {service.name}", service=service.name
        )

    def _stale_tcp(self, visit: Visit) -> Verdict | None:
        """Line 4: an ACK, FIN or RST out of nowhere."""
        packet = visit.packet
        if packet.protocol != 6 or packet.is_new_tcp:
            return None
        if connection_of(packet) in visit.state.adopted:
            return visit.leave("4", "the connection was open when the gate was put up")
        if guarded := self.ground.guarded(packet):
            text = "it belongs to no connection, and its port is guarded"
            return visit.drop("4", text, service=guarded[0].name)
        if self.ground.public.at(packet):
            return visit.leave("4", "it belongs to no connection, but its port is public")
        if visit.policy.mode is Mode.GUARD or visit.passes_through:
            return visit.leave("4", "it belongs to no connection, but its port is not guarded")
        return visit.drop("4", "it belongs to no connection")

    def _to_us(self, visit: Visit) -> Verdict | None:
        """Line 5: to an address of this host."""
        packet = visit.packet
        if not packet.local:
            return None
        if packet.is_echo_request and (carried := self._passes.carried(packet, visit.now)):
            self._passes.use(visit, "5.0", carried)
            return closed_port(visit)
        if self.ground.doors.at(packet):
            return self._at_door(visit)
        if hidden := self.ground.hidden.at(packet):
            name = hidden[0].name
            return visit.drop("5.2", f"{name} is published on another port", service=name)
        if places := self._knocks.at(packet):
            sequence.knock(visit, places, self._mid_sequence)
        elif self.ground.public.at(packet):
            return visit.leave("5.4", "its port is public")
        elif self._is_port_of_passes(packet):
            visit.note("5.4", "its port is that of passes, which nobody has")
        elif self._rolling and (rolling := self._rolling.at(packet, visit.now)):
            self._rolling.knock(visit, rolling)
        elif packet.protocol in {6, 17} or (packet.is_echo_request and self._knocks.by_echo):
            sequence.stray(visit, "5.5", "no knock stands there")
        return closed_port(visit)

    def _is_port_of_passes(self, packet: Packet) -> bool:
        passes = self.policy.ways.passes if self.policy.people else None
        return passes is not None and packet.protocol == 17 and packet.destination_port == passes.port

    def _at_door(self, visit: Visit) -> Verdict:
        """Line 5.1."""
        doors = [service.name for service in self.ground.doors.at(visit.packet)]
        for name in doors:
            if visit.may_reach(name):
                return visit.leave("5.1", f"its source may reach {name}", service=name)
        return visit.drop("5.1", f"its source has no grant for {doors[0]}", service=doors[0])

    def _inside(self, visit: Visit) -> Verdict | None:
        """Line 6: to a service of another machine behind this one."""
        services = self.ground.behind(visit.packet)
        if not services:
            return None
        for service in services:
            if not service.published and visit.may_reach(service.name):
                return visit.leave("6", f"its source may reach {service.name}", service=service.name)
        name = services[0].name
        why = (
            f"{name} is published on another port"
            if services[0].published
            else f"its source has no grant for {name}"
        )
        return visit.drop("6", why, service=name)

    def _unasked(self, visit: Visit) -> Verdict:
        """Line 7: what is neither to this host nor to a service behind it."""
        if visit.policy.mode is Mode.GUARD:
            return visit.leave("7", "guard mode leaves it alone")
        if visit.passes_through:
            return visit.leave("7", "it is to be forwarded")
        if visit.has_grant(EVERYTHING):
            return visit.leave("7", "its source may reach everything")
        if self.ground.public.at(visit.packet):
            return visit.leave("7", "its port is public")
        return visit.drop("7", "lockdown drops what nothing covers")


def connection_of(packet: Packet) -> Connection:
    """The ends of a TCP packet's connection."""
    return packet.source, packet.source_port, packet.destination, packet.destination_port


def elsewhere(visit: Visit) -> Verdict | None:
    """Line 1: by an interface that is not guarded."""
    interface = visit.packet.interface
    if interface == "lo":
        return visit.leave("1", "it came in by lo")
    if visit.policy.interfaces and not any(fits(name, interface) for name in visit.policy.interfaces):
        return visit.leave("1", f"{interface} is not among the guarded interfaces")
    return None


def fits(name: str, interface: str) -> bool:
    """Whether an interface is the one of that name; a trailing `*` matches any rest."""
    return interface.startswith(name[:-1]) if name.endswith("*") else interface == name


def always(visit: Visit) -> Verdict | None:
    """Line 3: from a network that never needs to knock."""
    for number, network in enumerate(visit.policy.always):
        if visit.source in network:
            span = visit.policy.places.nearest("always", number)
            return visit.leave("3", f"{network} never needs to knock", span=span)
    return None


def vital(visit: Visit) -> Verdict | None:
    """Line 4, which says of it: whatever the destination. What IPv6 cannot live without."""
    packet = visit.packet
    if visit.version == 4:
        return None
    if packet.protocol == 17:
        ports = (packet.source_port, packet.destination_port)
        found = ports == (DHCP_V6_SERVER, DHCP_V6_CLIENT) and packet.source in LINK_LOCAL
    else:
        found = packet.protocol == 58 and packet.icmp_type in VITAL_ICMP_V6
    return visit.leave("4", "IPv6 cannot live without it") if found else None


def closed_port(visit: Visit) -> Verdict:
    """Line 5.6."""
    if visit.policy.mode is Mode.GUARD:
        return visit.leave("5.6", "guard mode leaves closed ports alone")
    if visit.has_grant(EVERYTHING):
        return visit.leave("5.6", "its source may reach everything")
    return visit.drop("5.6", "lockdown drops what nothing covers")
