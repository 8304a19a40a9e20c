"""How commands of RouterOS are spelled: one a line, full path, so that versions 6 and 7 read them alike.

Knows rules and values as text; what a rule is for, and which rules there are, is known elsewhere. LF ends a line, no
line goes on in the next one, and a value is in quotes wherever a router could read it otherwise.
"""

import re
from datetime import timedelta

import attrs

from portward.policy.notation import write_duration


OWN = "portward: "
"""What the comment of every rule of ours begins with."""
OLD = "portward-old"
"""The comment of rules of ours while newer ones take their place."""
ANCHOR = OWN + "place"
"""The comment of a rule that is there only for a moment, so that `place-before` finds a rule."""

Pairs = tuple[tuple[str, str], ...]
"""Properties and their values, not yet quoted; bytes that are not UTF-8 are surrogates."""


@attrs.frozen
class Row:
    """One rule of a firewall menu.

    Attributes:
        chain: where it stands.
        asks: its matchers.
        does: its action and what belongs to it.
        about: its comment, without the mark that it is ours.
    """

    chain: str
    asks: Pairs
    does: Pairs
    about: str


def accept() -> Pairs:
    """Let the packet in; no rule below is asked, ours or others'."""
    return (("action", "accept"),)


def drop() -> Pairs:
    """End the packet."""
    return (("action", "drop"),)


def back() -> Pairs:
    """Go back to the chain that jumped here."""
    return (("action", "return"),)


def jump(chain: str) -> Pairs:
    """Go on in a chain, and come back where it ends."""
    return (("action", "jump"), ("jump-target", chain))


def remember(name: str, length: timedelta) -> Pairs:
    """Put the source on a list, or give it a new time there; the packet goes on to the next rule."""
    return (
        ("action", "add-src-to-address-list"),
        ("address-list", name),
        ("address-list-timeout", write_duration(whole_seconds(length))),
    )


def on(name: str) -> Pairs:
    """Ask whether the source is on a list."""
    return (("src-address-list", name),)


def whole_seconds(length: timedelta) -> timedelta:
    """Round up to what a list's timeout can say; nought, which would be for ever, never comes out."""
    return timedelta(seconds=max(1, -(-length // timedelta(seconds=1))))


_PLAIN = re.compile(r"[A-Za-z0-9_.,:/!*-]+", re.ASCII)
_ESCAPED = {ord(each): f"\\{each}" for each in '"\\$?'}


def quote(text: str) -> str:
    r"""Spell a value: plain if nobody can misread it, else in quotes, ASCII only.

    `"`, `\`, `$` and `?` are escaped; other bytes that are not printable ASCII are two hexadecimal digits.
    """
    if _PLAIN.fullmatch(text):
        return text
    raw = text.encode(errors="surrogateescape")
    return '"' + "".join(_ESCAPED.get(each) or _byte(each) for each in raw) + '"'


def _byte(number: int) -> str:
    return chr(number) if 0x20 <= number < 0x7F else f"\\{number:02X}"


def spell(pairs: Pairs) -> str:
    """Spell properties."""
    return " ".join(f"{name}={quote(value)}" for name, value in pairs)


def add(menu: str, row: Row, *, first: bool = False) -> str:
    """Spell the command that adds a rule: at the end, or above all rules of its chain that a person could have made.

    A rule for the `first` place needs another rule in its chain; see `anchor`.
    """
    pairs = (("chain", row.chain), *row.asks, *row.does, ("comment", OWN + row.about))
    place = f" place-before=([find where chain={row.chain} and dynamic=no]->0)" if first else ""
    return f"{menu} add {spell(pairs)}{place}"


def anchor(menu: str, chain: str) -> str:
    """Spell a rule that does nothing, at the end of a chain: now the chain has one."""
    pairs = (("chain", chain), ("action", "passthrough"), ("disabled", "yes"), ("comment", ANCHOR))
    return f"{menu} add {spell(pairs)}"


def weigh_anchor(menu: str) -> str:
    """Take it away again."""
    return f"{menu} remove [find where comment={quote(ANCHOR)}]"


def retire(menu: str) -> str:
    """Mark our earlier rules, which stay until the newer ones are in force."""
    return f'{menu} set [find where comment~"^{OWN}"] comment={OLD}'


def remove_old(menu: str) -> str:
    """Remove the rules so marked."""
    return f"{menu} remove [find where comment={OLD}]"


def remove_own(menu: str) -> str:
    """Remove every rule of ours."""
    return f'{menu} remove [find where comment~"^{OWN}"]'


def forget(menu: str, prefix: str) -> str:
    """Take every source off the lists whose names begin so."""
    return f'{menu} remove [find where list~"^{prefix}"]'
