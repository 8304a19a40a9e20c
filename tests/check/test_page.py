from portward.check.page import page
from portward.errors import Diagnostic, Severity, Span


PAGE = page(
    "PW999", Severity.ADVICE, "a title", what="a\n    b", why="c", example="\n    x = 1\n    ", fix="x = 2\n"
)


def test_texts_may_be_indented_as_the_code_around_them() -> None:
    assert (PAGE.what, PAGE.example, PAGE.fix) == ("a b", "x = 1", "x = 2")


def test_a_diagnostic_bears_its_pages_code_and_severity() -> None:
    span = Span("f", 1, 1)
    assert PAGE.at(span, "m", "h") == Diagnostic("PW999", Severity.ADVICE, "m", span, "h")
    assert PAGE.at(None, "m", severity=Severity.ERROR).severity is Severity.ERROR
