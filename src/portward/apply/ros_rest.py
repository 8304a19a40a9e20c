"""The REST interface of RouterOS 7 as values: a request for each thing to do, the meaning of each response. Sans-IO.

No socket and no login is known here. Source: RouterOS manual, REST API. All values of a reply are strings, lists are
in the order of evaluation, a refusal has a status of 400 or more and an object with `message` and `detail`.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import attrs

from portward.errors import PeerError, TargetError


LARGEST = 64 * 1024 * 1024
"""Bytes of a response that are read."""


@attrs.frozen
class Request:
    """One request: its HTTP method, its path below the host, its JSON body or None."""

    method: str
    path: str
    body: dict[str, Any] | None = attrs.field(default=None, repr=False)

    @property
    def payload(self) -> bytes | None:
        """The body as bytes."""
        return None if self.body is None else json.dumps(self.body).encode()


def show(menu: str, where: Mapping[str, str]) -> Request:
    """Ask for the rows of a menu; with conditions by `print`, which takes any value without quoting."""
    if not where:
        return Request("GET", f"/rest{menu}")
    return Request(
        "POST", f"/rest{menu}/print", {".query": [f"{name}={value}" for name, value in where.items()]}
    )


def add(menu: str, properties: Mapping[str, str]) -> Request:
    """Add a row; it goes to the end unless the properties have `place-before`."""
    return Request("PUT", f"/rest{menu}", dict(properties))


def change(menu: str, ident: str, properties: Mapping[str, str]) -> Request:
    """Set properties of a row."""
    return Request("PATCH", f"/rest{menu}/{quote(ident, safe='*')}", dict(properties))


def remove(menu: str, ident: str) -> Request:
    """Remove a row."""
    return Request("DELETE", f"/rest{menu}/{quote(ident, safe='*')}")


def read_rows(status: int, data: bytes) -> tuple[dict[str, str], ...]:
    """Take the rows out of a response: an array, one object, or nothing.

    Raises:
        PeerError: the login was refused, or this is no RouterOS.
        TargetError: the router refused the request.
    """
    if status == 401:
        raise PeerError("the router refused the user name or the password")
    found = _read(data)
    if status >= 400:
        raise TargetError(f"the router refused: {_reason(status, found)}")
    if not 200 <= status < 300:
        raise PeerError(f"what answers is no RouterOS REST interface: status {status}")
    rows = found if isinstance(found, list) else [found] if isinstance(found, dict) and found else []
    if found and not all(isinstance(each, dict) for each in rows):
        raise PeerError("what answers is no RouterOS REST interface: its rows are no objects")
    return tuple({str(name): _text(value) for name, value in each.items()} for each in rows)


def read_added(status: int, data: bytes) -> str:
    """Take the id of the new row out of the response to `add`.

    Raises:
        PeerError: there is none.
        TargetError: the router refused.
    """
    rows = read_rows(status, data)
    ident = next((each[name] for each in rows for name in (".id", "ret") if name in each), "")
    if not ident:
        raise PeerError("the router did not say which row it added")
    return ident


def _read(data: bytes) -> Any:
    if not data.strip():
        return None
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise PeerError("what answers is no RouterOS REST interface: it sends no JSON") from None


def _reason(status: int, found: Any) -> str:
    told = found if isinstance(found, dict) else {}
    detail, message = _text(told.get("detail", "")), _text(told.get("message", ""))
    return detail or message or f"status {status}"


def _text(value: Any) -> str:
    """Write a JSON value as RouterOS spells it: they are strings, but some old versions sent others."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)
