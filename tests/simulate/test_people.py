"""What a key opens, and for whom."""

from datetime import timedelta
from ipaddress import ip_network

import attrs
import pytest
from tests.simulate.keyed import ALICE, BOB, BOBS_PASS, PASS, SECOND_PASS, WAYS, gate, opened
from tests.simulate.transcript import OTHER, VISITOR, VISITOR_6

from portward.policy.people import Sealed, Ways
from portward.policy.policy import Policy, Sizes
from portward.simulate.people import with_tokens


def test_a_person_opens_what_is_theirs() -> None:
    here = gate(attrs.evolve(ALICE, opens=("ssh", "vpn")))
    judgement = here.hears_data(PASS)
    assert opened(judgement) == [("ssh", "alice"), ("vpn", "alice")]
    assert judgement.granted[0].until == pytest.approx(here.now + 3600)
    assert here.is_open()
    assert not here.is_open(source=OTHER)


def test_everything_is_one_grant() -> None:
    here = gate()
    assert opened(here.hears_data(BOBS_PASS)) == [("*", "bob")]
    assert here.is_open()


def test_from_is_where_a_person_must_be() -> None:
    """The pass is used up all the same."""
    here = gate(attrs.evolve(ALICE, networks=(ip_network("192.0.2.8/32"),)))
    assert not here.hears_data(PASS).granted
    assert not here.hears_data(SECOND_PASS, source=VISITOR_6).granted
    assert not here.hears_data(PASS, source=OTHER).granted


def test_from_lets_in_who_is_there() -> None:
    here = gate(attrs.evolve(ALICE, networks=(ip_network("2001:db8::/32"), ip_network("192.0.2.0/24"))))
    assert here.hears_data(PASS).granted
    assert here.hears_data(SECOND_PASS, source=VISITOR_6).granted


def test_the_newer_grant_replaces_the_older() -> None:
    here = gate(attrs.evolve(ALICE, open_for=timedelta(seconds=10)), attrs.evolve(BOB, opens=("ssh",)))
    here.hears_data(BOBS_PASS)
    here.hears_data(PASS)
    here.now += 11
    assert not here.is_open()


def test_a_grant_covers_the_prefix() -> None:
    here = gate(grant_prefix_v4=24)
    here.hears_data(PASS)
    assert here.is_open(source=OTHER)


def test_who_came_from_where_is_remembered() -> None:
    here = gate()
    here.hears_data(PASS)
    assert set(here.state.people[4].ends) == {(int(VISITOR), "alice")}


def test_where_that_set_is_full_nothing_opens_for_a_new_pair() -> None:
    """But the pass is used up, and who is in it already comes in."""
    here = gate(sizes=Sizes(grants=64))
    for number in range(64):
        here.state.people[4].update((number, "bob"), 0.0, 900.0)
    full = here.hears_data(PASS)
    assert not full.granted
    assert "full" in full.reasons[0].text
    assert "used up" in here.hears_data(PASS).reasons[0].text
    here.state.people[4].ends[int(VISITOR), "alice"] = here.state.people[4].ends.pop((0, "bob"))
    assert here.hears_data(SECOND_PASS).granted


def test_where_a_set_of_grants_is_full_what_follows_stays_shut() -> None:
    here = gate(attrs.evolve(ALICE, opens=("ssh", "vpn")), sizes=Sizes(grants=64))
    for number in range(64):
        here.state.grant("ssh", 4).update(number, 0.0, 900.0)
    assert not here.hears_data(PASS).granted


def test_who_has_tokens() -> None:
    """Not who is revoked, nor who opens nothing, nor anybody where the kernel judges no key."""
    people = (ALICE, attrs.evolve(BOB, revoked=True), attrs.evolve(BOB, name="carol", opens=()))
    assert with_tokens(Policy(people=people, ways=WAYS)) == {"alice": ALICE}
    assert not with_tokens(Policy(people=people, ways=Ways(sealed=Sealed(62203))))


def test_a_grant_from_outside_is_a_grant() -> None:
    """The daemon's, for a sealed knock, or one by hand."""
    here = gate()
    before = here.state
    here.state = here.machine.grant(before, "ssh", VISITOR, here.now, here.now + 60)
    assert here.is_open()
    assert not before.grants
    here.now += 61
    assert not here.is_open()
