"""What RouterOS cannot say: nothing of it is silent."""

from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import attrs
import pytest

from portward.compile.routeros_limits import Difference, Kind, differences
from portward.errors import Severity
from portward.policy.net import PortRange, Protocol
from portward.policy.notation import read_knock, read_ports
from portward.policy.people import Fwknop, Passes, Person, Rolling, Sealed, Ways
from portward.policy.policy import Expiry, Policy, Sequence, Service, Sizes


SECONDS = timedelta(seconds=1)
ADMIN = Sequence(
    "admin", (read_knock("tcp/33333"), read_knock("udp/22222")), (10 * SECONDS,), ("ssh",), 60 * SECONDS
)
PLAIN = Policy((Service("ssh", (read_ports("tcp/22"),)),), (ADMIN,))
HIGH, LOW = PortRange(Protocol.UDP, 2000, 2063), PortRange(Protocol.UDP, 1000, 1063)
HIGHER, LOWER = PortRange(Protocol.UDP, 2000, 2064), PortRange(Protocol.UDP, 1000, 1064)


def found(policy: Policy, version: int = 7) -> list[tuple[Kind, str]]:
    """All but what is true of every policy: that lists have no size."""
    return [
        (each.kind, each.message) for each in differences(policy, version) if "no size" not in each.message
    ]


def with_words(word: bytes) -> Policy:
    knock = attrs.evolve(ADMIN.knocks[1], word=word)
    return attrs.evolve(PLAIN, sequences=(attrs.evolve(ADMIN, knocks=(ADMIN.knocks[0], knock)),))


def with_service(**about: Any) -> Policy:
    return attrs.evolve(PLAIN, services=(*PLAIN.services, Service("game", **about)))


def test_a_plain_policy_is_said_whole() -> None:
    assert found(PLAIN) == found(PLAIN, 6) == []


def test_that_lists_have_no_size_is_always_said() -> None:
    """Whoever reads it can bound the flood elsewhere."""
    assert [each.kind for each in differences(PLAIN, 7)] == [Kind.DIFFERENT]
    assert differences(Policy(sizes=Sizes()), 7) == ()


@pytest.mark.parametrize(
    ("policy", "kind", "message"),
    [
        (attrs.evolve(PLAIN, interfaces=("ether1", "ppp*")), Kind.IMPOSSIBLE, "ppp* stands for many"),
        (
            attrs.evolve(PLAIN, sequences=(attrs.evolve(ADMIN, once=True),)),
            Kind.WEAKER,
            "admin opens again and again",
        ),
        (
            attrs.evolve(PLAIN, people=(Person("alice", ("ssh",), 60 * SECONDS),)),
            Kind.DIFFERENT,
            "people get in only by sequences",
        ),
        (attrs.evolve(PLAIN, ways=Ways(passes=Passes(62202))), Kind.DIFFERENT, "no passes"),
        (attrs.evolve(PLAIN, ways=Ways(rolling=Rolling(20000, 24999))), Kind.DIFFERENT, "no rolling"),
        (attrs.evolve(PLAIN, ways=Ways(sealed=Sealed(62203))), Kind.DIFFERENT, "no sealed knocks"),
        (attrs.evolve(PLAIN, ways=Ways(fwknop=Fwknop())), Kind.DIFFERENT, "no packets of fwknop's"),
        (
            attrs.evolve(PLAIN, sequences=(attrs.evolve(ADMIN, step_timeouts=(1.5 * SECONDS,)),)),
            Kind.WEAKER,
            "1s500ms becomes 2s",
        ),
        (
            attrs.evolve(PLAIN, sequences=(attrs.evolve(ADMIN, open_for=0.1 * SECONDS),)),
            Kind.WEAKER,
            "100ms becomes 1s",
        ),
        (attrs.evolve(PLAIN, penalty=0.5 * SECONDS), Kind.DIFFERENT, "500ms becomes 1s"),
        (attrs.evolve(PLAIN, grant_prefix_v6=64), Kind.DIFFERENT, "not for its /64"),
        (attrs.evolve(PLAIN, grant_prefix_v4=24), Kind.DIFFERENT, "not for its /24"),
        (with_words(b"mellon"), Kind.WEAKER, "the word of udp/22222=… counts anywhere"),
        (with_words(b"!mellon"), Kind.WEAKER, "without the !"),
        (with_words(b"!!"), Kind.IMPOSSIBLE, "cannot be spelled"),
        (with_words(b"a\0"), Kind.IMPOSSIBLE, "cannot be spelled"),
        (
            with_service(ports=(LOW,), on_expiry=Expiry.CUT),
            Kind.WEAKER,
            "open connections to game go on when its grant ends",
        ),
        (
            with_service(ports=(LOWER,), published=(HIGHER,)),
            Kind.IMPOSSIBLE,
            "a rule for each of the 65 ports",
        ),
    ],
)
def test_what_cannot_be_said_is_named(policy: Policy, kind: Kind, message: str) -> None:
    (one,) = found(policy)
    assert one[0] is kind
    assert message in one[1]
    assert "mellon" not in one[1]


def test_what_is_not_strict_has_no_penalty_to_round() -> None:
    assert found(attrs.evolve(PLAIN, strict=False, penalty=0.5 * SECONDS)) == []


@pytest.mark.parametrize(
    ("about", "shut"),
    [
        ({"ports": (LOW,), "published": (HIGH,)}, True),
        ({"ports": (read_ports("tcp/22"),), "published": (read_ports("tcp/2222"),)}, False),
        ({"ports": (LOW,), "published": (LOW,), "hosts": (IPv4Address("192.0.2.1"),)}, False),
        ({"ports": (LOW,), "published": (LOW,), "hosts": (IPv6Address("2001:db8::1"),)}, True),
        ({"ports": (LOW,)}, False),
    ],
)
def test_version_6_shuts_what_it_cannot_translate_over_ipv6(about: dict[str, Any], *, shut: bool) -> None:
    """But not the router's own services, which move."""
    assert [kind for kind, _ in found(with_service(**about), 6)] == [Kind.DIFFERENT] * shut
    assert found(with_service(**about), 7) == []


@pytest.mark.parametrize(
    ("kind", "allow_weaker", "severity"),
    [
        (Kind.IMPOSSIBLE, True, Severity.ERROR),
        (Kind.WEAKER, False, Severity.ERROR),
        (Kind.WEAKER, True, Severity.ADVICE),
        (Kind.DIFFERENT, False, Severity.NOTE),
    ],
)
def test_weaker_needs_to_be_wanted(kind: Kind, severity: Severity, *, allow_weaker: bool) -> None:
    said = Difference(kind, "it is so").diagnostic(allow_weaker=allow_weaker)
    assert said.severity is severity
    assert ("--allow-weaker" in said.hint) == (kind is Kind.WEAKER and not allow_weaker)
