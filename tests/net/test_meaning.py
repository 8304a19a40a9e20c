"""The reference machine and the compiled ruleset in the kernel agree, for random policies and random packets."""

import time
from collections.abc import Iterator

import pytest
from gate import Gate, gate, pause
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from traces import LONGEST_BURST, PAUSE, Send, dispatch, imagined, policies, traces

from portward.policy.policy import Policy
from portward.simulate.judgement import Verdict
from portward.simulate.machine import Machine


pytestmark = pytest.mark.net

cases = policies.flatmap(lambda policy: st.tuples(st.just(policy), traces(policy)))


@pytest.fixture(scope="module")
def here() -> Iterator[Gate]:
    """One gate for all examples; each loads its own policy."""
    with gate() as made:
        yield made


@given(cases)
@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
def test_the_machine_and_the_kernel_agree(here: Gate, case: tuple[Policy, list[Send]]) -> None:
    """Packet by packet, the same are left alone and the same are dropped."""
    policy, sends = case
    here.load(policy)
    here.left()
    numbers, moments = [], []
    burst = time.monotonic()
    for each in sends:
        if each.late:
            pause(PAUSE)
            burst = time.monotonic()
        numbers.append(dispatch(here, each))
        moments.append(time.monotonic())
        assume(moments[-1] - burst < LONGEST_BURST)
    left = here.left()
    judgements = Machine(policy).run(zip(moments, map(imagined, sends), strict=True))
    opened = False
    for each, number, judgement in zip(sends, numbers, judgements, strict=True):
        opened = opened or bool(judgement.granted)
        assert (judgement.verdict is Verdict.LEAVE) == (number in left), (each, judgement.reasons)
    event("a door opened" if opened else "nothing opened")
