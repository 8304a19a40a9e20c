"""The lists of a router's menus, as a script builds them: `add`, `set`, `remove`, `enable`, `disable`, `move`.

Commands come in with their menu resolved; out come the items that stand in each menu at the end, as properties that
are still text. What a property means is not known here. What cannot be done without the router is told, never
guessed.
"""

from collections.abc import Callable, Iterable

import attrs

from portward.errors import Span
from portward.sources import rsc_menu
from portward.sources.routeros_find import Condition, read_conditions
from portward.sources.routeros_rules import Fate, Told
from portward.sources.routeros_values import is_placeholder
from portward.sources.rsc_menu import Menu
from portward.sources.rsc_walk import Command
from portward.sources.rsc_words import Flaw, Form, Word


@attrs.define(eq=False)
class Item:
    """One row of a menu.

    Attributes:
        properties: what was set, decoded but not interpreted.
        words: where each of them was written.
        command: the `add` (or, for the fixed items of a menu, the first `set`).
        told: index of the command's `Told`.
    """

    properties: dict[str, str]
    words: dict[str, tuple[Command, Word]]
    command: Command
    told: int


@attrs.define
class Menus:
    """All lists, and what became of each command so far."""

    items: dict[Menu, list[Item]] = attrs.field(factory=dict)
    told: list[Told] = attrs.field(factory=list)

    def tell(
        self, command: Command, fate: Fate, reason: str = "", *, decides: bool = False, hint: str = ""
    ) -> int:
        """Say what became of a command; gives the index of what was said."""
        menu = rsc_menu.spell(command.menu)
        self.told.append(Told(command.span, command.last, menu, fate, reason, decides, hint))
        return len(self.told) - 1

    def refuse(self, command: Command, flaw: Flaw, file: str) -> None:
        """Say that a router would not take a command."""
        span = command.statement.line.span(file, flaw.start, flaw.end)
        decides = rsc_menu.decides_packets(command.menu)
        menu = rsc_menu.spell(command.menu)
        last = max(command.last, span.line)
        self.told.append(Told(span, last, menu, Fate.REFUSED, flaw.message, decides, flaw.hint))


FIXED: dict[Menu, tuple[str, ...]] = {("ip", "service"): rsc_menu.SERVICES}
"""Menus whose items are there from the start, by name."""


def run(menus: Menus, command: Command, file: str) -> None:
    """Do one command of a menu that we read."""
    flaw = _name_flaw(command) or _placeholder(command)
    if flaw is not None:
        menus.refuse(command, flaw, file)
        return
    doing = _VERBS.get(command.verb)
    if doing is None:
        menus.tell(command, Fate.LISTED, f"{command.verb} is not followed", decides=True)
        return
    doing(menus, command)


def _named(command: Command) -> Iterable[tuple[str, Word]]:
    """The properties of a command, abbreviations written out."""
    known = rsc_menu.PROPERTIES[command.menu]
    for word in command.words:
        if word.name:
            yield word.name if word.name in known else rsc_menu.expand(word.name, known), word


def _name_flaw(command: Command) -> Flaw | None:
    """A property that the menu does not have, or a word that belongs to none."""
    known = rsc_menu.PROPERTIES[command.menu]
    positional = 0
    before: Word | None = None
    for word in command.words:
        if not word.name:
            positional += 1
            if command.verb == "add" or before is not None:
                return _loose(command, word, before)
        elif word.name not in known and word.name != "numbers":
            if rsc_menu.expand(word.name, known) in known:
                continue
            return _unknown(command, word)
        before = word if word.name else before
    return None


def _placeholder(command: Command) -> Flaw | None:
    """A variable in capitals that the script never sets: where a shell, or the reader, was to put a value."""
    for word in command.words:
        if word.form is Form.UNKNOWN and word.name and is_placeholder(word.value):
            return Flaw(f"{word.value!r} is a placeholder: put your own value there", word.at, word.end)
    return None


def _loose(command: Command, word: Word, before: Word | None) -> Flaw:
    message = "expected end of command: this word belongs to no property"
    secret = before is not None and before.name in {"content", "regexp"}
    if before is None or before.form is not Form.BARE or word.form is not Form.BARE or secret:
        return Flaw(message, word.start, word.end)
    loose = []
    for each in command.words[command.words.index(before) + 1 :]:
        if each.name:
            break
        loose.append(each)
    end = loose[-1].end if loose else word.end
    whole = command.statement.line.text[before.at : end]
    return Flaw(message, word.start, end, f'write {before.name}="{whole}" if it belongs there')


def _unknown(command: Command, word: Word) -> Flaw:
    known = rsc_menu.PROPERTIES[command.menu]
    near = rsc_menu.nearest(word.name.lower(), known)
    menu = rsc_menu.spell(command.menu)
    hint = f"did you mean {near}?" if near else ""
    return Flaw(f"{menu} has no property {word.name!r}", word.start, word.start + len(word.name), hint)


def _dynamic(pairs: Iterable[tuple[str, Word]]) -> str:
    """The property whose value only a running router knows, if there is one."""
    return next((name for name, word in pairs if not word.literal and name != "place-before"), "")


def _add(menus: Menus, command: Command) -> None:
    pairs = list(_named(command))
    if command.menu in FIXED:
        menus.tell(command, Fate.REFUSED, f"{rsc_menu.spell(command.menu)} has no add", decides=False)
        return
    if unknown := _dynamic(pairs):
        menus.tell(command, Fate.LISTED, f"only the router knows the value of {unknown}", decides=True)
        return
    place = copied = None
    properties, words = {}, {}
    for name, word in pairs:
        if name == "place-before":
            place = word
            continue
        copied = copied or (name == "copy-from")
        properties[name] = word.value
        words[name] = (command, word)
    if copied:
        menus.tell(command, Fate.LISTED, "copy-from takes the values of an item by its number", decides=True)
        return
    rows = menus.items.setdefault(command.menu, [])
    if place is None:
        rows.append(Item(properties, words, command, menus.tell(command, Fate.TAKEN)))
        return
    at, note = _position(rows, place)
    rows.insert(at, Item(properties, words, command, menus.tell(command, Fate.TAKEN, note)))


def _position(rows: list[Item], place: Word) -> tuple[int, str]:
    """Where `place-before` puts a new item, and what had to be assumed."""
    text = place.value.strip()
    if place.form is Form.EXPRESSION:
        text = text.removesuffix("->0").removesuffix("-> 0").strip()
        text = text[1:-1].strip() if text.startswith("[") and text.endswith("]") else text
    if place.form in {Form.COMMAND, Form.EXPRESSION} and text.startswith("find"):
        found = _select(rows, text.removeprefix("find"))
    elif text.isdecimal() and len(text) < 7:
        number = int(text)
        note = "place-before by a number counts as print does: it was taken as the place among the rules of this text"
        return min(number, len(rows)), note
    else:
        found = [each for each in rows if each.properties.get("comment") == text]
    if not found:
        return len(rows), "place-before names no item of this text: it was put at the end"
    return rows.index(found[0]), ""


def _select(rows: list[Item], text: str) -> list[Item] | None:
    conditions = read_conditions(text)
    if conditions is None:
        return None
    return [each for each in rows if _fits(each, conditions)]


def _fits(item: Item, conditions: tuple[Condition, ...]) -> bool:
    return all(each.fits(item.properties) for each in conditions)


NUMBERED = "numbers depend on what print showed last"


def _chosen(  # noqa: PLR0911 - one answer for each way to name items
    menus: Menus, command: Command
) -> tuple[list[Item] | None, str]:
    """The items that a command is about; None and why, where only the router knows."""
    rows = menus.items.setdefault(command.menu, [])
    word = next((each for each in command.words if not each.name or each.name == "numbers"), None)
    if word is None:
        return None, f"{command.verb} names no item"
    text = word.value.strip()
    if word.form is Form.COMMAND:
        if not text.startswith("find"):
            return None, "only the router knows which items are meant"
        found = _select(rows, text.removeprefix("find"))
        return found, "" if found is not None else "portward does not answer this find"
    if not word.literal:
        return None, "only the router knows which items are meant"
    if command.menu in FIXED:
        return _by_name(menus, command, text)
    if command.menu in {("ip", "firewall", "layer7-protocol"), ("interface", "list")}:
        return [each for each in rows if each.properties.get("name") in text.split(",")], ""
    return None, NUMBERED


def _by_name(menus: Menus, command: Command, text: str) -> tuple[list[Item] | None, str]:
    """Items that are there from the start; version 6 numbers them in a known order."""
    names = FIXED[command.menu]
    rows = menus.items.setdefault(command.menu, [])
    found = []
    for each in text.split(","):
        name = names[int(each)] if each.isdecimal() and int(each[:4]) < len(names) and len(each) < 4 else each
        name = rsc_menu.expand(name, frozenset(names))
        item = next((row for row in rows if row.properties["name"] == name), None)
        if item is None:
            item = Item({"name": name}, {}, command, len(menus.told))
            rows.append(item)
        found.append(item)
    return found, ""


def _fixed(menus: Menus, command: Command) -> None:
    """Make sure that a `find` in a menu of fixed items finds those that no command has named yet."""
    if command.menu not in FIXED:
        return
    rows = menus.items.setdefault(command.menu, [])
    there = {each.properties["name"] for each in rows}
    for name in FIXED[command.menu]:
        if name not in there:
            rows.append(Item({"name": name}, {}, command, len(menus.told)))


def _change(menus: Menus, command: Command, change: Callable[[Item], None]) -> None:
    _fixed(menus, command)
    found, why = _chosen(menus, command)
    if found is None:
        menus.tell(command, Fate.LISTED, why, decides=rsc_menu.decides_packets(command.menu))
        return
    note = "" if found else "it finds nothing that this text has made"
    menus.tell(command, Fate.TAKEN, note)
    for each in found:
        change(each)


def _set(menus: Menus, command: Command) -> None:
    pairs = [(name, word) for name, word in _named(command) if name != "numbers"]
    if unknown := _dynamic(pairs):
        decides = rsc_menu.decides_packets(command.menu)
        menus.tell(command, Fate.LISTED, f"only the router knows the value of {unknown}", decides=decides)
        return
    removed = [each.value[1:] for each in command.words if not each.name and each.value.startswith("!")]

    def change(item: Item) -> None:
        for name, word in pairs:
            item.properties[name] = word.value
            item.words[name] = (command, word)
        for name in removed:
            item.properties.pop(name, None)
            item.words.pop(name, None)

    _change(menus, command, change)


def _switch(value: str) -> Callable[[Menus, Command], None]:
    def doing(menus: Menus, command: Command) -> None:
        _change(menus, command, lambda item: item.properties.__setitem__("disabled", value))

    return doing


def _remove(menus: Menus, command: Command) -> None:
    rows = menus.items.setdefault(command.menu, [])
    gone: list[Item] = []
    _change(menus, command, gone.append)
    if command.menu in FIXED:
        return
    for each in gone:
        note = f"line {command.span.line} removes it again"
        menus.told[each.told] = attrs.evolve(menus.told[each.told], reason=note)
    if gone:
        rows[:] = [each for each in rows if not any(each is other for other in gone)]


def _move(menus: Menus, command: Command) -> None:
    menus.tell(command, Fate.LISTED, "moving by number needs the router's own list", decides=True)


def _comment(menus: Menus, command: Command) -> None:
    _set(menus, command)


_VERBS: dict[str, Callable[[Menus, Command], None]] = {
    "add": _add,
    "set": _set,
    "enable": _switch("no"),
    "disable": _switch("yes"),
    "remove": _remove,
    "move": _move,
    "comment": _comment,
}


def where(item: Item, name: str, file: str) -> Span:
    """The place of a property's value, or of the whole command."""
    if name not in item.words:
        return item.command.span
    command, word = item.words[name]
    return command.statement.line.span(file, word.at, word.end)
