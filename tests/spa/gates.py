"""A gate with people of every kind, and clients that knock at it; for tests of the receivers."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address, ip_network

import attrs

from portward.policy.net import Address
from portward.policy.notation import read_ports
from portward.policy.people import AddressRule, Fwknop, Person, Sealed, Ways
from portward.policy.policy import Policy, Service
from portward.spa import crypto
from portward.spa.crypto import AesMode
from portward.spa.keyring import FwknopKey, HmacDigest, Keyring, SealedKey, ServerKey, Term
from portward.spa.receiver import Gate, gate_of, nanoseconds
from portward.spa.request import Request
from portward.spa.sealed import seal_knock


NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOME, ROAD, HOME_6 = ip_address("198.51.100.7"), ip_address("203.0.113.9"), ip_address("2001:db8::7")
ALWAYS = Term(NOW - 99 * HOUR)

SERVER = ServerKey(bytes(range(32)), crypto.public_of(bytes(range(32))))

SERVICES = (
    Service("ssh", (read_ports("tcp/22"),)),
    Service("web", (read_ports("tcp/443"), read_ports("udp/443"))),
    Service("cam", (read_ports("tcp/80"),), (read_ports("tcp/8081"),), (ip_address("192.168.1.7"),)),
)

PEOPLE = (
    Person("alice", ("*",), 8 * HOUR),
    Person("bob", ("web",), HOUR, until=NOW + HOUR / 2, address=AddressRule.MUST_MATCH),
    Person("carol", ("*",), HOUR, revoked=True),
    Person("dave", ("ssh", "cam"), HOUR, (ip_network("198.51.100.0/24"),), address=AddressRule.GIVEN),
    Person("erin", ("ssh",), HOUR, (ip_network("198.51.100.0/24"), ip_network("2001:db8::/64"))),
    Person("frank", ("web",), HOUR, until=NOW),
)

POLICY = Policy(services=SERVICES, people=PEOPLE, ways=Ways(sealed=Sealed(62000), fwknop=Fwknop()))


@attrs.frozen
class Client:
    """Somebody with a key."""

    private: bytes
    key: SealedKey

    def knock(self, request: Request = Request(), at: datetime = NOW, ephemeral: int = 0) -> bytes:  # noqa: B008 - frozen
        """A datagram of theirs."""
        fresh = sha256(ephemeral.to_bytes(8, "big")).digest()
        return seal_knock(SERVER.public, self.private, self.key.psk, fresh, request, nanoseconds(at))


def client(name: str, term: Term = ALWAYS, psk: bytes = b"", again: int = 0) -> Client:
    """Somebody of that name with one of their keys."""
    private = sha256(f"{name} {again}".encode()).digest()
    return Client(private, SealedKey(name, crypto.public_of(private), psk, term))


CLIENTS = {
    "alice": client("alice", psk=bytes(range(1, 33))),
    "alice's old": client("alice", Term(NOW - 99 * HOUR, NOW), again=1),
    "alice's next": client("alice", Term(NOW + HOUR), again=2),
    **{name: client(name) for name in ("bob", "carol", "dave", "erin", "frank", "nobody")},
}
STRANGER = client("stranger")

FWKNOP_KEY = FwknopKey(
    "alice", b"key", b"hmac", HmacDigest.SHA256, AesMode.CBC, legacy=False, username="", term=ALWAYS
)

KEYRING = Keyring(sealed=tuple(each.key for each in CLIENTS.values()), fwknop=(FWKNOP_KEY,))


def gate(policy: Policy = POLICY) -> Gate:
    """The gate."""
    return gate_of(policy, SERVER, KEYRING)


GATE = gate()


def may_come_from(person: Person, address: Address) -> bool:
    """Whether the policy lets the person come from there."""
    return not person.networks or any(address in network for network in person.networks)
