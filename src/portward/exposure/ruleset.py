"""A firewall as values: chains at hooks, rules of conditions and actions, from whatever tool they came.

Pure data, no text and no meaning: `nft_json` and `iptables_save` make it, `passage` walks a packet through it. What a
reader does not understand stays as `Unknown`, so that the walk can say "unsure" instead of guessing.
"""

import enum
from collections.abc import Mapping

import attrs

from portward.policy.net import Address


class Field(enum.Enum):
    """A property of a packet that conditions look at."""

    INTERFACE = "incoming interface"
    OUT_INTERFACE = "outgoing interface"
    SOURCE_V4 = "IPv4 source"
    SOURCE_V6 = "IPv6 source"
    DESTINATION_V4 = "IPv4 destination"
    DESTINATION_V6 = "IPv6 destination"
    FAMILY = "address family"
    PROTOCOL = "protocol"
    TCP_PORT = "TCP destination port"
    UDP_PORT = "UDP destination port"
    PORT = "destination port"
    SOURCE_PORT = "source port"
    STATE = "connection state"
    STATUS = "connection status"
    DESTINATION_KIND = "kind of destination"
    PACKET_KIND = "kind of packet"
    MARK = "mark"


Atom = int | str | Address
"""A value of a field. A text that ends with `*` fits every text that begins so."""


@attrs.frozen
class Between:
    """The values from `first` to `last`, both included."""

    first: Atom
    last: Atom


Part = Atom | Between
Element = tuple[Part, ...]
"""What the fields of a comparison are compared with, one part for each field."""


@attrs.frozen
class Compare:
    """The fields together equal one of the elements; `negated` turns it round.

    A packet that lacks a field (an IPv6 packet has no IPv4 source) never fits, negated or not. Where `elements` is
    None, nobody knows what the set holds.
    """

    fields: tuple[Field, ...]
    elements: tuple[Element, ...] | None
    negated: bool = False


@attrs.frozen
class Constant:
    """A condition whose answer is known before the packet is."""

    truth: bool


@attrs.frozen
class RateLimit:
    """So many packets a second; `over` fits those above it. A single packet is within it, a flood is not."""

    over: bool


@attrs.frozen
class Unknown:
    """A condition or action that is not understood; `text` names it for people."""

    text: str


class Verdict(enum.Enum):
    """What ends the walk through a chain."""

    ACCEPT = "accept"
    DROP = "drop"
    """Also reject: nobody gets through."""
    RETURN = "return"


@attrs.frozen
class Jump:
    """On in another chain of the table, and back behind this rule unless `final`."""

    chain: str
    final: bool = False


@attrs.frozen
class Translate:
    """Another destination: address (None for this host itself or unchanged) and port (None for unchanged)."""

    address: Address | None = None
    port: int | None = None


@attrs.frozen
class SetMark:
    """The packet's mark is set; None where the value is not known."""

    value: int | None


Action = Verdict | Jump | Translate | SetMark


@attrs.frozen
class Dispatch:
    """A verdict map: the action of the first element that fits; none fits: on. None: unknown elements."""

    fields: tuple[Field, ...]
    entries: tuple[tuple[Element, Action], ...] | None


Statement = Compare | Constant | RateLimit | Unknown | Dispatch | Action


@attrs.frozen
class Rule:
    """Statements from left to right: a condition that does not fit ends the rule."""

    statements: tuple[Statement, ...]
    comment: str = ""


@attrs.frozen
class Chain:
    """A chain; the last four are of base chains only.

    Attributes:
        rules: in order.
        hook: `prerouting`, `input`, `forward`, `ingress`; empty for a chain that is only jumped to.
        kind: `filter`, `nat`, `route`.
        priority: lower ones come first.
        policy: what happens to what no rule decides about.
        device: for `ingress`, the interface.
    """

    rules: tuple[Rule, ...] = ()
    hook: str = ""
    kind: str = "filter"
    priority: int = 0
    policy: Verdict = Verdict.ACCEPT
    device: str = ""


@attrs.frozen
class Table:
    """A table: `family` is nft's word (ip, ip6, inet, netdev); `legacy` for one of the old iptables."""

    family: str
    name: str
    chains: Mapping[str, Chain]
    legacy: bool = False


@attrs.frozen
class Ruleset:
    """All tables; `unread` says in a sentence each what could not be looked at."""

    tables: tuple[Table, ...] = ()
    unread: tuple[str, ...] = ()
