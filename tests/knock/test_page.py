"""The knock page as text. What a browser makes of it is shown in the namespaces' tests."""

import base64
import hashlib
import html.parser
import json
import re
from datetime import timedelta

import attrs
import pytest

from portward.check.well_known import BROWSERS_REFUSE
from portward.errors import UsageError
from portward.knock.page import browser_delay, check_link, page
from portward.knock.profile import Profile
from portward.policy.notation import read_knock


GATE = Profile("gate", "gate.example.org", tuple(map(read_knock, ("tcp/40001", "tcp/20002"))))
HOUR = timedelta(hours=1)
FIFTH = timedelta(milliseconds=200)


def gate_of(text: str) -> dict[str, object]:
    """What the page's script is told."""
    found = re.search(r'<script type="application/json" id="gate">(.*?)</script>', text)
    assert found
    loaded: dict[str, object] = json.loads(found[1])
    return loaded


def test_the_page_knows_the_gate() -> None:
    text = page(GATE, FIFTH, HOUR, "https://gate.example.org/")
    assert gate_of(text) == {
        "host": "gate.example.org",
        "ports": [40001, 20002],
        "delay": 200,
        "time": "1h",
        "link": "https://gate.example.org/",
    }
    assert "{{" not in text


def test_an_ipv6_address_is_bracketed() -> None:
    assert gate_of(page(attrs.evolve(GATE, host="2001:db8::1"), FIFTH, HOUR))["host"] == "[2001:db8::1]"


def test_every_knock_that_a_browser_cannot_send_is_named() -> None:
    knocks = tuple(
        map(read_knock, ("udp/7=geheim", "icmp/128", "tcp/6000", "tcp/10080", "tcp/5", "tcp/6000"))
    )
    with pytest.raises(UsageError) as caught:
        page(attrs.evolve(GATE, knocks=knocks), FIFTH, HOUR)
    assert str(caught.value) == (
        "a web page cannot knock this sequence: udp/7=… is no TCP knock; icmp/128 is no TCP knock; "
        "browsers block tcp/6000; browsers block tcp/10080"
    )


def test_the_list_of_blocked_ports_is_the_standards() -> None:
    """Fetch Standard, "bad port": 82 of them but port 0, which is no knock."""
    assert len(BROWSERS_REFUSE) == 82
    assert {22, 25, 6697, 10080, 4190} <= BROWSERS_REFUSE
    assert not {80, 443, 8080, 33333} & BROWSERS_REFUSE


@pytest.mark.parametrize(
    "link", ["http://a/", "https://[2001:db8::1]:8443/x?y#z", "ssh://me@gate:22", "vnc://h"]
)
def test_links_to_services(link: str) -> None:
    check_link(link)


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "gate.example.org",
        "http://",
        "http://a b/",
        "http://[",
        "x",
    ],
)
def test_no_other_links(link: str) -> None:
    with pytest.raises(UsageError, match="no link to a service"):
        check_link(link)


class Tags(html.parser.HTMLParser):
    """Collects what a page loads or links to."""

    def __init__(self) -> None:
        super().__init__()
        self.outside: list[str] = []

    def handle_starttag(self, _tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note what would be fetched or followed."""
        self.outside += [name for name, value in attributes if name in {"src", "href", "action"} and value]


def test_the_page_loads_nothing() -> None:
    tags = Tags()
    tags.feed(page(GATE, FIFTH, HOUR, "https://gate.example.org/"))
    assert tags.outside == []


def test_the_policy_allows_this_style_and_this_script_only() -> None:
    """The hashes are of what stands in the page."""
    text = page(GATE, FIFTH, HOUR)
    found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert found
    for tag in ("style", "script"):
        inner = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert inner
        digest = base64.b64encode(hashlib.sha256(inner[1].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in found[1]
    assert "default-src 'none'" in found[1]
    assert "unsafe" not in found[1]


def test_nothing_of_the_link_gets_out_of_its_string() -> None:
    link = "https://h/</script><script>alert(1)</script>"
    text = page(GATE, FIFTH, HOUR, link)
    assert text.count("<script") == 2
    assert gate_of(text)["link"] == link


def test_a_browser_gets_as_much_time_as_the_steps_allow() -> None:
    assert browser_delay([]) == browser_delay([timedelta(minutes=1)]) == timedelta(milliseconds=700)
    assert browser_delay([timedelta(seconds=9), timedelta(milliseconds=600)]) == FIFTH


def test_the_page_tells_how_long_to_wait_after_a_failure() -> None:
    text = page(attrs.evolve(GATE, penalty=timedelta(minutes=3)), FIFTH, HOUR)
    assert "the gate may ignore you for 3m" in text
