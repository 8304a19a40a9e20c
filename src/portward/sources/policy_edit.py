"""Small changes in the text of a policy file that keep all the rest byte for byte: comments, layout, order.

Pure: text in, text out. Each change is proved before it is given back: the new text must be TOML and mean exactly the
old meaning with the one change in it. Knows nothing of files.
"""

import copy
import re
import tomllib
from collections.abc import Callable, Iterable
from typing import Any

from portward.policy.net import PortRange
from portward.policy.notation import write_ports
from portward.policy.policy import PlacePath, Service
from portward.sources.policy_text import quote
from portward.sources.toml_text import Extent, Scan, locate


_DOTTED_BEFORE = re.compile(r"""(?:(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*')[ \t]*\.[ \t]*)*$""")
_COMMENT = re.compile(r"#[^\n]*")


def add_service(text: str, service: Service) -> str:
    """Add a table `[services.NAME]` at the end.

    Raises:
        ValueError: the text is no TOML, has that service, or is written so that it cannot be done.
    """
    data = read_text(text)
    if service.name in data.get("services", {}):
        msg = f"there is a service {service.name} already"
        raise ValueError(msg)
    scan, end = locate(text), line_end(text)
    values = {"ports": list(map(write_ports, service.ports))}
    if service.published:
        values["published"] = list(map(write_ports, service.published))
    if ("services",) in scan.values:
        pairs = ", ".join(f"{key} = {_list(each)}" for key, each in values.items())
        new = _into_braces(text, scan.values[("services",)], f"{service.name} = {{ {pairs} }}")
    else:
        lines = [f"[services.{service.name}]", *(f"{key} = {_list(each)}" for key, each in values.items())]
        blank = "" if not text else end if text.endswith("\n") else end + end
        new = text + blank + "".join(f"{line}{end}" for line in lines)

    def change(wanted: dict[str, Any]) -> None:
        wanted.setdefault("services", {})[service.name] = values

    return proved(text, new, change)


def publish(text: str, name: str, published: Iterable[PortRange]) -> str:
    """Say where a service is reached from outside, beside its `ports`.

    Raises:
        ValueError: there is no such service in this text, it is published already, or it cannot be done.
    """
    table = read_text(text).get("services", {}).get(name)
    if not isinstance(table, dict) or "ports" not in table:
        msg = f"there is no service {name} in this file"
        raise ValueError(msg)
    if "published" in table:
        msg = f"the service {name} is published already"
        raise ValueError(msg)
    values = list(map(write_ports, published))
    new = beside(text, ("services", name, "ports"), f"published = {_list(values)}")
    return proved(text, new, lambda wanted: wanted["services"][name].__setitem__("published", values))


def add_port(text: str, name: str, ports: PortRange) -> str:
    """Add a port to those of a service.

    Raises:
        ValueError: there is no such service in this text, or it cannot be done.
    """
    return _append(text, ("services", name, "ports"), write_ports(ports))


def open_by(text: str, sequence: str, service: str) -> str:
    """Let a sequence open one service more.

    Raises:
        ValueError: there is no such sequence in this text, or it cannot be done.
    """
    return _append(text, ("sequences", sequence, "opens"), service)


def _append(text: str, path: PlacePath, element: str) -> str:
    """Add a string to the end of a list; a string that stands alone becomes a list."""
    read_text(text)
    if (span := locate(text).values.get(path)) is None:
        msg = f"{'.'.join(map(str, path))} is not in this file"
        raise ValueError(msg)
    if text[span[0]] == "[":
        new = _into_list(text, path, quote(element))
    else:
        new = f"{text[: span[0]]}[{text[slice(*span)]}, {quote(element)}]{text[span[1] :]}"

    def change(wanted: dict[str, Any]) -> None:
        table: Any = wanted
        for step in path[:-1]:
            table = table[step]
        old = table[path[-1]]
        table[path[-1]] = [*(old if isinstance(old, list) else [old]), element]

    return proved(text, new, change)


def _into_list(text: str, path: PlacePath, element: str) -> str:
    """Write an element behind the last one: on a line of its own where the list's bracket closes on one."""
    scan = locate(text)
    start, end = scan.values[path]
    last = _last(scan, path)
    if last is None:
        return f"{text[: start + 1]}{element}{text[start + 1 :]}"
    line = text.rfind("\n", 0, end - 1) + 1
    if line <= last[1] or text[line : end - 1].strip():
        return f"{text[: last[1]]}, {element}{text[last[1] :]}"
    comma = "" if "," in _COMMENT.sub("", text[last[1] : end - 1]) else ","
    first = text.rfind("\n", 0, last[0]) + 1
    indent = _blanks(text[first : last[0]])
    return f"{text[: last[1]]}{comma}{text[last[1] : line]}{indent}{element},{line_end(text)}{text[line:]}"


def _last(scan: Scan, path: PlacePath) -> Extent | None:
    """The extent of a list's last element."""
    count = 0
    while (*path, count) in scan.values:
        count += 1
    return scan.values[(*path, count - 1)] if count else None


def beside(text: str, path: PlacePath, pair: str) -> str:
    """Write a pair behind the one at `path`: within the same braces, or on the next line."""
    scan = locate(text)
    start, end = scan.keys[path][0], scan.values[path][1]
    found = _DOTTED_BEFORE.search(text, text.rfind("\n", 0, start) + 1, start)
    dotted = found.group() if found else ""
    if any(
        text[scan.values[path[:depth]][0]] == "{"
        for depth in range(1, len(path))
        if path[:depth] in scan.values
    ):
        return f"{text[:end]}, {dotted}{pair}{text[end:]}"
    line = text.find("\n", end)
    at = len(text) if line < 0 else line - (text[line - 1] == "\r")
    indent = _blanks(text[text.rfind("\n", 0, start) + 1 : start])
    return f"{text[:at]}{line_end(text)}{indent}{dotted}{pair}{text[at:]}"


def _into_braces(text: str, extent: Extent, pair: str) -> str:
    """Write a pair behind the last one of an inline table."""
    inner = text[extent[0] + 1 : extent[1] - 1].rstrip()
    at = extent[0] + 1 + len(inner)
    return f"{text[:at]}{', ' if inner.strip() else ' '}{pair}{text[at:]}"


def _blanks(text: str) -> str:
    return text[: len(text) - len(text.lstrip(" \t"))]


def _list(values: Iterable[str]) -> str:
    return f"[{', '.join(map(quote, values))}]"


def line_end(text: str) -> str:
    """The line end that the text uses."""
    at = text.find("\n")
    return "\r\n" if at > 0 and text[at - 1] == "\r" else "\n"


def read_text(text: str) -> dict[str, Any]:
    """Read it, a byte order mark passed over.

    Raises:
        ValueError: it is no TOML.
    """
    if text.startswith("\ufeff"):
        raise ValueError("the text begins with a byte order mark")
    return tomllib.loads(text)


def proved(old: str, new: str, change: Callable[[dict[str, Any]], None]) -> str:
    """Give the new text if it means the old one with the change.

    Raises:
        ValueError: it does not.
    """
    wanted = copy.deepcopy(read_text(old))
    change(wanted)
    try:
        if tomllib.loads(new) == wanted:
            return new
    except tomllib.TOMLDecodeError:
        pass
    raise ValueError("this policy is written so that the change must be made by hand")
