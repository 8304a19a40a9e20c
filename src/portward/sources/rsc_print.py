"""What `print` shows on a terminal, turned back into the commands that would make it.

Rules come as ` 0 X  ;;; comment` and lines of `name=value`, or in one line; address lists also as a table. Nothing
here knows where in the file it is; `rsc_lines` finds the items and calls this.
"""

import re

import attrs

from portward.sources.rsc_damage import Desk
from portward.sources.rsc_text import Line


ITEM = re.compile(
    r"\s*(?P<number>\d{1,6})[ \t]+(?P<flags>[XIDPE*]{1,4}[ \t]+)?(?P<rest>;;;.*|[a-z][a-z0-9-]*=.*)",
    re.DOTALL,
)
"""The first line of a printed item."""

TABLE = re.compile(r"[ \t]*(?:#[ \t]+)?LIST[ \t]+ADDRESS\b")
"""The head of a printed address list."""

_ROW = re.compile(r"\s*(\d{1,7})\s+([XD]{1,2}\s+)?(\S+)\s+(\S+)(\s.*)?")
_COMMENT = re.compile(r";;;[ \t]*(.*)")
_CHAIN = re.compile(r"(?<!\S)[a-z][a-z0-9-]*=")


@attrs.frozen
class Printed:
    """One printed item as a command; `dynamic` if the router made it by itself."""

    line: Line
    dynamic: bool


def command(item: list[Line], menu: str, desk: Desk) -> Printed:
    """Make the `add` command of one printed item from its lines."""
    first = item[0]
    match = ITEM.match(first.text)
    flags = (match.group("flags") or "").strip() if match else ""
    start = match.start("rest") if match else len(first.text) - len(first.text.lstrip())
    words = [f"{menu} add" if menu else "add"]
    if "X" in flags or "I" in flags:
        words.append("disabled=yes")
    end = start
    if comment := _COMMENT.match(first.text, start):
        end = len(first.text)
        text = comment.group(1)
        if properties := _CHAIN.search(text):
            end = start + first.text[start:].index(text) + properties.start()
            text = text[: properties.start()]
        words.append(f'comment="{_escape(text.strip())}"')
    head = desk.mend("print output", first, [(0, end, " ".join(words) + " ")])
    for each in item[1:]:
        head = head.join(each, " ")
    return Printed(head, "D" in flags)


def row(line: Line, menu: str, desk: Desk) -> Printed | None:
    """Make the `add` command of one row of a printed address list."""
    match = _ROW.fullmatch(line.text)
    if match is None:
        return None
    _, flags, name, address, _ = match.groups()
    disabled = " disabled=yes" if flags and "X" in flags else ""
    text = f'{menu} add list="{_escape(name)}" address={address}{disabled}'
    made = desk.mend("print output", line, [(0, len(line.text), text)])
    return Printed(made, bool(flags) and "D" in flags)


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
