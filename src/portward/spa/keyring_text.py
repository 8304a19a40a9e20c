"""The text of keys: TOML to a keyring and back, and the gate's own key.

Pure: text in, values and all mistakes out, each with its line. A key's bytes, public or secret, never get into a
message.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from portward.errors import Diagnostic, PolicyError, Severity, Span
from portward.sources.policy_keys import NAME
from portward.sources.toml_text import TomlText, read_toml
from portward.spa.crypto import AesMode, public_of
from portward.spa.keyring import FwknopKey, HmacDigest, Keyring, SealedKey, ServerKey, Term, TokenKey
from portward.spa.spelling import (
    read_base64,
    read_flag,
    read_key,
    read_moment,
    read_text,
    read_whole,
    write_base64,
    write_moment,
)


SCHEMA: Final = 1
"""The version of the text; it grows only when a key goes or changes its meaning."""

LARGEST_SLOT: Final = 255
"""There are at most 256 slots (`policy.people.Rolling`)."""

LONGEST_USERNAME: Final = 64
"""Of fwknop's packets (libfko, MAX_SPA_USERNAME_SIZE)."""

Reader = Callable[[Any], Any]


def _person(value: object) -> str:
    if not NAME.fullmatch(read_text(value)):
        msg = "must be a person's name as in the policy"
        raise ValueError(msg)
    return str(value)


def _one_of(choices: type[HmacDigest] | type[AesMode]) -> Reader:
    def read(value: object) -> HmacDigest | AesMode:
        text = read_text(value)
        if text not in tuple(choices):
            msg = f"must be one of {', '.join(choices)}"
            raise ValueError(msg)
        return choices(text)

    return read


def _username(value: object) -> str:
    if len(read_text(value)) > LONGEST_USERNAME or not read_text(value).isprintable():
        msg = f"must be at most {LONGEST_USERNAME} printable characters"
        raise ValueError(msg)
    return str(value)


_TERM: Final[Mapping[str, Reader]] = {"since": read_moment, "until": read_moment}
_TABLES: Final[Mapping[str, Mapping[str, Reader]]] = {
    "sealed": {
        "person": _person,
        "public": read_key,
        "psk": lambda value: read_key(value) if value != "" else b"",
        **_TERM,
    },
    "token": {
        "person": _person,
        "secret": read_key,
        "slot": lambda value: read_whole(value, 0, LARGEST_SLOT),
        **_TERM,
    },
    "fwknop": {
        "person": _person,
        "key": lambda value: read_base64(value, 1, 32),
        "hmac_key": lambda value: read_base64(value, 0, 128),
        "hmac_digest": _one_of(HmacDigest),
        "mode": _one_of(AesMode),
        "legacy": read_flag,
        "username": _username,
        **_TERM,
    },
}
_DEFAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "sealed": {"psk": b""},
    "token": {},
    "fwknop": {
        "hmac_key": b"",
        "hmac_digest": HmacDigest.SHA256,
        "mode": AesMode.CBC,
        "legacy": False,
        "username": "",
    },
}
_MAKERS: Final[Mapping[str, Callable[..., Any]]] = {
    "sealed": SealedKey,
    "token": TokenKey,
    "fwknop": FwknopKey,
}


class _Mistakes:
    """Collects what is wrong with one text."""

    def __init__(self, toml: TomlText) -> None:
        self._toml = toml
        self.found: list[Diagnostic] = []

    def add(self, message: str, *path: str | int, hint: str = "") -> None:
        """Tell a mistake at a path, or at the closest thing around it."""
        places: list[Span] = [
            span
            for end in range(len(path), 0, -1)
            for table in (self._toml.values, self._toml.keys)
            if (span := table.get(path[:end]))
        ]
        self.found.append(Diagnostic("", Severity.ERROR, message, places[0] if places else None, hint))


def read_keyring(text: str, file: str) -> Keyring:
    """Read keys; `file` is the text's name for messages.

    Raises:
        PolicyError: with every mistake, each with its line.
    """
    toml, wrong = _opened(text, file)
    found: dict[str, list[Any]] = {name: [] for name in _TABLES}
    for name, tables in toml.data.items():
        if name == "schema":
            continue
        if name not in _TABLES:
            wrong.add(f"unknown key {name!r}; there are [[sealed]], [[token]] and [[fwknop]]", name)
        elif not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
            wrong.add(f"{name} is a list of tables, each written [[{name}]]", name)
        else:
            found[name] = [_read_key(name, each, (name, at), wrong) for at, each in enumerate(tables)]
    if wrong.found:
        raise PolicyError(wrong.found)
    return Keyring(tuple(found["sealed"]), tuple(found["token"]), tuple(found["fwknop"]))


def _opened(text: str, file: str) -> tuple[TomlText, _Mistakes]:
    """Read TOML and judge the version of its form."""
    toml = read_toml(text, file)
    if isinstance(toml, Diagnostic):
        raise PolicyError([Diagnostic("", Severity.ERROR, toml.message, toml.span, toml.hint)])
    wrong = _Mistakes(toml)
    if toml.data.get("schema") != SCHEMA:
        where = toml.values.get(("schema",), Span(file, 1, 1))
        sentence = f"schema must be {SCHEMA}; this portward knows no other"
        wrong.found.append(Diagnostic("", Severity.ERROR, sentence, where))
    return toml, wrong


def _read_key(name: str, table: Mapping[str, Any], path: tuple[str | int, ...], wrong: _Mistakes) -> Any:
    """Read one key; None if something is wrong with it."""
    readers, values, before = _TABLES[name], dict(_DEFAULTS[name]), len(wrong.found)
    for key, value in table.items():
        if key not in readers:
            wrong.add(f"unknown key {key!r} in [[{name}]]; known are {', '.join(readers)}", *path, key)
            continue
        try:
            values[key] = readers[key](value)
        except ValueError as error:
            wrong.add(f"{name}.{key}: {error}", *path, key)
    for key in readers:
        if key not in table and key not in _DEFAULTS[name] and key != "until":
            wrong.add(f"[[{name}]] lacks {key}", *path)
    if values.get("legacy") and values.get("hmac_key"):
        wrong.add("legacy keys have no HMAC", *path, "legacy")
    if len(wrong.found) > before:
        return None
    term = Term(values.pop("since"), values.pop("until", None))
    return _MAKERS[name](**values, term=term)


def write_keyring(keyring: Keyring) -> str:
    """Write what `read_keyring` reads, secrets included."""
    blocks = (
        *(_block("sealed", _sealed(each), each.term) for each in keyring.sealed),
        *(_block("token", _token(each), each.term) for each in keyring.tokens),
        *(_block("fwknop", _fwknop(each), each.term) for each in keyring.fwknop),
    )
    return "\n".join((f"schema = {SCHEMA}\n", *blocks))


def _sealed(key: SealedKey) -> Iterator[tuple[str, str]]:
    yield "person", key.person
    yield "public", write_base64(key.public)
    if key.psk:
        yield "psk", write_base64(key.psk)


def _token(key: TokenKey) -> Iterator[tuple[str, str | int]]:
    yield "person", key.person
    yield "secret", write_base64(key.secret)
    yield "slot", key.slot


def _fwknop(key: FwknopKey) -> Iterator[tuple[str, str | bool]]:
    yield "person", key.person
    yield "key", write_base64(key.key)
    if key.hmac_key:
        yield "hmac_key", write_base64(key.hmac_key)
    yield "hmac_digest", key.hmac_digest
    yield "mode", key.mode
    if key.legacy:
        yield "legacy", True
    if key.username:
        yield "username", key.username


def _block(name: str, pairs: Iterable[tuple[str, str | int]], term: Term) -> str:
    lines = [f"[[{name}]]", *(f"{key} = {_spelled(value)}" for key, value in pairs)]
    lines.append(f'since = "{write_moment(term.since)}"')
    if term.until:
        lines.append(f'until = "{write_moment(term.until)}"')
    return "\n".join(lines) + "\n"


def _spelled(value: str | int) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return (
        '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    )  # printable, so nothing else needs escaping


def read_server_key(text: str, file: str) -> ServerKey:
    """Read the gate's own key.

    Raises:
        PolicyError: with every mistake.
    """
    toml, wrong = _opened(text, file)
    private = b""
    for key, value in toml.data.items():
        if key == "private":
            try:
                private = read_key(value)
            except ValueError as error:
                wrong.add(f"private: {error}", key)
        elif key != "schema":
            wrong.add(f"unknown key {key!r}; there is private", key)
    if "private" not in toml.data:
        wrong.found.append(Diagnostic("", Severity.ERROR, "the file lacks private", Span(file, 1, 1)))
    if wrong.found:
        raise PolicyError(wrong.found)
    return ServerKey(private, public_of(private))


def write_server_key(key: ServerKey) -> str:
    """Write what `read_server_key` reads."""
    return f'schema = {SCHEMA}\nprivate = "{write_base64(key.private)}"\n'
