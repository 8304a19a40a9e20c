from pathlib import Path

from portward.check.rules import check
from portward.sources.policy_keys import SECTIONS
from portward.sources.policy_reader import read_policy
from portward.sources.policy_reference import EXAMPLE, reference_page


FILE = Path(__file__).parents[2] / "docs" / "policy.md"


def test_the_page_in_the_documentation_is_made_from_the_keys() -> None:
    assert FILE.read_text() == reference_page(), "run tools/policy_docs"


def test_every_key_is_on_the_page() -> None:
    page = reference_page()
    for section in SECTIONS:
        assert all(f"| `{key.name}` |" in page for key in section.keys)


def test_the_example_has_no_mistake_and_needs_no_advice() -> None:
    policy, found = read_policy(EXAMPLE, "example")
    assert policy is not None, found
    assert check(policy) == ()
