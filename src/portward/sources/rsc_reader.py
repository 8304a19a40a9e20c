"""From the text of a file to the commands that a router would run, each with its absolute menu.

Follows menus as a router does (and where blog posts rely on what no router does, says so), unwraps `:do {…}`, menu
blocks and literal loops, writes literal variables out, and lists what only a running script could know. What a
command does is not known here.
"""

import re

import attrs

from portward.errors import Span
from portward.sources import rsc_menu
from portward.sources.rsc_control import control, enter
from portward.sources.rsc_damage import Desk
from portward.sources.rsc_lines import Kind, Piece, pieces
from portward.sources.rsc_menu import Menu
from portward.sources.rsc_text import Line, Mend
from portward.sources.rsc_walk import FIREWALL, Command, Left, Reading, Walk, leave, place
from portward.sources.rsc_words import Flaw, Form, Statement, Word, statements


_HEADER = re.compile(r"#\s*.{8,40}\bby RouterOS (\d[\w.]*)")
_COMMENTED = re.compile(
    r"[\s#\d.]*#?\s*(?:/ip(?:v6)?[ /]+firewall\b.*|add\s.*)\b(?:chain|action|address-list)=\S"
)


def read(text: str, file: str, mends: tuple[Mend, ...] = ()) -> Reading:
    """Read the text of a file; nothing is raised, whatever it holds."""
    desk = Desk(file, mends=list(mends))
    walk = Walk(desk)
    for piece in pieces(text, desk):
        _take(walk, piece)
    ordered = sorted(desk.mends, key=lambda each: (each.span.line, each.span.column))
    return Reading(
        tuple(walk.commands),
        tuple(walk.left),
        tuple(walk.prose),
        tuple(ordered),
        walk.comments,
        walk.quiet,
        walk.version,
    )


def _take(walk: Walk, piece: Piece) -> None:
    span = piece.line.span(walk.desk.file, 0, len(piece.line.text))
    match piece.kind:
        case Kind.SCRIPT:
            run(walk, piece.line)
        case Kind.COMMENT:
            _comment(walk, piece, span)
        case Kind.PROSE:
            walk.prose.append((piece.first, piece.last))
        case Kind.WINDOW:
            reason = (
                "fields as a window of WinBox shows them, no command; write them as /ip firewall filter add …"
            )
            walk.left.append(Left(span, piece.last, reason, decides=True))
        case Kind.MENTION:
            reason = "a firewall command in the midst of other text"
            hint = "put it on a line of its own to import it"
            walk.left.append(Left(span, piece.last, reason, decides=True, hint=hint))
        case Kind.DYNAMIC:
            reason = "a dynamic item, which the router makes by itself"
            walk.left.append(Left(span, piece.last, reason, decides=False))


def _comment(walk: Walk, piece: Piece, span: Span) -> None:
    walk.comments += 1
    if match := _HEADER.match(piece.line.text):
        walk.version = walk.version or match.group(1)
    elif _COMMENTED.match(piece.line.text):
        reason = "a firewall command in a comment, which a router does not run"
        walk.left.append(Left(span, piece.last, reason, decides=False, hint="take away the # to import it"))


def run(walk: Walk, line: Line) -> None:
    """Read the statements of a line."""
    for statement in statements(line, walk.variables):
        _one(walk, statement)


def _one(walk: Walk, statement: Statement) -> None:
    if statement.flaw is not None:
        _refuse(walk, statement, statement.flaw)
        return
    first = statement.words[0]
    if first.form is Form.BLOCK and len(statement.words) == 1:
        enter(walk, statement, first, walk.menu, run)
    elif first.form is not Form.BARE or first.name:
        _call(walk, statement, first)
    elif first.value.startswith(":") or first.value in _BARE_SCRIPT_WORDS:
        control(walk, statement, first.value.lstrip(":"), run)
    else:
        _menu_command(walk, statement)


_BARE_SCRIPT_WORDS = {
    "local",
    "global",
    "if",
    "foreach",
    "for",
    "while",
    "do",
    "put",
    "delay",
    "error",
    "return",
}
"""Script commands that need no colon; `set` and `find` do, where a menu could mean them."""


def _refuse(walk: Walk, statement: Statement, flaw: Flaw) -> None:
    line = statement.line
    span = line.span(walk.desk.file, flaw.start, flaw.end)
    last = max(line.lines(statement.start, statement.end)[1], span.line)
    decides = _may_decide(walk, statement)
    walk.left.append(Left(span, last, flaw.message, decides, refused=True, hint=flaw.hint))
    if statement.words and statement.words[0].value.startswith("/"):
        _remember(walk, [each.value for each in statement.words if not each.name])


def _may_decide(walk: Walk, statement: Statement) -> bool:
    menu = walk.menu or walk.carried
    if statement.text.lstrip().startswith(("/", ":")) or menu is None:
        return bool(FIREWALL.search(statement.text)) or "chain=" in statement.text
    return rsc_menu.decides_packets(menu)


def _remember(walk: Walk, words: list[str]) -> None:
    """Keep the menu of a refused command for the bare ones below it."""
    found = rsc_menu.resolve((), _split_path(words))
    if found.verb:
        walk.carried = found.menu


def _call(walk: Walk, statement: Statement, first: Word) -> None:
    if first.name:
        reason = "properties without a command"
        leave(walk, statement, reason, decides=_may_decide(walk, statement), hint="begin with add or set")
        return
    leave(walk, statement, "calls what only a running script knows")


def _split_path(words: list[str]) -> list[str]:
    return [piece for word in words for piece in word.split("/") if piece]


def _menu_command(walk: Walk, statement: Statement) -> None:
    positional = []
    for word in statement.words:
        if word.name or word.form is not Form.BARE:
            break
        positional.append(word)
    absolute = positional[0].value.startswith("/") or _lost_slash(walk, statement, positional[0])
    base: Menu = () if absolute else (walk.menu or ())
    path = [
        (piece, index) for index, each in enumerate(positional) for piece in each.value.split("/") if piece
    ]
    found = rsc_menu.resolve(base, [piece for piece, _ in path])
    if (
        not absolute
        and not walk.menu
        and found.menu
        and found.menu[0] not in rsc_menu.ROOTS
        and not found.verb
    ):
        leave(walk, statement, "no command that portward knows")
        return
    if found.expanded:
        _note_abbreviation(walk, statement, positional, found)
    used = path[found.used - 1][1] + 1 if found.used else int(positional[0].value == "/")
    rest = statement.words[used:]
    if found.verb:
        bare = not absolute and found.menu == base
        _command(walk, statement, found.menu, found.verb, rest, bare=bare)
        if absolute:
            walk.carried = found.menu
        return
    _go(walk, statement, found.menu, rest)


def _lost_slash(walk: Walk, statement: Statement, first: Word) -> bool:
    """Whether a path from the root stands in another menu without its slash, where a router does not find it."""
    top = first.value.partition("/")[0]
    if not walk.menu or top not in rsc_menu.ROOTS or rsc_menu.is_below(walk.menu, top):
        return False
    span = statement.line.span(walk.desk.file, first.start, first.end)
    walk.desk.mends.append(Mend("no slash before a menu", span, first.value, "/" + first.value))
    return True


def _note_abbreviation(walk: Walk, statement: Statement, words: list[Word], found: rsc_menu.Resolved) -> None:
    line, start, end = statement.line, words[0].start, words[-1].end
    after = f"{rsc_menu.spell(found.menu)} {found.verb}".strip()
    span = line.span(walk.desk.file, start, end)
    walk.desk.mends.append(Mend("abbreviation", span, line.text[start:end], after, grave=False))


def _go(walk: Walk, statement: Statement, menu: Menu, rest: tuple[Word, ...]) -> None:
    """A path without a command: a change of menu, a block in it, or a command that we do not know."""
    if not rest:
        walk.menu = menu
        walk.quiet += 1
    elif len(rest) == 1 and rest[0].form is Form.BLOCK and not rest[0].name:
        enter(walk, statement, rest[0], menu, run)
    else:
        reason = f"no command of {rsc_menu.spell(menu)} that portward knows"
        leave(walk, statement, reason, decides=rsc_menu.decides_packets(menu))


_IGNORED = {"print", "export", "find", "get", "reset-counters", "reset-counters-all", "edit"}


def _command(  # noqa: PLR0913 - what a command is
    walk: Walk, statement: Statement, menu: Menu, verb: str, words: tuple[Word, ...], *, bare: bool
) -> None:
    if verb in _IGNORED or (verb in rsc_menu.ACTIONS and not rsc_menu.decides_packets(menu)):
        walk.quiet += 1
        return
    if bare and not menu:
        guessed = _guess(walk, words)
        if guessed is None:
            leave(walk, statement, f"{verb} without a menu", decides="chain=" in statement.text)
            return
        menu, why = guessed
        span, last = place(walk, statement)
        at = attrs.evolve(span, length=len(verb))
        walk.desk.mends.append(Mend(why, at, verb, f"{rsc_menu.spell(menu)} {verb}"))
    span, last = place(walk, statement)
    walk.commands.append(Command(menu, verb, words, statement, span, last))


def _guess(walk: Walk, words: tuple[Word, ...]) -> tuple[Menu, str] | None:
    """The menu of a command that stands in none: that of the command above, or the one its properties fit."""
    if walk.carried is not None:
        return walk.carried, "no menu: a router refuses this line; the menu of the command above is taken"
    names = {each.name for each in words if each.name}
    for menu in (
        ("ip", "firewall", "filter"),
        ("ip", "firewall", "address-list"),
        ("ip", "firewall", "layer7-protocol"),
        ("ip", "firewall", "nat"),
    ):
        typical = {"chain", "action"} & names or {"list", "address"} <= names or {"name", "regexp"} <= names
        if typical and names <= rsc_menu.PROPERTIES[menu]:
            return menu, _WORKS_INSIDE
    return (("ip", "firewall", "filter"), _WORKS_INSIDE) if {"chain", "action"} & names else None


_WORKS_INSIDE = "no menu: the line works only inside the menu that its properties belong to"
