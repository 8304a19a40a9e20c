"""What a router is to hold: rules with their menu, and what marks a rule as ours. Pure data.

A rule is ours if its comment begins with `portward: `. While a push is under way, one word more tells which side of
the change it is on: `NEW` (not yet confirmed), `OLD` (to be removed, and enabled before) or `OFF` (to be removed, and
disabled before). Nothing here knows how a router is reached.
"""

import enum

import attrs

from portward.apply.ros_link import SECRET, Row
from portward.compile.routeros_words import OLD as IMPORTED_OLD
from portward.compile.routeros_words import OWN


OWNED = OWN
"""How the comment of each rule of ours begins, as in an export."""


class Mark(enum.StrEnum):
    """The side of an unfinished change that a rule is on."""

    NEW = "NEW "
    OLD = "OLD "
    OFF = "OFF "


MENUS = (
    "/ip/firewall/filter",
    "/ipv6/firewall/filter",
    "/ip/firewall/nat",
    "/ipv6/firewall/nat",
)
"""The menus that our rules are in, in the order to fill them: nothing is led to a service before it is guarded."""

SERVICES = "/ip/service"
"""The menu of the router's own services, which are there from the start and set by name."""


@attrs.frozen
class Item:
    """One rule that is to be there."""

    menu: str
    properties: dict[str, str]


@attrs.frozen
class Setting:
    """Properties that a service of the router's own is to have."""

    name: str
    properties: dict[str, str]


@attrs.frozen
class Wanted:
    """All that is to be there, each menu in its order; nothing for a router that portward is to leave."""

    items: tuple[Item, ...] = ()
    settings: tuple[Setting, ...] = ()

    @property
    def menus(self) -> tuple[str, ...]:
        """The menus that rules are in."""
        used = {each.menu for each in self.items}
        return tuple(menu for menu in MENUS if menu in used)


def lists_of_rule(properties: Row) -> frozenset[str]:
    """The address lists that a rule reads or fills."""
    names = ("address-list", "src-address-list", "dst-address-list")
    return frozenset(properties[name].removeprefix("!") for name in names if properties.get(name))


def family_of(menu: str) -> str:
    """`/ip` or `/ipv6`: their rules and lists have nothing to do with each other."""
    return "/" + menu.split("/")[1]


def is_owned(row: Row) -> bool:
    """Whether a rule is ours; `portward-old` is what an import that broke off leaves."""
    comment = row.get("comment", "")
    return (comment.startswith(OWNED) or comment == IMPORTED_OLD) and not is_dynamic(row)


def is_dynamic(row: Row) -> bool:
    """Whether the router made it by itself, or for a time."""
    return row.get("dynamic") == "true"


def is_enabled(row: Row) -> bool:
    """Whether a rule takes part."""
    return row.get("disabled", "false") not in {"true", "yes"}


def mark_of(row: Row) -> Mark | None:
    """The side of an unfinished change that a rule is on."""
    rest = row.get("comment", "").removeprefix(OWNED) if is_owned(row) else ""
    return next((each for each in Mark if rest.startswith(each)), None)


def marked(comment: str, mark: Mark | None) -> str:
    """Our comment with this mark and no other."""
    rest = comment.removeprefix(OWNED)
    for each in Mark:
        rest = rest.removeprefix(each)
    return f"{OWNED}{mark or ''}{rest}"


def chain_of(row: Row) -> str:
    """The chain of a rule."""
    return row.get("chain", "")


COUNTED = frozenset({"bytes", "packets", "dynamic", "invalid", "creation-time", "default"})
"""What a router tells of a rule that nobody set."""


def line(menu: str, properties: Row) -> str:
    """Write a rule for people: chain and action first, secrets blotted out, what the router counts left out."""
    first = [name for name in ("chain", "action") if name in properties]
    rest = sorted(name for name in properties if name not in {*first, "comment"} and not name.startswith("."))
    last = ["comment"] if "comment" in properties else []
    shown = [
        f"{name}={_spaced('…' if name in SECRET else properties[name])}"
        for name in [*first, *rest, *last]
        if properties[name] and name not in COUNTED
    ]
    return f"{menu} {' '.join(shown)}"


def _spaced(value: str) -> str:
    text = "".join(char if char.isprintable() else "�" for char in value)
    return f'"{text}"' if " " in text else text
