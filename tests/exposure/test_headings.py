from portward.errors import Severity
from portward.exposure.headings import exposure_page


def test_an_exposure_page_is_no_policy() -> None:
    """Its example is text, so nobody checks it as TOML."""
    page = exposure_page("PX999", Severity.NOTE, "t", what="a\n  b", why="c", example="d", fix="e")
    assert page.by_hand
    assert page.what == "a b"
