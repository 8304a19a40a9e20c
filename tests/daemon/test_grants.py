"""Openings as nft's commands."""

from datetime import timedelta
from ipaddress import ip_address

from tests.daemon_case import NOW, opening, policy

from portward.compile.names import person_number
from portward.daemon.grants import sets_of, spell_openings


def test_a_door_and_who_it_is_for_in_one_transaction() -> None:
    """Each element is given its time whether or not it is there already."""
    number = person_number("alice")
    assert spell_openings(policy(), [opening()], NOW) == [
        f"add element inet portward people_v4 {{ 192.0.2.7 . {number} }}",
        f"delete element inet portward people_v4 {{ 192.0.2.7 . {number} }}",
        f"add element inet portward people_v4 {{ 192.0.2.7 . {number} timeout 3600s }}",
        "add element inet portward grant_ssh_v4 { 192.0.2.7 }",
        "delete element inet portward grant_ssh_v4 { 192.0.2.7 }",
        "add element inet portward grant_ssh_v4 { 192.0.2.7 timeout 3600s }",
    ]


def test_an_address_is_cut_as_a_grant_is() -> None:
    """IPv6 by /64, where the policy says so."""
    lines = spell_openings(
        policy(grant_prefix_v6=64), [opening(address=ip_address("2001:db8::1:2:3:4"))], NOW
    )
    assert "add element inet portward grant_ssh_v6 { 2001:db8:: timeout 3600s }" in lines


def test_what_is_over_is_passed_over() -> None:
    assert spell_openings(policy(), [opening(length=timedelta(milliseconds=10))], NOW) == []


def test_everything_is_everything() -> None:
    """Who may open all and asks for all becomes trusted; who asks for some gets some."""
    assert sets_of(policy(), opening("root", "ssh", "web")) == ("*",)
    assert sets_of(policy(), opening("root", "ssh")) == ("ssh",)
    assert sets_of(policy(), opening("alice", "ssh")) == ("ssh",)
