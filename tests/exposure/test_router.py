from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from portward.exposure.router import audit_script
from portward.exposure.router_settings import RULES


ARTICLE = Path(__file__).parents[2] / "lab/article.txt"


def told(text: str) -> list[tuple[str, str]]:
    return [(each.code, each.subject) for each in audit_script(text.encode(), "r.rsc")[0]]


@given(st.binary(max_size=400))
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    audit_script(data, "r.rsc")


def test_the_article_leaves_its_router_open() -> None:
    """It has no drop rule: knocking opens nothing there."""
    found, _ = audit_script(ARTICLE.read_bytes(), "article.txt")
    assert "PX511" in {each.code for each in found}


def test_a_piece_of_a_script_is_judged_by_what_it_says() -> None:
    assert told("/ip service set telnet disabled=yes\n/ip service set ftp disabled=yes\n") == []
    assert told("") == []


def test_every_finding_of_a_router_has_its_line_and_its_command() -> None:
    findings, _ = audit_script(b"# nothing\n/ip socks set enabled=yes\n", "r.rsc")
    assert [(each.code, each.span and each.span.line) for each in findings] == [("PX505", 2)]
    assert findings[0].remedies[0].text == "/ip socks set enabled=no"


def test_what_was_not_judged_is_said() -> None:
    _, remarks = audit_script(b"/ip socks set enabled=no\n", "r.rsc")
    assert any("no whole export" in each for each in remarks)


def test_rules_have_the_sentence_that_they_keep() -> None:
    assert all(each.__doc__ for each in RULES)
