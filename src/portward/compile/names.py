"""What things are called in the kernel's table: the one place that spells the names of sets, chains and counters.

nft takes letters, digits, `_`, `-`, `.` and `/` in an identifier, a letter first; the names of services and sequences
fit as they are (see `policy`).
"""

import enum
import re
from hashlib import blake2s

from portward.policy.net import Address, Knock
from portward.policy.notation import write_knock
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

# Maps and constant sets.
PORTS = "ports"
PORT_RANGES = "port_ranges"
ECHOES = "echoes"
GUARDED_TCP = "guarded_tcp"
PUBLIC_PORTS = "public_ports"
CUT_PORTS = "cut_ports"

# Counters.
KNOCKS = "knocks"
STRAYS = "strays"
OPENED = "opened"
DROPPED = "dropped"


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
    and only if the stage still means the same. Where two collide, the later in the policy counts on.
    """

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, int], int] = {}
        self._taken: set[int] = {0}

    def add(self, sequence: Sequence) -> None:
        """Number all stages of a sequence but the last, which is a grant."""
        digest = blake2s(sequence.name.encode(), digest_size=4)
        for stage, knock in enumerate(sequence.knocks[:-1], 1):
            digest.update(b"\0" + write_knock(knock).encode())
            number = int.from_bytes(digest.digest(), "big")
            while number in self._taken:
                number = (number + 1) % 2**32
            self._taken.add(number)
            self._numbers[sequence.name, stage] = number

    def __getitem__(self, key: tuple[str, int]) -> int:
        """The number of stage 1..n-1 of the sequence of that name."""
        return self._numbers[key]

    def names(self) -> dict[int, tuple[str, int]]:
        """The way back: number to sequence's name and stage."""
        return {number: stage for stage, number in self._numbers.items()}
