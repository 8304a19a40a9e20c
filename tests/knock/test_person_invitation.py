from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from portward.errors import UsageError
from portward.knock.person_invitation import invitation, invite_person, sealed_profile, token_profile
from portward.knock.profile_text import read_profiles, write_profiles
from portward.knock.sealed_profile import Stated
from portward.knock.ways import Way
from portward.policy.notation import read_ports
from portward.policy.people import AddressRule, Passes, Person, Rolling, Sealed, Ways
from portward.policy.policy import Policy, Service
from portward.spa.keyring import SealedKey, Term, TokenKey


SERVER = b"\1" * 32
TERM = Term(datetime(2026, 11, 27, tzinfo=UTC))
ALICE = Person("alice", ("ssh",), timedelta(hours=1))
POLICY = Policy(
    (
        Service("web", (read_ports("tcp/443"),)),
        Service("ssh", (read_ports("tcp/22"),), (read_ports("tcp/2222"),)),
    ),
    people=(ALICE,),
    ways=Ways(passes=Passes(62202, 8, echo=True), rolling=Rolling(20000, 24999, 16), sealed=Sealed(62203)),
)
TOKEN = TokenKey("alice", b"\3" * 32, 5, TERM)
SEALED = SealedKey("alice", b"\2" * 32, b"\4" * 32, TERM)


def profile(**more: Any) -> Any:
    sealed = sealed_profile(POLICY, ALICE, SERVER, SEALED, b"\5" * 32)
    token = token_profile(POLICY, SERVER, TOKEN, frozenset(Way))
    return invite_person(POLICY, attrs.evolve(ALICE, **more), "gate.example.org", sealed, token)


def test_an_invitation_says_all_that_the_person_needs() -> None:
    made = profile()
    assert (made.name, made.host, made.knocks) == ("gate", "gate.example.org", ())
    assert (made.verify, made.ssh_port, made.penalty) == ((2222,), 2222, timedelta(minutes=1))
    assert (made.sealed.port, made.sealed.private, made.sealed.public) == (62203, b"\5" * 32, b"")
    assert (made.token.pass_port, made.token.per_window, made.token.echo) == (62202, 8, True)
    assert (made.token.rolling.slot, made.token.rolling.shape.slots) == (5, 16)


def test_it_reads_back_as_it_was_made() -> None:
    made = profile()
    text = invitation(made, secret=True) + write_profiles((made,))
    assert "Keep it secret" in text
    assert read_profiles(text, "f") == (made,)


def test_the_door_is_one_that_the_person_may_open() -> None:
    assert profile(opens=("web",)).verify == (443,)
    assert profile(opens=("*",)).verify == (2222,)


def test_a_token_says_only_what_was_asked_for() -> None:
    only_passes = token_profile(POLICY, SERVER, TOKEN, frozenset({Way.PASS}))
    assert (only_passes.pass_port, only_passes.rolling) == (62202, None)
    only_rolling = token_profile(POLICY, SERVER, TOKEN, frozenset({Way.ROLLING}))
    assert only_rolling.pass_port is None
    assert only_rolling.rolling is not None


def test_without_a_private_key_it_names_the_public_one_and_is_no_secret() -> None:
    own = sealed_profile(POLICY, ALICE, SERVER, attrs.evolve(SEALED, psk=b""), b"")
    assert (own.private, own.public, own.psk) == (b"", SEALED.public, b"")
    assert "It holds no secret." in invitation(invite_person(POLICY, ALICE, "h", own, None), secret=False)


def test_who_must_match_states_an_address() -> None:
    strict = attrs.evolve(ALICE, address=AddressRule.MUST_MATCH)
    assert sealed_profile(POLICY, strict, SERVER, SEALED, b"\5" * 32).address is Stated.STATED


def test_a_host_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="no host name"):
        invite_person(POLICY, ALICE, "-oProxyCommand=x", None, None)
