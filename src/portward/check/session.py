"""Advice to the person who is logged in over the network: would the policy shut out this very session?"""

import attrs

from portward.check.doors import Claim, claims_of_this_host
from portward.check.page import page
from portward.errors import Diagnostic, Severity
from portward.policy.net import Address, PortRange, Protocol
from portward.policy.notation import read_address, read_number
from portward.policy.policy import Mode, Policy


SHUT_OUT = page(
    "PW401",
    Severity.ADVICE,
    "the policy would shut out your own session",
    what="""You came in over SSH, from an address that is not in `always`, to a port that the policy closes to all who
    have not knocked.""",
    why="""The session itself goes on, as every established connection does, but when it breaks you must knock to come
    back; at a port with `on_expiry = "cut"` it goes on only if the gate was not up before. Try the knock first, or
    apply with `--trial`, which undoes itself unless you confirm over a new connection.""",
    example="""
        # checked over SSH, from 203.0.113.9 to port 22
        schema = 1
        [services.ssh]
        ports = ["tcp/22"]
        [sequences.admin]
        knocks = ["tcp/41733", "udp/9121", "icmp/777", "tcp/17021"]
        opens = ["ssh"]
    """,
    fix="""
        # checked over SSH, from 203.0.113.9 to port 22
        schema = 1
        always = ["203.0.113.0/24"]
        [services.ssh]
        ports = ["tcp/22"]
        [sequences.admin]
        knocks = ["tcp/41733", "udp/9121", "icmp/777", "tcp/17021"]
        opens = ["ssh"]
    """,
)

PAGES = (SHUT_OUT,)


@attrs.frozen
class Session:
    """Where a login comes from, and to which TCP port of this host it came."""

    client: Address
    port: int


def read_session(text: str) -> Session | None:
    """Read OpenSSH's `SSH_CONNECTION`: client address and port, server address and port (ssh(1), ENVIRONMENT).

    Gives None for anything else; a zone behind an address is dropped.
    """
    words = text.split()
    if len(words) != 4:
        return None
    try:
        port = PortRange(Protocol.TCP, read_number(words[3], "port"), read_number(words[3], "port")).first
        return Session(read_address(words[0].partition("%")[0]), port)
    except ValueError:
        return None


def session_stays_welcome(policy: Policy, session: Session) -> list[Diagnostic]:
    """Judge whether a new connection like this session's would be let in without a knock."""
    if session.client.is_loopback or any(
        session.client.version == network.version and session.client in network for network in policy.always
    ):
        return []
    door = claims_of_this_host(policy).meets(Protocol.TCP, session.port, session.port)
    public = any(ports.protocol is Protocol.TCP and session.port in ports for ports in policy.public)
    if door is None and (public or policy.mode is Mode.GUARD):
        return []
    return [_shut_out(policy, session, door)]


def _shut_out(policy: Policy, session: Session, door: Claim | None) -> Diagnostic:
    """Say why this session could not come again, and what would let it."""
    if door is None:
        span = policy.places.nearest("defaults", "mode")
        reason = "which lockdown closes"
    else:
        span = policy.places.nearest(*door.place)
        reason = f"which is guarded as a port of {door.service}"
    hint = f'try the knock before you log out, or add "{session.client}" to always'
    return SHUT_OUT.at(span, f"you came from {session.client} to tcp/{session.port}, {reason}", hint)
