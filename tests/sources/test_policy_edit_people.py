"""People in a policy's text: all else stays byte for byte."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.policies import policies

from portward.policy.people import AddressRule, Person
from portward.policy.policy import Policy
from portward.sources.policy_edit_people import add_person, remove_person, revoke_person
from portward.sources.policy_reader import read_policy
from portward.sources.policy_text import write_policy


HOUR = timedelta(hours=1)
BOB = Person("bob", ("*",), HOUR)
ALICE = Person(
    "alice",
    ("ssh", "web"),
    timedelta(hours=8),
    (ip_network("198.51.100.0/24"),),
    datetime(2027, 7, 1, tzinfo=UTC),
    address=AddressRule.MUST_MATCH,
)
TEXT = """# mine
[people.bob]   # the other one
opens = "*"    # all
# about carol
[people.carol]
opens = ["ssh"]
revoked = false # for now
[sealed]
port = 62203
"""


def test_a_person_is_added_at_the_end() -> None:
    assert add_person(TEXT, ALICE) == TEXT + (
        '\n[people.alice]\nopens = ["ssh", "web"]\nopen_for = "8h"\nfrom = ["198.51.100.0/24"]\n'
        'until = "2027-06-30"\naddress = "must-match"\n'
    )
    assert add_person("", BOB, open_for=False) == '[people.bob]\nopens = "*"\n'


def test_a_person_that_is_there_is_not_added() -> None:
    with pytest.raises(ValueError, match="already"):
        add_person(TEXT, BOB)


def test_a_person_is_revoked_where_they_stand() -> None:
    assert revoke_person(TEXT, "bob") == TEXT.replace('"*"    # all', '"*"    # all\nrevoked = true')
    assert revoke_person(TEXT, "carol") == TEXT.replace("revoked = false", "revoked = true")
    once = revoke_person(TEXT, "bob")
    assert revoke_person(once, "bob") == once


def test_a_person_is_taken_out_with_the_comments_inside() -> None:
    assert remove_person(TEXT, "bob") == "# mine\n" + TEXT[TEXT.index("[people.carol]") :]
    assert remove_person(TEXT, "carol").endswith("# about carol\n[sealed]\nport = 62203\n")
    assert remove_person('schema = 1\n[people.bob]\nopens = "*"\n', "bob") == "schema = 1\n"


@pytest.mark.parametrize("text", ["", "[people.bobby]\nopens = '*'\n", "[services.bob]\n"])
def test_a_person_that_is_not_there_is_told(text: str) -> None:
    for change in (revoke_person, remove_person):
        with pytest.raises(ValueError, match="no person bob"):
            change(text, "bob")


@pytest.mark.parametrize(
    "text", ['people = { bob = { opens = "*" } }\n', '[people]\nbob = { opens = "*" }\n']
)
def test_what_cannot_be_done_is_left_to_the_hand(text: str) -> None:
    assert "revoked = true" in revoke_person(text, "bob")
    with pytest.raises(ValueError, match="by hand"):
        remove_person(text, "bob")


def read(text: str) -> Policy:
    policy, found = read_policy(text, "f")
    assert policy is not None, found
    return policy


@settings(max_examples=60, deadline=None)
@given(policies(), st.data())
def test_any_policy_means_the_same_but_for_the_change(policy: Policy, data: st.DataObject) -> None:
    text = write_policy(policy)
    new = Person("new-one", ("*",), HOUR)
    if not any(each.name == "new-one" for each in policy.people):
        assert read(add_person(text, new)).people == (*policy.people, new)
    if policy.people:
        person = data.draw(st.sampled_from(policy.people))
        assert read(revoke_person(text, person.name)).person(person.name).revoked
        left = tuple(each for each in policy.people if each != person)
        changed = read(remove_person(text, person.name))
        assert (changed.people, changed.services, changed.ways) == (left, policy.services, policy.ways)
