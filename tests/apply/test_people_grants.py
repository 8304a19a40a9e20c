"""What a person has opened ends; nft is played by a function."""

import json
from typing import Any

import pytest

from portward.apply import live, people_grants
from portward.apply.people_grants import end_grants
from portward.compile import names
from portward.errors import TargetError


SETS = """table inet portward {
	set people_v4 {
		type ipv4_addr . mark
		flags dynamic,timeout
	}
	set trusted_v4 {
		type ipv4_addr
		flags dynamic,timeout
		comment "trusted, by /32"
	}
	set grant_ssh_v4 {
		type ipv4_addr
		flags dynamic,timeout
		comment "may reach ssh, by /32"
	}
	set grant_web_v4 {
		type ipv4_addr
		flags dynamic,timeout
		comment "may reach web, by /32"
	}
}
"""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A kernel where alice came from two addresses and bob from one; gives what it was told."""
    told: list[str] = []
    elements = [
        {"elem": {"val": {"concat": [address, names.person_number(name)]}, "expires": 9}}
        for address, name in (("192.0.2.1", "alice"), ("192.0.2.2", "bob"), ("192.0.2.3", "alice"))
    ]

    def nft(*words: str, stdin: str = "", **_more: Any) -> str:
        if words[:2] == ("delete", "element"):
            told.append(" ".join(words))
            raise TargetError("no such element")
        if "--json" in words:
            return json.dumps({"nftables": [{"set": {"name": words[-1], "elem": elements}}]})
        told.extend(stdin.splitlines())
        return SETS

    for module in (live, people_grants):
        monkeypatch.setattr(module, "nft", nft)
    return told


def test_the_addresses_of_the_person_leave_the_services_of_the_person(asked: list[str]) -> None:
    assert end_grants("alice", ("ssh",)) == ("192.0.2.1", "192.0.2.3")
    number = names.person_number("alice")
    assert asked[0] == f"delete element inet portward people {{ {number} }}"
    assert [line for line in asked[1:] if line.startswith("delete")] == [
        f"delete element inet portward people_v4 {{ 192.0.2.1 . {number} }}",
        "delete element inet portward grant_ssh_v4 { 192.0.2.1 }",
        f"delete element inet portward people_v4 {{ 192.0.2.3 . {number} }}",
        "delete element inet portward grant_ssh_v4 { 192.0.2.3 }",
    ]


def test_who_may_open_everything_leaves_everything(asked: list[str]) -> None:
    end_grants("bob", ("*",))
    ended = {line.split()[4] for line in asked if line.startswith("delete") and "192.0.2.2" in line}
    assert ended == {"people_v4", "trusted_v4", "grant_ssh_v4", "grant_web_v4"}


def test_who_has_nothing_open_is_only_shut_out(asked: list[str]) -> None:
    assert end_grants("carol", ("ssh",)) == ()
    assert len(asked) == 1


def test_where_the_gate_is_not_up_there_is_nothing_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people_grants, "read_sets", lambda: None)
    assert end_grants("alice", ("ssh",)) == ()
