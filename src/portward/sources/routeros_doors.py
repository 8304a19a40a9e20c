"""What the accepting and dropping rules open and shut: services, public ports, trusted networks, the last drop.

Each function looks at one `Meeting` and says what a policy would say, or why it cannot.
"""

import ipaddress
import re

import attrs

from portward.policy.net import Address, Network, PortRange, Protocol
from portward.policy.policy import Service
from portward.sources.routeros_knocks import drops
from portward.sources.routeros_matchers import AddressRange, Range
from portward.sources.routeros_paths import Asked, Meeting
from portward.sources.routeros_rules import (
    ListEntry,
    Table,
    Translate,
    Verdict,
)


_NUMBERED = {each.number: each for each in Protocol}
_NUMBERED[58] = Protocol.ICMP

NAMES: dict[tuple[Protocol, int], str] = {
    (Protocol.TCP, 21): "ftp",
    (Protocol.TCP, 22): "ssh",
    (Protocol.TCP, 23): "telnet",
    (Protocol.TCP, 25): "smtp",
    (Protocol.TCP, 53): "dns-tcp",
    (Protocol.UDP, 53): "dns",
    (Protocol.TCP, 80): "http",
    (Protocol.TCP, 443): "https",
    (Protocol.TCP, 445): "smb",
    (Protocol.UDP, 500): "ike",
    (Protocol.UDP, 1194): "openvpn",
    (Protocol.TCP, 1194): "openvpn-tcp",
    (Protocol.UDP, 1701): "l2tp",
    (Protocol.TCP, 1723): "pptp",
    (Protocol.TCP, 3389): "rdp",
    (Protocol.UDP, 4500): "ipsec-nat",
    (Protocol.TCP, 5900): "vnc",
    (Protocol.TCP, 8291): "winbox",
    (Protocol.TCP, 8728): "api",
    (Protocol.TCP, 8729): "api-ssl",
    (Protocol.UDP, 51820): "wireguard",
}
"""Usual names of ports (IANA; RouterOS manual, services)."""


@attrs.frozen
class Opening:
    """What a rule opens to those on a list.

    Attributes:
        everything: whether it asks for nothing but the list.
        services: what it opens, where it does not open everything.
        why_not: why a policy cannot say it; empty if it can.
    """

    everything: bool = False
    services: tuple[Service, ...] = ()
    why_not: str = ""


def opening(meeting: Meeting) -> Opening:  # noqa: PLR0911 - one answer for each kind of rule
    """What a rule opens to the lists that it lets in."""
    asked, action = meeting.asked, meeting.rule.action
    if asked.rest:
        return Opening(why_not="it opens only under conditions that a policy does not have")
    if asked.sources:
        return Opening(why_not="it opens only to some addresses of the list")
    if isinstance(action, Translate):
        return _translated(asked, action)
    if meeting.hook == "forward" and not asked.any_packet:
        return _behind(asked)
    if asked.any_packet and not asked.targets:
        return Opening(everything=True)
    ports = ports_of(asked)
    if isinstance(ports, str):
        return Opening(why_not=ports)
    return Opening(services=tuple(Service(service_name(each), (each,)) for each in ports))


def _translated(asked: Asked, action: Translate) -> Opening:
    ports = ports_of(asked)
    if isinstance(ports, str):
        return Opening(why_not=ports)
    if action.kind not in {"dst-nat", "redirect"} or any(not each.protocol.has_ports for each in ports):
        return Opening(why_not=f"a policy has no {action.kind}")
    hosts: tuple[Address, ...] = ()
    if action.addresses is not None:
        if action.addresses.first != action.addresses.last:
            return Opening(why_not="it spreads over several hosts")
        hosts = (action.addresses.first,)
    services = []
    for each in ports:
        inner = each
        if action.ports is not None:
            if len(action.ports) != len(each) or action.ports.first == 0:
                return Opening(why_not="its ports are not one for one")
            inner = PortRange(each.protocol, action.ports.first, action.ports.last)
        services.append(Service(service_name(inner), (inner,), (each,) if inner != each else (), hosts))
    return Opening(services=tuple(services))


def _behind(asked: Asked) -> Opening:
    """A service on a host behind the router, which the rule names."""
    if len(asked.targets) != 1 or asked.targets[0].first != asked.targets[0].last:
        return Opening(why_not="it opens the way to hosts behind the router without naming one")
    ports = ports_of(asked)
    if isinstance(ports, str):
        return Opening(why_not=ports)
    host = (asked.targets[0].first,)
    return Opening(services=tuple(Service(service_name(each), (each,), (), host) for each in ports))


def ports_of(asked: Asked) -> tuple[PortRange, ...] | str:
    """The protocol and ports that a rule is about; or why a policy cannot name them."""
    protocol = _NUMBERED.get(asked.protocol or 0)
    if protocol is None:
        return "it names no protocol that a policy knows"
    if asked.sizes is not None or asked.word:
        return "it asks for a size or a content"
    if not protocol.has_ports:
        if asked.icmp is not None:
            return "it is about one type of ICMP"
        return (PortRange(protocol),)
    if asked.ports is None:
        return f"it opens every port of {protocol}"
    return tuple(_port_range(protocol, each) for each in asked.ports if each.last)


def _port_range(protocol: Protocol, each: Range) -> PortRange:
    return PortRange(protocol, max(1, each.first), each.last)


def service_name(ports: PortRange) -> str:
    """A name for what listens there: the usual one, or the protocol and the port."""
    if not ports.protocol.has_ports:
        return str(ports.protocol)
    if ports.first == ports.last:
        return NAMES.get((ports.protocol, ports.first), f"{ports.protocol}-{ports.first}")
    return f"{ports.protocol}-{ports.first}-{ports.last}"


_NOT_NAME = re.compile(r"[^a-z0-9_-]+")


def slug(text: str, otherwise: str) -> str:
    """A name as a policy spells it, made of any text; at most 28 characters, so that a number may follow."""
    found = _NOT_NAME.sub("-", text.lower()).strip("-_")
    found = re.sub(r"^[^a-z]+", "", found)[:28].rstrip("-_")
    return found or otherwise


def drops_everything(meeting: Meeting) -> bool:
    """Whether a rule shuts the whole of `input` to the unknown: the interface and the state may matter."""
    asked = meeting.asked
    return (
        drops(meeting.rule)
        and meeting.table in {Table.FILTER, Table.RAW}
        and meeting.hook in {"input", "prerouting"}
        and asked.any_packet
        and asked.takes_new
        and not asked.inside
        and not asked.sources
        and not asked.targets
        and not asked.impossible
        and len(asked.outside) <= 1
    )


def dropped_ports(meeting: Meeting) -> tuple[PortRange, ...]:
    """The ports that a rule shuts to the unknown while it leaves others open; empty for a rule of another kind."""
    asked = meeting.asked
    about_strangers = (
        drops(meeting.rule)
        and meeting.table is Table.FILTER
        and meeting.hook == "input"
        and asked.takes_new
        and not (asked.rest or asked.inside or asked.sources or asked.targets or asked.impossible)
        and len(asked.outside) <= 1
    )
    if not about_strangers or drops_everything(meeting):
        return ()
    ports = ports_of(asked)
    return () if isinstance(ports, str) else ports


def accepts_known(meeting: Meeting) -> bool:
    """Whether a rule only goes on with what is established."""
    return meeting.rule.action in {Verdict.ACCEPT, Verdict.FASTTRACK} and not meeting.asked.takes_new


def accepts_everything(meeting: Meeting) -> bool:
    """Whether a rule lets in everybody, so that no rule below it in its hook matters."""
    asked = meeting.asked
    return (
        meeting.rule.action is Verdict.ACCEPT
        and meeting.table is Table.FILTER
        and asked == Asked(states=asked.states)
        and asked.takes_new
    )


def networks(span: AddressRange) -> tuple[Network, ...]:
    """A range of addresses as networks; nothing for one that would take more than 16."""
    first, last = span.first, span.last
    if isinstance(first, ipaddress.IPv4Address) and isinstance(last, ipaddress.IPv4Address):
        found: list[Network] = list(ipaddress.summarize_address_range(first, last))
    elif isinstance(first, ipaddress.IPv6Address) and isinstance(last, ipaddress.IPv6Address):
        found = list(ipaddress.summarize_address_range(first, last))
    else:
        return ()
    return tuple(found) if len(found) <= 16 else ()


def trusted(meeting: Meeting, static: dict[str, tuple[ListEntry, ...]]) -> tuple[Network, ...] | str:
    """The networks that a rule lets in without a knock; or why a policy cannot say it."""
    asked = meeting.asked
    if not asked.any_packet or asked.targets or asked.outside:
        return "it lets some addresses in to some ports only"
    if asked.interfaces:
        return "it lets addresses in by one interface only"
    if len(asked.sources) + len(asked.inside) != 1:
        return "it asks for more than one thing about the source"
    if asked.sources:
        return networks(asked.sources[0]) or "its range of addresses takes too many networks"
    entries = static.get(next(iter(asked.inside)), ())
    found = [network for each in entries if each.addresses for network in networks(each.addresses)]
    if not found or any(each.addresses is None for each in entries):
        return "the list has no entries that stand in this text"
    return tuple(found)
