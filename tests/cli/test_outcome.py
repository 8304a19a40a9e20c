"""What a command gives back."""

from portward.cli.exit import ExitStatus
from portward.cli.outcome import Outcome, failure
from portward.errors import Severity


def test_a_failure_has_one_error_without_a_place() -> None:
    outcome = failure(ExitStatus.HOST, "no nft here")
    assert (outcome.status, outcome.text, outcome.changed) == (ExitStatus.HOST, "", False)
    (only,) = outcome.diagnostics
    assert (only.severity, only.message, only.span) == (Severity.ERROR, "no nft here", None)


def test_nothing_said_is_all_well() -> None:
    assert Outcome().status is ExitStatus.OK
