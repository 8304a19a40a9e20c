"""Knocks that are made of keys: sealed knocks, passes, rolling sequences, fwknop's packets; made anew at every try.

Takes the time from the system, and randomness for sealed knocks.
"""

import secrets
import socket
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

from portward.errors import HostError, UsageError
from portward.knock.fwknop_send import send_packets
from portward.knock.pass_counter import hand_out
from portward.knock.plan import copies_of_try, plan_sequence
from portward.knock.profile import USUAL_DELAY, Profile
from portward.knock.resolve import socket_family
from portward.knock.sealed_profile import SealedProfile, Stated
from portward.knock.send import send_datagram, send_sequence
from portward.knock.token_profile import RollingProfile, TokenProfile
from portward.knock.ways import Addresses, Knocker
from portward.policy.net import Address, Knock
from portward.spa.crypto import NotAuthenticError
from portward.spa.request import Request
from portward.spa.rolling import rolling_knocks
from portward.spa.sealed import seal_knock
from portward.spa.windows import counting


_NO_PRIVATE: Final = (
    "the profile is for a key of your own; portward import-profile joins it with what portward keygen made"
)


Thing = TypeVar("Thing")


def _there(thing: Thing | None) -> Thing:
    """What `choose_way` has made sure is there."""
    assert thing is not None  # noqa: S101 - a way is only chosen where the profile knows it
    return thing


def by_sealed(profile: Profile) -> Knocker:
    """Send a sealed knock to each address."""
    sealed = _there(profile.sealed)
    if not sealed.private:
        raise UsageError(_NO_PRIVATE)

    def knock(addresses: Addresses, _number: int) -> None:
        for address in addresses:
            send_datagram(address, sealed.port, sealed_knock(sealed, address, profile.source), profile.source)

    return knock


def sealed_knock(sealed: SealedProfile, gate: Address, source: Address | None) -> bytes:
    """Make a sealed knock for now.

    Raises:
        UsageError: the gate's key in the profile is none.
        HostError: our address towards the gate is to be stated, and there is none.
    """
    stated = our_address(gate, source) if sealed.address is Stated.STATED else None
    request = Request(sealed.services, sealed.duration, stated)
    try:
        return seal_knock(
            sealed.server, sealed.private, sealed.psk, secrets.token_bytes(32), request, time.time_ns()
        )
    except (NotAuthenticError, ValueError):
        raise UsageError("no sealed knock can be made: the gate's key in the profile is none") from None


def our_address(gate: Address, source: Address | None) -> Address:
    """The address that this machine sends to the gate from.

    Raises:
        HostError: there is no way there.
    """
    if source:
        return source
    with socket.socket(socket_family(gate), socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((str(gate), 9))
        except OSError as error:
            raise HostError(f"this machine has no address towards {gate}: {error.strerror}") from error
        return type(gate)(probe.getsockname()[0].partition("%")[0])


def by_pass(profile: Profile, directory: Path) -> Knocker:
    """Send a pass to each address, none of them twice."""
    token = _there(profile.token)
    port = _there(token.pass_port)

    def knock(addresses: Addresses, _number: int) -> None:
        passes = hand_out(token, len(addresses), directory, datetime.now(UTC))
        for address, each in zip(addresses, passes, strict=True):
            send_datagram(address, port, each.secret, profile.source)

    return knock


def by_rolling(profile: Profile) -> Knocker:
    """Send the sequence of the current window, and at the next try that of its neighbour, in case the clocks differ."""
    token = _there(profile.token)
    rolling = _there(token.rolling)
    delay = min(profile.delay or USUAL_DELAY, rolling.step_timeout / 4)

    def knock(addresses: Addresses, number: int) -> None:
        knocks = knocks_at(token, rolling, datetime.now(UTC), number)
        copies = copies_of_try(number, profile.copies)
        send_sequence(plan_sequence(knocks, addresses, delay, copies), profile.source)

    return knock


def knocks_at(token: TokenProfile, rolling: RollingProfile, now: datetime, number: int) -> tuple[Knock, ...]:
    """The sequence of try `number`, from 1."""
    window = counting(now, token.window)[(number - 1) % 2]
    return rolling_knocks(token.secret, token.server, window, rolling.slot, rolling.shape)


def by_fwknop(profile: Profile) -> Knocker:
    """Send fwknop's packet to each address."""
    fwknop = _there(profile.fwknop)

    def knock(addresses: Addresses, _number: int) -> None:
        send_packets(fwknop, addresses, profile.source)

    return knock
