"""What a visitor knows of one gate: a name, a host, the knocks, and what the gate is like.

Pure data and the spellings of its parts; the text of whole profiles is in `profile_text`. Nothing here
touches a file, a socket or the clock.
"""

import enum
import re
from datetime import timedelta
from typing import Final

import attrs

from portward.policy.net import MAX_PORT, Address, Knock
from portward.policy.notation import read_duration, write_duration


TYPE_CHECKING = False
if TYPE_CHECKING:  # only who has such a profile pays for their imports
    from portward.knock.fwknop_profile import FwknopProfile
    from portward.knock.sealed_profile import SealedProfile
    from portward.knock.token_profile import TokenProfile

USUAL_DELAY: Final = timedelta(milliseconds=200)
"""Between one knock and the next: longer than packets overtake each other by, and short for a person."""

LONGEST_DELAY: Final = timedelta(minutes=1)
"""No gate of ours waits longer by default, and nobody wants to."""

MOST_COPIES: Final = 5
"""How often one knock may be sent at most."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9_:][A-Za-z0-9._:-]{0,252}", re.ASCII)


class Family(enum.StrEnum):
    """Which addresses of a host are knocked at."""

    ANY = "any"
    """The first address that this machine has a route to, in the system's order (RFC 6724)."""
    V4 = "4"
    V6 = "6"
    BOTH = "both"
    """The first address of each family, each with the whole sequence."""


@attrs.frozen
class Profile:
    """One gate, as its visitor knows it.

    Attributes:
        name: letters, digits, `.`, `_`, `-`; at most 64; what the user types.
        host: a name or an address without a zone.
        knocks: in order; empty only where there is another way to knock.
        sequence: its name on the gate; for people only.
        delay: between one knock and the next, 0..1m.
        copies: how often each knock is sent, 1..5. A portward gate passes over repeats; knockd does not.
        verify: TCP ports that are open when the knock has worked.
        ssh_port: where ssh answers on that host, if it does.
        family: see `Family`.
        penalty: how long the gate ignores a source whose knocks were out of order; None when it does not, or
            unknown.
        source: the address of ours to send from.
        fwknop: how to make fwknop's packet, if the gate takes it.
        sealed: how to make sealed knocks, if the gate takes them.
        token: how to make passes and rolling sequences, if the gate takes them.
    """

    name: str
    host: str
    knocks: tuple[Knock, ...]
    sequence: str = ""
    delay: timedelta = USUAL_DELAY
    copies: int = 1
    verify: tuple[int, ...] = ()
    ssh_port: int | None = None
    family: Family = Family.ANY
    penalty: timedelta | None = None
    source: Address | None = None
    fwknop: "FwknopProfile | None" = None
    sealed: "SealedProfile | None" = None
    token: "TokenProfile | None" = None


def read_name(text: str) -> str:
    """Read a profile's name.

    Raises:
        ValueError: characters that ssh's or the shell's own words have, or too long.
    """
    if not _NAME.fullmatch(text):
        msg = f"{text!r} is no profile name: write up to 64 letters, digits, dots, dashes or underscores"
        raise ValueError(msg)
    return text


def read_host(text: str) -> str:
    """Read a host name or an address; nothing that a program could take for an option.

    Raises:
        ValueError: anything else, addresses with a zone included.
    """
    if not _HOST.fullmatch(text):
        msg = f"{text!r} is no host name and no address"
        raise ValueError(msg)
    return text


def read_port(text: str) -> int:
    """Read a TCP port: `22` or `tcp/22`.

    Raises:
        ValueError: no number in 1..65535.
    """
    digits = text.removeprefix("tcp/")
    if not (digits.isascii() and digits.isdigit() and 1 <= int(digits[:6]) <= MAX_PORT):
        msg = f"{text!r} is no TCP port (1..{MAX_PORT})"
        raise ValueError(msg)
    return int(digits)


def read_delay(text: str) -> timedelta:
    """Read the time between knocks: `0s`..`1m`.

    Raises:
        ValueError: no duration, or too long.
    """
    delay = read_duration(text, shortest=timedelta())
    if delay > LONGEST_DELAY:
        msg = f"{text} is longer than {write_duration(LONGEST_DELAY)}, the longest time between knocks"
        raise ValueError(msg)
    return delay
