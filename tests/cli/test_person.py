"""`portward person add` and `rotate`, from a command line to files and an invitation."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from tests.cli.people import POLICY, Desk, desk

from portward.apply.keystore import KeyStore
from portward.knock.profile import Profile
from portward.knock.profile_text import read_profiles
from portward.sources.policy_file import load_policy
from portward.spa.crypto import public_of
from portward.spa.spelling import write_base64


ADD = ("add", "alice", "--opens", "ssh", "--host", "gate.example.org")


@pytest.fixture
def here(tmp_path: Path) -> Desk:
    """A gate without people."""
    return desk(tmp_path)


def store(here: Desk) -> KeyStore:
    return KeyStore.beside(here.policy)


def profile(text: str) -> Profile:
    (only,) = read_profiles(text, "f")
    return only


def test_a_person_is_in_the_policy_and_has_keys_that_fit_the_invitation(here: Desk) -> None:
    invited = profile(here.person(*ADD))
    (person,) = load_policy(here.policy).policy.people
    assert (person.name, person.opens, person.open_for) == ("alice", ("ssh",), timedelta(hours=1))
    keys, server = store(here).person("alice"), store(here).server()
    assert invited.sealed
    assert invited.token
    assert server
    assert public_of(invited.sealed.private) == keys.sealed[0].public
    assert invited.sealed.psk == keys.sealed[0].psk
    assert invited.token.secret == keys.tokens[0].secret
    assert invited.sealed.server == invited.token.server == server.public
    assert "portward apply" in here.said


def test_everything_that_can_be_said_of_a_person_is_written(here: Desk) -> None:
    here.person(
        *ADD,
        "--open-for",
        "8h",
        "--from",
        "198.51.100.0/24",
        "--from",
        "2001:db8::/32",
        "--until",
        "2027-06-30",
    )
    assert (here.root / "policy.d/people.toml").read_text() == (
        '[people.alice]\nopens = ["ssh"]\nopen_for = "8h"\nfrom = ["198.51.100.0/24", "2001:db8::/32"]\n'
        'until = "2027-06-30"\n'
    )
    assert here.policy.read_text() == POLICY


def test_without_open_for_the_policys_default_holds(tmp_path: Path) -> None:
    here = desk(tmp_path, POLICY + '[defaults]\nopen_for = "3h"\n')
    here.person(*ADD)
    assert load_policy(here.policy).policy.people[0].open_for == timedelta(hours=3)


def test_the_invitation_goes_to_a_file_for_its_owner_alone(here: Desk) -> None:
    file = here.root / "alice.toml"
    assert here.person(*ADD, "-o", str(file)) == ""
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert profile(file.read_text()).name == "gate"
    assert "hand it over safely" in here.said


def test_a_file_in_the_way_is_refused_before_anything_is_made(here: Desk) -> None:
    file = here.root / "alice.toml"
    file.write_text("old")
    here.person(*ADD, "-o", str(file), code=2)
    assert not (here.root / "keys").exists()
    assert not (here.root / "policy.d").exists()
    here.person(*ADD, "-o", str(file), "--force")


def test_for_a_key_of_ones_own_there_is_no_secret_anywhere(here: Desk) -> None:
    public = here.run("keygen").strip()
    text = here.person(*ADD, "--public-key", public)
    assert "private" not in text
    assert "It holds no secret." in text
    assert write_base64(store(here).person("alice").sealed[0].public) == public
    (here.root / "invitation").write_text(text)
    here.run("import-profile", str(here.root / "invitation"))
    assert "by sealed" in here.run("profiles")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("add", "Alice", "--opens", "ssh"), "is no name"),
        (("add", "server", "--opens", "ssh"), "choose another name"),
        (("add", "alice", "--opens", "shh"), "did you mean ssh?"),
        (("add", "alice", "--opens", "ssh,*"), "* alone"),
        (("add", "alice", "--opens", "ssh", "--until", "tomorrow"), "no day and no moment"),
        (("add", "alice", "--opens", "ssh", "--from", "here"), "is no IPv4 or IPv6"),
        (("add", "alice", "--opens", "ssh", "--open-for", "1y"), "is no duration"),
        (("add", "alice", "--opens", "ssh", "--ways", "fwknop"), "--ways takes sealed, pass, rolling"),
        (("add", "alice", "--opens", "ssh", "--public-key", "x"), "--public-key must be base64"),
        (("add", "alice", "--opens", "ssh", "--public-key", "x", "--ways", "pass"), "not among the ways"),
        (("add", "alice", "--opens", "ssh", "--host=-x"), "no host name"),
        (("rotate", "alice"), "no person 'alice'"),
    ],
)
def test_wrong_words_change_nothing(here: Desk, words: tuple[str, ...], sentence: str) -> None:
    usual = () if "--host=-x" in words else ("--host", "gate.example.org")
    here.person(*words, *usual, code=2)
    assert sentence in here.said
    assert not (here.root / "policy.d").exists()
    assert store(here).people() == ()


def test_a_way_that_the_gate_does_not_take_is_refused(tmp_path: Path) -> None:
    here = desk(tmp_path, POLICY[: POLICY.index("[passes]")] + "[fwknop]\n")
    here.person(*ADD, "--ways", "pass", code=2)
    assert "the policy has no [passes]" in here.said
    here.person(*ADD, code=2)
    assert "takes none of these knocks yet" in here.said


def test_nobody_is_added_twice(here: Desk) -> None:
    here.person(*ADD)
    here.person(*ADD, code=2)
    assert "portward person rotate" in here.said


def test_keys_that_are_left_over_are_not_overwritten(here: Desk) -> None:
    here.person(*ADD)
    (here.root / "policy.d/people.toml").unlink()
    here.person(*ADD, code=2)
    assert "there are keys of alice" in here.said


def test_each_person_has_a_slot_until_there_is_none(here: Desk) -> None:
    for name in ("a", "b", "c", "d"):
        here.person("add", name, "--opens", "*", "--host", "h")
    assert [each.slot for each in store(here).load().tokens] == [0, 1, 2, 3]
    here.person("add", "e", "--opens", "*", "--host", "h", code=2)
    assert "all 4 slots are taken" in here.said
    here.person("add", "e", "--opens", "*", "--host", "h", "--ways", "sealed")


def test_rotation_makes_new_keys_beside_the_old_ones_which_end(here: Desk) -> None:
    old = profile(here.person(*ADD))
    new = profile(here.person("rotate", "alice", "--grace", "1d", "--host", "gate.example.org"))
    keys = store(here).person("alice")
    assert [each.slot for each in keys.tokens] == [0, 1]
    assert [each.term.until is None for each in keys.sealed] == [False, True]
    assert [each.term.until is None for each in keys.tokens] == [False, True]
    assert old.token
    assert new.token
    assert [each.secret for each in keys.tokens] == [old.token.secret, new.token.secret]
    ends = keys.tokens[0].term
    assert ends.until
    assert timedelta(hours=23) < ends.until - keys.tokens[1].term.since <= timedelta(days=1)


def test_without_grace_the_old_keys_are_gone(here: Desk) -> None:
    here.person(*ADD)
    here.person("rotate", "alice", "--grace", "0s", "--host", "h")
    assert len(store(here).person("alice").sealed) == 1


def test_rotation_keeps_to_the_ways_of_the_person(here: Desk) -> None:
    here.person(*ADD, "--ways", "sealed")
    assert profile(here.person("rotate", "alice", "--host", "h")).token is None


def test_for_programs_there_is_one_object(here: Desk) -> None:
    result = here.result(*ADD)
    assert (result["person"], result["ways"]) == ("alice", ["sealed", "pass", "rolling"])
    assert profile(result["invitation"]).host == "gate.example.org"
