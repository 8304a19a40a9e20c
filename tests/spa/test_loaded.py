"""What is loaded, as the reference machine takes it; and that no trace opens what its senders may not open."""

from datetime import UTC, datetime, timedelta

import attrs
import keyed_traces as keyed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keyed_rights import entitled
from traces import Send, imagined

from portward.policy.net import Knock, Protocol
from portward.policy.policy import Policy
from portward.simulate.loaded import KeyWindow, Word
from portward.simulate.machine import Machine
from portward.simulate.visit import network_of
from portward.spa.ahead import Load
from portward.spa.loaded import loaded


MOMENT = datetime(2026, 3, 1, 12, 10, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_moments_become_seconds_of_the_packets_clock() -> None:
    """What began before the first packet has begun at a negative time."""
    knock = Knock(Protocol.UDP, 20001)
    load = Load(99, 7, MOMENT - 5 * SECOND, MOMENT + 60 * SECOND, "alice", (bytes(16),), (knock,), 0x70)
    found = loaded([load], MOMENT, [(b"12345678", MOMENT + SECOND)])
    assert found.windows == (KeyWindow(-5.0, 60.0, "alice", (bytes(16),), (knock,), 0x70),)
    assert found.words == (Word(b"12345678", 1.0),)


cases = keyed.policies.flatmap(
    lambda policy: st.tuples(st.just(policy), keyed.traces(policy), st.integers(-3600, 3600))
)


@given(cases)
@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_no_trace_opens_a_service_for_somebody_who_may_not_have_it(
    case: tuple[Policy, list[keyed.Action], int],
) -> None:
    """Whoever is granted a service has sent a whole sequence, or a pass that nobody sent before, of who may open it."""
    policy, actions, seconds = case
    moment = MOMENT + timedelta(seconds=seconds)
    trace = keyed.resolved(actions, policy, moment)
    allowed = entitled(policy, trace, moment)
    machine = Machine(policy, loaded=loaded(keyed.loads_of(policy, moment), moment, keyed.words_of(moment)))
    packets = (
        (number * 0.001, imagined(each)) for number, each in enumerate(trace) if isinstance(each, Send)
    )
    for judgement in machine.run(packets):
        for grant in judgement.granted:
            prefix = grant.network.prefixlen
            assert (grant.service, grant.network) in {
                (service, network_of(who, prefix))
                for service, who in allowed
                if who.version == grant.network.version
            }


@given(cases)
@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_keys_that_are_not_loaded_open_nothing(case: tuple[Policy, list[keyed.Action], int]) -> None:
    """With nothing loaded only the policy's own sequences open."""
    policy, actions, _ = case
    trace = keyed.resolved(actions, policy, MOMENT)
    packets = (
        (number * 0.001, imagined(each)) for number, each in enumerate(trace) if isinstance(each, Send)
    )
    judgements = list(Machine(policy).run(packets))
    assert not any(grant.person for each in judgements for grant in each.granted)


@given(cases)
@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_judging_leaves_the_state_that_was_given(case: tuple[Policy, list[keyed.Action], int]) -> None:
    """`judge` and `run` bring the same about, and a state that was given is as it was."""
    policy, actions, _ = case
    trace = keyed.resolved(actions, policy, MOMENT)
    machine = Machine(policy, loaded=loaded(keyed.loads_of(policy, MOMENT), MOMENT, keyed.words_of(MOMENT)))
    packets = [
        (number * 0.001, imagined(each)) for number, each in enumerate(trace) if isinstance(each, Send)
    ]
    state, start = machine.start(), machine.start()
    for (now, packet), judgement in zip(packets, machine.run(packets, start), strict=True):
        judged = machine.judge(state, packet, now)
        assert attrs.evolve(judged, state=start) == attrs.evolve(judgement, state=start)
        state = judged.state
    assert start == machine.start()
