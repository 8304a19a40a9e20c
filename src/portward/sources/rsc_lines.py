"""From the lines of a file to logical lines: what is a command, what is prose, and what belongs together.

Continuations are joined as a router joins them; lines that lost their continuation, blocks over several lines and
printed items are put together; each logical line leaves here mended. What a command means is not known here.
"""

import enum
import re
from collections.abc import Iterator

import attrs

from portward.sources import rsc_print
from portward.sources.rsc_damage import MARK, PROMPT, STRING, Desk, is_clean, mend_characters
from portward.sources.rsc_glue import mend_structure
from portward.sources.rsc_menu import KNOWN_PROPERTIES, ROOTS, RULE_PROPERTIES, SCRIPT_COMMANDS, SERVICES
from portward.sources.rsc_text import Line, Mend, join_all, physical_line, split_lines


class Kind(enum.Enum):
    """What a piece of the file is."""

    SCRIPT = "script"
    COMMENT = "comment"
    PROSE = "prose"
    WINDOW = "fields of a window"
    DYNAMIC = "dynamic item"
    MENTION = "command in prose"


@attrs.frozen
class Piece:
    """One logical line, or a run of lines of prose."""

    kind: Kind
    line: Line
    last: int

    @property
    def first(self) -> int:
        """The number of its first line in the file; `last` is that of its last."""
        return self.line.origins[0][1]


_ROOT = "|".join(sorted(ROOTS, key=len, reverse=True))
_COMMAND = "|".join(sorted(SCRIPT_COMMANDS, key=len, reverse=True))
_SERVICE = "|".join(SERVICES)
_STATEMENT = re.compile(
    rf"""/[ ]*(?:{_ROOT})\b(?![.\w]) | /[a-z][a-z0-9-]*[ /].*\b(?:add|set|remove|print)\b | /\s*\Z | \.\.\s*\Z
    | :\s*(?:{_COMMAND})\b
    | (?:add|set|remove|move|enable|disable|edit|unset|find|get)\b(?=.*(?:(?:\b|[!$])[a-z-]{{2,}}[=~]|\[|\$))
    | (?:add|set)[a-z-]+=
    | (?:remove|enable|disable|unset|reset|move)\s+(?:\d+(?:[, ]\d+)*|\*[0-9a-f]+)\s*\Z
    | (?:enable|disable)\s+(?:{_SERVICE})(?:,(?:{_SERVICE}))*\s*\Z
    | (?:print|export)(?:\s+[a-z-]+(?:=\S+)?)*\s*\Z
    | (?:ip|ipv6)[ /](?:firewall|service|address|route|dns|dhcp-\w+|neighbor|ipsec|ssh)\b
    | (?:interface|system|tool|routing|user|queue|ppp|snmp|certificate)[ /][a-z].*\b(?:add|set|print|remove)\b
    | (?:filter|raw|nat|mangle|address-list|layer7-protocol|service)
      (?:\s+(?:add|set|remove|print|enable|disable)\b|\s*\Z)
    | (?:ad|se|rem?|dis|ena)\s+(?:[a-z-]+=|\[)
    | (?:local|global)\s+\w+(?:\s|\Z)(?!.*[.]\s*\Z) | (?:if|while)\s*\(.*\) | (?:foreach|for)\s+\w+.*\b(?:in|from)=
    | [\]}})] | \{{\s*\Z | \$[a-z]
    """,
    re.VERBOSE | re.IGNORECASE,
)
_PROPERTY = re.compile(r"([A-Za-z][A-Za-z0-9-]*)=(?!=)")
_SOFT = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\u200b-\u200f\u2060\ufeff\u00ad`]|</?[A-Za-z][^<>]*>|\*\*")
_WINDOW = re.compile(
    r"(?:Chain|(?:Src|Dst)\. (?:Address|Port|Address List)|(?:Any|To) Ports?|Protocol|(?:In|Out)\. Interface(?: List)?"
    r"|Action|Address List|Timeout|Jump Target|Connection State|Packet Size|ICMP Options):\s"
    r"|(?:General|Action|Advanced|Extra|Statistics)\Z"
)
_SIMPLE_START = re.compile(r"(?:add|set) [a-z\[]|/ip|/ipv6 ")


def soften(text: str) -> str:
    """A line without what mending would take from its front, for telling what it is; places are lost."""
    soft = _SOFT.sub("", text).replace("\u00a0", " ").replace("&nbsp;", " ").replace("\u202f", " ")
    if match := MARK.match(soft):
        soft = soft[match.end() :]
    if match := PROMPT.match(soft):
        soft = soft[match.end() :]
    return soft.strip()


def is_statement(soft: str) -> bool:
    """Whether a softened line begins a command (or a bare list of a rule's properties)."""
    if _STATEMENT.match(soft):
        return True
    match = _PROPERTY.match(soft)
    return bool(match and match.group(1).lower() in KNOWN_PROPERTIES)


@attrs.define
class _Reader:
    """The lines of one file, and how far they are read."""

    lines: list[str]
    desk: Desk
    at: int = 0
    blocks_close: bool = True
    menu: str = ""
    table: str = ""

    def peek(self) -> str | None:
        return self.lines[self.at] if self.at < len(self.lines) else None

    def take(self, *, inside: bool = False) -> Line:
        line = physical_line(self.at + 1, self.lines[self.at])
        self.at += 1
        return line if is_clean(line.text) else mend_characters(line, self.desk, inside=inside)


def pieces(text: str, desk: Desk) -> Iterator[Piece]:
    """Take a file apart into logical lines, mended; runs of prose come as one piece."""
    reader = _Reader(split_lines(text), desk)
    desk.web_page = bool(_HTML.search(text))
    while (raw := reader.peek()) is not None:
        if _SIMPLE_START.match(raw):
            yield _script(reader)
            continue
        if not raw or raw.isspace():
            reader.at += 1
            continue
        yield _other(reader, raw)


_HTML = re.compile(r"<(?:html|body|p|pre|code|br|li|div|span)\b[^<>]*>", re.IGNORECASE)


def _other(reader: _Reader, raw: str) -> Piece:  # noqa: PLR0911 - one answer for each kind of line
    soft = soften(raw)
    if soft.startswith("#") and not rsc_print.TABLE.match(soft):
        number = reader.at + 1
        reader.at += 1
        return Piece(Kind.COMMENT, physical_line(number, raw), number)
    item = rsc_print.ITEM.match(raw)
    if item and _is_item(item):
        return _printed(reader)
    if rsc_print.TABLE.match(raw):
        reader.table = reader.menu or "/ip firewall address-list"
        return _prose(reader, Kind.PROSE)
    if reader.table and (made := _row(reader, raw)) is not None:
        return made
    if PROMPT.match(raw) and not soft:
        return _script(reader)
    if is_statement(soft):
        if match := _PRINT.match(soft):
            reader.menu = "/" + match.group(1).strip(" /")
        return _script(reader) if _STATEMENT.match(soft) else _printed(reader)
    if _MENTION.search(raw):
        reader.at += 1
        return Piece(Kind.MENTION, physical_line(reader.at, raw), reader.at)
    return _prose(reader, Kind.WINDOW if _WINDOW.match(soft) else Kind.PROSE)


_PRINT = re.compile(r"/?(ip(?:v6)?[ /]+firewall[ /]+[a-z0-9-]+)[ /]+print\b")


_MENTION = re.compile(r"(?<![\w-])(?:chain|dst-port|(?:src-)?address-list|jump-target|to-addresses)=[\w!\"]")


def _is_item(match: re.Match[str]) -> bool:
    rest = match.group("rest")
    return rest.startswith(";;;") or rest.partition("=")[0] in RULE_PROPERTIES


def _prose(reader: _Reader, kind: Kind) -> Piece:
    """Lines up to the next that is something else."""
    first = reader.at
    line = physical_line(first + 1, reader.lines[first])
    reader.at += 1
    while (raw := reader.peek()) is not None:
        soft = soften(raw)
        if not soft or (is_statement(soft) or soft.startswith("#") or rsc_print.ITEM.match(raw)):
            break
        if (
            _MENTION.search(raw)
            or rsc_print.TABLE.match(raw)
            or reader.table
            or bool(_WINDOW.match(soft)) != (kind is Kind.WINDOW)
        ):
            break
        reader.at += 1
    return Piece(kind, line, reader.at)


def _row(reader: _Reader, raw: str) -> Piece | None:
    printed = rsc_print.row(physical_line(reader.at + 1, raw), reader.table, reader.desk)
    if printed is None:
        reader.table = ""
        return None
    reader.at += 1
    return Piece(Kind.DYNAMIC if printed.dynamic else Kind.SCRIPT, printed.line, reader.at)


def _printed(reader: _Reader) -> Piece:
    """A printed item: its first line, and the lines of properties below it."""
    item = [_continued(reader)]
    while (raw := reader.peek()) is not None and raw.strip() and not rsc_print.ITEM.match(raw):
        match = _PROPERTY.match(raw.strip())
        if match is None or match.group(1) not in RULE_PROPERTIES or _holds(item, match.group(1)):
            break
        item.append(_continued(reader))
    printed = rsc_print.command(item, reader.menu, reader.desk)
    line = mend_structure(printed.line, reader.desk)
    return Piece(Kind.DYNAMIC if printed.dynamic else Kind.SCRIPT, line, reader.at)


def _holds(item: list[Line], name: str) -> bool:
    return any(re.search(rf"(?<!\S){re.escape(name)}=", each.text) for each in item)


def _script(reader: _Reader) -> Piece:
    """A command: its continuations, what was wrapped off it, and the lines of its blocks."""
    line = _continued(reader)
    if _OPENING.search(line.text):
        line = _with_block(reader, line)
    raw = reader.peek()
    if raw is not None and not _SIMPLE_START.match(raw):
        line = _with_wrapped(reader, line)
    return Piece(Kind.SCRIPT, mend_structure(line, reader.desk), reader.at)


_OPENING = re.compile(r"[\[({]")
_TRAILING = re.compile(r"(\\+)\Z")


def _ends_open(text: str) -> bool:
    if not text.endswith("\\"):
        return False
    match = _TRAILING.search(text)
    return bool(match) and len(match.group()) % 2 == 1  # type: ignore[union-attr] # bool() has looked at it


def _in_string(text: str, *, inside: bool = False) -> bool:
    """Whether a line (without its continuation backslash) ends within quotes; `inside` if it begins within some."""
    at = 0
    text = '"' + text if inside else text
    for match in STRING.finditer(text):
        at = match.end()
        if at >= len(text):
            return not (match.group().endswith('"') and len(match.group()) > 1) or _escaped(match.group())
    return False


def _escaped(string: str) -> bool:
    """Whether the last quote of a string is an escaped one, so that the string goes on."""
    body = string[1:-1]
    return (len(body) - len(body.rstrip("\\"))) % 2 == 1


def _continued(reader: _Reader) -> Line:
    """One line and those that its backslashes join to it (RouterOS's own rules)."""
    line = reader.take()
    if not _ends_open(line.text):
        return line
    parts: list[Line] = []
    inside = False
    while _ends_open(line.text) and reader.peek() is not None:
        line = line.cut(0, len(line.text) - 1)
        inside = _in_string(line.text, inside=inside)
        parts.append(line)
        if not inside and not line.text.endswith(("=", ",", "=!")):
            parts.append(Line(" ", ((0, *line.place(len(line.text))),)))
        tail = reader.take(inside=inside)
        line = tail.cut(len(tail.text) - len(tail.text.lstrip(" \t")), len(tail.text))
    if _ends_open(line.text):
        line = line.cut(0, len(line.text) - 1)
    return join_all([*parts, line], "")


_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\\.|[\[({]|[\])}]|(?:\A|(?<=[;{\[]))[ \t]*#.*|"')


def depth(text: str) -> int:
    """How many more brackets a line opens than it closes; an open string hides what follows."""
    count = 0
    for match in _TOKEN.finditer(text):
        char = match.group()
        if char in "[({":
            count += 1
        elif char in "])}":
            count -= 1
        elif char == '"':
            break
    return count


def _with_block(reader: _Reader, line: Line) -> Line:
    """The line and those below up to where its brackets close; alone if they never do."""
    open_ = depth(line.text)
    if open_ <= 0 or not reader.blocks_close:
        return line
    start, mends, parts = reader.at, len(reader.desk.mends), [line]
    while open_ > 0 and reader.peek() is not None:
        part = _continued(reader)
        open_ += depth(part.text)
        parts.append(part)
    if open_ > 0:
        reader.at = start
        del reader.desk.mends[mends:]
        reader.blocks_close = False
        return line
    return join_all(parts, "\n")


def _with_wrapped(reader: _Reader, line: Line) -> Line:
    """The line and what a page wrapped off its end."""
    while (raw := reader.peek()) is not None and raw.strip():
        between = _wrap(line.text, raw)
        if between is None:
            return line
        tail = _continued(reader)
        indent = len(tail.text) - len(tail.text.lstrip())
        tail = tail.cut(indent, len(tail.text))
        text = line.text.rstrip()
        line = line.cut(0, len(text))
        joined = line.join(tail, between)
        span = tail.span(reader.desk.file, 0, len(tail.text))
        line = joined
        reader.desk.mends.append(Mend("wrapped line", span, "\n" + tail.text, between + tail.text))
    return line


def _wrap(above: str, raw: str) -> str | None:
    """What to put between a line and the next if a page wrapped it there; None if it did not."""
    text, soft = above.rstrip(), soften(raw)
    match = _PROPERTY.match(raw.strip())
    if match and match.group(1) in RULE_PROPERTIES and _RULE_START.search(text):
        return None if re.search(rf"(?<!\S){re.escape(match.group(1))}=", text) else " "
    if (
        not _RULE_START.search(text)
        or is_statement(soft)
        or soft.startswith("#")
        or rsc_print.ITEM.match(raw)
    ):
        return None
    if text.endswith("=") and not text.endswith(" ="):
        return ""
    if text.endswith(("-", ",")) and re.match(r"[a-z0-9]", soft):
        return ""
    if _in_string(text) and '"' in raw:
        return " "
    return None


_RULE_START = re.compile(r"(?:\A|[\s/])(?:add|set)\s+\S")
