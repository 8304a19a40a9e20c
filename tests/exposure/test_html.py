import re
from html.parser import HTMLParser

import attrs
from tests.exposure.firewalls import host, listener

from portward.exposure.html import page
from portward.exposure.judge import audit


VOID = {"meta", "br", "hr", "img", "link", "input"}


class Checker(HTMLParser):
    """Counts that every element is closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attributes: object) -> None:
        """Remember what has to be closed."""
        del attributes
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost one."""
        assert self.open.pop() == tag


def written(title: str = "gate") -> str:
    done = audit(
        host(listener("tcp/23", program="in.telnetd"), listener("tcp/6379", "127.0.0.1", "redis-server"))
    )
    return page(title, done.findings, done.shown, ("something",))


def test_every_element_is_closed() -> None:
    checker = Checker()
    checker.feed(written())
    assert checker.open == []


def test_nothing_is_loaded_from_elsewhere() -> None:
    assert not re.search(r"(?:src|href)=|@import|url\(|<script", written())


def test_what_a_host_says_is_escaped() -> None:
    assert "<b>evil" not in written("<b>evil")
    done = audit(host(attrs.evolve(listener("tcp/4711"), unit="<i>x.service")))
    assert "<i>x" not in page("gate", done.findings, done.shown, ())


def test_findings_mends_and_ports_are_there() -> None:
    text = written()
    assert "PX101" in text
    assert "ports = [&quot;tcp/23&quot;]" in text
    assert "<td>tcp/6379</td>" in text


def test_a_clean_host_is_told_so() -> None:
    assert "Nothing is wrong" in page("gate", (), (), ())
