"""The text format of packets, one a line: `0.5 192.0.2.7 > 198.51.100.1 tcp/33333`; see docs/simulating.md.

Pure: text in, sightings out, every mistake at once with its place.
"""

import re
from collections.abc import Callable
from typing import TypeVar

import attrs

from portward.errors import Diagnostic, PolicyError, Severity, Span
from portward.policy.notation import read_address
from portward.simulate.packet import Cast, Host, Packet
from portward.simulate.sighting import Sighting
from portward.simulate.trace_words import Draft, read_option, read_what


_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|#.*|[^\s"#]+')
_TIME = re.compile(r"(\+?)(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h|d|w)?", re.ASCII)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
Value = TypeVar("Value")


@attrs.frozen
class Token:
    """A word of a line, and where it starts."""

    text: str
    span: Span


class Mistakes:
    """Collects what is wrong."""

    def __init__(self) -> None:
        self.found: list[Diagnostic] = []

    def add(self, token: Token, message: str, hint: str = "") -> None:
        """Note a mistake at a word."""
        self.found.append(Diagnostic("", Severity.ERROR, message, token.span, hint))


def read_trace(text: str, file: str, host: Host | None = None) -> tuple[Sighting, ...]:
    """Read a whole trace.

    Without a host, every unicast packet is for this host unless its line says `forwarded` or `out`; with one,
    the addresses decide.

    Raises:
        PolicyError: with every mistake; `sources` holds the text, payloads blotted out.
    """
    mistakes = Mistakes()
    sightings: list[Sighting] = []
    now = 0.0
    for number, line in enumerate(text.splitlines(), 1):
        tokens = split(line, file, number)
        if not tokens:
            continue
        then = read_time(tokens[0], now, mistakes)
        sighting = read_line(tokens, then, mistakes, host)
        now = then
        if sighting:
            sightings.append(sighting)
    if mistakes.found:
        raise PolicyError(mistakes.found, {file: blot(text)})
    return tuple(sightings)


def split(line: str, file: str, number: int) -> list[Token]:
    """Cut a line into words; a comment is left out."""
    found = _TOKEN.finditer(line)
    return [
        Token(each[0], Span(file, number, each.start() + 1, len(each[0])))
        for each in found
        if not each[0].startswith("#")
    ]


def blot(text: str) -> str:
    """Hide what stands in quotes or after `hex:` or `=`, which may be a secret word, and keep the columns."""
    return re.sub(r'"(?:[^"\\\n]|\\.)*"?|hex:\S*|=\S*', lambda found: "*" * len(found[0]), text)


def read_time(token: Token, now: float, mistakes: Mistakes) -> float:
    """Read `1.5`, `+500ms` or `+7d`, in seconds; on a mistake the time stands still."""
    found = _TIME.fullmatch(token.text)
    if not found:
        hint = "write seconds, such as 1.5, or a step, such as +500ms or +7d"
        mistakes.add(token, f"{token.text!r} is no time", hint)
        return now
    time = float(found[2]) * _UNITS[found[3] or "s"] + (now if found[1] else 0.0)
    if time < now:
        mistakes.add(token, f"{token.text} is before the packet above", "write a step with +, such as +1s")
        return now
    return time


def read_line(tokens: list[Token], time: float, mistakes: Mistakes, host: Host | None) -> Sighting | None:
    """Read the packet of one line; None if there is a mistake."""
    before = len(mistakes.found)
    if len(tokens) < 5 or tokens[2].text != ">":
        hint = "write: TIME SOURCE > DESTINATION PROTOCOL/NUMBER, such as 0 192.0.2.7 > 198.51.100.1 tcp/22"
        mistakes.add(tokens[min(2, len(tokens) - 1)], "this is no packet", hint)
        return None
    source = attempt(read_address, tokens[1], mistakes)
    destination = attempt(read_address, tokens[3], mistakes)
    what = attempt(read_what, tokens[4], mistakes)
    draft = Draft()
    words = iter(tokens[5:])
    for token in words:
        try:
            read_option(token.text, lambda: next(words).text, draft)
        except StopIteration:
            mistakes.add(token, f"something is missing after {token.text}")
        except ValueError as error:
            mistakes.add(token, str(error))
    if source is None or destination is None or what is None or len(mistakes.found) > before:
        return None
    try:
        return settle(draft.packet(source, destination, what), time, draft, host, tokens[0].span)
    except ValueError as error:
        mistakes.add(tokens[4], str(error))
        return None


def settle(packet: Packet, time: float, draft: Draft, host: Host | None, span: Span) -> Sighting:
    """Say whether the packet is for this host or from it."""
    unicast = packet.cast is Cast.UNICAST
    if host:
        local, outgoing = unicast and packet.destination in host.addresses, packet.source in host.addresses
    else:
        local, outgoing = unicast and draft.place not in {"forwarded", "out"}, draft.place == "out"
    packet = attrs.evolve(packet, local=local)
    return Sighting(time, packet, outgoing=outgoing, state_given=draft.state is not None, span=span)


def attempt(reader: Callable[[str], Value], token: Token, mistakes: Mistakes) -> Value | None:
    """Read a word; a mistake is noted and gives None."""
    try:
        return reader(token.text)
    except ValueError as error:
        mistakes.add(token, str(error))
        return None
