"""The script language of RouterOS, as far as a reader who runs nothing can follow it.

Literal variables and literal loops are written out, `:do {…}` is unwrapped; what only a running script can know is
listed. `run` (of `rsc_reader`) reads what stands in a block.
"""

import re
from collections.abc import Callable, Mapping

from portward.sources.rsc_menu import Menu
from portward.sources.rsc_text import Line
from portward.sources.rsc_walk import FIREWALL, Walk, leave
from portward.sources.rsc_words import Form, Statement, Word


Run = Callable[[Walk, Line], None]
"""Read a line of statements."""

DEEPEST = 20
"""Blocks within blocks that are followed."""
MOST_LOOPS = 2000
"""Rounds of literal loops that are written out, over the whole file."""


def enter(walk: Walk, statement: Statement, block: Word, menu: Menu | None, run: Run) -> None:
    """Run a block in a menu."""
    if walk.depth >= DEEPEST:
        leave(walk, statement, "blocks nested too deep")
        return
    outer, walk.menu = walk.menu, menu
    walk.depth += 1
    run(walk, inside(statement.line, block))
    walk.depth -= 1
    walk.menu = outer


def inside(line: Line, block: Word) -> Line:
    """What stands between the brackets of a block."""
    return line.cut(block.at + 1, block.end - 1)


def control(walk: Walk, statement: Statement, name: str, run: Run) -> None:
    """Follow one command of the script language."""
    words = statement.words[1:]
    if name in {"local", "global", "set"}:
        _variable(walk, statement, words)
    elif name == "do" and words and words[0].form is Form.BLOCK and not words[0].name:
        _do(walk, statement, words, run)
    elif name in {"foreach", "for"}:
        _loop(walk, statement, name, words, run)
    elif name in {"put", "log", "delay", "beep", "nothing", "error", "return"}:
        walk.quiet += 1
    else:
        leave(walk, statement, "only a running script knows what it does")
        _forget(walk, statement.text)


def _variable(walk: Walk, statement: Statement, words: tuple[Word, ...]) -> None:
    if not words or words[0].name or words[0].form is not Form.BARE:
        walk.quiet += 1
        return
    name = words[0].value
    if len(words) == 2 and words[1].literal and not words[1].name:
        walk.variables[name] = words[1].value
        walk.quiet += 1
        return
    walk.variables.pop(name, None)
    if len(words) > 1:
        leave(walk, statement, "only a running script knows its value")
        return
    walk.quiet += 1


def _forget(walk: Walk, text: str) -> None:
    """Take back what is known of every variable that this text may set."""
    for name in re.findall(r"\bset\s+\"?([A-Za-z0-9]+)", text):
        walk.variables.pop(name, None)


def _do(walk: Walk, statement: Statement, words: tuple[Word, ...], run: Run) -> None:
    """`:do {…} on-error={…}`: the block is run, what stands there for errors is not."""
    rest = {each.name for each in words[1:]}
    if rest - {"on-error"}:
        leave(walk, statement, "only a running script knows how often it is done")
        _forget(walk, statement.text)
        return
    enter(walk, statement, words[0], walk.menu, run)
    for each in words[1:]:
        if FIREWALL.search(each.value):
            leave(walk, statement, "what is done on an error is not taken")


def _loop(walk: Walk, statement: Statement, kind: str, words: tuple[Word, ...], run: Run) -> None:
    """A loop over literal values is written out."""
    by_name: Mapping[str, Word] = {each.name: each for each in words if each.name}
    names = [each for each in words if not each.name]
    body = by_name.get("do")
    values = _rounds(kind, by_name)
    if (
        body is None
        or values is None
        or len(names) != 1
        or body.form is not Form.BLOCK
        or walk.depth >= DEEPEST
        or walk.loops + len(values) > MOST_LOOPS
    ):
        leave(walk, statement, "only a running script knows what it goes through")
        _forget(walk, statement.text)
        return
    walk.loops += len(values)
    before = dict(walk.variables)
    walk.depth += 1
    for value in values:
        walk.variables[names[0].value] = value
        run(walk, inside(statement.line, body))
    walk.depth -= 1
    walk.variables = {name: value for name, value in walk.variables.items() if name in before}


_NUMBER = re.compile(r"-?\d{1,9}", re.ASCII)


def _rounds(kind: str, words: Mapping[str, Word]) -> list[str] | None:
    """The values that a loop goes through, if they stand there."""
    if kind == "foreach":
        values = words.get("in")
        if values is None or values.form is not Form.BLOCK:
            return None
        pieces_ = [each.strip().strip('"') for each in re.split(r"[;,]", values.value) if each.strip()]
        return None if any(re.search(r"[$\[({=\\]", each) for each in pieces_) else pieces_
    numbers = [words[each].value if each in words else "1" for each in ("from", "to", "step")]
    if not all(_NUMBER.fullmatch(each) for each in numbers) or "to" not in words or "from" not in words:
        return None
    first, last, step = (int(each) for each in numbers)
    found = range(first, last + 1, step) if step > 0 else range(0)
    return [str(each) for each in found] if len(found) <= MOST_LOOPS else None
