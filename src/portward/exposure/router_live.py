"""From what a running router prints, menu by menu, to the facts that a script gives. Pure: rows in, facts out.

Each row is written down as the command that would make it, and the one reader of scripts reads those: what is
understood of an export is understood of a router. A router tells everything, so nothing is taken from defaults; a menu
that it does not show is not judged, and named.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_interface

import attrs

from portward.compile.routeros_words import quote
from portward.exposure.finding import Finding
from portward.exposure.judge import in_order
from portward.exposure.router import judge, read_router
from portward.exposure.router_facts import Router
from portward.sources.routeros_rules import Fate
from portward.sources.rsc_menu import SERVICES, Menu


Row = Mapping[str, str]

_LISTS = ("/interface/list", "/interface/list/member")
RULES = tuple(f"/{family}/firewall/{table}" for family in ("ip", "ipv6") for table in ("raw", "filter"))
_SETTINGS: Mapping[str, tuple[str, ...]] = {
    "/tool/mac-server": ("allowed-interface-list",),
    "/tool/mac-server/mac-winbox": ("allowed-interface-list",),
    "/tool/bandwidth-server": ("enabled",),
    "/ip/neighbor/discovery-settings": ("discover-interface-list",),
    "/ip/proxy": ("enabled",),
    "/ip/socks": ("enabled",),
    "/ip/dns": ("allow-remote-requests",),
    "/ip/cloud": ("ddns-enabled",),
    "/ip/ssh": ("strong-crypto",),
    "/ip/upnp": ("enabled",),
    "/snmp": ("enabled",),
    "/ipv6/settings": ("disable-ipv6",),
}
"""Menus of one row each, and what the rules look at there; nothing else of them is taken."""
_SERVICES, _USERS, _COMMUNITIES, _ADDRESSES = "/ip/service", "/user", "/snmp/community", "/ipv6/address"

MENUS = (*_LISTS, *RULES, _SERVICES, *_SETTINGS, _USERS, _COMMUNITIES, _ADDRESSES)
"""What is to be read from a router; the entries of the address lists of `lists_asked` too."""

_COUNTED = frozenset({"bytes", "packets", "dynamic", "invalid", "creation-time", "default", "builtin"})
"""What a router tells of a row that nobody set."""
_NAME = re.compile(r"[a-z0-9-]+")


@attrs.frozen
class Printed:
    """What a router has printed.

    Attributes:
        rows: by menu, in the router's order; a menu that the router lacks is not there.
        entries: lasting entries of address lists, by family: `ip`, `ipv6`.
        refused: menus that it has and does not show to this user, with its reason.
    """

    rows: Mapping[str, tuple[Row, ...]]
    entries: Mapping[str, tuple[Row, ...]] = attrs.field(factory=dict)
    refused: Mapping[str, str] = attrs.field(factory=dict)


def lists_asked(rows: Mapping[str, Iterable[Row]]) -> tuple[tuple[str, str], ...]:
    """The address lists that rules ask for, each by family and name."""
    found = {
        (menu.split("/")[1], row[name].removeprefix("!"))
        for menu in RULES
        for row in rows.get(menu, ())
        for name in ("src-address-list", "dst-address-list")
        if row.get(name)
    }
    return tuple(sorted(found))


def audit_printed(printed: Printed, name: str) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """Audit what a router printed: findings, the worst first, and what could not be looked at."""
    places, router = read_printed(printed, name)
    findings = in_order(attrs.evolve(each, span=None) for each in judge(router))
    return findings, (*_refused(printed), *_unread(router, places))


def read_printed(printed: Printed, name: str) -> tuple[tuple[str, ...], Router]:
    """The facts about a router, and what each line of their spans is a line of."""
    lines = [*_commands(printed)]
    text = "".join(f"{line}\n" for line, _ in lines)
    shown = frozenset(_path(menu) for menu in printed.rows)
    if not _has_address(printed.rows.get(_ADDRESSES, ())):
        shown -= {_path(menu) for menu in RULES if menu.startswith("/ipv6")}
    communities = tuple(row.get("name", "") for row in printed.rows.get(_COMMUNITIES, ()) if not _off(row))
    router = read_router(text.encode(), name)
    return tuple(place for _, place in lines), attrs.evolve(router, shown=shown, communities=communities)


def _has_address(rows: Iterable[Row]) -> bool:
    """Whether a router has an address of IPv6 by which strangers could come."""
    return any(not _link_local(row.get("address", "")) for row in rows if not _off(row))


def _link_local(text: str) -> bool:
    try:
        return ip_interface(text).is_link_local
    except ValueError:
        return False


# --- rows as commands -------------------------------------------------------------------------------------------------


def _commands(printed: Printed) -> Iterator[tuple[str, str]]:
    """Each command, and what it is made of."""
    for menu in (*_LISTS, *RULES):
        for number, row in enumerate(printed.rows.get(menu, ())):
            if not _true(row, "builtin"):
                yield f"{_spelled(menu)} add {_words(row)}", f"{_spelled(menu)} {number}"
    for family, rows in printed.entries.items():
        for row in rows:
            menu = f"/{family} firewall address-list"
            yield f"{menu} add {_words(row)}", f"{menu} of {row.get('list', '')}"
    for row in printed.rows.get(_SERVICES, ()):
        if row.get("name") in SERVICES and not _true(row, "dynamic"):
            words = _words({name: row[name] for name in _OF_SERVICE if name in row})
            yield f"/ip service set {row['name']} {words}", f"/ip service {row['name']}"
    for menu, names in _SETTINGS.items():
        for row in printed.rows.get(menu, ())[:1]:
            if words := _words({name: row[name] for name in names if name in row}):
                yield f"{_spelled(menu)} set {words}", _spelled(menu)
    for row in printed.rows.get(_USERS, ()):
        words = _words({name: row[name] for name in ("name", "disabled") if name in row})
        yield f"/user add {words}", "/user"


_OF_SERVICE = ("disabled", "port", "address", "available-from")


def _words(row: Row) -> str:
    """The properties that somebody set, spelled as in a script; a rule that the router calls invalid is none."""
    values = {
        name: _YES.get(value, value)
        for name, value in row.items()
        if value and name not in _COUNTED and _NAME.fullmatch(name)
    }
    if _true(row, "invalid"):
        values["disabled"] = "yes"
    return " ".join(f"{name}={quote(value)}" for name, value in values.items())


_YES = {"true": "yes", "false": "no"}


def _true(row: Row, name: str) -> bool:
    return row.get(name) in {"true", "yes"}


def _off(row: Row) -> bool:
    return _true(row, "disabled")


def _path(menu: str) -> Menu:
    return tuple(menu.strip("/").split("/"))


def _spelled(menu: str) -> str:
    return "/" + " ".join(_path(menu))


# --- what could not be looked at --------------------------------------------------------------------------------------


def _refused(printed: Printed) -> Iterator[str]:
    for menu, reason in printed.refused.items():
        yield f"{_spelled(menu)}: {reason}"


def _unread(router: Router, places: tuple[str, ...]) -> Iterator[str]:
    refused = [each for each in router.script.told if each.fate is Fate.REFUSED and each.decides]
    if refused:
        named = ", ".join(places[each.span.line - 1] for each in refused[:5])
        yield f"{len(refused)} rows that decide about packets cannot be read ({named})"
