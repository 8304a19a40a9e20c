"""What a RouterOS configuration says about packets, typed: rules, matchers, actions, lists.

The contract between the reader of scripts and those who run them: the exact compiler, the simulator, the lift. Pure
and frozen; no text is parsed here. RouterOS's meaning, in short: the rules of a table stand in one order; a packet
takes those of its chain from the top; all matchers of a rule must fit; the first terminating action ends the walk
through this table; a packet that no rule decides about is accepted.
"""

import enum
from datetime import timedelta

import attrs

from portward.errors import Span
from portward.sources.routeros_matchers import AddressRange, Matcher, OtherMatcher, Range, Side


NOWHERE = Span("", 1, 1)
"""The place of what was not written in a file."""


class Family(enum.StrEnum):
    """`/ip firewall` or `/ipv6 firewall`: their rules and their address lists have nothing to do with each other."""

    V4 = "ip"
    V6 = "ipv6"


class Table(enum.StrEnum):
    """The tables, in the order that a packet meets them (RouterOS manual, packet flow)."""

    RAW = "raw"
    MANGLE = "mangle"
    NAT = "nat"
    FILTER = "filter"


BUILT_IN: dict[Table, tuple[str, ...]] = {
    Table.RAW: ("prerouting", "output"),
    Table.MANGLE: ("prerouting", "input", "forward", "output", "postrouting"),
    Table.NAT: ("dstnat", "srcnat", "input", "output"),
    Table.FILTER: ("input", "forward", "output"),
}
"""The chains that packets enter by themselves; all others are entered by a jump."""


class Verdict(enum.StrEnum):
    """Actions that need nothing more; those before `RETURN` end the walk through the table."""

    ACCEPT = "accept"
    DROP = "drop"
    TARPIT = "tarpit"
    RETURN = "return"
    PASSTHROUGH = "passthrough"
    LOG = "log"
    FASTTRACK = "fasttrack-connection"
    """Goes on in the chain; later packets of the connection pass the firewall by."""
    NOTRACK = "notrack"
    """Only in raw; goes on; the packet's state is then untracked."""


@attrs.frozen
class Reject:
    """`reject`: drop, and answer; ends the walk."""

    answer: str


@attrs.frozen
class Jump:
    """`jump`: on in another chain; at its end, or at a `return`, behind this rule."""

    chain: str


class Forever(enum.StrEnum):
    """A list entry without an end."""

    UNTIL_REBOOT = "none-dynamic"
    SAVED = "none-static"


@attrs.frozen
class AddToList:
    """`add-src-to-address-list`, `add-dst-to-address-list`: goes on in the chain.

    The list holds the address at once, for this very packet's later rules too. An address that is there already gets
    the new timeout, unless its entry is a static one.
    """

    side: Side
    list: str
    timeout: timedelta | Forever


@attrs.frozen
class Translate:
    """Actions of NAT: `dst-nat`, `redirect`, `src-nat`, `masquerade`, `netmap`; end the walk."""

    kind: str
    addresses: AddressRange | None = None
    ports: Range | None = None


@attrs.frozen
class OtherAction:
    """An action of RouterOS that is kept as text (marks and the like); `passthrough` tells whether it goes on."""

    name: str
    passthrough: bool


Action = Verdict | Reject | Jump | AddToList | Translate | OtherAction

TERMINATING = frozenset({Verdict.ACCEPT, Verdict.DROP, Verdict.TARPIT})


@attrs.frozen
class Rule:
    """One rule.

    Attributes:
        family: of its menu.
        table: of its menu.
        chain: built in or of the user.
        action: what it does.
        matchers: all must fit; in the order of `TEST_ORDER`.
        disabled: it is there, but matches nothing.
        log: whether it also logs, with `log_prefix`.
        comment: free text.
        span: where it was written.
        last: the number of its last line.
    """

    family: Family
    table: Table
    chain: str
    action: Action
    matchers: tuple[Matcher, ...] = ()
    disabled: bool = False
    log: bool = False
    log_prefix: str = ""
    comment: str = ""
    span: Span = NOWHERE
    last: int = 1

    @property
    def lines(self) -> str:
        """Where it stands, for people: `12` or `12-14`."""
        return str(self.span.line) if self.last <= self.span.line else f"{self.span.line}-{self.last}"

    @property
    def understood(self) -> bool:
        """Whether every part of it is typed."""
        other = any(isinstance(each, OtherMatcher) for each in self.matchers)
        return not other and not isinstance(self.action, OtherAction)


@attrs.frozen
class ListEntry:
    """An entry of an address list that the script itself adds.

    Attributes:
        family: v4 and v6 lists of one name are two lists.
        list: its name.
        addresses: what it covers; None for a DNS name.
        name: the DNS name, or empty.
        timeout: None for a static entry, which no rule ever renews or removes.
        disabled: it is there, but covers nothing.
        comment: free text.
        span: where it was written.
    """

    family: Family
    list: str
    addresses: AddressRange | None
    name: str = ""
    timeout: timedelta | None = None
    disabled: bool = False
    comment: str = ""
    span: Span = NOWHERE


@attrs.frozen
class InterfaceList:
    """`/interface list` and its members; `include` and `exclude` name other lists."""

    name: str
    members: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


@attrs.frozen
class Layer7Pattern:
    """`/ip firewall layer7-protocol`: a POSIX regular expression, upper and lower case alike."""

    name: str
    regexp: str = attrs.field(repr=False)  # often the secret of a knock
    span: Span = NOWHERE


@attrs.frozen
class ServiceSetting:
    """What the script sets for one of the router's own services; None and empty where it says nothing."""

    name: str
    disabled: bool | None = None
    port: int | None = None
    addresses: tuple[str, ...] = ()
    span: Span = NOWHERE


class Fate(enum.StrEnum):
    """What became of a statement."""

    TAKEN = "taken"
    """Its whole meaning is in the `Script`."""
    LISTED = "listed"
    """Not taken: named, with the reason."""
    REFUSED = "refused"
    """A router would not take it either."""


@attrs.frozen
class Told:
    """A statement and what became of it.

    Attributes:
        span: where it begins.
        last: the number of its last line.
        menu: as RouterOS prints it, or empty.
        fate: see there.
        reason: why it was not taken, or what was assumed; may be empty for what was taken.
        decides: whether packets depend on what was not taken.
        hint: what to write instead; may be empty.
    """

    span: Span
    last: int
    menu: str
    fate: Fate
    reason: str = ""
    decides: bool = False
    hint: str = ""


@attrs.frozen
class Script:
    """All that a text says about packets.

    Attributes:
        rules: of all tables and families; those of one table and family are in the router's order.
        entries: of address lists.
        interface_lists: by name.
        layer7: patterns by name.
        services: one for each service that the script names.
        told: what became of each statement, in the order of the text.
        version: RouterOS's version from the header of an export, or empty.
    """

    rules: tuple[Rule, ...] = ()
    entries: tuple[ListEntry, ...] = ()
    interface_lists: tuple[InterfaceList, ...] = ()
    layer7: tuple[Layer7Pattern, ...] = ()
    services: tuple[ServiceSetting, ...] = ()
    told: tuple[Told, ...] = ()
    version: str = ""

    def table(self, family: Family, table: Table) -> tuple[Rule, ...]:
        """The rules of one menu, in order."""
        return tuple(each for each in self.rules if each.family is family and each.table is table)
