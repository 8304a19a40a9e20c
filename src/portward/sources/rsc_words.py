"""The words of one RouterOS statement: names, values, quotes, escapes, brackets.

The grammar as a router has it, without mercy: damage is mended before (`rsc_damage`, `rsc_glue`). A word that a
router would not take makes a `Flaw`, never an exception. No menu and no property has a meaning here.
"""

import enum
import re
from collections.abc import Mapping

import attrs

from portward.sources.rsc_text import Line


class Form(enum.Enum):
    """How a value was written."""

    BARE = "bare"
    QUOTED = "quoted"
    COMMAND = "[…]"
    EXPRESSION = "(…)"
    BLOCK = "{…}"
    UNKNOWN = "$…"
    """It depends on a variable whose value is not known before the script runs."""


@attrs.frozen
class Word:
    """One word of a statement.

    Attributes:
        name: what stands before `=`; empty for a word by itself.
        value: decoded; for brackets, what is between them; bytes that are not UTF-8 are kept as surrogates.
        form: how it was written.
        start: offset of the word in its line.
        at: offset of the value.
        end: offset behind the word.
    """

    name: str
    value: str
    form: Form
    start: int
    at: int
    end: int

    @property
    def literal(self) -> bool:
        """Whether the value is known as it stands."""
        return self.form is Form.BARE or self.form is Form.QUOTED


@attrs.frozen
class Flaw:
    """Why a router would not take a statement.

    Attributes:
        message: one sentence, as a diagnostic's.
        start: offset in the line where it stands.
        end: offset behind it.
        hint: what to write instead; may be empty.
    """

    message: str
    start: int
    end: int
    hint: str = ""


@attrs.frozen
class Statement:
    """One statement: its words, or what is wrong with it."""

    line: Line
    words: tuple[Word, ...]
    start: int
    end: int
    flaw: Flaw | None = None

    @property
    def text(self) -> str:
        """As it stands in the (mended) text."""
        return self.line.text[self.start : self.end]


_SIMPLE = re.compile(r"[ \t]*(?:([A-Za-z][\w.-]*)=)?([^\s\"\\$;\[\](){}=~]+)(?=[ \t\n;]|\Z)", re.ASCII)
_NAME = re.compile(r"!?[\w.*?-]+(?==)|[\w.*-]+(?=~)", re.ASCII)
_BARE = re.compile(r"[^\s\";\[\](){}]*")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\\.|[\[\](){}]|(?:(?<=[\n;{\[])|\A)[ \t]*#[^\n]*|"', re.DOTALL)
_CLOSING = {"[": "]", "(": ")", "{": "}"}
_FORMS = {"[": Form.COMMAND, "(": Form.EXPRESSION, "{": Form.BLOCK}
_BLANK = re.compile(r"[ \t\n;]*")
DEEPEST = 60
"""Brackets within brackets that are followed; no script of a person comes near it."""


def statements(line: Line, variables: Mapping[str, str]) -> list[Statement]:
    """Take a logical line apart at `;` and line ends, and each statement into its words. Comments are passed over."""
    found: list[Statement] = []
    text, at = line.text, 0
    while True:
        at = _blank(text, at)
        if at >= len(text):
            return found
        if text[at] == "#":
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
            continue
        one = _statement(line, at, variables)
        found.append(one)
        at = max(one.end, at + 1)


def _blank(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _statement(line: Line, start: int, variables: Mapping[str, str]) -> Statement:
    text, at = line.text, start
    words: list[Word] = []
    while True:
        if simple := _SIMPLE.match(text, at):
            name, value = simple.group(1) or "", simple.group(2)
            begin = simple.start(1) if name else simple.start(2)
            words.append(Word(name, value, Form.BARE, begin, simple.start(2), simple.end()))
            at = simple.end()
            continue
        while at < len(text) and text[at] in " \t":
            at += 1
        if at >= len(text) or text[at] in ";\n":
            return Statement(line, tuple(words), start, at)
        word = _word(text, at, variables)
        if isinstance(word, Flaw):
            return Statement(line, tuple(words), start, _resync(text, at), word)
        words.append(word)
        at = word.end


def _resync(text: str, at: int) -> int:
    """Where the next statement may begin behind a flaw: the next line."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _word(text: str, start: int, variables: Mapping[str, str]) -> Word | Flaw:
    name, at = "", start
    if match := _NAME.match(text, start):
        name, at = match.group(), match.end()
        if text[at : at + 1] == "=":
            at += 1
        elif text[at : at + 1] == "~":
            name, at = name + "~", at + 1
    value = _value(text, at, variables)
    if isinstance(value, Flaw):
        return value
    content, form, end = value
    if end == at and not name:
        return Flaw(f"{text[at]!r} cannot stand here", at, at + 1)
    if end < len(text) and text[end] not in " \t\n;":
        return _glued(text, start, at, end)
    return Word(name, content, form, start, at, end)


def _glued(text: str, start: int, at: int, end: int) -> Flaw:
    """Say what stands too close behind a value."""
    stop = end
    while stop < len(text) and text[stop] not in " \t\n;":
        stop += 1
    if text[at : at + 1] == '"':
        return Flaw("a space is missing behind the closing quote", end, stop)
    piece = text[end]
    hint = f'write {text[start:at]}"…" with the whole value in quotes'
    return Flaw(f"{piece!r} must be in quotes", end, stop, hint)


def _value(  # noqa: PLR0911 - one answer for each way to write a value
    text: str, at: int, variables: Mapping[str, str]
) -> tuple[str, Form, int] | Flaw:
    """Read the value at an offset: its text, its form, and where it ends."""
    bang = "!" if text[at : at + 2] in {'!"', "!$"} else ""
    first = text[at + len(bang) : at + len(bang) + 1]
    if first == '"':
        return _quoted(text, at, bang, variables)
    if first in _CLOSING and first:
        end = closing(text, at)
        if end is None:
            return Flaw(f"{first!r} is never closed", at, at + 1)
        return text[at + 1 : end - 1], _FORMS[first], end
    match = _BARE.match(text, at)
    end = match.end() if match else at
    bare = text[at:end]
    if "$" in bare:
        if text[end : end + 1] in {"[", "("}:
            return bare, Form.UNKNOWN, closing(text, end) or end
        return _expand(bare, variables, end)
    if "\\" in bare:
        return Flaw("a backslash outside quotes may only end a line", at + bare.index("\\"), end)
    return bare, Form.BARE, end


def _quoted(text: str, at: int, bang: str, variables: Mapping[str, str]) -> tuple[str, Form, int] | Flaw:
    match = _STRING.match(text, at + len(bang))
    if not match:
        return Flaw("the quotes are never closed", at + len(bang), at + len(bang) + 1)
    inner = match.group(1)
    if "\\" not in inner and "$" not in inner:
        return bang + inner, Form.QUOTED, match.end()
    decoded = unescape(inner, variables)
    if isinstance(decoded, Flaw):
        begin = match.start(1)
        return attrs.evolve(decoded, start=decoded.start + begin, end=decoded.end + begin)
    if decoded is None:
        return inner, Form.UNKNOWN, match.end()
    return bang + decoded, Form.QUOTED, match.end()


_VARIABLE = re.compile(r"\$(?:\"([^\"]+)\"|([A-Za-z][A-Za-z0-9]*))")


def _expand(bare: str, variables: Mapping[str, str], end: int) -> tuple[str, Form, int]:
    """A bare value that holds `$name`: only the variable itself, or `!` and it, can be written out."""
    match = _VARIABLE.fullmatch(bare.removeprefix("!"))
    if match and match.group(2) in variables:
        bang = "!" if bare.startswith("!") else ""
        return bang + variables[match.group(2)], Form.QUOTED, end
    return bare, Form.UNKNOWN, end


def closing(text: str, at: int) -> int | None:
    """Where the bracket at an offset is closed: the offset behind it, or None.

    Strings are passed over, and comments where a statement may start.
    """
    stack: list[str] = []
    for token in _TOKEN.finditer(text, at):
        char = token.group()
        if char in _CLOSING:
            stack.append(_CLOSING[char])
            if len(stack) > DEEPEST:
                return None
        elif char in {"]", ")", "}"}:
            if not stack or char != stack.pop():
                return None
            if not stack:
                return token.end()
        elif char == '"':
            return None
    return None


_ESCAPES = {
    '"': '"',
    "\\": "\\",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "$": "$",
    "_": " ",
    "?": "?",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "v": "\v",
}
"""The escapes that a router takes (measured by others on RouterOS 7.23), beside two upper-case hexadecimal digits."""

_PIECE = re.compile(r"\\([0-9A-F]{2})|\\\s[ \t]*|\\(.)|\$([A-Za-z][A-Za-z0-9]*)|\$([\[(])|\\", re.DOTALL)


def unescape(inner: str, variables: Mapping[str, str]) -> str | Flaw | None:
    r"""Decode what stands between quotes; None when it holds what only a running script knows.

    `\D0` and its like are bytes; a text of such bytes is UTF-8, or bytes as surrogates where it is not.
    """
    pieces: list[bytes] = []
    at = 0
    for match in _PIECE.finditer(inner):
        pieces.append(inner[at : match.start()].encode(errors="surrogatepass"))
        at = match.end()
        digits, letter, variable, bracket = match.groups()
        if bracket or (variable and variable not in variables):
            return None
        if digits:
            pieces.append(bytes([int(digits, 16)]))
        elif variable:
            pieces.append(variables[variable].encode(errors="surrogateescape"))
        elif letter is not None:
            if letter not in _ESCAPES:
                return Flaw(
                    f"\\{letter} is no escape", match.start(), match.end(), "write \\\\ for a backslash"
                )
            pieces.append(_ESCAPES[letter].encode())
    pieces.append(inner[at:].encode(errors="surrogatepass"))
    return b"".join(pieces).decode(errors="surrogateescape")


def readable(value: str) -> str:
    """A decoded value for people: bytes that are not UTF-8 are shown in the code page that WinBox likely used."""
    if value.isascii():
        return value
    raw = value.encode(errors="surrogateescape") if _encodable(value) else value.encode(errors="replace")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp1251", "replace")


def _encodable(value: str) -> bool:
    try:
        value.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return False
    return True
