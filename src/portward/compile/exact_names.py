"""How names and texts of a RouterOS script are spelled in the kernel's table. No rule is known here.

RouterOS takes any text as a name; nft takes letters, digits, `_`, `-` and `.` in an identifier, and no quotes, no
backslashes and no line ends in a string.
"""

import re
from hashlib import blake2s

import attrs

from portward.compile.names import LONGEST_COMMENT
from portward.sources.routeros_rules import (
    Rule,
)


LONGEST_NAME = 60
"""Characters of a RouterOS name that an identifier keeps."""

LONGEST_LOG_PREFIX = 120
"""Bytes; the kernel takes 127 (NF_LOG_PREFIXLEN), and a colon follows."""

LONGEST_INTERFACE = 15
"""Bytes of an interface's name (IFNAMSIZ less the zero byte)."""

_FOREIGN = re.compile(r"[^A-Za-z0-9_.-]")


@attrs.define
class Identifiers:
    """Gives each thing an identifier of its own, the same for the same thing each time."""

    _given: dict[tuple[str, str], str] = attrs.field(factory=dict)
    _taken: set[str] = attrs.field(factory=set)

    def of(self, stem: str, name: str) -> str:
        """The identifier of what is called `name`; a name that does not fit as it is gets a hash of itself."""
        key = (stem, name)
        if key not in self._given:
            plain = f"{stem}_{_FOREIGN.sub('_', name)[:LONGEST_NAME]}"
            whole = plain == f"{stem}_{name}" and plain not in self._taken
            found = (
                plain
                if whole
                else f"{plain}_{blake2s(name.encode(errors='replace'), digest_size=4).hexdigest()}"
            )
            while found in self._taken:
                found += "_"
            self._taken.add(found)
            self._given[key] = found
        return self._given[key]


def shown(text: str, longest: int = LONGEST_COMMENT) -> str:
    """Make a text fit into nft's quotes, which are put around it: shortened, and what nft cannot take replaced."""
    plain = "".join(each if each.isprintable() else " " for each in text).replace('"', "'").replace("\\", "/")
    return f'"{plain.encode(errors="replace")[:longest].decode(errors="ignore")}"'


def comment_of(rule: Rule) -> str:
    """The comment of a rule: its lines in the script, and what the script says of it."""
    where = f"line {rule.lines}" if rule.last <= rule.span.line else f"lines {rule.lines}"
    return "comment " + shown(f"{where}: {rule.comment}" if rule.comment else where)


def possible_interface(name: str) -> bool:
    """Whether Linux could call an interface so, and nft would not take it for a pattern."""
    fits = 0 < len(name.encode(errors="replace")) <= LONGEST_INTERFACE
    return fits and name.isprintable() and not set(name) & set(' /"\\*:')
