"""What things are called in the kernel's table: the one place that spells the names of sets, chains and counters.

nft takes letters, digits, `_`, `-`, `.` and `/` in an identifier, a letter first; the names of services and sequences
fit as they are (see `policy`).
"""

import enum
import re
from datetime import timedelta
from hashlib import blake2s

from portward.policy.net import Address, Knock
from portward.policy.notation import write_duration, write_knock
from portward.policy.policy import EVERYTHING, Sequence


FAMILY = "inet"
TABLE = "portward"
LONGEST_COMMENT = 127
"""Bytes of a comment that nft keeps (NFTNL_UDATA_COMMENT_MAXLEN less the zero byte)."""


class IpFamily(enum.Enum):
    """An address family, and how our names and nft spell it."""

    V4 = "v4"
    V6 = "v6"

    @property
    def bits(self) -> int:
        """Bits of an address."""
        return 32 if self is IpFamily.V4 else 128

    @property
    def address_type(self) -> str:
        """What nft calls the type of its addresses."""
        return "ipv4_addr" if self is IpFamily.V4 else "ipv6_addr"

    @staticmethod
    def of(address: Address) -> "IpFamily":
        """The family of an address."""
        return IpFamily.V4 if address.version == 4 else IpFamily.V6


# Base chains, in the order in which a packet meets them.
FIRST_LOOK = "first_look"
"""New TCP, before connection tracking."""
SECOND_LOOK = "second_look"
"""All else, behind connection tracking and before address translation."""
TRANSLATE = "translate"
"""Published ports become the services' own."""

# Chains that the base chains go to.
JUDGE = "judge"
TO_US = "to_us"
STALE_TCP = "stale_tcp"
STRAY = "stray"
WAS_REACHED = "was_reached"
AFTER_KNOCK = "after_knock"
CLOSED = "closed"
HIDDEN = "hidden"
UNASKED = "unasked"
CUT = "cut"
"""What is established and to a door that cuts."""

PASS = "pass"
"""A datagram to the passes' port."""
PASS_ECHO = "pass_echo"
"""An echo request that may carry a pass."""
USE_PASS = "use_pass"
USE_LATER_PASS = "use_later_pass"
ROLLING = "rolling"
"""A packet that may be a knock of a rolling sequence."""
ROLLED = "rolled"
"""The packet was a rolling knock that counts, or its repeat."""
AFTER_KEY = "after_key"
SEALED = "sealed"
FWKNOP = "fwknop"

# Maps and constant sets.
PORTS = "ports"
PORT_RANGES = "port_ranges"
ECHOES = "echoes"
GUARDED_TCP = "guarded_tcp"
PUBLIC_PORTS = "public_ports"
CUT_PORTS = "cut_ports"
PEOPLE = "people"
"""From the number of a person to the chain that opens what the person may open."""
ROLLING_STEPS = "rolling_steps"

# What the daemon loads ahead.
WINDOWS = ("windows_even", "windows_odd")
"""From the time to the number of the window of that parity that counts now."""
PASSES = "passes"
"""Passes that are not used up."""
PASS_OWNERS = "pass_owners"
"""From window . pass to the number of the person."""
ROLLING_KNOCKS = "rolling_knocks"
"""From window . protocol . port to the number of a sequence, and in its lowest four bits the place, from 0."""
ROLLING_OWNERS = "rolling_owners"
"""From the number of a rolling sequence to the number of the person."""
ROLLING_USED = "rolling_used"
"""Numbers of rolling sequences that have opened once."""
LOADED = "loaded"
"""Which windows of which keys were loaded; key: number of the key . window."""
WORDS = "words"
"""What sealed knocks begin with, some days back and ahead."""

SPENT = "spent"
"""Numbers of the last stages of sequences that open once and have opened; they never end."""

# Counters.
KNOCKS = "knocks"
STRAYS = "strays"
OPENED = "opened"
DROPPED = "dropped"
USED_PASSES = "used_passes"
JUNK = "junk"
"""Datagrams to the daemon's ports that it never sees."""


def stages(family: IpFamily) -> str:
    """Sources and the stages they have reached; key: address . number of the stage."""
    return f"stages_{family.value}"


def midway(family: IpFamily) -> str:
    """Sources in mid-sequence."""
    return f"midway_{family.value}"


def penalty(family: IpFamily) -> str:
    """Sources whose knocks do not count for now."""
    return f"penalty_{family.value}"


def adopted(family: IpFamily) -> str:
    """TCP connections that were open when the gate was put up; key: address . source port . destination port."""
    return f"adopted_{family.value}"


def rolling_stages(family: IpFamily) -> str:
    """Sources and the stages of rolling sequences that they have reached; key: address . number with place."""
    return f"rolling_stages_{family.value}"


def people(family: IpFamily) -> str:
    """Who of the people came from where; key: address, cut as a grant is . number of the person."""
    return f"people_{family.value}"


def origins(person: str, family: IpFamily) -> str:
    """The networks that a person may come from."""
    return f"from_{person}_{family.value}"


def rates(way: str, family: IpFamily) -> str:
    """How often each source has sent to a port of the daemon's."""
    return f"rate_{way}_{family.value}"


def person_chain(person: str) -> str:
    """The chain that opens what a person may open."""
    return f"person_{person}"


def rolling_chain(place: int) -> str:
    """The chain of the rolling knocks at a place, from 0."""
    return f"rolling_{place}"


def person_number(person: str) -> int:
    """The number of a person: 32 bits, never 0, a hash of the name."""
    return int.from_bytes(blake2s(person.encode(), digest_size=4, person=b"person").digest(), "big") or 1


def always(family: IpFamily) -> str:
    """Networks that never need to knock."""
    return f"always_{family.value}"


def grants(service: str, family: IpFamily) -> str:
    """Who may reach a service; for `*`, who may reach everything."""
    return f"trusted_{family.value}" if service == EVERYTHING else f"grant_{service}_{family.value}"


def inside(family: IpFamily) -> str:
    """Services of machines behind this one; key: address . protocol . port."""
    return f"inside_{family.value}"


def door(service: str) -> str:
    """The chain that lets those with a grant through to a service."""
    return f"door_{service}"


def refused(service: str) -> str:
    """The counter of packets that a door dropped."""
    return f"refused_{service}"


def knock_chain(knock: Knock) -> str:
    """The chain for a port or echo size that some sequence knocks on."""
    return f"knock_{knock.protocol}_{knock.number}"


def grants_comment(service: str, prefix: int) -> str:
    """What the comment of a grant set says; `grant_prefix` reads it back."""
    who = "trusted" if service == EVERYTHING else f"may reach {service}"
    return f"{who}, by /{prefix}"


_PREFIX = re.compile(r", by /(\d{1,3})$")


def grant_prefix(comment: str) -> int | None:
    """How many leading bits of an address the grants of a set cover, read from its comment; None if it has none."""
    found = _PREFIX.search(comment)
    return int(found[1]) if found else None


def windows_comment(what: str, length: timedelta) -> str:
    """What the comment of a set says whose elements belong to windows; `window_tag` reads it back."""
    return f"{what}, by windows of {write_duration(length)}"


_WINDOWS = re.compile(r", by windows of (\w+)$")


def window_tag(comment: str) -> str:
    """How long the windows are that the elements of a set belong to, read from its comment; empty if to none."""
    found = _WINDOWS.search(comment)
    return found[1] if found else ""


def service_of(set_name: str) -> str | None:
    """The service whose grants a set holds, `*` for the trusted; None for a set of another kind."""
    stem, underscore, family = set_name.rpartition("_")
    if not underscore or family not in {"v4", "v6"}:
        return None
    if stem == "trusted":
        return EVERYTHING
    return stem.removeprefix("grant_") if stem.startswith("grant_") else None


class StageNumbers:
    """The numbers of stages: 32 bits, never 0, different for every stage of a policy.

    A number is a hash of the sequence's name and its knocks up to there, so that it is the same in the next policy if
    and only if the stage still means the same. Where two collide, the later in the policy counts on. The last knock
    reaches no stage, but where a sequence opens once it has a number too, by which the sequence is known to be spent.
    """

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, int], int] = {}
        self._taken: set[int] = {0}

    def add(self, sequence: Sequence) -> None:
        """Number the stages of a sequence: the last, which is a grant, only where it opens once."""
        digest = blake2s(sequence.name.encode(), digest_size=4)
        for stage, knock in enumerate(sequence.knocks if sequence.once else sequence.knocks[:-1], 1):
            digest.update(b"\0" + write_knock(knock).encode())
            number = int.from_bytes(digest.digest(), "big")
            while number in self._taken:
                number = (number + 1) % 2**32
            self._taken.add(number)
            self._numbers[sequence.name, stage] = number

    def __getitem__(self, key: tuple[str, int]) -> int:
        """The number of stage 1..n-1 of the sequence of that name, or 1..n where it opens once."""
        return self._numbers[key]

    def names(self) -> dict[int, tuple[str, int]]:
        """The way back: number to sequence's name and stage."""
        return {number: stage for stage, number in self._numbers.items()}
