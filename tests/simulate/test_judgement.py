"""Judgements as values."""

from portward.policy.policy import Sizes
from portward.simulate.judgement import Judgement, Reason, Verdict
from portward.simulate.state import empty


def test_the_last_reason_decided() -> None:
    reasons = (Reason("5.3", "a knock"), Reason("5.6", "a closed port"))
    assert Judgement(empty(Sizes()), Verdict.LEAVE, reasons).line == "5.6"
