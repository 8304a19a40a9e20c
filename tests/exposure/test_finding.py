import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.exposure.finding import guarded, made_public
from portward.sources.policy_reader import read_policy


@given(st.text(min_size=1, max_size=60))
def test_any_name_becomes_one_that_the_policy_takes(name: str) -> None:
    policy, mistakes = read_policy(f"schema = 1\n{guarded(name, 'tcp/22').text}\n", "f")
    assert policy is not None, mistakes


@pytest.mark.parametrize("port", ["tcp/22", "udp/53"])
def test_public_is_a_line_of_the_policy(port: str) -> None:
    policy, mistakes = read_policy(f"schema = 1\n{made_public(port).text}\n", "f")
    assert policy is not None, mistakes
