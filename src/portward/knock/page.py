"""The knock page: one HTML file, complete in itself, whose button knocks a TCP sequence from a browser.

The first knock is touched twice, since a browser looks the name up and wakes its network while the first
runs. Its Content-Security-Policy names the page's own script and style by hash, so nothing else runs in it.
"""

import base64
import hashlib
import html
import json
import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import Final
from urllib.parse import urlsplit

from portward.check.well_known import BROWSERS_REFUSE
from portward.errors import UsageError
from portward.knock.invitation import OPENS_ONCE
from portward.knock.profile import Profile
from portward.policy.net import Knock, Protocol
from portward.policy.notation import write_duration, write_knock


LINK_SCHEMES: Final = ("http", "https", "ssh", "sftp", "rdp", "vnc")
"""What a link may begin with: things that open a service, and nothing that runs in the page."""

SLOWEST: Final = timedelta(milliseconds=700)
"""Time for one knock: enough for a phone to open a connection."""


def page(
    profile: Profile, delay: timedelta, open_for: timedelta, link: str = "", *, once: bool = False
) -> str:
    """Write the page.

    Args:
        profile: the gate and its knocks.
        delay: how long one knock takes.
        open_for: how long the door stays open; only told.
        link: where to go afterwards, or empty.
        once: whether the sequence opens once; only told.

    Raises:
        UsageError: a knock that no browser can send, or a link that a page must not follow.
    """
    check_knocks(profile.knocks)
    if link:
        check_link(link)
    gate = {
        "host": f"[{profile.host}]" if ":" in profile.host else profile.host,
        "ports": [knock.number for knock in profile.knocks],
        "delay": round(delay.total_seconds() * 1000),
        "time": write_duration(open_for),
        "link": link,
    }
    about = f"{len(profile.knocks)} knocks, and the door is open for {write_duration(open_for)}."
    if once:
        about += f" {OPENS_ONCE}"
    wait = (
        f"the gate may ignore you for {write_duration(profile.penalty)}"
        if profile.penalty
        else "a few seconds"
    )
    return fill(
        policy=content_policy(template()),
        title=html.escape(f"Knock at {profile.host}"),
        about=html.escape(about),
        wait=html.escape(wait),
        gate=json.dumps(gate).replace("<", "\\u003c"),
    )


def browser_delay(step_timeouts: Iterable[timedelta]) -> timedelta:
    """How long one knock may take in a browser: a third of the shortest step; the first takes two."""
    return min((SLOWEST, *(step / 3 for step in step_timeouts)))


def check_knocks(knocks: Iterable[Knock]) -> None:
    """Refuse a sequence that a browser cannot knock.

    Raises:
        UsageError: naming each such knock.
    """
    if reasons := tuple(_reasons(knocks)):
        raise UsageError(f"a web page cannot knock this sequence: {'; '.join(dict.fromkeys(reasons))}")


def _reasons(knocks: Iterable[Knock]) -> Iterator[str]:
    for knock in knocks:
        name = write_knock(knock, secret=False)
        if knock.protocol is not Protocol.TCP:
            yield f"{name} is no TCP knock"
        elif knock.number in BROWSERS_REFUSE:
            yield f"browsers block {name}"


def check_link(link: str) -> None:
    """Refuse a link that is none, or that would run something.

    Raises:
        UsageError: saying what a link is.
    """
    try:
        parts = urlsplit(link)
        good = (
            parts.scheme in LINK_SCHEMES and bool(parts.hostname) and link.isprintable() and " " not in link
        )
    except ValueError:
        good = False
    if not good:
        raise UsageError(f"{link!r} is no link to a service: write {', '.join(LINK_SCHEMES)}, then ://HOST")


@cache
def template() -> str:
    """The page with its blanks."""
    return (files("portward.knock") / "page.html").read_text(encoding="utf-8")


def content_policy(text: str) -> str:
    """Write the Content-Security-Policy: the page's own style and script by hash, and connections."""
    style = _hash_of(r"<style>(.*?)</style>", text)
    script = _hash_of(r"<script>(.*?)</script>", text)
    return (
        f"default-src 'none'; style-src '{style}'; script-src '{script}'; connect-src http: https:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash_of(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.DOTALL)
    assert found, "the template lacks what its policy names"  # noqa: S101 - our own file
    return f"sha256-{base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode()}"


def fill(**blanks: str) -> str:
    """Fill the blanks of the template, each in one pass, so that no value is filled again."""
    return re.sub(r"\{\{(\w+)\}\}", lambda found: blanks[found[1]], template())
