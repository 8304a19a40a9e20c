"""The little of RouterOS's script language that jobs of the scheduler need, read and run on a `Device`.

A command a line: `PATH VERB [find where …] name=value`, and one `:if ([:len [PATH find where …]] > 0) do={ … }`.
Anything else stops the script, as an error does on a router.
"""

import re
from typing import Protocol


Row = dict[str, str]


class Menus(Protocol):
    """What a script works on."""

    menus: dict[str, list[Row]]

    def change(self, menu: str, row: Row, words: Row) -> None:
        """Set properties of a row."""


_IF = re.compile(
    r":if \(\[:len \[(?P<path>/[a-z0-9 -]+?) find where (?P<where>[^\]]*)\]\] > 0\) do=\{\n(?P<body>.*)\n\}",
    re.DOTALL,
)
_COMMAND = re.compile(
    r"(?P<path>/[a-z0-9 -]+?) (?P<verb>enable|disable|remove|set) (?:\[find where (?P<where>[^\]]*)\]|(?P<name>[\w-]+))"
    r"(?P<words>(?: [a-z-]+=\"(?:[^\"\\]|\\.)*\")*)"
)
_WORD = re.compile(r"([a-z-]+)=\"((?:[^\"\\]|\\.)*)\"")
_CONDITION = re.compile(r"([a-z-]+)([=~])\"((?:[^\"\\]|\\.)*)\"")


class ScriptError(Exception):
    """The router would stop here."""


def run_script(menus: Menus, text: str) -> None:
    """Run a script; what it did before a mistake stays.

    Raises:
        ScriptError: a line that is no command.
    """
    if found := _IF.fullmatch(text.strip()):
        if chosen(menus, menu_of(found["path"]), found["where"]):
            run_script(menus, found["body"])
        return
    for line in text.splitlines():
        run_line(menus, line.strip())


def run_line(menus: Menus, line: str) -> None:
    """Run one command.

    Raises:
        ScriptError: it is none.
    """
    found = _COMMAND.fullmatch(line)
    if not found:
        raise ScriptError(f"syntax error: {line}")
    menu = menu_of(found["path"])
    if menu not in menus.menus:
        raise ScriptError(f"bad command name: {line}")
    rows = menus.menus[menu]
    if found["name"]:
        targets = [row for row in rows if row.get("name") == found["name"]]
    else:
        targets = chosen(menus, menu, found["where"])
    words = {name: unescape(value) for name, value in _WORD.findall(found["words"])}
    for row in targets:
        match found["verb"]:
            case "remove":
                rows[:] = [each for each in rows if each is not row]
            case "enable" | "disable":
                menus.change(menu, row, {"disabled": "no" if found["verb"] == "enable" else "yes"})
            case _:
                menus.change(menu, row, words)


def chosen(menus: Menus, menu: str, where: str) -> list[Row]:
    """The rows that all conditions fit; `~` is a regular expression somewhere in the value."""
    conditions = _CONDITION.findall(where)
    if not conditions:
        raise ScriptError(f"no condition: {where}")
    return [
        row
        for row in menus.menus[menu]
        if all(
            re.search(unescape(value), row.get(name, "")) if sign == "~" else row.get(name) == unescape(value)
            for name, sign, value in conditions
        )
    ]


def menu_of(path: str) -> str:
    """`/ip firewall filter` is `/ip/firewall/filter`."""
    return path.replace(" ", "/")


def unescape(text: str) -> str:
    r"""Read `\"`, `\\`, `\$`, `\?` and `\XX`."""
    return re.sub(r"\\([0-9A-F]{2}|.)", lambda m: chr(int(m[1], 16)) if len(m[1]) == 2 else m[1], text)
