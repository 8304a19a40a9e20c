"""Reads our table from the kernel; changes nothing.

Structure is read as text, elements as JSON: nft's JSON leaves out `dynamic`, its text is slow to take apart.
Listing a set of a million elements takes 44 s, so each set is read once, and only where its elements are
needed: nft fetches the elements of every set for `list table`, even with `--terse`, but not for `list
ruleset` (nft 1.0.6, measured).
"""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import attrs

from portward.apply.listing import Block, Listing, read_listing
from portward.apply.run import LIMIT, nft
from portward.compile import names
from portward.errors import TargetError


TRIES = 3
"""How often the table is read anew if it changes meanwhile, such as by a rollback that fires."""

Part = str | int
"""A piece of an element's key: an address, a port, a mark."""


@attrs.frozen
class Element:
    """One element of a set that packets fill.

    Attributes:
        key: its parts.
        left: how long it stays, in whole seconds, rounded down; None for ever.
    """

    key: tuple[Part, ...]
    left: timedelta | None

    @property
    def spelled(self) -> str:
        """The key as nft takes it."""
        return " . ".join(map(str, self.key))


def read_table(within: Sequence[str] = ()) -> Listing | None:
    """Read our table, without the elements of sets that packets fill; None if there is none.

    Args:
        within: a command to run nft with, that takes it to another network namespace.

    Raises:
        HostError: nft is missing or may not read the firewall.
    """
    for _ in range(TRIES - 1):
        try:
            return read_once(within)
        except TargetError:
            continue
    return read_once(within)


def read_once(within: Sequence[str]) -> Listing | None:
    """Read our table, one object after the other.

    Raises:
        TargetError: it changed meanwhile.
    """
    listing = read_listing(nft("--stateless", "--terse", "list", "ruleset", names.FAMILY, within=within))
    if listing is None:
        return None
    blocks = {key: filled(block, within) for key, block in listing.blocks.items()}
    return attrs.evolve(listing, blocks=blocks)


def read_sets() -> Listing | None:
    """Read our table's sets alone: all that grants and `status` need, and quick where there are many rules.

    Raises:
        HostError: nft is missing or may not read the firewall.
    """
    return read_listing(nft("--stateless", "--terse", "list", "sets", names.FAMILY))


def filled(block: Block, within: Sequence[str]) -> Block:
    """Put the elements into a constant set or map."""
    if not block.holds_elements or block.dynamic:
        return block
    text = nft("--stateless", "list", block.kind, names.FAMILY, names.TABLE, block.name, within=within)
    listing = read_listing(text)
    return listing.blocks[block.key] if listing else block


def read_elements(name: str, limit: timedelta = LIMIT) -> tuple[Element, ...]:
    """Read the elements of a set of ours.

    Raises:
        HostError: it took longer than `limit`; the set is too big to be listed.
        TargetError: there is no such set.
    """
    return parse_elements(nft("--json", "list", "set", names.FAMILY, names.TABLE, name, limit=limit))


def parse_elements(text: str) -> tuple[Element, ...]:
    """Take the elements out of nft's JSON for one set."""
    found = (each["set"] for each in json.loads(text)["nftables"] if "set" in each)
    return tuple(parse_element(element) for each in found for element in each.get("elem", ()))


def parse_element(element: Any) -> Element:
    """Take one element apart: a bare key if it has no timeout, else an object."""
    body = element["elem"] if isinstance(element, dict) and "elem" in element else {"val": element}
    value = body["val"]
    parts = value["concat"] if isinstance(value, dict) else [value]
    seconds = body.get("expires")
    return Element(tuple(map(unsigned, parts)), None if seconds is None else timedelta(seconds=seconds))


def unsigned(part: Part) -> Part:
    """A part as it is in the kernel: nft's JSON prints eight bytes with a sign."""
    return part + 2**64 if isinstance(part, int) and part < 0 else part


def read_counters(limit: timedelta = LIMIT) -> dict[str, int]:
    """Read how many packets each named counter of ours has seen, by the counter's name.

    `list counters` would fetch the elements of all sets (nft 1.0.6); this fetches the rules, 8 s for 10,000 sequences.

    Raises:
        HostError: it took longer than `limit`.
    """
    table = read_listing(nft("--terse", "list", "ruleset", names.FAMILY, limit=limit))
    found = table.of_kind("counter") if table else ()
    return {block.name: int(block.value("packets").split()[0]) for block in found}
