"""Why a push is not begun: rules of a router with which it would lock us out, or not keep what the policy says. Pure.

Each reason has a word, by which the user may set it aside: the switch on the router still stands behind him then. The
rows that are judged are those that will be there when the push is done.
"""

import enum
from collections.abc import Iterator, Mapping, Sequence

import attrs

from portward.apply.ros_link import Row
from portward.apply.routeros_arrival import Arrival
from portward.apply.routeros_cover import Fate, Packet, Walk, fates, matches
from portward.apply.routeros_items import (
    MENUS,
    SERVICES,
    Wanted,
    chain_of,
    family_of,
    is_dynamic,
    is_enabled,
    is_owned,
    line,
    lists_of_rule,
)
from portward.apply.routeros_plan import BUILT_IN, Plan


class Reason(enum.StrEnum):
    """The word for a kind of reason."""

    WAY_IN = "way-in"
    ESTABLISHED = "established"
    FASTTRACK = "fasttrack"
    NOTRACK = "notrack"
    LISTS = "lists"
    CHAINS = "chains"
    OWN_SERVICE = "own-service"


@attrs.frozen
class Refusal:
    """One reason not to push, as a sentence."""

    reason: Reason
    message: str


@attrs.frozen
class Scene:
    """What is judged.

    Attributes:
        rows: of each menu that was read, as it will be.
        entries: of the address lists that matter, by family (`/ip`, `/ipv6`).
        arrival: how we come in.
        service: the item of `/ip service` that we come in by.
    """

    rows: Mapping[str, Sequence[Row]]
    entries: Mapping[str, Sequence[Row]]
    arrival: Arrival
    service: str


def refusals(scene: Scene, wanted: Wanted, plan: Plan) -> tuple[Refusal, ...]:
    """All reasons not to carry out a plan."""
    return (
        *_way_in(scene),
        *_fasttrack(scene),
        *_notrack(scene),
        *_foreign_lists(scene, wanted),
        *_foreign_chains(scene, wanted),
        *_own_service(scene, plan),
    )


def _way_in(scene: Scene) -> Iterator[Refusal]:
    arrival = scene.arrival
    who = f"from {arrival.source} to port {arrival.port}"
    told = {
        "new": (Reason.WAY_IN, f"a new connection {who}"),
        "established": (Reason.ESTABLISHED, f"a connection that is open {who}"),
    }
    for state, (reason, what) in told.items():
        packet = arrival.packet(state, scene.entries.get(arrival.menu, ()))
        row = _first_dropper(scene, packet)
        if row is None:
            continue
        advice = "put your network into always, or accept it above" if state == "new" else "accept it above"
        grant = "; only a grant lets it in, and that ends" if _by_grant(packet) else ""
        yield Refusal(reason, f"{what} is not sure to get past: {line('', row).strip()}{grant}; {advice}")


def _first_dropper(scene: Scene, packet: Packet) -> Row | None:
    """The rule that drops a packet to the router, or might; None if it is let in for sure."""
    menu = scene.arrival.menu
    for table, chain in (("raw", "prerouting"), ("filter", "input")):
        walk = Walk(scene.rows.get(f"{menu}/firewall/{table}", ()), packet)
        if Fate.DROP in fates(walk, chain):
            return walk.droppers[0] if walk.droppers else {"action": "jump", "comment": "(in a circle)"}
    return None


def _by_grant(packet: Packet) -> bool:
    return any(name.startswith("portward-") for name, sure in (packet.lists or {}).items() if sure is None)


def _fasttrack(scene: Scene) -> Iterator[Refusal]:
    """New connections that pass the firewall by before our rules see them."""
    for family in ("/ip", "/ipv6"):
        menu = f"{family}/firewall/filter"
        rows = [row for row in scene.rows.get(menu, ()) if chain_of(row) == "forward"]
        ours = [at for at, row in enumerate(rows) if is_owned(row)]
        for row in rows[: ours[-1]] if ours else ():
            if _is_live(row, "fasttrack-connection") and matches(row, Packet(state="new")) is not False:
                message = f"it makes new connections fast, above our rules: {line(menu, row)}"
                yield Refusal(Reason.FASTTRACK, message)


def _notrack(scene: Scene) -> Iterator[Refusal]:
    """Packets to the router that connection tracking never sees: nothing of them is ever established."""
    for family in ("/ip", "/ipv6"):
        menu = f"{family}/firewall/raw"
        known = scene.arrival.destination if family == scene.arrival.menu else None
        for row in scene.rows.get(menu, ()):
            fits = matches(row, Packet(destination=known))
            if _is_live(row, "notrack") and chain_of(row) != "output" and fits is not False:
                message = f"it keeps packets from connection tracking: {line(menu, row)}"
                yield Refusal(Reason.NOTRACK, message)


def _is_live(row: Row, action: str) -> bool:
    """Whether a rule of somebody else's with this action takes part."""
    return row.get("action") == action and is_enabled(row) and not is_owned(row) and not is_dynamic(row)


def _foreign_lists(scene: Scene, wanted: Wanted) -> Iterator[Refusal]:
    """Rules and lasting entries of others that use the names of our lists: they would open our doors."""
    for family in ("/ip", "/ipv6"):
        ours = {
            name
            for each in wanted.items
            if family_of(each.menu) == family
            for name in lists_of_rule(each.properties)
        }
        for menu, rows in scene.rows.items():
            if family_of(menu) != family or not menu.startswith(f"{family}/firewall/"):
                continue
            for row in rows:
                if not is_owned(row) and (names := ours & lists_of_rule(row)):
                    yield Refusal(Reason.LISTS, f"it uses our list {min(names)}: {line(menu, row)}")
        for row in scene.entries.get(family, ()):
            if row.get("list") in ours and not is_dynamic(row):
                yield Refusal(Reason.LISTS, f"an entry that never ends is in our list: {line(family, row)}")


def _foreign_chains(scene: Scene, wanted: Wanted) -> Iterator[Refusal]:
    """Rules of others in chains of our own."""
    for menu in MENUS:
        ours = {chain_of(each.properties) for each in wanted.items if each.menu == menu} - BUILT_IN
        for row in scene.rows.get(menu, ()):
            if chain_of(row) in ours and not is_owned(row):
                yield Refusal(Reason.CHAINS, f"it stands in a chain of ours: {line(menu, row)}")


def _own_service(scene: Scene, plan: Plan) -> Iterator[Refusal]:
    for change in plan.settings:
        if change.setting.name == scene.service:
            yield Refusal(
                Reason.OWN_SERVICE,
                f"it would change {SERVICES} {scene.service}, by which we are connected; use another",
            )
