"""From the table that is there to the one that is wanted: the text of one transaction. Pure.

What packets have filled stays: a set whose definition is the same is not touched; one whose definition
changed is made anew and gets its elements back. Everything else of ours is removed and made again, in the
same transaction, so a packet meets either the old rules whole or the new ones. Nothing outside our table is
named.

Order matters (nft 1.0.6): `flush table` first, so that no rule refers to a set; maps before the chains that
they point to; the new definitions last.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from ipaddress import ip_address, ip_network

import attrs

from portward.apply.listing import Block, Key, Listing
from portward.apply.live import Element
from portward.compile import names
from portward.compile.names import IpFamily


OURS = f"{names.FAMILY} {names.TABLE}"
REMOVAL = ("map", "set", "chain")
"""The kinds that must go in this order; all others after them."""

ALWAYS_NEW = frozenset(names.adopted(family) for family in IpFamily)
"""Sets that are filled anew by every change: connections that are still open are found again."""

SHORTEST = timedelta(seconds=1)
"""An element with less time left is not worth giving back; nft reads the times of elements in whole seconds."""

DELETE_TABLE = (f"add table {OURS}", f"delete table {OURS}")
"""Removes our table whether or not it is there: nft 1.0.6 does not know `destroy`."""


@attrs.frozen
class Carry:
    """What becomes of sets that packets have filled.

    Attributes:
        kept: stay untouched.
        remade: are made anew; their elements have to be read and given back.
    """

    kept: frozenset[Key]
    remade: frozenset[str]


def carry(live: Listing | None, wanted: Listing) -> Carry:
    """Find out which sets stay and which are made anew."""
    if live is None:
        return Carry(frozenset(), frozenset())
    same_table = live.header == wanted.header
    kept = {
        key
        for key, block in live.blocks.items()
        if same_table and keepable(block) and wanted.blocks.get(key) == block
    }
    remade = {
        block.name
        for block in live.dynamic_sets()
        if block.key not in kept and carriable(block) and takes_over(block, wanted)
    }
    return Carry(frozenset(kept), frozenset(remade))


def keepable(block: Block) -> bool:
    """Whether an object holds what came in as time went by."""
    return (block.dynamic and block.name not in ALWAYS_NEW) or block.kind == "counter"


def carriable(block: Block) -> bool:
    """Whether elements may be read and given back.

    Not what belongs to windows: a pass that is used up between the reading and the giving back would be good again. The
    daemon loads anew what cannot have been used. Nor how often sources send: such an element holds a count, which nft's
    JSON leaves out, and is forgotten after a minute anyway (the set's own timeout).
    """
    counts = bool(block.value("timeout"))
    return block.name not in ALWAYS_NEW and not names.window_tag(block.comment) and not counts


def takes_over(block: Block, wanted: Listing) -> bool:
    """Whether the wanted table has a set for the same things."""
    new = wanted.blocks.get(block.key)
    return new is not None and new.dynamic and key_type(new) == key_type(block)


def key_type(block: Block) -> str:
    """What the key of a set is made of, `type` and `typeof` told apart: they spell it in different words."""
    return block.value("type") or f"typeof {block.value('typeof')}"


def removals(live: Listing | None, wanted: Listing, kept: frozenset[Key]) -> list[str]:
    """Spell the removal of all that does not stay."""
    if live is None:
        return []
    if live.header != wanted.header:
        return list(DELETE_TABLE)
    gone = [block for block in live.blocks.values() if block.key not in kept]
    order = {kind: place for place, kind in enumerate(REMOVAL)}
    gone.sort(key=lambda block: order.get(block.kind, len(REMOVAL)))
    return [f"flush table {OURS}", *(f"delete {block.kind} {OURS} {block.name}" for block in gone)]


def additions(elements: Mapping[str, Iterable[Element]]) -> list[str]:
    """Spell the elements that sets are given, by the set's name; what has less than a second left stays out."""
    lines = []
    for name, each in elements.items():
        spelled = [timed(element) for element in each if element.left is None or element.left >= SHORTEST]
        if spelled:
            lines.append(f"add element {OURS} {name} {{ {', '.join(spelled)} }}")
    return lines


def timed(element: Element) -> str:
    """Spell an element and the time it has left."""
    if element.left is None:
        return element.spelled
    return f"{element.spelled} timeout {time_span(element.left)}"


def time_span(length: timedelta) -> str:
    """Spell a length for nft, which takes no large numbers of milliseconds and knows no weeks."""
    pieces = ((length.days, "d"), (length.seconds, "s"), (length.microseconds // 1000, "ms"))
    return "".join(f"{number}{unit}" for number, unit in pieces if number) or "1ms"


def carried(old: Block, new: Block, elements: Iterable[Element]) -> tuple[Element, ...]:
    """Fit the elements of a set to its new definition: its prefix, then its size, the longest-lived first.

    A grant for a network that is now wanted for less than that network cannot be kept: whose it was is not
    known.
    """
    before, now = names.grant_prefix(old.comment), names.grant_prefix(new.comment)
    fitting = list(elements)
    if before is not None and now is not None and before != now:
        fitting = widened(fitting, now) if now < before else []
    if new.size is not None and len(fitting) > new.size:
        fitting = sorted(fitting, key=lambda each: each.left or timedelta.max, reverse=True)[: new.size]
    return tuple(fitting)


def widened(elements: Iterable[Element], prefix: int) -> list[Element]:
    """Shorten the addresses to a prefix; where several fall together, the longest-lived stays."""
    found: dict[tuple[str | int, ...], Element] = {}
    for each in elements:
        wide = Element((masked(str(each.key[0]), prefix), *each.key[1:]), each.left)
        other = found.get(wide.key)
        if other is None or (other.left or timedelta.max) < (wide.left or timedelta.max):
            found[wide.key] = wide
    return list(found.values())


def masked(address: str, prefix: int) -> str:
    """The address with all but its leading bits cleared, as the kernel's key has it."""
    return str(ip_network((ip_address(address), prefix), strict=False).network_address)


def loadable(listing: Listing) -> str:
    """Spell a table as nft listed it, so that nft takes it again."""
    lines = [f"\t{each}" for each in listing.header]
    for block in listing.blocks.values():
        elements = [f"elements = {{ {', '.join(block.elements)} }}"] if block.elements else []
        lines += [
            f"\t{block.kind} {block.name} {{",
            *(f"\t\t{line}" for line in (*block.lines, *elements)),
            "\t}",
        ]
    return "\n".join([f"table {OURS} {{", *lines, "}"]) + "\n"


def transaction(
    live: Listing | None, wanted: Listing, text: str, elements: Mapping[str, Iterable[Element]]
) -> tuple[str, int]:
    """Spell the whole change.

    Args:
        live: what is there.
        wanted: what is to be, as nft lists it.
        text: the same as the compiled text.
        elements: what sets are given besides.

    Returns:
        The text for `nft -f -`, and how many lines stand above the compiled text.
    """
    head = removals(live, wanted, carry(live, wanted).kept)
    lines = [*head, text.rstrip("\n"), *additions(elements)]
    return "\n".join(lines) + "\n", len(head)
