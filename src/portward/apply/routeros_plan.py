"""What a push would change: a router's rules and the wanted ones in, the difference out. Pure.

Order is meaning: a chain that differs in anything is put there anew as a whole, beside the old one and disabled, and
then the two change places. Rules that are not ours are never touched; they only say where ours go.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from portward.apply.ros_link import Row
from portward.apply.routeros_alike import canonical, essence
from portward.apply.routeros_items import (
    MENUS,
    SERVICES,
    Item,
    Mark,
    Setting,
    Wanted,
    chain_of,
    is_dynamic,
    is_enabled,
    is_owned,
    line,
    mark_of,
    marked,
)
from portward.errors import TargetError


Snapshot = Mapping[str, tuple[Row, ...]]
"""The rows of each menu, in the router's order; a menu that the router lacks is not there."""


@attrs.frozen
class Addition:
    """A rule to add, and the id of the row it goes before; empty for the end."""

    item: Item
    before: str = ""


@attrs.frozen
class SettingChange:
    """A service of the router's own to set: its id, and its values before."""

    setting: Setting
    ident: str
    before: dict[str, str]


@attrs.frozen
class Plan:
    """All that a push would do; what it does not name stays.

    Attributes:
        additions: in the order to add and to enable them.
        retired: rows of ours to take away, by menu; in the order of the menu's chains.
        settings: to be changed.
        lines: the difference for people.
    """

    additions: tuple[Addition, ...]
    retired: dict[str, tuple[Row, ...]]
    settings: tuple[SettingChange, ...]
    lines: tuple[str, ...]

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.menus or self.settings)

    @property
    def menus(self) -> tuple[str, ...]:
        """The menus whose rules change."""
        used = {each.item.menu for each in self.additions} | {
            menu for menu, rows in self.retired.items() if rows
        }
        return tuple(menu for menu in MENUS if menu in used)


def make_plan(wanted: Wanted, live: Snapshot, before: str = "") -> Plan:
    """Compare; `before` is the comment of the filter rule that ours go before, empty for above all others.

    Raises:
        TargetError: the router lacks a menu or a service that is needed, or the rule to go before.
    """
    additions: list[Addition] = []
    retired: dict[str, tuple[Row, ...]] = {}
    lines: list[str] = []
    for menu in MENUS:
        items = [each for each in wanted.items if each.menu == menu]
        if menu not in live:
            if items:
                raise TargetError(
                    f"the router has no {menu}, which the policy needs (a package, or its version)"
                )
            continue
        more, gone = _compare(menu, items, live[menu], before)
        additions += more
        retired[menu] = tuple(gone)
        lines += _difference(menu, more, gone)
    settings = tuple(_settings(wanted.settings, live))
    lines += [_setting_line(each) for each in settings]
    return Plan(tuple(additions), retired, settings, tuple(lines))


def plan_settings(settings: Iterable[Setting], live: Snapshot) -> Plan:
    """Compare the router's own services alone; all rules stay.

    Raises:
        TargetError: the router lacks one of them.
    """
    changes = tuple(_settings(settings, live))
    return Plan((), {}, changes, tuple(_setting_line(each) for each in changes))


def _compare(
    menu: str, items: Sequence[Item], rows: Sequence[Row], before: str
) -> tuple[list[Addition], list[Row]]:
    additions: list[Addition] = []
    retired: list[Row] = []
    owned = [row for row in rows if is_owned(row)]
    for chain in dict.fromkeys([*(chain_of(each.properties) for each in items), *map(chain_of, owned)]):
        new = [each for each in items if chain_of(each.properties) == chain]
        old = [row for row in owned if chain_of(row) == chain]
        anchor = find_anchor(menu, chain, rows, before)
        if not _same(new, old) or not _above(old, anchor, rows):
            additions += [Addition(each, rows[anchor][".id"] if anchor < len(rows) else "") for each in new]
            retired += old
    return additions, retired


def _same(new: Sequence[Item], old: Sequence[Row]) -> bool:
    return len(new) == len(old) and all(
        essence(item.properties) == essence(row) and is_enabled(row)
        for item, row in zip(new, old, strict=True)
    )


def _above(old: Sequence[Row], anchor: int, rows: Sequence[Row]) -> bool:
    above = {row[".id"] for row in rows[:anchor]}
    return all(row[".id"] in above for row in old)


# --- where our rules go -----------------------------------------------------------------------------------------------

BUILT_IN = frozenset({"input", "forward", "output", "dstnat", "srcnat"})
"""Chains that packets enter by themselves (RouterOS manual, packet flow)."""


def find_anchor(menu: str, chain: str, rows: Sequence[Row], before: str) -> int:
    """The place in a menu that our rules of a chain go before; the number of rows for its end.

    It is the first rule of somebody else's in that chain, as in an export, or the one with the comment `before`.
    Chains of our own are ours alone: there is nothing to go before.

    Raises:
        TargetError: no rule of `input` has the comment `before`.
    """
    if chain not in BUILT_IN:
        return len(rows)
    places = [
        at
        for at, row in enumerate(rows)
        if chain_of(row) == chain and not is_owned(row) and not is_dynamic(row)
    ]
    if before and menu.endswith("/filter"):
        named = [at for at in places if rows[at].get("comment") == before]
        if not named and chain == "input":
            raise TargetError(f"{menu} has no rule in {chain} with the comment {before!r} to go before")
        places = named or places
    return places[0] if places else len(rows)


# --- settings ---------------------------------------------------------------------------------------------------------


def _settings(settings: Iterable[Setting], live: Snapshot) -> Iterator[SettingChange]:
    for setting in settings:
        row = named_row(live.get(SERVICES, ()), setting.name)
        if row is None:
            raise TargetError(f"the router has no {SERVICES} {setting.name}")
        properties = {_of_version(name, row): value for name, value in setting.properties.items()}
        changed = {
            name: value
            for name, value in properties.items()
            if canonical(name, value) != canonical(name, row.get(name, ""))
        }
        if changed:
            before = {name: _typed(row.get(name, "")) for name in changed}
            yield SettingChange(Setting(setting.name, changed), row[".id"], before)


def _typed(value: str) -> str:
    """A value as one types it: routers give `true` and `false` back for `yes` and `no`."""
    return {"true": "yes", "false": "no"}.get(value, value)


def named_row(rows: Iterable[Row], name: str) -> Row | None:
    """The fixed item of that name; recent versions list connections in the same menu, as dynamic rows."""
    return next((row for row in rows if row.get("name") == name and row.get("dynamic") != "true"), None)


def _of_version(name: str, row: Row) -> str:
    """Recent versions call the `address` of a service `available-from`."""
    names = {"address", "available-from"}
    return next((each for each in names if each in row), name) if name in names else name


# --- what a menu will be, and what it is after a push that was cut ----------------------------------------------------


def after(menu: str, rows: Sequence[Row], plan: Plan) -> tuple[Row, ...]:
    """The rows of a menu as they will be when a plan is carried out; new rows have no id."""
    gone = {row[".id"] for row in plan.retired.get(menu, ())}
    new = [each for each in plan.additions if each.item.menu == menu]
    result: list[Row] = []
    for row in rows:
        result += [each.item.properties for each in new if each.before == row[".id"]]
        if row[".id"] not in gone:
            result.append(row)
    return (*result, *(each.item.properties for each in new if not each.before))


def switched(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The rows of a menu as if the change under way were confirmed and cleaned up."""
    return tuple(
        {**row, "comment": marked(row["comment"], None), "disabled": "false"} if mark_of(row) else row
        for row in rows
        if mark_of(row) in {None, Mark.NEW}
    )


def in_place(wanted: Wanted, live: Snapshot, before: str = "") -> bool:
    """Whether our rules stand as wanted, by their comments: all there, in order, above the others, nothing else.

    How a router spells values is left out, since not all its spellings are known.
    """
    for menu, rows in live.items():
        ours = [row for row in rows if is_owned(row)]
        items = [each for each in wanted.items if each.menu == menu]
        for chain in {*map(chain_of, ours), *(chain_of(each.properties) for each in items)}:
            old = [row for row in ours if chain_of(row) == chain]
            new = [each.properties["comment"] for each in items if chain_of(each.properties) == chain]
            if [row["comment"] for row in old] != new or not _above(
                old, find_anchor(menu, chain, rows, before), rows
            ):
                return False
    return True


# --- for people -------------------------------------------------------------------------------------------------------


def _difference(menu: str, additions: Sequence[Addition], retired: Sequence[Row]) -> list[str]:
    old = [line(menu, _shown(row)) for row in retired]
    new = [line(menu, _shown(each.item.properties)) for each in additions]
    return [each for each in difflib.ndiff(old, new) if each[0] in "+-"] or (
        [f"~ {menu}: {len(new)} rules go to another place, or are enabled"] if new else []
    )


def _shown(properties: Row) -> Row:
    off = {} if is_enabled(properties) else {"disabled": "yes"}
    kept = {name: properties[name] for name in essence(properties) if name in properties}
    return {**kept, **off, "comment": marked(properties["comment"], None)}


def _setting_line(change: SettingChange) -> str:
    pieces = [f"{name}={change.before[name]} → {value}" for name, value in change.setting.properties.items()]
    return f"~ {SERVICES} {change.setting.name}: {', '.join(pieces)}"
