"""People's chains: what a key opens, for whom, and that nobody's leave nothing."""

from ipaddress import ip_network

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.compile.keyed import ALICE, BOB, chain, has_chain, policy
from tests.policies import policies
from tests.policies import ways as any_ways

from portward.compile import names
from portward.compile.lower import lower
from portward.compile.nft import compile_policy
from portward.compile.people import chains, maps, sets, with_keys, with_tokens
from portward.policy.people import Passes, Person, Rolling, Sealed, Ways
from portward.policy.policy import Policy


WITH_PASSES = Ways(passes=Passes(62202))
V4, V6 = ip_network("192.0.2.0/24"), ip_network("2001:db8::/32")


def unpublished(kept: Policy) -> Policy:
    """The same without published ports, which must fit the services' own, as drawn ones do not."""
    return attrs.evolve(kept, services=tuple(attrs.evolve(each, published=()) for each in kept.services))


@given(policies().map(unpublished), any_ways)
def test_a_policy_without_people_compiles_to_what_it_was_without_ways(kept: Policy, given_ways: Ways) -> None:
    """The cost of the feature is zero where it is not used."""
    nobody = attrs.evolve(kept, people=(), ways=given_ways)
    assert lower(nobody) == lower(attrs.evolve(nobody, ways=Ways()))


@given(policies().map(unpublished))
def test_people_without_a_way_add_nothing(kept: Policy) -> None:
    alone = attrs.evolve(kept, ways=Ways())
    assert lower(alone) == lower(attrs.evolve(alone, people=()))


def test_a_key_writes_down_who_came_before_it_opens() -> None:
    """A grant that nobody could take back is never given: at a full set the rule breaks off."""
    rules = chain(policy(WITH_PASSES), "person_alice")
    assert (
        "update @people_v4 { ip saddr . meta mark timeout 8h } update @grant_ssh_v4 { ip saddr timeout 8h } "
        'update @grant_web_v4 { ip saddr timeout 8h } counter name "opened"'
    ) in rules
    assert rules.endswith("goto after_key")


def test_everything_is_one_set() -> None:
    rules = chain(policy(WITH_PASSES, BOB), "person_bob")
    assert "update @trusted_v4 { ip saddr timeout 1h }" in rules
    assert "grant_" not in rules


def test_a_grant_covers_the_prefix_of_the_policy() -> None:
    rules = chain(policy(WITH_PASSES, grant_prefix_v6=64), "person_alice")
    assert "update @people_v6 { ip6 saddr & ffff:ffff:ffff:ffff:: . meta mark timeout 8h }" in rules
    assert "update @grant_ssh_v6 { ip6 saddr & ffff:ffff:ffff:ffff:: timeout 8h }" in rules


def test_from_is_asked_first_and_bars_the_other_family() -> None:
    rules = chain(policy(WITH_PASSES, attrs.evolve(ALICE, networks=(V4,))), "person_alice")
    assert "ip saddr @from_alice_v4 update @people_v4" in rules
    assert "meta nfproto ipv6 goto after_key" in rules
    assert "people_v6" not in rules


def test_networks_of_both_families_have_a_set_each() -> None:
    found = {each.name for each in sets(policy(WITH_PASSES, attrs.evolve(ALICE, networks=(V4, V6))))}
    assert found == {"people_v4", "people_v6", "from_alice_v4", "from_alice_v6"}


@pytest.mark.parametrize(
    "gone",
    [attrs.evolve(ALICE, revoked=True), attrs.evolve(ALICE, opens=())],
    ids=["revoked", "opens nothing"],
)
def test_who_may_open_nothing_has_no_chain(gone: Person) -> None:
    """And where that is all of them, nothing of passes is left but that the port is closed."""
    assert with_tokens(policy(WITH_PASSES, gone, BOB)) == (BOB,)
    assert not has_chain(policy(WITH_PASSES, gone, BOB), "person_alice")
    alone = policy(WITH_PASSES, gone)
    assert not [*maps(alone), *chains(alone)]
    assert "udp . 62202 : goto closed" in compile_policy(alone).text
    assert not has_chain(alone, "pass")


@pytest.mark.parametrize(
    ("given_ways", "keys", "tokens"),
    [
        (Ways(), False, False),
        (WITH_PASSES, True, True),
        (Ways(rolling=Rolling(20000, 24999)), True, True),
        (Ways(sealed=Sealed(62203)), True, False),
    ],
)
def test_who_has_keys_and_tokens(given_ways: Ways, *, keys: bool, tokens: bool) -> None:
    """Sealed knocks are the daemon's affair: the kernel has no chain for their people."""
    kept = policy(given_ways)
    assert with_keys(kept) is keys
    assert bool(with_tokens(kept)) is tokens
    assert has_chain(kept, "person_alice") is tokens


@given(st.lists(st.text("abcdefghijklmnopqrstuvwxyz", min_size=1), max_size=20, unique=True))
def test_each_person_has_a_number_that_leads_to_the_chain(given_names: list[str]) -> None:
    everybody = tuple(attrs.evolve(ALICE, name=each) for each in given_names)
    found = {
        key: verdict
        for made in maps(Policy(people=everybody, ways=WITH_PASSES))
        for (key,), verdict in made.elements
    }
    assert len(found) == len(everybody)
    for each in everybody:
        assert names.person_chain(each.name) in str(found[names.person_number(each.name)])
