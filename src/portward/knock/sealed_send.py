"""Makes sealed knocks of a profile and sends them; each is another one, since none counts twice.

Takes the time and randomness from the system.
"""

import os
import socket
import time
from typing import Final

from portward.errors import HostError, UsageError
from portward.knock.profile import Profile
from portward.knock.resolve import socket_family
from portward.knock.sealed_profile import SealedProfile, Stated
from portward.knock.send import send_datagram
from portward.knock.ways import Addresses, Knocker
from portward.policy.net import Address
from portward.spa.crypto import KEY_BYTES, NotAuthenticError
from portward.spa.request import Request
from portward.spa.sealed import seal_knock


_NO_PRIVATE: Final = (
    "the profile is for a key of your own; portward import-profile joins it with what portward keygen made"
)


def by_sealed(profile: Profile) -> Knocker:
    """Send a sealed knock to each address."""
    sealed = profile.sealed
    assert sealed is not None  # noqa: S101 - a way is only chosen where the profile knows it
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
            sealed.server, sealed.private, sealed.psk, os.urandom(KEY_BYTES), request, time.time_ns()
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
