"""Address lists as sets of the kernel: what holds a list's entries, and how a rule asks for them and adds to them.

The kernel has no set that packets fill and that holds networks at once, so a list is up to four sets: `hosts`, which
packets and timed entries fill; `static`, the script's entries without end; `lasting`, its networks with an end; `kept`,
addresses that rules made static.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from ipaddress import summarize_address_range

import attrs

from portward.compile.exact_names import Identifiers, shown
from portward.compile.nft import time_span
from portward.sources.routeros_matchers import (
    AddressListed,
    AddressRange,
)
from portward.sources.routeros_rules import (
    AddToList,
    Family,
    Forever,
    ListEntry,
    Rule,
)


SIZE = 65535
"""How many addresses packets can put into a list; a full list takes no new one. A router stops at its memory's end."""

FOREVER = timedelta(days=36500)
"""The timeout of an entry without one: `update` renews no element without a timeout, so all have one."""

ListKey = tuple[Family, str]


@attrs.frozen
class ListSets:
    """The sets of one list.

    Attributes:
        family: v4 or v6.
        title: the list's name, for comments.
        stem: what the names of its sets begin with.
        entries: of the script, enabled and with addresses.
        filled: whether rules add to it.
        made_static: whether rules make static entries in it.
    """

    family: Family
    title: str
    stem: str
    entries: tuple[ListEntry, ...]
    filled: bool
    made_static: bool

    @property
    def hosts(self) -> str:
        """The set that packets fill; empty if there is none."""
        there = self.filled or any(is_host(each) for each in self._timed)
        return f"{self.stem}_hosts" if there else ""

    @property
    def static(self) -> str:
        """The set of entries without end; empty if there is none."""
        return f"{self.stem}_static" if any(each.timeout is None for each in self.entries) else ""

    @property
    def lasting(self) -> str:
        """The set of networks with an end; empty if there is none."""
        return f"{self.stem}_lasting" if any(not is_host(each) for each in self._timed) else ""

    @property
    def kept(self) -> str:
        """The set of addresses that rules made static; empty if there is none."""
        return f"{self.stem}_kept" if self.made_static else ""

    @property
    def parts(self) -> tuple[str, ...]:
        """All its sets: hosts first, since an address only ever comes to be there while a packet is judged."""
        return tuple(each for each in (self.hosts, self.kept, self.static, self.lasting) if each)

    @property
    def covering(self) -> tuple[str, ...]:
        """The sets whose entries no rule renews."""
        return tuple(each for each in (self.kept, self.static, self.lasting) if each)

    @property
    def _timed(self) -> tuple[ListEntry, ...]:
        return tuple(each for each in self.entries if each.timeout is not None)


def is_host(entry: ListEntry) -> bool:
    """Whether it is a single address."""
    return entry.addresses is not None and entry.addresses.first == entry.addresses.last


def survey(rules: Iterable[Rule], entries: Iterable[ListEntry]) -> dict[ListKey, ListSets]:
    """Find the lists that rules ask for or add to; a list that no rule names decides nothing and is left out."""
    asked: dict[ListKey, set[str]] = {}
    for rule in rules:
        if isinstance(rule.action, AddToList):
            what = "saved" if rule.action.timeout is Forever.SAVED else "filled"
            asked.setdefault((rule.family, rule.action.list), set()).add(what)
        for each in rule.matchers:
            if isinstance(each, AddressListed):
                asked.setdefault((rule.family, each.list), set())
    found: dict[ListKey, list[ListEntry]] = {key: [] for key in asked}
    for entry in entries:
        if (entry.family, entry.list) in found and not entry.disabled and entry.addresses is not None:
            found[entry.family, entry.list].append(entry)
    names = Identifiers()
    return {
        key: ListSets(
            key[0],
            key[1],
            names.of(f"list_{key[0]}", key[1]),
            tuple(found[key]),
            "filled" in how,
            "saved" in how,
        )
        for key, how in asked.items()
    }


def render_sets(lists: Mapping[ListKey, ListSets]) -> Iterator[tuple[str, list[str]]]:
    """Lay out the sets: the name of each and the lines in it."""
    for each in lists.values():
        kind = f"type {'ipv4_addr' if each.family is Family.V4 else 'ipv6_addr'}"
        title = f"address list {each.title}"
        timed = [entry for entry in each.entries if entry.timeout is not None]
        hosts = [spelled(entry) for entry in timed if is_host(entry)]
        if each.hosts:
            size = max(SIZE, 2 * len(hosts))
            yield (
                each.hosts,
                [kind, f"size {size}", "flags dynamic,timeout", *elements(hosts), f"comment {shown(title)}"],
            )
        if each.kept:
            text = f"comment {shown(title + ', made static by rules')}"
            yield each.kept, [kind, f"size {SIZE}", "flags dynamic", text]
        if each.static:
            ranges = [spelled(entry) for entry in each.entries if entry.timeout is None]
            text = f"comment {shown(title + ', static entries')}"
            yield each.static, [kind, "flags interval", "auto-merge", *elements(ranges), text]
        if each.lasting:
            ranges = [spelled(entry) for entry in timed if not is_host(entry)]
            text = f"comment {shown(title + ', networks with an end')}"
            yield each.lasting, [kind, "flags interval,timeout", *elements(ranges), text]


def elements(texts: list[str]) -> list[str]:
    """Lay out the elements of a set, one a line."""
    if not texts:
        return []
    return ["elements = {", *(f"\t{text}," for text in texts[:-1]), f"\t{texts[-1]}", "}"]


def spelled(entry: ListEntry) -> str:
    """Spell an entry as an element."""
    end = f" timeout {time_span(entry.timeout)}" if entry.timeout is not None else ""
    return (span_of(entry.addresses) if entry.addresses else "") + end


def span_of(addresses: AddressRange) -> str:
    """Spell addresses: one, a network, or a range."""
    if addresses.first == addresses.last:
        return str(addresses.first)
    networks = list(summarize_address_range(addresses.first, addresses.last))
    return str(networks[0]) if len(networks) == 1 else f"{addresses.first}-{addresses.last}"


def overlapping(entries: Iterable[ListEntry]) -> Iterator[ListEntry]:
    """Networks with an end that meet others of the same list: the kernel takes no such elements."""
    last = -1
    timed = [
        (int(each.addresses.first), int(each.addresses.last), each)
        for each in entries
        if each.timeout is not None and each.addresses and not is_host(each)
    ]
    for low, high, each in sorted(timed, key=lambda one: one[:2]):
        if low <= last:
            yield each
        last = max(last, high)
