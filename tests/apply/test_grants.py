"""Grants by hand: which set, which key, which lines."""

from datetime import timedelta
from ipaddress import ip_address

import pytest

from portward.apply.grants import Grant, as_grant_set, choose, ending, grant_sets, renewal
from portward.apply.listing import Block, Listing
from portward.apply.live import Element
from portward.errors import UsageError


def block(name: str, comment: str = "") -> Block:
    """A set."""
    return Block("set", name, ("flags dynamic,timeout", f'comment "{comment}"'))


SETS = grant_sets(
    Listing(
        (),
        {
            each.key: each
            for each in (
                block("trusted_v4", "trusted, by /32"),
                block("trusted_v6", "trusted, by /64"),
                block("grant_ssh_v4", "may reach ssh, by /24"),
                block("grant_ssh_v6", "may reach ssh, by /64"),
                block("grant_web-1_v4", "may reach web-1, by /32"),
                block("stages_v4", "how far"),
            )
        },
    )
)


def test_only_sets_of_grants_count() -> None:
    assert [each.service for each in SETS] == ["*", "*", "ssh", "ssh", "web-1"]


def test_a_set_whose_comment_is_gone_is_for_whole_addresses() -> None:
    found = as_grant_set(block("grant_ssh_v6"))
    assert found is not None
    assert found.prefix == 128


def test_the_key_is_the_address_cut_to_the_gates_prefix() -> None:
    address = ip_address("2001:db8::1:2:3:4")
    assert choose(SETS, "ssh", address).key(address) == "2001:db8::"
    assert choose(SETS, "ssh", ip_address("192.0.2.7")).key(ip_address("192.0.2.7")) == "192.0.2.0"


def test_a_misspelt_service_is_told_with_what_there_is() -> None:
    with pytest.raises(UsageError, match="did you mean web-1"):
        choose(SETS, "web1", ip_address("192.0.2.7"))
    with pytest.raises(UsageError, match=r"there are: ssh, web-1, and \* for everything"):
        choose(SETS, "database", ip_address("192.0.2.7"))


def test_a_renewal_adds_deletes_and_adds_in_one_go() -> None:
    """What is there may not be renewed by `add`, and what is not cannot be deleted."""
    assert renewal("grant_ssh_v4", Element(("192.0.2.0",), timedelta(hours=2))) == [
        "add element inet portward grant_ssh_v4 { 192.0.2.0 }",
        "delete element inet portward grant_ssh_v4 { 192.0.2.0 }",
        "add element inet portward grant_ssh_v4 { 192.0.2.0 timeout 7200s }",
    ]


def test_an_end_does_not_mind_that_the_grant_ran_out() -> None:
    assert [line.split()[0] for line in ending("grant_ssh_v4", "192.0.2.0")] == ["add", "delete"]


def test_a_network_is_shown_as_one() -> None:
    assert Grant("ssh", "192.0.2.0", 24, None).who == "192.0.2.0/24"
    assert Grant("ssh", "192.0.2.7", 32, None).who == "192.0.2.7"
    assert Grant("ssh", "2001:db8::", 64, None).who == "2001:db8::/64"
