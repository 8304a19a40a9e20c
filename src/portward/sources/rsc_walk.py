"""Where a reader is in a script: the menu, the variables, what was found so far.

The state of `rsc_reader` and `rsc_control`, and the values that they give; nothing is decided here.
"""

import re

import attrs

from portward.errors import Span
from portward.sources.rsc_damage import Desk
from portward.sources.rsc_menu import Menu
from portward.sources.rsc_text import Mend
from portward.sources.rsc_words import Statement, Word


@attrs.frozen
class Command:
    """One command, understood as far as its menu.

    Attributes:
        menu: absolute.
        verb: `add`, `set`, …
        words: its arguments.
        statement: where it stands.
        span: the place of its first character.
        last: the number of its last line.
    """

    menu: Menu
    verb: str
    words: tuple[Word, ...]
    statement: Statement
    span: Span
    last: int


@attrs.frozen
class Left:
    """What was not taken.

    Attributes:
        span: where it begins.
        last: the number of its last line.
        reason: why, one sentence.
        decides: whether packets depend on it.
        refused: whether a router would not take it either.
        hint: what to write instead; may be empty.
    """

    span: Span
    last: int
    reason: str
    decides: bool
    refused: bool = False
    hint: str = ""


@attrs.frozen
class Reading:
    """A file, read.

    Attributes:
        commands: in order.
        left: statements that were not taken, in order.
        prose: first and last lines of what is no script.
        mends: what was repaired, by place.
        comments: how many lines are comments.
        quiet: how many statements say nothing about the configuration (`print`, a bare menu, `:put`).
        version: RouterOS's version from the header of an export, or empty.
    """

    commands: tuple[Command, ...]
    left: tuple[Left, ...]
    prose: tuple[tuple[int, int], ...]
    mends: tuple[Mend, ...]
    comments: int
    quiet: int
    version: str


@attrs.define
class Walk:
    """Where in the menus a script is, and what it has said so far."""

    desk: Desk
    menu: Menu | None = None
    carried: Menu | None = None
    variables: dict[str, str] = attrs.field(factory=dict)
    commands: list[Command] = attrs.field(factory=list)
    left: list[Left] = attrs.field(factory=list)
    prose: list[tuple[int, int]] = attrs.field(factory=list)
    comments: int = 0
    quiet: int = 0
    version: str = ""
    loops: int = 0
    depth: int = 0


FIREWALL = re.compile(r"firewall|address-list|interface[ /]list")
"""What a text must have for packets to depend on it."""


def place(walk: Walk, statement: Statement) -> tuple[Span, int]:
    """Where a statement stands: its beginning, and the number of its last line."""
    span = statement.line.span(walk.desk.file, statement.start, statement.end)
    return span, statement.line.lines(statement.start, statement.end)[1]


def leave(
    walk: Walk, statement: Statement, reason: str, *, decides: bool | None = None, hint: str = ""
) -> None:
    """Put a statement among those that are not taken."""
    span, last = place(walk, statement)
    known = decides if decides is not None else bool(FIREWALL.search(statement.text))
    walk.left.append(Left(span, last, reason, known, hint=hint))
