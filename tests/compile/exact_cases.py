"""For each matcher and action of the reference page: packets, and what a router with the row's example does to them."""

import attrs

from portward.simulate.passage import Passage
from portward.simulate.trace import read_trace


NINE, EIGHT, FAR = "198.51.0.9", "198.51.0.8", "198.51.7.7"
US, NINE_6, US_6 = "198.51.100.1", "2001:db8:0:1::9", "2001:db8:0:1::1"


def from_nine(what: str) -> str:
    """A packet from one visitor to us."""
    return f"{NINE} > {US} {what}"


UDP, TCP, PING = from_nine("udp/53"), from_nine("tcp/22"), from_nine("icmp/128")

CASES: dict[str, tuple[tuple[str, str], ...]] = {
    "protocol": (("drop", UDP), ("accept", TCP)),
    "dst-port": (
        ("accept", TCP),
        ("accept", from_nine("tcp/8005")),
        ("drop", from_nine("tcp/23")),
        ("accept", UDP),
    ),
    "src-port": (("drop", f"{UDP} from 1500"), ("accept", f"{UDP} from 2000")),
    "port": (
        ("drop", from_nine("tcp/4444")),
        ("drop", f"{TCP} from 4444"),
        ("drop", from_nine("tcp/4444 from 4444")),
        ("accept", TCP),
    ),
    "packet-size": (("drop", PING), ("accept", from_nine("icmp/127"))),
    "icmp-options": (
        ("accept", PING),
        ("drop", from_nine("icmp type 13")),
        ("drop", from_nine("icmp type 8 code 1")),
    ),
    "connection-state": (("accept", TCP), ("drop", f"{TCP} rst state invalid")),
    "connection-nat-state": (("drop", UDP), ("accept", TCP)),
    "connection-limit": (("accept", TCP), ("accept", UDP)),
    "in-interface": (("drop", TCP),),
    "in-interface-list": (("drop", TCP),),
    "out-interface": (("drop", UDP), ("accept", TCP)),
    "out-interface-list": (("accept", TCP),),
    "src-address": (("drop", TCP), ("drop", f"{EIGHT} > {US} tcp/22"), ("accept", f"{FAR} > {US} tcp/22")),
    "dst-address": (("accept", TCP),),
    "src-address-list": (("drop", TCP), ("accept", f"{FAR} > {US} tcp/22")),
    "dst-address-list": (("accept", TCP),),
    "src-address-type": (("drop", UDP), ("accept", TCP)),
    "dst-address-type": (("drop", TCP), ("accept", f"{NINE} > 203.0.113.5 tcp/22 forwarded")),
    "tcp-flags": (
        ("drop", TCP),
        ("accept", f"{TCP} syn,ack state invalid"),
        ("drop", f"{TCP} syn,psh"),
        ("accept", UDP),
    ),
    "src-mac-address": (("drop", UDP), ("accept", TCP)),
    "ttl": (("drop", UDP), ("accept", TCP)),
    "hop-limit": (
        ("drop", f"{NINE_6} > {US_6} udp/53"),
        ("accept", f"{NINE_6} > {US_6} tcp/22"),
        ("accept", UDP),
    ),
    "dscp": (("drop", UDP), ("accept", TCP)),
    "content": (("drop", f'{UDP} "mellon"'), ("accept", f'{UDP} "mellom"'), ("accept", f'{UDP} "mellon!"')),
    "limit": (
        ("accept", TCP),
        ("accept", TCP),
        ("drop", TCP),
        ("accept", UDP),
        ("drop", f"{FAR} > {US} tcp/22"),
    ),
    "dst-limit": (("accept", TCP), ("drop", TCP), ("accept", f"{FAR} > {US} tcp/22"), ("drop", TCP)),
    "nth": (("drop", TCP), ("accept", UDP), ("drop", TCP), ("accept", TCP)),
    "random": (),
    "psd": (
        *(("accept", from_nine(f"tcp/{port}")) for port in range(1, 7)),
        ("drop", from_nine("tcp/7")),
        ("drop", from_nine("tcp/7")),
        ("accept", from_nine("tcp/1")),
    ),
    "layer7-protocol": (("drop", f'{UDP} "open MELLON"'), ("accept", f'{from_nine("udp/54")} "open sesame"')),
    "action=accept": (("accept", UDP), ("drop", TCP)),
    "action=drop": (("drop", UDP), ("accept", TCP)),
    "action=reject": (("reject", TCP),),
    "action=tarpit": (("tarpit", TCP), ("accept", UDP)),
    "action=jump": (("drop", UDP), ("accept", TCP)),
    "action=return": (("accept", TCP), ("drop", UDP)),
    "action=log": (("drop", TCP),),
    "action=passthrough": (("drop", TCP),),
    "action=add-src-to-address-list": (
        ("accept", TCP),
        ("accept", UDP),
        ("drop", TCP),
        ("accept", f"{FAR} > {US} udp/1"),
    ),
    "action=add-dst-to-address-list": (("accept", TCP), ("drop", TCP)),
    "action=fasttrack-connection": (("drop", TCP),),
    "action=notrack": (("drop", UDP), ("accept", TCP)),
    "action=mark-connection": (("drop", TCP),),
    "action=change-ttl": (),
    "action=masquerade": (),
}


@attrs.frozen
class Case:
    """One packet and its end."""

    ending: str
    passage: Passage


def cases(name: str) -> list[Case]:
    """The packets of a row, in order, all at one moment."""
    found = []
    for ending, line in CASES[name]:
        sighting = read_trace(f"0 {line}", name)[0]
        found.append(Case(ending, Passage(sighting.packet)))
    return found
