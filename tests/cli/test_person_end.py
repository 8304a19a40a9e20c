"""`portward person list`, `revoke` and `remove`; the kernel is played by a function."""

from pathlib import Path

import pytest
from tests.cli.people import Desk, desk

from portward.apply.keystore import KeyStore
from portward.cli import person_end
from portward.errors import HostError
from portward.sources.policy_file import load_policy
from portward.spa.keyring import Keyring


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Who was put out; alice was in from one address."""
    names: list[str] = []

    def end(person: str, _opens: object) -> tuple[str, ...]:
        names.append(person)
        return ("192.0.2.1",) if person == "alice" else ()

    monkeypatch.setattr(person_end, "end_grants", end)
    return names


@pytest.fixture
def here(tmp_path: Path, ended: list[str]) -> Desk:
    """A gate with alice and bob."""
    assert ended == []
    made = desk(tmp_path)
    made.person("add", "alice", "--opens", "ssh,web", "--host", "h", "--until", "2027-06-30")
    made.person("add", "bob", "--opens", "*", "--host", "h", "--ways", "sealed")
    return made


def test_people_are_listed_with_their_keys_and_no_secret(here: Desk) -> None:
    lines = here.person("list").splitlines()
    assert lines[0] == "alice: opens ssh, web for 1h, until 2027-07-01T00:00:00Z"
    assert [line.split(" since")[0] for line in lines[1:]] == [
        "  sealed key",
        "  token key",
        "bob: opens * for 1h",
        "  sealed key",
    ]
    people = here.result("list")["people"]
    assert [each["name"] for each in people] == ["alice", "bob"]
    assert set(people[0]["keys"][0]) == {"kind", "since", "until"}


def test_who_is_revoked_stays_in_the_policy_and_is_out(here: Desk, ended: list[str]) -> None:
    assert here.person("revoke", "alice") == "alice is revoked; 192.0.2.1 is out\n"
    assert load_policy(here.policy).policy.person("alice").revoked
    assert ended == ["alice"]
    assert here.person("list").splitlines()[1] == "  no keys"
    here.person("revoke", "alice")
    here.person("rotate", "alice", "--host", "h", code=2)
    assert "is revoked" in here.said


def test_who_is_removed_is_gone(here: Desk, ended: list[str]) -> None:
    assert here.person("remove", "bob") == "bob is removed; no door was open\n"
    assert [each.name for each in load_policy(here.policy).policy.people] == ["alice"]
    assert KeyStore.beside(here.policy).person("bob") == Keyring()
    assert ended == ["bob"]


def test_where_the_kernel_cannot_be_asked_the_keys_are_gone_all_the_same(
    here: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_person: str, _opens: object) -> tuple[str, ...]:
        raise HostError("nft is missing")

    monkeypatch.setattr(person_end, "end_grants", fail)
    assert here.person("revoke", "alice") == "alice is revoked\n"
    assert "open doors could not be shut: nft is missing" in here.said


def test_a_person_written_by_hand_is_revoked_where_they_stand(here: Desk) -> None:
    here.policy.write_text(here.policy.read_text() + '[people.carol]\nopens = "ssh" # mine\n')
    here.person("revoke", "carol")
    assert 'opens = "ssh" # mine\nrevoked = true\n' in here.policy.read_text()


def test_keys_of_nobody_are_told(here: Desk) -> None:
    (here.root / "policy.d/people.toml").unlink()
    here.person("list")
    assert "there are keys of alice, but no such person" in here.said


def test_who_is_not_there_is_asked_for(here: Desk) -> None:
    here.person("revoke", "alise", code=2)
    assert "did you mean alice?" in here.said
