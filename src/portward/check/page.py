"""What there is to know about one code: its page, and the diagnostics that bear it.

A page stands in the module of the rule that gives its code, or, for codes that the readers give, in `form`.
"""

from textwrap import dedent

import attrs

from portward.errors import Diagnostic, Severity, Span


@attrs.frozen
class Page:
    """One code, explained under fixed headings.

    Attributes:
        code: `PW` and three digits, stable for ever.
        severity: what it usually is.
        title: one line, for lists.
        what: what is found.
        why: what comes of it.
        example: a policy that gives the code.
        fix: the same policy without it.
        example_part: what stands in `policy.d/more.toml` beside the example.
        fix_part: the same beside the fix.
        by_hand: whether the example is no policy, but says how to come by the code.
    """

    code: str
    severity: Severity
    title: str
    what: str
    why: str
    example: str
    fix: str
    example_part: str = ""
    fix_part: str = ""
    by_hand: bool = False

    def at(
        self, span: Span | None, message: str, hint: str = "", severity: Severity | None = None
    ) -> Diagnostic:
        """Make a diagnostic with this code."""
        return Diagnostic(self.code, severity or self.severity, message, span, hint)


def page(  # noqa: PLR0913 - the headings of a page
    code: str,
    severity: Severity,
    title: str,
    *,
    what: str,
    why: str,
    example: str,
    fix: str,
    example_part: str = "",
    fix_part: str = "",
    by_hand: bool = False,
) -> Page:
    """Write a page; the texts may be indented as the code around them."""
    return Page(
        code,
        severity,
        title,
        _joined(what),
        _joined(why),
        dedent(example).strip(),
        dedent(fix).strip(),
        dedent(example_part).strip(),
        dedent(fix_part).strip(),
        by_hand,
    )


def _joined(text: str) -> str:
    """One paragraph on one line."""
    return " ".join(text.split())
