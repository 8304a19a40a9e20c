"""Puts the wanted rules into the kernel, or takes ours out, each in one transaction.

Knows nothing of trials, files and terminals.
"""

from collections.abc import Container, Mapping
from datetime import timedelta

import attrs

from portward.apply import adopt, listing, transition
from portward.apply.listing import Listing
from portward.apply.live import Element, read_elements, read_sets, read_table
from portward.apply.run import LIMIT, Places, nft
from portward.apply.scratch import canonical
from portward.apply.wanted import Wanted
from portward.compile import names
from portward.compile.names import IpFamily
from portward.errors import HostError


@attrs.frozen
class Plan:
    """What would change.

    Attributes:
        wanted: what is to be.
        live: the table that is there; None for none.
        goal: the table that is to be, as nft lists it.
        exact: whether nft itself spelled `goal`; if not, `goal` is our own text, and they may differ in
            spelling only.
    """

    wanted: Wanted
    live: Listing | None
    goal: Listing
    exact: bool = True

    @property
    def changes(self) -> bool:
        """Whether anything would change."""
        return not listing.same(self.live, self.goal)

    def difference(self) -> list[str]:
        """What would change, as lines of a diff."""
        return listing.difference(self.live, self.goal, ("live", self.wanted.source or "wanted"))

    def summary(self) -> str:
        """The same in one line, without what the rules say."""
        counted = listing.summary(self.live, self.goal)
        return f"the gate is not up; chains, sets and maps: {counted}" if self.live is None else counted


def plan(wanted: Wanted) -> Plan:
    """Compare what is wanted with what is there.

    Raises:
        HostError: this machine lets us read no firewall, or make no network namespace to compare in.
        TargetError: nft refuses the text.
    """
    return Plan(wanted, read_table(), canonical(wanted.text, Places(wanted.lines)))


def plan_or_guess(wanted: Wanted) -> Plan:
    """The same, but go by our own text where nothing is there yet, or where no namespace can be made to compare in."""
    live, goal = read_table(), listing.read_listing(wanted.text)
    if live is None and goal is not None:
        return Plan(wanted, None, goal, exact=False)
    try:
        return Plan(wanted, live, canonical(wanted.text, Places(wanted.lines)))
    except HostError:
        if goal is None:
            raise
        return Plan(wanted, live, goal, exact=False)


def load(change: Plan, limit: timedelta = LIMIT) -> None:
    """Make the change: grants and stages stay, and so do the TCP connections that are open.

    Raises:
        TargetError: the kernel refused; nothing was changed.
    """
    extra = dict(remade(change))
    guarded, earlier = change.wanted.guarded, adopted_earlier(change)
    extra |= adopt.adopted(adopt.open_connections(), guarded, change.goal, earlier)
    text, above = transition.transaction(change.live, change.goal, change.wanted.text, extra)
    nft("-f", "-", stdin=text, places=Places(change.wanted.lines, above), limit=limit)


def adopted_earlier(change: Plan) -> Container[adopt.Key] | None:
    """What the live gate has adopted; None if there is none. It is read only where it matters."""
    if change.live is None:
        return None
    if not change.wanted.guarded.cut:
        return ()
    sets = [names.adopted(family) for family in IpFamily]
    present = [name for name in sets if ("set", name) in change.live.blocks]
    return {element.key for name in present for element in read_elements(name)}


def remade(change: Plan) -> Mapping[str, tuple[Element, ...]]:
    """Read the elements of the sets that are made anew, fitted to their new definition."""
    live = change.live
    if live is None:
        return {}
    return {
        name: transition.carried(
            live.blocks["set", name], change.goal.blocks["set", name], read_elements(name)
        )
        for name in sorted(transition.carry(live, change.goal).remade)
    }


def take_down() -> bool:
    """Remove our table; False if there was none."""
    if read_sets() is None:
        return False
    nft("-f", "-", stdin="\n".join(transition.DELETE_TABLE) + "\n")
    return True
