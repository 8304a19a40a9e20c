"""The user's routers: `routers.toml` read, and a connection made to one of them.

The file is the user's alone, as is each password file. A password is in nothing that is printed or logged.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import attrs

from portward.apply.ros_api_link import ApiLink
from portward.apply.ros_link import Link
from portward.apply.ros_rest_link import RestLink
from portward.apply.ros_tls import Trust, open_stream
from portward.errors import Diagnostic, HostError, PolicyError, Severity, UsageError
from portward.knock.private import read_secret
from portward.knock.profile import read_host, read_name
from portward.policy.net import MAX_PORT
from portward.policy.notation import read_address
from portward.sources.did_you_mean import nearest
from portward.sources.toml_text import TomlText, read_toml


FILE_NAME: Final = "routers.toml"
SCHEMA: Final = 1
PORTS: Final = {("rest", True): 443, ("rest", False): 80, ("binary", True): 8729, ("binary", False): 8728}
"""The usual port of each protocol, with and without TLS (RouterOS manual, services)."""
SERVICES: Final = {
    ("rest", True): "www-ssl",
    ("rest", False): "www",
    ("binary", True): "api-ssl",
    ("binary", False): "api",
}
"""The item of `/ip service` that answers each protocol."""

_HEX: Final = re.compile(r"[0-9a-f]{64}")


@attrs.frozen
class Router:
    """One router.

    Attributes:
        name: what the user types; spelled as a profile's name.
        host: a name or an address without zone.
        user: who logs in; needs the router's policies `read`, `write` and `api` or `rest-api`.
        version: 6 or 7.
        api: `rest` (7 only) or `binary`.
        port: of its service; None for the usual one.
        password_file: an absolute path; empty to be asked.
        ca_file: authorities of the user's own; empty for the system's.
        fingerprint: SHA-256 of the router's certificate, lower-case hex; empty to check name and authority.
        tls_name: the name in the certificate, where it is not `host`.
        source: our address as the router sees it; empty to find it out.
        before: the comment of the rule that ours go before; empty to find the place.
    """

    name: str
    host: str
    user: str
    version: int = 7
    api: str = "rest"
    port: int | None = None
    password_file: str = ""
    ca_file: str = ""
    fingerprint: str = ""
    tls_name: str = ""
    source: str = ""
    before: str = ""

    def service(self, *, plain: bool) -> str:
        """The item of `/ip service` that we come in by."""
        return SERVICES[self.api, not plain]


@attrs.frozen
class Password:
    """A password that no `repr` and no error text shows."""

    text: str = attrs.field(repr=False)


def connect(router: Router, password: Password, *, plain: bool) -> Link:
    """Connect and log in; `plain` is without TLS, where everybody on the way reads the password.

    Raises:
        PeerError: nobody answers, another router answers, or the login is refused.
        HostError: a file is missing.
    """
    trust = Trust(not plain, router.ca_file, router.fingerprint, router.tls_name)
    port = router.port or PORTS[router.api, not plain]
    return (
        _rest(router, password, port, trust)
        if router.api == "rest"
        else _binary(router, password, port, trust)
    )


def _rest(router: Router, password: Password, port: int, trust: Trust) -> Link:
    link = RestLink(router.host, router.user, password.text, lambda: open_stream(router.host, port, trust))
    try:
        link.show("/system/identity")  # there is no login: the first answer tells
    except BaseException:
        link.close()
        raise
    return link


def _binary(router: Router, password: Password, port: int, trust: Trust) -> Link:
    link = ApiLink(open_stream(router.host, port, trust))
    try:
        link.login(router.user, password.text)
    except BaseException:
        link.close()
        raise
    return link


def find_router(directory: Path, name: str) -> Router:
    """Find one router by its name.

    Raises:
        UsageError: there is none of that name.
        HostError: there is no file, or it is not the user's alone.
        PolicyError: the file has mistakes.
    """
    path = directory / FILE_NAME
    if not path.exists():
        raise HostError(
            f"there is no {path}; write one (chmod 600) with schema = {SCHEMA} and, for each router, "
            f'[routers.NAME] with host = "…" and user = "…"'
        )
    routers = read_routers(read_secret(path), str(path))
    for each in routers:
        if each.name == name:
            return each
    known = ", ".join(each.name for each in routers) or "none"
    raise UsageError(f"{path} has no router {name!r}; it has: {known}")


def read_password(router: Router, path: Path | None) -> Password | None:
    """Read the password's file, the one given or the router's own; its first line counts. None without a file.

    Raises:
        HostError: it is not there, not the user's alone, or empty.
    """
    chosen = path or (Path(router.password_file) if router.password_file else None)
    return None if chosen is None else first_line(read_secret(chosen), str(chosen))


def first_line(text: str, where: str) -> Password:
    """The first line of a text as a password.

    Raises:
        HostError: it is empty.
    """
    line = text.split("\n", 1)[0].removesuffix("\r")
    if not line:
        raise HostError(f"{where}: the first line, which is the password, is empty")
    return Password(line)


def read_routers(text: str, file: str) -> tuple[Router, ...]:
    """Read `routers.toml`.

    Raises:
        PolicyError: with every mistake and its place.
    """
    document = read_toml(text, file)
    if isinstance(document, Diagnostic):
        raise PolicyError([document], {file: text})
    reader = _Reader(document)
    routers = reader.read()
    if reader.mistakes:
        raise PolicyError(reader.mistakes, {file: text})
    return routers


class _Reader:
    """Collects the mistakes of one file."""

    def __init__(self, document: TomlText) -> None:
        self._document = document
        self.mistakes: list[Diagnostic] = []

    def read(self) -> tuple[Router, ...]:
        data = self._document.data
        for key in data.keys() - {"schema", "routers"}:
            self._wrong((key,), f"unknown key {key!r}", nearest(key, ("schema", "routers")))
        if data.get("schema") != SCHEMA:
            self._wrong(("schema",), f"schema must be {SCHEMA}; this portward knows no other")
        tables = data.get("routers", {})
        if not isinstance(tables, dict):
            self._wrong(("routers",), "routers must be a table of tables: [routers.NAME]")
            return ()
        found = [self._router(name, table) for name, table in tables.items()]
        return tuple(each for each in found if each is not None)

    def _router(self, name: str, table: object) -> Router | None:
        before = len(self.mistakes)
        path = ("routers", name)
        if not isinstance(table, dict):
            self._wrong(path, f"routers.{name} must be a table")
            return None
        values = {"name": self._value(path, name, read_name)}
        for key, value in table.items():
            if key not in _KEYS:
                self._wrong((*path, key), f"unknown key {key!r}", nearest(key, tuple(_KEYS)))
            else:
                values[key] = self._value((*path, key), value, _KEYS[key])
        for key in ("host", "user"):
            if key not in table:
                self._wrong(path, f"router {name} lacks {key}")
        if values.get("version") == 6:
            if table.get("api", "binary") != "binary":
                self._wrong((*path, "api"), "version 6 has no REST: write binary")
            values["api"] = "binary"
        return Router(**values) if len(self.mistakes) == before else None

    def _value(self, path: tuple[str, ...], value: object, read: Callable[[Any], object]) -> Any:
        try:
            return read(value)
        except ValueError as error:
            self._wrong(path, f"{'.'.join(path)}: {error}")
            return None

    def _wrong(self, path: tuple[str, ...], message: str, hint: str = "") -> None:
        span = self._document.keys.get(path) or self._document.values.get(path)
        self.mistakes.append(Diagnostic("", Severity.ERROR, message, span, hint))


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        msg = "must be a string that is not empty"
        raise ValueError(msg)
    return value


def _one_of(*allowed: object) -> Callable[[object], object]:
    def read(value: object) -> object:
        if isinstance(value, bool) or value not in allowed:
            msg = f"must be {' or '.join(map(repr, allowed))}"
            raise ValueError(msg)
        return value

    return read


def _port(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_PORT:
        msg = f"must be a whole number in 1..{MAX_PORT}"
        raise ValueError(msg)
    return value


def _fingerprint(value: object) -> str:
    digits = _text(value).replace(":", "").lower()
    if not _HEX.fullmatch(digits):
        msg = "must be a SHA-256: 64 hexadecimal digits, as /certificate print shows it"
        raise ValueError(msg)
    return digits


def _path(value: object) -> str:
    path = Path(_text(value)).expanduser()
    if not path.is_absolute():
        msg = "must be an absolute path, or begin with ~/"
        raise ValueError(msg)
    return str(path)


_KEYS: Final[dict[str, Callable[[Any], object]]] = {
    "host": lambda value: read_host(_text(value)),
    "user": _text,
    "version": _one_of(6, 7),
    "api": _one_of("rest", "binary"),
    "port": _port,
    "password_file": _path,
    "ca_file": _path,
    "fingerprint": _fingerprint,
    "tls_name": lambda value: read_host(_text(value)),
    "source": lambda value: str(read_address(_text(value))),
    "before": _text,
}
