"""From a policy to what a router is to hold: the very rules that an export writes, as values. Pure."""

from collections.abc import Iterator

from portward.apply.routeros_items import OWNED, Item, Setting, Wanted
from portward.compile import routeros_chains as chains
from portward.compile import routeros_doors as doors
from portward.compile.names import IpFamily
from portward.compile.routeros_names import menu
from portward.compile.routeros_words import Row
from portward.policy.policy import Policy


def wanted_of(policy: Policy, version: int) -> Wanted:
    """What keeps a policy without mistakes on a router of version 6 or 7."""
    items = [each for family in IpFamily for each in _items(policy, family, version)]
    moves = tuple(Setting(name, {"port": str(port)}) for name, _, port in doors.moves(policy))
    return Wanted(tuple(items), moves)


def _items(policy: Policy, family: IpFamily, version: int) -> Iterator[Item]:
    base = menu(family).replace(" ", "/")
    for row in (*chains.own_chains(policy, family), *chains.ways_in(policy, family)):
        yield Item(f"{base}/filter", properties_of(row))
    if family is IpFamily.V4 or version >= 7:
        for row in doors.translations(policy, family):
            yield Item(f"{base}/nat", properties_of(row))


def properties_of(row: Row) -> dict[str, str]:
    """A rule's properties, in the order of an export."""
    return dict((("chain", row.chain), *row.asks, *row.does, ("comment", OWNED + row.about)))
