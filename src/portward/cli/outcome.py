"""What a command gives back: the same facts for people and for programs."""

from typing import Any

import attrs

from portward.cli.exit import ExitStatus
from portward.errors import Diagnostic, Severity


@attrs.frozen
class Outcome:
    """The end of a command.

    Attributes:
        text: for people, on stdout; may be empty. No trailing newline.
        result: for `--json`: dicts, lists, strings, numbers, booleans, None.
        status: the exit code.
        changed: whether anything on this machine or another is different now.
        diagnostics: mistakes and advice, in the order to print them.
        sources: the texts that the diagnostics point into, by file name, for the line and caret below each.
    """

    text: str = ""
    result: Any = None
    status: ExitStatus = ExitStatus.OK
    changed: bool = False
    diagnostics: tuple[Diagnostic, ...] = ()
    sources: dict[str, str] = attrs.field(factory=dict)


def failure(status: ExitStatus, message: str) -> Outcome:
    """Make the outcome of a command that could not do its work, for one reason without a place in a file."""
    return Outcome(status=status, diagnostics=(Diagnostic("", Severity.ERROR, message),))
