"""The text of profiles: `client.toml` and invitations are read, written and added to here.

Pure: text in, values and mistakes out. It knows nothing of files, sockets or the clock. A secret word never
gets into a message.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from portward.errors import Diagnostic, PolicyError, Severity, Span, UsageError
from portward.knock.profile import (
    MOST_COPIES,
    Family,
    Profile,
    read_delay,
    read_host,
    read_name,
)
from portward.policy.net import MAX_PORT, Knock
from portward.policy.notation import read_address, read_duration, read_knock, write_duration, write_knock


SCHEMA: Final = 1
"""The version of the text; it grows only when a key goes or changes its meaning."""

_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_AT = re.compile(r" \(at line (\d+), column (\d+)\)$")

Wrong = Callable[..., None]
"""Takes a message, the path of keys to its place, and a hint."""


def _text(value: object) -> str:
    if not isinstance(value, str):
        msg = "must be a string"
        raise ValueError(msg)  # noqa: TRY004 - every reader says ValueError, so that mistakes are collected alike
    return value


def _number(value: object, first: int, last: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not first <= value <= last:
        msg = f"must be a whole number in {first}..{last}"
        raise ValueError(msg)
    return value


def _array(value: object) -> list[object]:
    if not isinstance(value, list):
        msg = "must be an array"
        raise ValueError(msg)  # noqa: TRY004 - the same
    return value


def _read_knocks(value: object) -> tuple[Knock, ...]:
    knocks = tuple(read_knock(_text(each)) for each in _array(value))
    if not knocks:
        msg = "must hold at least one knock"
        raise ValueError(msg)
    return knocks


def _read_family(value: object) -> Family:
    try:
        return Family(_text(value))
    except ValueError:
        msg = f"must be one of {', '.join(Family)}, as a string"
        raise ValueError(msg) from None


def _read_fwknop(value: object) -> Any:
    from portward.knock.fwknop_text import read_fwknop  # noqa: PLC0415 - only who has one pays for it

    return read_fwknop(value)


def _read_sealed(value: object) -> Any:
    from portward.knock.sealed_profile import read_sealed  # noqa: PLC0415 - the same

    return read_sealed(value)


def _read_token(value: object) -> Any:
    from portward.knock.token_profile import read_token  # noqa: PLC0415 - the same

    return read_token(value)


_KEYS: Final[Mapping[str, Any]] = {
    "host": lambda value: read_host(_text(value)),
    "sequence": lambda value: _text(value) and read_name(_text(value)),
    "knocks": _read_knocks,
    "delay": lambda value: read_delay(_text(value)),
    "copies": lambda value: _number(value, 1, MOST_COPIES),
    "verify": lambda value: tuple(_number(each, 1, MAX_PORT) for each in _array(value)),
    "ssh_port": lambda value: _number(value, 1, MAX_PORT),
    "family": _read_family,
    "penalty": lambda value: read_duration(_text(value)),
    "source": lambda value: read_address(_text(value)),
    "fwknop": _read_fwknop,
    "sealed": _read_sealed,
    "token": _read_token,
}
_REQUIRED: Final = ("host", "knocks")
_INSTEAD: Final = frozenset({"fwknop", "sealed", "token"})
"""Keys with which a profile needs no knocks."""


def read_profiles(text: str, file: str) -> tuple[Profile, ...]:
    """Read `client.toml` or an invitation; `file` is its name for messages.

    Raises:
        PolicyError: with every mistake, each with its line where it can be found.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError([_syntax_mistake(str(error), text, file)]) from None
    mistakes: list[Diagnostic] = []
    lines = text.split("\n")

    def wrong(message: str, *path: str, hint: str = "") -> None:
        mistakes.append(Diagnostic("", Severity.ERROR, message, _find(lines, file, path), hint))

    if document.get("schema") != SCHEMA:
        wrong(f"schema must be {SCHEMA}; this portward knows no other", "schema")
    for key in document.keys() - {"schema", "profiles"}:
        wrong(f"unknown key {key!r}; a profile is a table [profiles.NAME]", key)
    tables = document.get("profiles", {})
    if not isinstance(tables, dict):
        wrong("profiles must be a table of tables: [profiles.NAME]", "profiles")
        tables = {}
    found = [_read_profile(name, table, wrong) for name, table in tables.items()]
    if mistakes:
        raise PolicyError(mistakes)
    return tuple(profile for profile in found if profile)


def _read_profile(name: str, table: object, wrong: Wrong) -> Profile | None:
    try:
        read_name(name)
    except ValueError as error:
        wrong(str(error), name)
        return None
    if not isinstance(table, dict):
        wrong(f"profiles.{name} must be a table", name)
        return None
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in _KEYS:
            wrong(f"unknown key {key!r} in profile {name}", name, key, hint=_guess(key))
            continue
        try:
            values[key] = _KEYS[key](value)
        except ValueError as error:
            wrong(f"profiles.{name}.{key}: {error}", name, key)
    if _INSTEAD & table.keys():
        values.setdefault("knocks", ())
    missing = [key for key in _REQUIRED if key not in table and key not in values]
    for key in missing:
        wrong(f"profile {name} lacks {key}", name)
    if missing or any(key not in values for key in _REQUIRED):
        return None
    return Profile(name=name, **values)


def _guess(key: str) -> str:
    import difflib  # noqa: PLC0415 - for mistakes only

    close = difflib.get_close_matches(key, _KEYS, n=1)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(_KEYS)}"


def _syntax_mistake(message: str, text: str, file: str) -> Diagnostic:
    """Turn the parser's sentence into a place: it names a line and column, or the end of the document."""
    place = _AT.search(message)
    span = Span(file, int(place[1]), int(place[2])) if place else Span(file, text.rstrip().count("\n") + 1, 1)
    return Diagnostic("", Severity.ERROR, f"no TOML: {message.partition(' (at ')[0]}", span)


def _find(lines: list[str], file: str, path: tuple[str, ...]) -> Span:
    """Find the line of a key in TOML as people write it, below its `[profiles.NAME]`; line 1 if in vain."""
    begin = 0
    if len(path) == 2:
        begin = _find(lines, file, path[:1]).line
    heading = re.compile(rf"\s*(?:\[\s*profiles\s*\.\s*)?[\"']?{re.escape(path[-1])}[\"']?\s*[]=.]")
    for number, line in enumerate(lines[begin:], begin + 1):
        if match := heading.match(line):
            indent = len(line) - len(line.lstrip())
            return Span(file, number, indent + 1, max(1, match.end() - indent))
    return Span(file, begin or 1, 1)


def write_profiles(profiles: tuple[Profile, ...]) -> str:
    """Write what `read_profiles` reads, secret words included."""
    return f"schema = {SCHEMA}\n" + "".join(f"\n{write_profile(each)}" for each in profiles)


def with_profile(text: str, profile: Profile, *, replace: bool, file: str) -> str:
    """Add a profile to the text of `client.toml`; what the user wrote there stays, comments included.

    Raises:
        PolicyError: the text has mistakes.
        UsageError: there is a profile of that name, and `replace` is false.
    """
    if not text.strip():
        return write_profiles((profile,))
    before = read_profiles(text, file)
    others = tuple(each for each in before if each.name != profile.name)
    if len(others) == len(before):
        return f"{text.rstrip()}\n\n{write_profile(profile)}"
    if not replace:
        raise UsageError(
            f"there is a profile {profile.name} already; --force replaces it, --name NAME keeps both"
        )
    wanted = (*others, profile)
    changed = f"{_cut(text, profile.name).rstrip()}\n\n{write_profile(profile)}"
    try:
        if read_profiles(changed, file) == wanted:
            return changed
    except PolicyError:
        pass  # the user's layout is beyond `_cut`: the values are kept, the comments are not
    return write_profiles(wanted)


def _cut(text: str, name: str) -> str:
    """Leave out the lines from `[profiles.NAME]` to the next heading."""
    kept = []
    inside = False
    for line in text.split("\n"):
        if line.lstrip().startswith("["):
            inside = (
                re.match(rf"\s*\[\s*profiles\s*\.\s*[\"']?{re.escape(name)}[\"']?\s*[].]", line) is not None
            )
        if not inside:
            kept.append(line)
    return "\n".join(kept)


def write_profile(profile: Profile) -> str:
    """Write the table of one profile; values that are the default are left out."""
    lines = [
        f"[profiles.{_key(profile.name)}]",
        f"host = {_quote(profile.host)}",
        f"knocks = [{', '.join(_quote(write_knock(each)) for each in profile.knocks)}]",
        f"delay = {_quote(write_duration(profile.delay))}",
    ]
    if profile.sequence:
        lines.insert(2, f"sequence = {_quote(profile.sequence)}")
    if profile.copies != 1:
        lines.append(f"copies = {profile.copies}")
    if profile.verify:
        lines.append(f"verify = [{', '.join(map(str, profile.verify))}]")
    if profile.ssh_port:
        lines.append(f"ssh_port = {profile.ssh_port}")
    if profile.family is not Family.ANY:
        lines.append(f"family = {_quote(profile.family)}")
    if profile.penalty:
        lines.append(f"penalty = {_quote(write_duration(profile.penalty))}")
    if profile.source:
        lines.append(f"source = {_quote(str(profile.source))}")
    if not profile.knocks:
        lines = [each for each in lines if not each.startswith("knocks = ")]
    text = "\n".join(lines) + "\n"
    return text + "".join(f"\n{each}" for each in _write_ways(profile))


def _write_ways(profile: Profile) -> Iterator[str]:
    """Write the tables of the other ways to knock."""
    heading = f"profiles.{_key(profile.name)}"
    if profile.fwknop:
        from portward.knock.fwknop_text import write_fwknop  # noqa: PLC0415 - the same

        yield write_fwknop(f"{heading}.fwknop", profile.fwknop)
    if profile.sealed:
        from portward.knock.sealed_profile import write_sealed  # noqa: PLC0415 - the same

        yield write_sealed(f"{heading}.sealed", profile.sealed)
    if profile.token:
        from portward.knock.token_profile import write_token  # noqa: PLC0415 - the same

        yield write_token(f"{heading}.token", profile.token)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _quote(name)


def _quote(text: str) -> str:
    """Write a TOML basic string (TOML 1.0, String): quote, backslash and control characters are escaped."""
    escaped = "".join(
        f"\\{char}"
        if char in '"\\'
        else f"\\u{ord(char):04x}"
        if ord(char) < 32 or ord(char) == 127
        else char
        for char in text
    )
    return f'"{escaped}"'
