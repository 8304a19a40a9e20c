"""Words that grew together, commands that fell into one line, and capital letters: mended on a logical line.

The names of the firewall's properties tell where one word ends and the next begins. Strings and brackets are never
looked into. What is mended is told to the `Desk` of `rsc_damage`.
"""

import re

from portward.sources.rsc_damage import STRING, Desk
from portward.sources.rsc_menu import KNOWN_PROPERTIES, PROPERTIES, ROOTS
from portward.sources.rsc_text import Line
from portward.sources.rsc_words import closing


_EVERYDAY = {"list", "name", "tos", "realm", "time", "nth", "ttl", "include", "exclude", "comment-"}
_PROPERTIES = sorted(frozenset().union(*PROPERTIES.values()) - _EVERYDAY, key=lambda each: (-len(each), each))
_SUSPECT = re.compile(
    r"=[^\s\"=\[({]+=|[^=!(,{\[\\~\s]\"[A-Za-z/]|\b(?:add|set)(?!ress)[a-z-]+=|(?:=\S*|\")\s+(?:add|set)\s"
    r"|\S\s+(?:/[a-z]|:[a-z]+\s|set\s)|[A-Z][A-Za-z-]*=|\A\s*(?:/[^=\n]*)?[A-Z]|\w(?:add|set)\s"
    r"|(?:action|chain|protocol|connection-state|disabled|log)=!?[A-Z]"
)
"""What a line has that needs mending, at the least; most lines of an export have none of it."""


def mend_structure(line: Line, desk: Desk) -> Line:
    """Undo what was done to the spaces, line ends and capitals of one logical line."""
    if not _SUSPECT.search(line.text):
        return line
    for each in (_space_behind_quotes, _unglue, _unglue_verbs, _lower_names, _split_flattened):
        line = each(line, desk)
    return line


def mask(text: str) -> str:
    """The text with all that is in strings and brackets blotted out, character for character."""
    hidden = STRING.sub(lambda match: '"' + "_" * (len(match.group()) - 2) + '"', text)
    at, pieces = 0, []
    while (match := _BRACKET.search(hidden, at)) is not None:
        end = closing(text, match.start())
        if end is None:
            break
        pieces += [hidden[at : match.start() + 1], "_" * (end - match.start() - 2), hidden[end - 1]]
        at = end
    return "".join(pieces) + hidden[at:]


_BRACKET = re.compile(r"[\[({]")
_BEHIND_QUOTE = re.compile(r'(?<=[=~! \t])"_*"(?=[A-Za-z!$/])')


def _space_behind_quotes(line: Line, desk: Desk) -> Line:
    masked = mask(line.text)
    edits = []
    for match in _BEHIND_QUOTE.finditer(masked):
        head = _WORD_HEAD.match(masked, match.end())
        end = max(match.end() + 1, head.end() if head else 0)
        edits.append((match.end(), end, " " + line.text[match.end() : end]))
    return desk.mend("missing space", line, edits)


_WORD_HEAD = re.compile(r"[^\s=]*=?")
_GLUED = re.compile(r"(?<!\S)([A-Za-z][A-Za-z0-9-]*)=([^\s\"=\[({]*[A-Za-z0-9-])=")
_LONGEST = 200
"""Repairs of one line; no page has more, and a hostile file shall not take longer."""


def _unglue(line: Line, desk: Desk) -> Line:
    at = 0
    for _ in range(_LONGEST):
        match = _GLUED.search(mask(line.text), at)
        if match is None:
            break
        start, end = match.span(2)
        cut = _find_cut(match.group(1), line.text[start:end])
        if cut is None:
            at = match.end(1)
            continue
        value, between, name = cut
        line = desk.mend("missing space", line, [(start, end, value + between + name)])
        at = start + len(value) + len(between)
    return line


def _find_cut(name: str, glued: str) -> tuple[str, str, str] | None:
    """Where a value ends and the next name begins: value, what to put between, next name."""
    for each in _PROPERTIES:
        if not glued.endswith(each):
            continue
        value = glued[: -len(each)]
        if value.endswith("add") and each in {"action", "chain"} and _fits(name, value[:-3]):
            return value[:-3], "\nadd ", each
        if not value or _fits(name, value):
            return value, " ", each
    return None


_YES_NO = re.compile(r"yes|no|true|false")
_PORTS = re.compile(r"!?\d[\d,-]*")
_SHAPES: dict[str, re.Pattern[str]] = {
    "address-list-timeout": re.compile(r"[\d:wdhms.]*[\dwdhms]|none-(?:dynamic|static)"),
    "timeout": re.compile(r"[\d:wdhms.]*[\dwdhms]"),
    "dst-port": _PORTS,
    "src-port": _PORTS,
    "port": _PORTS,
    "to-ports": _PORTS,
    "packet-size": _PORTS,
    "disabled": _YES_NO,
    "log": _YES_NO,
    "dynamic": _YES_NO,
    "passthrough": _YES_NO,
    "protocol": re.compile(r"!?(?:tcp|udp|icmp|icmpv6|gre|ipsec-esp|ipsec-ah|ospf|igmp|l2tp|sctp|\d{1,3})"),
    "src-address": re.compile(r"!?[\da-fA-F.:/-]+"),
    "dst-address": re.compile(r"!?[\da-fA-F.:/-]+"),
    "address": re.compile(r"\S+"),
    "action": re.compile(
        r"accept|drop|reject|tarpit|jump|return|log|passthrough|add-(?:src|dst)-to-address-list"
        r"|fasttrack-connection|notrack|masquerade|(?:src|dst)-nat|redirect|netmap|mark-[a-z]+"
    ),
}


def _fits(name: str, value: str) -> bool:
    """Whether this can be the whole value of that property."""
    shape = _SHAPES.get(name.lower())
    return bool(shape.fullmatch(value)) if shape else bool(value)


_GLUED_VERB = re.compile(r"(?:(?<=\s)|\A)(add|set)([a-z][a-z0-9-]*)(?==)")
_GLUED_MENU = re.compile(r"(?<=\s)(filter|raw|nat|mangle|address-list|service)(add|set)(?=\s)")


def _unglue_verbs(line: Line, desk: Desk) -> Line:
    edits = [
        (*match.span(), f"{match.group(1)} {match.group(2)}")
        for match in _GLUED_VERB.finditer(mask(line.text))
        if match.group(2) in KNOWN_PROPERTIES and match.group() not in KNOWN_PROPERTIES
    ]
    line = desk.mend("missing space", line, edits)
    menus = _GLUED_MENU.finditer(mask(line.text))
    return desk.mend(
        "missing space", line, [(*each.span(), f"{each.group(1)} {each.group(2)}") for each in menus]
    )


_CAPITAL_NAME = re.compile(r"(?<!\S)[A-Za-z-]*[A-Z][A-Za-z0-9-]*(?==)")
_CAPITAL_VERB = re.compile(r"(?:\A|(?<=\n))\s*(?:ADD|Add|SET|Set|Remove|Print|Enable|Disable)(?=\s)")
_CAPITAL_PATH = re.compile(
    r"(?:\A|(?<=\n))\s*/[A-Za-z0-9 /-]*[A-Z][A-Za-z0-9 /-]*?(?=\s[A-Za-z-]+=|\s*[\n;\[]|\s*\Z)"
)
_CAPITAL_VALUE = re.compile(
    r"(?<!\S)(?i:action|chain|protocol|connection-state|disabled|log)=(?=\S*[A-Z])(!?(?:Input|Forward|Output"
    r"|Prerouting|Accept|Drop|Reject|Jump|Return|Log|Add-[Ss]rc-[Tt]o-[Aa]ddress-[Ll]ist|INPUT|FORWARD|OUTPUT|ACCEPT"
    r"|DROP|REJECT|JUMP|T[Cc][Pp]|U[Dd][Pp]|I[Cc][Mm][Pp]|(?:Established|Related|New|Invalid|,)+|Yes|No|YES|NO))(?=\s|\Z)"
)


def _lower_names(line: Line, desk: Desk) -> Line:
    masked = mask(line.text)
    found = [
        match.span()
        for match in _CAPITAL_NAME.finditer(masked)
        if match.group().lower() in KNOWN_PROPERTIES
        or match.group().lower() in {"list", "address", "port", "name"}
    ]
    found += [match.span() for match in _CAPITAL_VERB.finditer(masked)]
    found += [match.span() for match in _CAPITAL_PATH.finditer(masked) if _is_path(match.group())]
    found += [match.span(1) for match in _CAPITAL_VALUE.finditer(masked)]
    edits = [(start, end, line.text[start:end].lower()) for start, end in sorted(set(found))]
    return desk.mend("capital letters", line, edits)


def _is_path(text: str) -> bool:
    words = re.split(r"[ /]+", text.strip().lstrip("/").lower())
    return words[0] in ROOTS


_NEXT_CLAUSE = re.compile(
    r"(?<=\S)[ \t]+(?=(?:add|set)[ \t]+[a-z][a-z0-9-]*=|set[ \t]+(?:\[|[\w-]+[ \t]+[a-z-]+=)|/ip(?:v6)?[ \t/]"
    r"|/(?:interface|system|tool)[ \t/][a-z]|:(?:local|global|log|put|if|do|foreach|delay)\b)"
)
_COMPLETE = re.compile(r"=|\b(?:remove|enable|disable|print|export)\b")


def _split_flattened(line: Line, desk: Desk) -> Line:
    masked = mask(line.text)
    edits, begin = [], 0
    for match in _NEXT_CLAUSE.finditer(masked):
        begin = (
            max(masked.rfind("\n", begin, match.start()), masked.rfind(";", begin, match.start()), begin - 1)
            + 1
        )
        clause = masked[begin : match.start()]
        if _COMPLETE.search(clause) and not clause.lstrip().startswith((":", "#", "$")):
            word = _WORD.match(masked, match.end())
            stop = word.end() if word else match.end()
            edits.append((match.start(), stop, "\n" + line.text[match.end() : stop]))
            begin = match.end()
    return desk.mend("lost line end", line, edits)


_WORD = re.compile(r"\S*")
