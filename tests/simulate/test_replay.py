"""A trace, run through the machine with connection tracking beside it."""

from tests.simulate.transcript import policy, sequence

from portward.simulate.machine import Machine
from portward.simulate.replay import Step, replay
from portward.simulate.trace import read_trace


def replayed(text: str) -> list[Step]:
    machine = Machine(policy(sequence(knocks="tcp/1 tcp/2")))
    return list(replay(machine, read_trace(text, "x.trace")))


def verdicts(text: str) -> list[str]:
    return [str(step.judgement.verdict) if step.judgement else "sent" for step in replayed(text)]


def test_a_connection_that_was_let_in_outlives_its_grant() -> None:
    """And one that was not let in stays out."""
    ack = "192.0.2.7 > 198.51.100.1 tcp/22 ack"
    visit = f"""
        0   192.0.2.7 > 198.51.100.1 tcp/22
        +1  {ack}
        +1  192.0.2.7 > 198.51.100.1 tcp/1
        +1  192.0.2.7 > 198.51.100.1 tcp/2
        +1  192.0.2.7 > 198.51.100.1 tcp/22
        +2h {ack}
        +0  192.0.2.7 > 198.51.100.1 tcp/22
    """
    assert verdicts(visit) == ["drop", "drop", "leave", "leave", "leave", "leave", "drop"]


def test_the_answer_to_a_query_of_this_host_is_let_in() -> None:
    steps = replayed(
        "0 198.51.100.1 > 9.9.9.9 udp/53 from 51820 out\n1 9.9.9.9 > 198.51.100.1 udp/51820 from 53\n"
    )
    assert steps[0].judgement is None
    assert steps[1].judgement is not None
    assert steps[1].judgement.line == "2"


def test_a_state_that_is_given_counts() -> None:
    [step] = replayed("0 9.9.9.9 > 198.51.100.1 udp/51820 state established")
    assert step.judgement is not None
    assert step.judgement.line == "2"
