"""What tests of the daemon share: a policy, people, keys, openings."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any

from portward.daemon.opening import Opening
from portward.policy.notation import read_ports
from portward.policy.people import Fwknop, Passes, Person, Sealed, Ways
from portward.policy.policy import Policy, Service
from portward.spa.crypto import public_of
from portward.spa.keyring import Keyring, SealedKey, ServerKey, Term, TokenKey


HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 27, 12, 3, tzinfo=UTC)
TERM = Term(datetime(2020, 1, 1, tzinfo=UTC))
SERVER = ServerKey(b"s" * 32, public_of(b"s" * 32))
ALICE = b"a" * 32
KEYRING = Keyring(
    (SealedKey("alice", public_of(ALICE), b"", TERM),), (TokenKey("alice", b"t" * 32, 0, TERM),)
)


def policy(**more: Any) -> Policy:
    """Alice may open ssh, root everything, carol nothing any more, dave from one network only."""
    given: dict[str, Any] = {
        "services": (Service("ssh", (read_ports("tcp/22"),)), Service("web", (read_ports("tcp/80"),))),
        "people": (
            Person("alice", ("ssh",), HOUR),
            Person("root", ("*",), HOUR),
            Person("carol", ("ssh",), HOUR, revoked=True),
            Person("dave", ("ssh",), HOUR, networks=(ip_network("192.0.2.0/24"),)),
            Person("erin", ("ssh",), HOUR, until=NOW - HOUR),
        ),
        "ways": Ways(passes=Passes(62202), sealed=Sealed(62203), fwknop=Fwknop()),
    }
    return Policy(**(given | more))


def opening(person: str = "alice", *services: str, **more: Any) -> Opening:
    """A door for an hour, for 192.0.2.7."""
    given: dict[str, Any] = {
        "number": 1,
        "person": person,
        "services": services or ("ssh",),
        "address": ip_address("192.0.2.7"),
        "until": NOW + HOUR,
        "length": HOUR,
    }
    return Opening(**(given | more))
