"""What a sequence is worth, and how that is told."""

import pytest
from tests.simulate.transcript import policy, sequence

from portward.policy.policy import Policy
from portward.simulate.strength import Strength, bits, measure, summary
from portward.simulate.sweep import RATE


def only(kept: Policy) -> Strength:
    [found] = measure(kept)
    return found


def test_a_strict_sequence_out_of_order_is_never_swept_open() -> None:
    found = only(policy())
    assert [sweep.name for sweep in found.sweeps] == ["ascending", "descending", "random", "repeated"]
    assert not any(sweep.opened for sweep in found.sweeps)
    assert found.cheapest is None


def test_without_strict_n_ports_cost_at_most_n_rounds() -> None:
    """And not 2^(16n) packets: descending ports need one round each for a scanner that ascends."""
    found = only(policy(sequence(knocks="udp/4000 udp/3000 udp/2000 udp/1000", steps=60), strict=False))
    cost = {sweep.name: sweep.packets or 0 for sweep in found.sweeps}
    whole = 2 * 65535 + 1473
    assert found.bits == pytest.approx(64, abs=0.01)
    assert cost["ascending"] == 3 * whole + 65535 + 1000
    assert cost["descending"] < whole
    assert cost["random"] <= 4 * whole
    assert cost["repeated"] == (cost["ascending"] - 1) * 4 + 1


def test_ports_side_by_side_fall_to_one_sweep_even_with_strict() -> None:
    found = only(policy(sequence(knocks="tcp/1111 tcp/1112 tcp/1113")))
    assert found.cheapest is not None
    assert found.cheapest.packets == 1113
    assert found.cheapest.seconds == 1113 / RATE


def test_a_step_that_is_over_before_the_next_round_withstands_a_sweep_in_the_wrong_order() -> None:
    """A round takes 1.3 s at 100,000 packets a second; the step lasts 0.3 s."""
    slow = only(policy(sequence(knocks="tcp/60000 tcp/9", steps=0.3), strict=False))
    assert not slow.sweeps[0].opened
    assert only(policy(sequence(knocks="tcp/60000 tcp/9", steps=2), strict=False)).sweeps[0].opened


def test_a_word_is_never_swept() -> None:
    found = only(policy(sequence(knocks="udp/7000=mellon tcp/1"), strict=False))
    assert found.word_bits == 48
    assert not any(sweep.opened for sweep in found.sweeps)


@pytest.mark.parametrize(
    ("knocks", "expected"),
    [("tcp/1", 16.0), ("tcp/1 tcp/2", 32.0), ("tcp/1 udp/2", 34.0), ("icmp/90", 10.52), ("udp/1=abcd", 48.0)],
)
def test_bits(knocks: str, expected: float) -> None:
    """Each knock is one of all choices of the protocols that the sequence uses; a word's byte has at most 8 bits."""
    assert bits(sequence(knocks=knocks)) == pytest.approx(expected, abs=0.01)


def test_the_budget_goes_to_the_most_scannable_and_the_table_says_so() -> None:
    """Strengths come in the order of the policy all the same."""
    many = [
        sequence(f"s{number}", f"tcp/{9000 + number} tcp/{500 + number} tcp/{7000 + number}")
        for number in range(50)
    ]
    found = measure(policy(*many, sequence("side", "tcp/1 tcp/2")), budget=40)
    assert [each.sequence for each in found] == [*(each.name for each in many), "side"]
    assert found[-1].sweeps
    assert 0 < sum(bool(each.sweeps) for each in found) < 51
    assert f"Sweeps were run for {sum(bool(each.sweeps) for each in found)} of 51 sequences" in summary(found)


def test_the_summary_says_what_the_numbers_mean() -> None:
    loose = summary(measure(policy(strict=False)))
    assert "about n sweeps of" in loose
    assert "not 2^(16n)" in loose
    assert "never" in summary(measure(policy()))
    assert "in spite of strict: side" in summary(measure(policy(sequence("side", "tcp/1 tcp/2"))))
    assert "Words count" in summary(measure(policy(sequence(knocks="udp/1=abc tcp/2"))))
    assert "abc" not in summary(measure(policy(sequence(knocks="udp/1=abc tcp/2"))))
    assert summary(()) == ""


def test_the_table_is_no_wider_than_a_screen() -> None:
    found = summary(measure(policy(strict=False)))
    assert max(map(len, found.splitlines())) <= 110
