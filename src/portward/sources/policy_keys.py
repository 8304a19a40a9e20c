"""The one description of the keys of the policy file.

The reader, the JSON Schema and the reference page are all made from `SECTIONS`; a key that is not described here does
not exist. This module knows single values, each by itself: what fits together is judged by the reader and the rules.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from portward.policy.net import LONGEST_WORD, MAX_PORT, Protocol
from portward.policy.notation import (
    LONGEST_ROUTEROS,
    SHORTEST,
    read_address,
    read_duration,
    read_knock,
    read_network,
    read_ports,
    write_duration,
    write_ports,
)
from portward.policy.people import AddressRule, Fwknop, Passes, Rolling, Sealed, Windows
from portward.policy.policy import EVERYTHING, Expiry, Mode, Sizes
from portward.policy.vpn import VpnKind


SCHEMA = 1
"""The version of the file's form; a file of another version is refused."""

NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
"""How services and sequences are named: also a name in nftables and RouterOS, and a word of the command line."""

SMALLEST_SET, LARGEST_SET = 64, 1 << 24
"""The range of a set's size; 16,777,216 sources take about 1.8 GB of kernel memory."""


@attrs.frozen
class Kind:
    """One value of the file.

    Attributes:
        says: what it is, for people, with its article.
        toml: the Python type that tomllib gives for it.
        read: makes the value of the policy; raises ValueError with one sentence.
        schema: its JSON Schema.
        example: as it stands in the file.
        choices: all spellings there are, when they are few.
        around: what a bare number lacks before and behind it, when it is meant as one of these (`tcp/`, `s`).
    """

    says: str
    toml: type
    read: Callable[[Any], Any]
    schema: Mapping[str, Any]
    example: str
    choices: tuple[str, ...] = ()
    around: tuple[str, str] | None = None


@attrs.frozen
class Listing:
    """A list of values of one kind.

    Attributes:
        element: the kind.
        says: what the list is, for people.
        least: how many there must be.
        single: whether one value may stand alone, without the brackets.
    """

    element: Kind
    says: str
    least: int = 0
    single: bool = False


@attrs.frozen
class Key:
    """One key of a section.

    Attributes:
        name: as it stands in the file.
        kind: what may stand behind it.
        about: what it does, whole sentences.
        default: as it would stand in the file; empty for none.
        required: whether the section is nothing without it.
        inherits: whether its default is the key of the same name in `[defaults]`.
        given_by: the key that gives its value where it is missing; then it is not `required`, but one of both is.
    """

    name: str
    kind: Kind | Listing
    about: str
    default: str = ""
    required: bool = False
    inherits: bool = False
    given_by: str = ""


@attrs.frozen
class Section:
    """A table of the file.

    Attributes:
        name: of the table; empty for the keys before the first table.
        about: what it is for, whole sentences.
        keys: in the order of the reference.
        named: whether each of its tables has a name of the user's: `[services.NAME]`.
        in_parts: whether it may stand in a file of the directory of parts.
    """

    name: str
    about: str
    keys: tuple[Key, ...]
    named: bool = False
    in_parts: bool = True

    @property
    def header(self) -> str:
        """How it begins in the file; empty for the keys before the first table."""
        return f"[{self.name}.NAME]" if self.named else f"[{self.name}]" if self.name else ""

    def key(self, name: str) -> Key | None:
        """The key of that name."""
        return next((each for each in self.keys if each.name == name), None)


def _text(pattern: str) -> dict[str, Any]:
    return {"type": "string", "pattern": f"^(?:{pattern})$"}


def _whole(says: str, low: int, high: int, example: int) -> Kind:
    """A whole number in a range."""

    def read(value: int) -> int:
        if not low <= value <= high:
            msg = f"{value} is not in {low}..{high}"
            raise ValueError(msg)
        return value

    return Kind(says, int, read, {"type": "integer", "minimum": low, "maximum": high}, str(example))


def _read_interface(text: str) -> str:
    if not re.fullmatch(_INTERFACE, text):
        msg = f"{text!r} is no interface: 1 to 15 letters, digits and . _ @ + -, at the end perhaps a *"
        raise ValueError(msg)
    return text


def _read_opened(text: str) -> str:
    if text != EVERYTHING and not NAME.fullmatch(text):
        msg = f"{text!r} is no service's name"
        raise ValueError(msg)
    return text


def _read_mode(text: str) -> Mode:
    if text not in tuple(Mode):
        msg = f"{text!r} is no mode; there are {' and '.join(Mode)}"
        raise ValueError(msg)
    return Mode(text)


def _read_kind(text: str) -> VpnKind:
    if text not in tuple(VpnKind):
        msg = f"{text!r} is no kind of VPN; there are {', '.join(VpnKind)}"
        raise ValueError(msg)
    return VpnKind(text)


def _read_expiry(text: str) -> Expiry:
    if text not in tuple(Expiry):
        msg = f"{text!r} is neither {' nor '.join(Expiry)}"
        raise ValueError(msg)
    return Expiry(text)


def _read_address_rule(text: str) -> AddressRule:
    if text not in tuple(AddressRule):
        msg = f"{text!r} is none of {', '.join(AddressRule)}"
        raise ValueError(msg)
    return AddressRule(text)


def _read_moment(text: str) -> datetime:
    if not re.fullmatch(_MOMENT, text):
        msg = f"{text!r} is no day and no moment: write 2027-06-30 or 2027-06-30T18:00Z"
        raise ValueError(msg)
    try:
        moment = datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)
    except ValueError:
        msg = f"{text} does not exist"
        raise ValueError(msg) from None
    if moment.year not in _YEARS:
        msg = f"{text} is not in the years {_YEARS[0]}..{_YEARS[-1]}"
        raise ValueError(msg)
    return moment if "T" in text else moment + timedelta(days=1)


def _read_port_span(text: str) -> tuple[int, int]:
    if not re.fullmatch(_PORT_SPAN, text):
        msg = f"{text!r} is no range of ports: write 20000-24999"
        raise ValueError(msg)
    ports = read_ports(f"udp/{text}")
    return ports.first, ports.last


def _span(says: str, low: timedelta, high: timedelta, example: str) -> Kind:
    """A duration in a range, whole seconds."""

    def read(text: str) -> timedelta:
        length = read_duration(text)
        if not low <= length <= high or length % timedelta(seconds=1):
            msg = f"{text} is not in {write_duration(low)}..{write_duration(high)}, in whole seconds"
            raise ValueError(msg)
        return length

    return Kind(says, str, read, _text(r"([0-9]+(ms|[wdhms]))+"), example, around=("", "s"))


_PORT_SPAN = r"[0-9]{1,9}-[0-9]{1,9}"
_YEARS = range(2000, 9999)
_MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}Z)?"
_PORTED = "|".join(each for each in Protocol if each.has_ports)
_PORTLESS = "|".join([*(each for each in Protocol if not each.has_ports), "icmpv6"])
_INTERFACE = r"[A-Za-z0-9_.@+-]{1,15}|[A-Za-z0-9_.@+-]{1,14}\*"

FLAG = Kind("true or false", bool, bool, {"type": "boolean"}, "true")
DURATION = Kind(
    "a duration", str, read_duration, _text(r"([0-9]+(ms|[wdhms]))+"), '"1h30m"', around=("", "s")
)
MODE = Kind("a mode", str, _read_mode, {"type": "string", "enum": list(Mode)}, '"guard"', choices=tuple(Mode))
VPN_KIND = Kind(
    "a kind of VPN",
    str,
    _read_kind,
    {"type": "string", "enum": list(VpnKind)},
    '"wireguard"',
    choices=tuple(VpnKind),
)
EXPIRY = Kind(
    "what happens then",
    str,
    _read_expiry,
    {"type": "string", "enum": list(Expiry)},
    '"keep"',
    choices=tuple(Expiry),
)
PORTS = Kind(
    "a protocol with its ports",
    str,
    read_ports,
    _text(rf"({_PORTED})/[0-9]{{1,9}}(-[0-9]{{1,9}})?|{_PORTLESS}"),
    '"tcp/22"',
    around=("tcp/", ""),
)
KNOCK = Kind(
    "a knock",
    str,
    read_knock,
    _text(r"tcp/[0-9]{1,9}|(udp|icmp|icmpv6)/[0-9]{1,9}(=[\s\S]+)?"),
    '"tcp/33333"',
    around=("tcp/", ""),
)
NETWORK = Kind(
    "an address or a network",
    str,
    read_network,
    _text(r"[0-9A-Fa-f:.]+(/[0-9.]{1,15})?"),
    '"192.0.2.0/24"',
)
ADDRESS = Kind("an address", str, read_address, _text(r"[0-9A-Fa-f:.]+"), '"192.168.1.10"')
INTERFACE = Kind("an interface", str, _read_interface, _text(_INTERFACE), '"eth0"')
OPENED = Kind("a service's name", str, _read_opened, _text(rf"\*|{NAME.pattern}"), '"ssh"')
ADDRESS_RULE = Kind(
    "a rule",
    str,
    _read_address_rule,
    {"type": "string", "enum": list(AddressRule)},
    '"as-seen"',
    choices=tuple(AddressRule),
)
MOMENT = Kind("a day or a moment, UTC", str, _read_moment, _text(_MOMENT), '"2027-06-30"')
PORT_SPAN = Kind(
    "a range of ports",
    str,
    _read_port_span,
    _text(_PORT_SPAN),
    '"20000-24999"',
)
PORT = _whole("a UDP port", 1, MAX_PORT, 62203)
MAX_AGE = _span("a duration, 10s to 1h", timedelta(seconds=10), timedelta(hours=1), '"2m"')
PER_SECOND = _whole("a number", 1, 1000, 5)
SIZE = _whole("a number of sources", SMALLEST_SET, LARGEST_SET, 65536)

DURATION_SPELLING = (
    "whole numbers, each with `w`, `d`, `h`, `m`, `s` or `ms`, added up: `7d`, `1h30m`, `500ms`; from "
    f"`{write_duration(SHORTEST)}` to `{write_duration(LONGEST_ROUTEROS)}`, the longest that RouterOS holds"
)

SPELLINGS: tuple[tuple[Kind, str], ...] = (
    (DURATION, DURATION_SPELLING + "."),
    (
        PORTS,
        "`tcp/22`, `udp/8000-8010`, or a protocol without ports alone: `esp`. Protocols: "
        + ", ".join(f"`{each}`" for each in Protocol)
        + ".",
    ),
    (
        KNOCK,
        (
            "`tcp/33333` (a SYN), `udp/22222` (a datagram), `icmp/128` (an echo request whose whole IP packet is 128 "
            "bytes long; IPv6 needs at least 48). A UDP or ICMP knock may carry a secret word that its payload begins "
            f"with: `udp/7000=open sesame`, 1 to {LONGEST_WORD} bytes."
        ),
    ),
    (NETWORK, "`192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32`; no bits set behind the prefix."),
    (INTERFACE, "as `ip link` names it; `ppp*` is every interface whose name begins with `ppp`."),
)
"""The spellings that need explaining, for the reference page."""

TOP = Section(
    "",
    "Keys that stand before the first `[table]`.",
    (
        Key(
            "schema",
            Kind("a number", int, int, {"const": SCHEMA}, str(SCHEMA)),
            "The version of the file's form. Optional in parts.",
            required=True,
        ),
        Key(
            "public",
            Listing(PORTS, "a list of ports"),
            "Open to all, also in lockdown. A packet to a public port is never a stray, in either mode.",
            "[]",
        ),
        Key(
            "always",
            Listing(NETWORK, "a list of addresses and networks"),
            "Sources that never need to knock: a break-glass network, the monitoring.",
            "[]",
        ),
        Key(
            "interfaces",
            Listing(INTERFACE, "a list of interfaces"),
            "The network interfaces that are guarded. When empty, all are, but `lo`.",
            "[]",
        ),
    ),
)

DEFAULTS = Section(
    "defaults",
    "What holds for all that says nothing else.",
    (
        Key(
            "step_timeout",
            DURATION,
            "How long after one knock the next one still counts. A few seconds are enough for a program.",
            '"10s"',
        ),
        Key("open_for", DURATION, "How long a grant lasts, counted from the last knock.", '"1h"'),
        Key(
            "penalty",
            DURATION,
            "With `strict`: how long no knock of a source counts after it strayed. Not shorter than the longest step: "
            "a stage outlives a shorter penalty. Not much longer either: who can send packets with a forged source can "
            "spend that source's penalty.",
            '"1m"',
        ),
        Key(
            "strict",
            FLAG,
            "Whether a stray in mid-sequence, a packet to a closed port that is not the next knock, earns a penalty. "
            "Without it, plain port scans open sequences.",
            "true",
        ),
        Key(
            "mode",
            MODE,
            "`guard` guards the services that are named here and leaves everything else alone; `lockdown` drops every "
            "unsolicited packet that no grant and no `public` line covers.",
            '"guard"',
        ),
        Key(
            "grant_prefix_v4",
            _whole("a prefix length", 8, 32, 32),
            "How many leading bits of an IPv4 address a grant covers: 32 for the one address.",
            "32",
        ),
        Key(
            "grant_prefix_v6",
            _whole("a prefix length", 32, 128, 64),
            "The same for IPv6: 64 for visitors that change their address within their network.",
            "128",
        ),
    ),
    in_parts=False,
)

SIZES = Section(
    "sizes",
    "How many sources each of the kernel's sets holds, for IPv4 and for IPv6 each. A full set lets nobody in: knocks "
    "of new sources stop counting. A million sources take about 110 MB of kernel memory.",
    (
        Key("stages", SIZE, "Sources in mid-sequence, over all sequences together.", str(Sizes().stages)),
        Key("penalties", SIZE, "Sources under penalty.", str(Sizes().penalties)),
        Key("grants", SIZE, "Sources with a grant, per service.", str(Sizes().grants)),
    ),
    in_parts=False,
)


def _listed(kind: VpnKind) -> str:
    return ", ".join(f"`{write_ports(ports)}`" for ports in kind.usual_ports)


SERVICES = Section(
    "services",
    "What is guarded. NAME is lower-case letters, digits, `-` and `_`, a letter first, at most 32.",
    (
        Key(
            "ports",
            Listing(PORTS, "a list of ports", least=1),
            "What the service listens on. With `kind` it may be left out.",
            given_by="kind",
        ),
        Key(
            "kind",
            VPN_KIND,
            "Which virtual private network it is. Without `ports`, it listens where this kind usually does: "
            + "; ".join(f"`{kind}` {_listed(kind)}" for kind in VpnKind)
            + ".",
        ),
        Key(
            "published",
            Listing(PORTS, "a list of ports"),
            "Where it is reached from outside instead, one for one with `ports`, each as long; its own ports are then "
            "closed to all.",
            "[]",
        ),
        Key(
            "host",
            Listing(ADDRESS, "an address, or one of IPv4 and one of IPv6", least=1, single=True),
            "The machine behind this gateway that runs it; without it, this host.",
        ),
        Key(
            "on_expiry",
            EXPIRY,
            "What becomes of open connections and tunnels when the grant ends: they go on, or they end with it.",
            '"keep"',
        ),
    ),
    named=True,
)

SEQUENCES = Section(
    "sequences",
    "What opens services. NAME is spelled as a service's.",
    (
        Key("knocks", Listing(KNOCK, "a list of knocks", least=1), "The knocks, in order.", required=True),
        Key(
            "opens",
            Listing(OPENED, "a list of services' names", least=1, single=True),
            'The services that the last knock opens; `"*"` opens all.',
            required=True,
        ),
        Key("open_for", DURATION, "How long the grant lasts, counted from the last knock.", inherits=True),
        Key(
            "step_timeout",
            Listing(DURATION, "a duration, or a list of one fewer than knocks", single=True),
            "How long after each knock the next one still counts: one for all steps, or a list with one for each.",
            inherits=True,
        ),
        Key(
            "once",
            FLAG,
            "Whether the sequence opens once, ever, whoever knocks it: then it opens nothing any more, for nobody. "
            "With another name or other knocks it is a new sequence.",
            "false",
        ),
    ),
    named=True,
)

PEOPLE = Section(
    "people",
    "Who has keys of their own, for passes, rolling sequences, sealed knocks or fwknop's packets. The keys are not in "
    "the policy: `portward person add` makes and keeps them. NAME is spelled as a service's.",
    (
        Key(
            "opens",
            Listing(OPENED, "a list of services' names", least=1, single=True),
            'The services that the person may open; `"*"` opens all.',
            required=True,
        ),
        Key(
            "open_for",
            DURATION,
            "How long a grant lasts. A message may ask for less, never for more.",
            inherits=True,
        ),
        Key(
            "from",
            Listing(NETWORK, "an address or a network, or a list of them", single=True),
            "Where the person may come from; from anywhere when empty.",
            "[]",
        ),
        Key(
            "until",
            MOMENT,
            "From then on nothing of the person's counts; a day counts to its end, UTC.",
        ),
        Key("revoked", FLAG, "Whether nothing of the person's counts any more.", "false"),
        Key(
            "address",
            ADDRESS_RULE,
            "For sealed knocks and fwknop's packets: `as-seen` opens for the packet's source, `must-match` wants the "
            "message to state that address too, `given` opens for the address that the message states.",
            '"as-seen"',
        ),
    ),
    named=True,
)

WINDOWS = Section(
    "windows",
    "How time is cut for passes and rolling sequences.",
    (
        Key(
            "length",
            _span("a duration, 2m to 1h", timedelta(minutes=2), timedelta(hours=1), '"10m"'),
            "Of a window. What belongs to a window counts from half a window before it to half a window after it.",
            f'"{write_duration(Windows().length)}"',
        ),
        Key(
            "ahead",
            _span("a duration, 1h to 7d", timedelta(hours=1), timedelta(days=7), '"24h"'),
            "How far ahead the daemon loads windows into the kernel: so long the gate outlives it.",
            '"24h"',
        ),
    ),
    in_parts=False,
)

PASSES = Section(
    "passes",
    "One-time passes, which the kernel checks and uses up. Without this section there are none.",
    (
        Key("port", PORT, "Where a datagram with a pass goes to.", required=True),
        Key(
            "per_window",
            _whole("a number", 1, 32, Passes(1).per_window),
            "How many passes each person has in each window.",
            str(Passes(1).per_window),
        ),
        Key("echo", FLAG, "Whether an echo request may carry a pass too (`ping -p`).", "false"),
    ),
    in_parts=False,
)

ROLLING = Section(
    "rolling",
    "Sequences that change with every window, a person's own. Without this section there are none.",
    (
        Key(
            "ports",
            PORT_SPAN,
            "Where their ports come from, TCP and UDP alike. No service, knock or public port may lie in it.",
            required=True,
        ),
        Key(
            "slots",
            _whole("a number", 1, 256, Rolling(1, 1).slots),
            "How many people there can be. No two people share a port, so more slots mean fewer ports for each.",
            str(Rolling(1, 1).slots),
        ),
        Key(
            "knocks",
            _whole("a number", 3, 8, 5),
            "How many knocks a sequence has.",
            str(Rolling(1, 1).knocks),
        ),
        Key(
            "step_timeout",
            DURATION,
            "How long after each knock the next one still counts.",
            f'"{write_duration(Rolling(1, 1).step_timeout)}"',
        ),
        Key("once", FLAG, "Whether a sequence opens only once in its window.", "false"),
    ),
    in_parts=False,
)

SEALED = Section(
    "sealed",
    "Sealed knocks, which the daemon opens. Without this section there are none.",
    (
        Key("port", PORT, "Where they go to, UDP.", required=True),
        Key(
            "max_age",
            MAX_AGE,
            "How far a message's time may be from the gate's, either way.",
            f'"{write_duration(Sealed(1).max_age)}"',
        ),
        Key(
            "per_second",
            PER_SECOND,
            "How many datagrams of one IPv4 address or one IPv6 /64 a second reach the daemon.",
            str(Sealed(1).per_second),
        ),
    ),
    in_parts=False,
)

FWKNOP = Section(
    "fwknop",
    "Packets of fwknop's clients, which the daemon opens. Without this section there are none.",
    (
        Key("port", PORT, "Where they go to, UDP.", str(Fwknop().port)),
        Key(
            "max_age",
            MAX_AGE,
            "How far a packet's time may be from the gate's, either way.",
            f'"{write_duration(Fwknop().max_age)}"',
        ),
        Key(
            "per_second",
            PER_SECOND,
            "How many datagrams of one IPv4 address or one IPv6 /64 a second reach the daemon.",
            str(Fwknop().per_second),
        ),
    ),
    in_parts=False,
)

SECTIONS = (TOP, DEFAULTS, SIZES, SERVICES, SEQUENCES, PEOPLE, WINDOWS, PASSES, ROLLING, SEALED, FWKNOP)
"""All of the file."""
