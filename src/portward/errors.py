"""What can go wrong, as values and as a handful of exceptions.

A mistake in a file is a `Diagnostic`: a value, never raised on its own, collected with all its siblings.
An exception says whose fault it is: the user's file (`PolicyError`), the user's words (`UsageError`), the
kernel or router (`TargetError`), the machine we run on (`HostError`), or the other end (`PeerError`). A builtin
exception is our own bug. This module knows nothing of files, terminals or policies.
"""

import enum
from collections.abc import Iterable, Mapping

import attrs


@attrs.frozen
class Span:
    """A place in a text: where a value stands.

    Lines and columns count from 1; a column counts characters (not bytes). `length` is at least 1 and never
    reaches past the end of the line.
    """

    file: str
    line: int
    column: int
    length: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Severity(enum.StrEnum):
    """How much a diagnostic matters: an `ERROR` stops the work, `ADVICE` and `NOTE` never do."""

    ERROR = "error"
    ADVICE = "advice"
    NOTE = "note"


@attrs.frozen
class Diagnostic:
    """One thing to say about one place.

    Attributes:
        code: `PW` and three digits, stable for ever; `portward explain CODE` tells more.
        severity: see `Severity`.
        message: one sentence, lower-case start, no full stop. Never holds a secret.
        span: where; None when the mistake has no place (a missing file).
        hint: what to do, often "did you mean …"; may be empty.
    """

    code: str
    severity: Severity
    message: str
    span: Span | None = None
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.span}: " if self.span else ""
        code = f"[{self.code}]" if self.code else ""
        return f"{place}{self.severity}{code}: {self.message}"


class PortwardError(Exception):
    """The root of all that portward raises on purpose."""


class PolicyError(PortwardError):
    """The user's file is wrong.

    Attributes:
        diagnostics: every mistake that was found, in the order of the text.
        sources: the texts that the diagnostics point into, by file name, secret words blotted out.
    """

    def __init__(self, diagnostics: Iterable[Diagnostic], sources: Mapping[str, str] | None = None) -> None:
        self.diagnostics = tuple(diagnostics)
        self.sources = dict(sources or {})
        super().__init__("\n".join(str(each) for each in self.diagnostics))


class UsageError(PortwardError):
    """The command line asks for what cannot be done (exit code 2)."""


class TargetError(PortwardError):
    """The kernel or the router refused what we asked of it: nothing was changed, unless the message says what was."""


class HostError(PortwardError):
    """The machine lacks what is needed: a program, a permission, a file."""


class PeerError(PortwardError):
    """The other end did not do its part: a door that did not open, a name that does not resolve."""
