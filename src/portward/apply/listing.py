"""What nft prints about a table, as a value: blocks by kind and name, in a form that can be compared.

Pure: text in, values out. Two listings are equal if and only if the rules do the same: the order of blocks
and of elements, counted packets, and the elements of sets that packets fill make no difference.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping

import attrs

from portward.compile import names


Key = tuple[str, str]
"""Kind and name of a block: `("chain", "judge")`, `("ct helper", "ftp")`."""

OURS = f"table {names.FAMILY} {names.TABLE} {{"
"""The line that our table begins with."""

_OPENING = re.compile(r"^([a-z][a-z ]*?) (\S+) \{$")


@attrs.frozen
class Block:
    """One object of a table.

    Attributes:
        kind: nft's word: chain, set, map, counter, …
        name: of the object.
        lines: what it says, one entry for a line, without indentation and elements.
        elements: of a constant set or map, sorted; empty for a set that packets fill.
    """

    kind: str
    name: str
    lines: tuple[str, ...]
    elements: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        """Kind and name."""
        return self.kind, self.name

    @property
    def holds_elements(self) -> bool:
        """Whether it is a set or map."""
        return self.kind in {"set", "map"}

    @property
    def dynamic(self) -> bool:
        """Whether packets or commands fill it as time goes by."""
        flags = self.value("flags")
        return self.holds_elements and ("dynamic" in flags or "timeout" in flags)

    @property
    def comment(self) -> str:
        """Its comment without the quotes; empty if it has none."""
        return self.value("comment").strip('"')

    @property
    def size(self) -> int | None:
        """How many elements it holds; None for no limit."""
        return int(text) if (text := self.value("size")).isdigit() else None

    def value(self, word: str) -> str:
        """What stands after a word at the beginning of a line; empty if no line begins so."""
        return next((line.removeprefix(f"{word} ") for line in self.lines if line.startswith(f"{word} ")), "")

    def printed(self) -> list[str]:
        """Lay it out for people, as nft does but with one element a line."""
        body = [f"\t{line}" for line in self.lines] + [f"\telement {each}" for each in self.elements]
        return [f"{self.kind} {self.name} {{", *body, "}"]


@attrs.frozen
class Listing:
    """A table.

    Attributes:
        header: what is said of the table itself: its comment and flags.
        blocks: its objects, in nft's order.
    """

    header: tuple[str, ...]
    blocks: Mapping[Key, Block]

    def of_kind(self, *kinds: str) -> Iterator[Block]:
        """The blocks of these kinds."""
        return (block for block in self.blocks.values() if block.kind in kinds)

    def dynamic_sets(self) -> Iterator[Block]:
        """The sets that packets and commands fill."""
        return (block for block in self.blocks.values() if block.dynamic)


def read_listing(text: str) -> Listing | None:
    """Read our table out of what `nft list` printed, or out of compiled text; None if it is not there."""
    header: list[str] = []
    blocks: dict[Key, Block] = {}
    lines = (line for raw in text.splitlines() if (line := raw.strip()) and not line.startswith("#"))
    for line in lines:
        if line == OURS:
            break
    else:
        return None
    for line in lines:
        if line == "}":
            break
        if opening := _OPENING.match(line):
            block = read_block(opening[1], opening[2], lines)
            blocks[block.key] = block
        else:
            header.append(line)
    return Listing(tuple(header), blocks)


def read_block(kind: str, name: str, lines: Iterator[str]) -> Block:
    """Read one block, from behind its opening line to its closing brace."""
    said: list[str] = []
    elements: tuple[str, ...] = ()
    for line in lines:
        if line == "}":
            break
        if line.startswith("elements = {"):
            elements = read_elements(line.removeprefix("elements = {"), lines)
        else:
            said.append(line)
    block = Block(kind, name, tuple(said), elements)
    return attrs.evolve(block, elements=()) if block.dynamic else block


def read_elements(first: str, lines: Iterator[str]) -> tuple[str, ...]:
    """Read elements up to the closing brace; commas and braces inside quotes belong to a comment."""
    elements: list[str] = []
    current: list[str] = []
    line: str | None = first
    while line is not None:
        quoted = False
        for char in line:
            quoted ^= char == '"'
            if char == "}" and not quoted:
                elements.append("".join(current))
                return tuple(sorted(spaced(each) for each in elements if each.strip()))
            if char == "," and not quoted:
                elements.append("".join(current))
                current = []
            else:
                current.append(char)
        current.append(" ")
        line = next(lines, None)
    return tuple(sorted(spaced(each) for each in [*elements, "".join(current)] if each.strip()))


def spaced(text: str) -> str:
    """Put one space where nft put several or a line's end."""
    return " ".join(text.split())


def same(one: Listing | None, other: Listing | None) -> bool:
    """Whether two tables do the same, the order of their objects aside."""
    if one is None or other is None:
        return one is other
    return one.header == other.header and dict(one.blocks) == dict(other.blocks)


def difference(old: Listing | None, new: Listing | None, names: tuple[str, str]) -> list[str]:
    """Show what differs, as a unified diff object by object; empty if and only if the two do the same."""
    before, after = objects(old), objects(new)
    hunks: list[str] = []
    for title in [*before, *(each for each in after if each not in before)]:
        hunks += hunk(title, before.get(title, []), after.get(title, []))
    return [f"--- {names[0]}", f"+++ {names[1]}", *hunks] if hunks else []


def summary(old: Listing | None, new: Listing | None) -> str:
    """Count what differs, without a word of what it says: knocks and secret words stand in the rules."""
    before = dict(old.blocks) if old else {}
    after = dict(new.blocks) if new else {}
    counted = {
        "new": len(after.keys() - before.keys()),
        "changed": sum(before[key] != after[key] for key in before.keys() & after.keys()),
        "gone": len(before.keys() - after.keys()),
    }
    return (
        ", ".join(f"{number} {word}" for word, number in counted.items() if number)
        or "the table's own lines change"
    )


def objects(listing: Listing | None) -> dict[str, list[str]]:
    """The printed objects of a table by their titles, the table's own lines first."""
    if listing is None:
        return {}
    own = {"table": [OURS, *(f"\t{line}" for line in listing.header)]}
    return own | {f"{block.kind} {block.name}": block.printed() for block in listing.blocks.values()}


def hunk(title: str, old: Iterable[str], new: Iterable[str]) -> list[str]:
    """Show what differs in one object, below a line that names it."""
    before, after = list(old), list(new)
    if before == after:
        return []
    lines = list(difflib.unified_diff(before, after, lineterm="", n=2))[2:]
    return [f"{line} {title}" if line.startswith("@@") else line for line in lines]
