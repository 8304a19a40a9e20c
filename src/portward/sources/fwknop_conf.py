"""An fwknopd.conf, as far as a policy has the same: the port, and how old a packet may be. The rest is told."""

import re
from datetime import timedelta

import attrs

from portward.errors import Diagnostic
from portward.policy.net import MAX_PORT
from portward.policy.people import Fwknop
from portward.sources.fwknop_text import Entry, differs, not_taken, number_in, read_entries


USUAL_PORT = 62201
SHORTEST_AGE, LONGEST_AGE = 10, 3600
"""Seconds that a policy can say."""

_FILTER = re.compile(r"\s*udp\s+(?:dst\s+)?port\s+([0-9]{1,5})\s*")

_NOT_TAKEN = {
    "ENABLE_SPA_OVER_HTTP": "packets in HTTP requests are not taken; send them over UDP",
    "ENABLE_TCP_SERVER": "packets over TCP are not taken; send them over UDP",
    "ENABLE_IPT_FORWARDING": "what a packet asks to be forwarded is taken only where a service has that host",
    "ENABLE_FIREWD_FORWARDING": "what a packet asks to be forwarded is taken only where a service has that host",
    "ENABLE_IPT_SNAT": "portward leaves the visitor's address as it is",
    "ENABLE_FIREWD_SNAT": "portward leaves the visitor's address as it is",
    "ENABLE_IPT_OUTPUT": "portward does not judge what this host sends",
    "ENABLE_FIREWD_OUTPUT": "portward does not judge what this host sends",
    "ENABLE_NFQ_CAPTURE": "packets are taken over UDP",
    "ENABLE_X_FORWARDED_FOR": "packets in HTTP requests are not taken",
}
"""Switches that matter when they are on, and what portward does instead."""


@attrs.frozen
class FwknopConf:
    """What an fwknopd.conf means.

    Attributes:
        ways: the section of the policy.
        settings: variables and values that need no place here.
        fatal: each keeps fwknopd from starting.
        told: what is not in the policy, or otherwise.
        text: for showing lines.
    """

    ways: Fwknop = attrs.field(factory=Fwknop)
    settings: tuple[Entry, ...] = ()
    fatal: tuple[Diagnostic, ...] = ()
    told: tuple[Diagnostic, ...] = ()
    text: str = ""


def read_conf(content: bytes, file: str) -> FwknopConf:
    """Read an fwknopd.conf; the last value of a variable counts."""
    entries, mistakes = read_entries(content, file)
    last = {each.name: each for each in entries}
    told: list[Diagnostic] = []
    port = _port(last, mistakes, told)
    ways = Fwknop(port, _max_age(last, mistakes, told))
    for name, instead in _NOT_TAKEN.items():
        if name in last and last[name].says_yes():
            told.append(not_taken(f"{name} is not in the policy: {instead}", last[name].key.span))
    used = {
        "PCAP_FILTER",
        "ENABLE_UDP_SERVER",
        "UDPSERV_PORT",
        "MAX_SPA_PACKET_AGE",
        "ENABLE_SPA_PACKET_AGING",
    }
    settings = tuple(each for each in last.values() if each.name not in {*used, *_NOT_TAKEN})
    return FwknopConf(ways, settings, tuple(mistakes), tuple(told), content.decode(errors="replace"))


def _port(last: dict[str, Entry], mistakes: list[Diagnostic], told: list[Diagnostic]) -> int:
    """The port of the server, or the one that its filter lets through."""
    server = last.get("ENABLE_UDP_SERVER")
    if server and server.says_yes():
        entry = last.get("UDPSERV_PORT")
        return number_in(entry, 1, MAX_PORT, mistakes) if entry else USUAL_PORT
    wanted = last.get("PCAP_FILTER")
    found = _FILTER.fullmatch(wanted.value.text) if wanted else None
    if found and 1 <= int(found[1]) <= MAX_PORT:
        return int(found[1])
    if wanted:
        sentence = f"PCAP_FILTER names no one UDP port, so packets are taken at udp/{USUAL_PORT}"
        told.append(not_taken(sentence, wanted.value.span, "port = … in [fwknop] says which"))
    return USUAL_PORT


def _max_age(last: dict[str, Entry], mistakes: list[Diagnostic], told: list[Diagnostic]) -> timedelta:
    aging = last.get("ENABLE_SPA_PACKET_AGING")
    if aging and not aging.says_yes():
        sentence = "ENABLE_SPA_PACKET_AGING is off; here a packet's age is always judged"
        told.append(differs(sentence, aging.key.span))
    entry = last.get("MAX_SPA_PACKET_AGE")
    if entry is None:
        return Fwknop().max_age
    seconds = number_in(entry, 1, 100_000, mistakes)
    kept = min(max(seconds, SHORTEST_AGE), LONGEST_AGE)
    if kept != seconds:
        told.append(differs(f"MAX_SPA_PACKET_AGE becomes {kept} s", entry.value.span))
    return timedelta(seconds=kept)
