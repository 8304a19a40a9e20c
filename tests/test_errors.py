"""Mistakes are values with a place; exceptions say whose fault it is."""

import attrs
import pytest

from portward import errors
from portward.errors import Diagnostic, PolicyError, PortwardError, Severity, Span


def test_a_diagnostic_reads_as_file_line_column() -> None:
    """What editors and people jump to."""
    diagnostic = Diagnostic(
        "PW104", Severity.ERROR, "port 0 is not in 1..65535", Span("policy.toml", 4, 10, 7)
    )
    assert str(diagnostic) == "policy.toml:4:10: error[PW104]: port 0 is not in 1..65535"
    assert str(attrs.evolve(diagnostic, span=None)).startswith("error[PW104]")
    assert str(Diagnostic("", Severity.NOTE, "that is so")) == "note: that is so"


def test_a_policy_error_holds_every_mistake() -> None:
    """In the order of the text, and as one text."""
    found = [Diagnostic("PW101", Severity.ERROR, f"mistake {number}") for number in (1, 2)]
    error = PolicyError(found, {"f": "text"})
    assert error.diagnostics == tuple(found)
    assert "mistake 1" in str(error)
    assert "mistake 2" in str(error)
    assert error.sources == {"f": "text"}


def test_there_are_few_exceptions_with_one_root() -> None:
    """At most eight, told apart by whose fault it is."""
    classes = [
        each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Exception)
    ]
    assert len(classes) <= 8
    assert all(issubclass(each, PortwardError) for each in classes)


def test_a_diagnostic_does_not_change() -> None:
    """It is collected, sorted and shown; nobody edits it on the way."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Span("f", 1, 1).line = 2  # type: ignore[misc]
