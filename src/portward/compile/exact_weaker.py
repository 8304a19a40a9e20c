"""What the exact ruleset does otherwise than a router, named rule by rule.

`ERROR` where a packet can be judged otherwise, `ADVICE` where only something beside the judgement differs (an answer,
a pace, what outlives a reboot) or a name may be missing. Nothing is compiled here.
"""

from collections.abc import Iterator, Mapping

from portward.compile.exact_lists import ListKey, ListSets, overlapping
from portward.compile.exact_names import possible_interface
from portward.compile.exact_states import rate_of
from portward.errors import Diagnostic, Severity
from portward.simulate.routeros_chains import ChainKey
from portward.simulate.routeros_interfaces import NONE, Interfaces
from portward.sources.routeros_matchers import (
    DstLimit,
    InterfaceIs,
    InterfaceListed,
    Limit,
    Matcher,
)
from portward.sources.routeros_rules import (
    AddToList,
    Family,
    Forever,
    OtherAction,
    Reject,
    Rule,
    Verdict,
)


Answer = tuple[str, bool]
"""nft's words, and whether it is the very answer that a router gives."""

_NO_ROUTE, _PROHIBITED = "icmpv6 type no-route", "icmpv6 type admin-prohibited"
_UNREACHABLE, _PORT = "icmpv6 type addr-unreachable", "icmpv6 type port-unreachable"

ANSWERS: Mapping[Family, Mapping[str, Answer]] = {
    Family.V4: {
        "icmp-network-unreachable": ("icmp type net-unreachable", True),
        "icmp-host-unreachable": ("icmp type host-unreachable", True),
        "icmp-protocol-unreachable": ("icmp type prot-unreachable", True),
        "icmp-port-unreachable": ("icmp type port-unreachable", True),
        "icmp-net-prohibited": ("icmp type net-prohibited", True),
        "icmp-host-prohibited": ("icmp type host-prohibited", True),
        "icmp-admin-prohibited": ("icmp type admin-prohibited", True),
        "tcp-reset": ("tcp reset", True),
        "icmp-no-route": ("icmp type net-unreachable", False),
        "icmp-not-neighbour": ("icmp type host-unreachable", False),
        "icmp-address-unreachable": ("icmp type host-unreachable", False),
        "icmp-err-src-routing-header": ("icmp type host-unreachable", False),
        "icmp-headers-too-long": ("icmp type host-unreachable", False),
    },
    Family.V6: {
        "icmp-no-route": (_NO_ROUTE, True),
        "icmp-admin-prohibited": (_PROHIBITED, True),
        "icmp-address-unreachable": (_UNREACHABLE, True),
        "icmp-port-unreachable": (_PORT, True),
        "tcp-reset": ("tcp reset", True),
        "icmp-not-neighbour": (_UNREACHABLE, False),
        "icmp-err-src-routing-header": (_PROHIBITED, False),
        "icmp-headers-too-long": (_PROHIBITED, False),
        "icmp-network-unreachable": (_NO_ROUTE, False),
        "icmp-host-unreachable": (_UNREACHABLE, False),
        "icmp-protocol-unreachable": (_PORT, False),
        "icmp-net-prohibited": (_PROHIBITED, False),
        "icmp-host-prohibited": (_PROHIBITED, False),
    },
}
"""How the kernel answers a packet that it refuses; where it lacks an answer of RouterOS's, the nearest."""


def named_weaker(
    chains: Mapping[ChainKey, list[Rule]],
    lists: Mapping[ListKey, ListSets],
    interfaces: Mapping[str, Interfaces],
) -> Iterator[Diagnostic]:
    """Name everything that is not as on a router, of rules that are compiled."""
    for rules in chains.values():
        for rule in rules:
            texts = [*_action(rule), *(text for each in rule.matchers for text in _matcher(each, interfaces))]
            for text in texts:
                yield Diagnostic("", Severity.ADVICE, text, rule.span)
    for each in lists.values():
        yield from _list(each)


def _action(rule: Rule) -> Iterator[str]:
    match rule.action:
        case Verdict.TARPIT:
            yield "tarpit: dropped here; nothing holds the visitor"
        case Verdict.FASTTRACK:
            yield "fasttrack-connection: the connection's later packets go on meeting all rules here"
        case OtherAction(name=name):
            yield f"{name}: no mark is set, and nothing here reads one"
        case Reject(answer=answer):
            words, same = ANSWERS[rule.family][answer]
            if not same:
                yield f"reject-with={answer}: the answer is {words.partition('type ')[2]} here"
        case AddToList(timeout=Forever.SAVED):
            yield "none-static: kept until the table is removed or the machine restarts; a router saves it"
        case _:
            pass


def _matcher(matcher: Matcher, interfaces: Mapping[str, Interfaces]) -> Iterator[str]:
    match matcher:
        case Limit() | DstLimit():
            times, unit, same = rate_of(matcher)
            if not same:
                yield f"limit: the rate is {times} per {unit} here, which is not quite the same"
        case InterfaceIs(name=name) if not possible_interface(name):
            yield f"no interface here can be called {name!r}: give --interface"
        case InterfaceListed(list=name) if name != "none" and interfaces[name] == NONE:
            yield f"the interface list {name!r} has no members in this text: give --interface"
        case _:
            pass


def _list(each: ListSets) -> Iterator[Diagnostic]:
    """Networks with an end are in a set of their own, which no packet changes."""
    for entry in overlapping(each.entries):
        text = "this network meets another of the list that ends, too: the kernel takes only one of them"
        yield Diagnostic("", Severity.ERROR, text, entry.span)
    if each.lasting and each.filled:
        for entry in each.entries:
            if (
                entry.timeout is not None
                and entry.addresses
                and entry.addresses.first != entry.addresses.last
            ):
                text = (
                    f"no rule renews this network here, though rules add to {each.title}: it ends at its time"
                )
                yield Diagnostic("", Severity.ERROR, text, entry.span)
