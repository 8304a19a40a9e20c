"""A .fwknoprc as stanzas of what a client sends, as fwknop 2.6.10 reads it; every stanza begins as [default] says.

A value is one word here, other than in access.conf: it ends at the first blank, semicolon or #. So a passphrase with a
blank in it is cut, and so it is here.
"""

import re

import attrs

from portward.errors import Diagnostic, Span
from portward.sources.did_you_mean import nearest
from portward.sources.fwknop_text import Entry, read_lines
from portward.sources.fwknoprc_stanza import NOT_TAKEN, RcStanza, judge, mistake
from portward.sources.knockd_text import Word


DEFAULT = "default"

SECRETS = ("KEY", "KEY_BASE64", "HMAC_KEY", "HMAC_KEY_BASE64", "GPG_SIGNING_PW", "GPG_SIGNING_PW_BASE64")

_USED = (
    *(
        "KEY",
        "KEY_BASE64",
        "HMAC_KEY",
        "HMAC_KEY_BASE64",
        "HMAC_DIGEST_TYPE",
        "DIGEST_TYPE",
        "ENCRYPTION_MODE",
    ),
    *(
        "SPA_SERVER",
        "SPA_SERVER_PORT",
        "ACCESS",
        "ALLOW_IP",
        "FW_TIMEOUT",
        "NAT_ACCESS",
        "NAT_LOCAL",
        "NAT_PORT",
    ),
    *("SPOOF_USER", "USE_HMAC"),
)
_NO_MATTER = (
    *(
        "HTTP_USER_AGENT",
        "USE_WGET_USER_AGENT",
        "WGET_CMD",
        "NO_SAVE_ARGS",
        "VERBOSE",
        "USE_GPG",
        "USE_GPG_AGENT",
    ),
    *("GPG_RECIPIENT", "GPG_SIGNER", "GPG_HOMEDIR", "GPG_EXE", "GPG_SIGNING_PW", "GPG_SIGNING_PW_BASE64"),
    "GPG_NO_SIGNING_PW",
)
VARIABLES = (*_USED, *NOT_TAKEN, *_NO_MATTER)

_SECTION = re.compile(r"[ \t]*\[([^\]\s]+)\]")
_PAIR = re.compile(r"[ \t]*([^ \t\r]+)[ \t]+([^ ;\t\r#]+)")


@attrs.frozen
class Rc:
    """A .fwknoprc.

    Attributes:
        stanzas: those that name a server or ports, [default] only if it is alone.
        mistakes: each keeps fwknop from sending.
        text: secrets blotted out, for showing lines.
    """

    stanzas: tuple[RcStanza, ...]
    mistakes: tuple[Diagnostic, ...]
    text: str


def read_rc(content: bytes, file: str) -> Rc:
    """Read a .fwknoprc."""
    mistakes: list[Diagnostic] = []
    sections: dict[str, tuple[Span, dict[str, Entry]]] = {}
    lines = []
    current: dict[str, Entry] | None = None
    for line in read_lines(content, file):
        lines.append(line.text)
        if not line.text.strip() or line.text[0] in "#;":
            continue
        if found := _SECTION.match(line.text):
            name = line.part(*found.span(1))
            current = sections.setdefault(name.text, (name.span, {}))[1]
        elif entry := _entry(line, mistakes):
            lines[-1] = _blotted(entry, line.text)
            if current is None:
                mistakes.append(mistake(f"{entry.name} stands before the first [stanza]", entry.key.span))
            else:
                current[entry.name] = entry
    shared = sections.get(DEFAULT, (None, {}))[1]
    named = {name: each for name, each in sections.items() if name != DEFAULT} or sections
    stanzas = tuple(judge(name, place, {**shared, **own}) for name, (place, own) in named.items())
    return Rc(stanzas, tuple(mistakes), "\n".join(lines))


def _entry(line: Word, mistakes: list[Diagnostic]) -> Entry | None:
    found = _PAIR.match(line.text)
    if not found:
        mistakes.append(mistake("a line must hold a variable and its value, with a blank between", line.span))
        return None
    key = line.part(*found.span(1))
    key = key.part(0, key.text.rfind(":")) if ":" in key.text else key
    if key.text not in VARIABLES:
        mistakes.append(mistake(f"fwknop does not know {key.text}", key.span, nearest(key.text, VARIABLES)))
        return None
    return Entry(key, line.part(*found.span(2)))


def _blotted(entry: Entry, text: str) -> str:
    """A line without its secret; the whole rest of it, since a passphrase with blanks was cut."""
    start = entry.value.span.column - 1
    return text[:start] + "*" * (len(text) - start) if entry.name in SECRETS else text
