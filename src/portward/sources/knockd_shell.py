"""A shell line as the simple commands in it, each as the words that the shell would give to the program.

knockd hands its commands to /bin/sh. Here a line is only read, never run: quotes and backslashes are taken off as
POSIX has it (Shell Command Language, §2.2 to §2.10), and whatever a plain list of words cannot say is named as a risk
of its step. What the programs do is not known here.
"""

import re

import attrs


OPERATORS = ("&&", "||", ";", "&", "|")
"""What stands between two steps."""

RESERVED = frozenset(
    (
        "if",
        "then",
        "elif",
        "else",
        "fi",
        "for",
        "while",
        "until",
        "do",
        "done",
        "case",
        "esac",
        "{",
        "}",
        "!",
        "[[",
    )
)
"""First words that begin something larger than a command (POSIX §2.4); `[[` is bash's."""

_BLANK = re.compile(r"[ \t\v\f\r\n]+")
_COMMENT = re.compile(r"#.*", re.DOTALL)
_OPERATOR = re.compile(r"&&|\|\||;;|[;|]|&(?!>)")
_REDIRECTION = re.compile(r"(\d*|&)(<<-?|<>|<&|<|>>|>&|>\||>)")
_SINGLE = re.compile(r"'([^']*)'")
_DOUBLE = re.compile(r'"((?:\\.|[^"\\])*)"', re.DOTALL)
_BACKSLASH = re.compile(r"\\(.)", re.DOTALL)
_IN_DOUBLE = re.compile(r'\\([$`"\\])')
_VARIABLE = re.compile(r"\$(?:\w+|[@*#?$!-]|\{[^}]*\})")
_SUBSTITUTION = re.compile(r"`[^`]*`|\$\((?:[^()]|\([^()]*\))*\)")
_PATTERN = re.compile(r"[*?\[]")
_PLAIN = re.compile(r"[^ \t\v\f\r\n'\"\\$`;&|<>()*?\[]+|\$")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")

_WASTE = ("/dev/null", "1", "2")
"""Where output goes that nobody wants."""


@attrs.frozen
class Redirection:
    """Where a step's input comes from or its output goes."""

    operator: str
    target: str

    @property
    def harmless(self) -> bool:
        """Whether only output is thrown away, or put where other output goes."""
        return self.operator in {">", ">>", ">&"} and self.target in _WASTE


@attrs.frozen
class Step:
    """One simple command.

    Attributes:
        words: as the program would get them; where there is a risk, as they stand there.
        start: offset of its first character.
        end: offset behind its last character.
        joint: what stands before it: an operator, or nothing before the first.
        risks: what these words alone do not say, in a few words each.
        redirections: in their order.
    """

    words: tuple[str, ...]
    start: int
    end: int
    joint: str = ""
    risks: tuple[str, ...] = ()
    redirections: tuple[Redirection, ...] = ()


@attrs.frozen
class ShellLine:
    """A line for the shell.

    Attributes:
        steps: in their order; none if there is trouble.
        trouble: why the line cannot be read as simple commands; empty if it can.
    """

    steps: tuple[Step, ...]
    trouble: str = ""


@attrs.define
class _Draft:
    """The step that is being read."""

    joint: str = ""
    words: list[str] = attrs.field(factory=list)
    start: int = -1
    end: int = 0
    risks: dict[str, None] = attrs.field(factory=dict)
    redirections: list[Redirection] = attrs.field(factory=list)

    def step(self) -> Step:
        """The step as it is now."""
        return Step(
            tuple(self.words),
            max(0, self.start),
            self.end,
            self.joint,
            tuple(self.risks),
            tuple(self.redirections),
        )


def read_shell(text: str) -> ShellLine:
    """Read a shell line; whatever the text, a `ShellLine` comes back."""
    try:
        return ShellLine(tuple(_steps(text)))
    except ValueError as error:
        return ShellLine((), str(error))


def _steps(text: str) -> list[Step]:
    """Read all steps.

    Raises:
        ValueError: the line is more than simple commands, or no shell line at all.
    """
    steps: list[Step] = []
    draft = _Draft()
    at = 0
    while at < len(text):
        if found := _BLANK.match(text, at) or _COMMENT.match(text, at):
            at = found.end()
        elif found := _REDIRECTION.match(text, at):
            at = _redirect(text, found, draft)
        elif found := _OPERATOR.match(text, at):
            steps.append(_finished(draft, found.group()))
            draft = _Draft(joint=found.group())
            at = found.end()
        else:
            at = _word(text, at, draft)
    if draft.words or draft.redirections:
        steps.append(_finished(draft))
    elif draft.joint in {"&&", "||", "|"}:
        raise ValueError(f"nothing follows the {draft.joint}")
    return _with_pipes(steps)


def _finished(draft: _Draft, operator: str = "") -> Step:
    """Judge a step that has ended.

    Raises:
        ValueError: it is not a simple command.
    """
    if operator == ";;":
        raise ValueError("it is a case of the shell's")
    if not draft.words and not draft.redirections:
        raise ValueError(f"nothing stands before {operator}")
    first = draft.words[0] if draft.words else ""
    if first in RESERVED:
        raise ValueError(f"{first} begins more than a simple command")
    if _ASSIGNMENT.match(first):
        draft.risks["it sets a variable"] = None
    if any(not each.harmless for each in draft.redirections):
        draft.risks["it has a redirection"] = None
    return draft.step()


def _with_pipes(steps: list[Step]) -> list[Step]:
    """Name the pipes and alternatives as risks of the steps on both sides, or on the right one."""
    marked = []
    for place, step in enumerate(steps):
        after = steps[place + 1].joint if place + 1 < len(steps) else ""
        risks = list(step.risks)
        if "|" in (step.joint, after):
            risks.append("it is part of a pipe")
        if step.joint == "||":
            risks.append("it runs only if the one before it fails")
        marked.append(attrs.evolve(step, risks=tuple(risks)))
    return marked


def _redirect(text: str, found: re.Match[str], draft: _Draft) -> int:
    """Read a redirection and its target; give where it ends.

    Raises:
        ValueError: it has no target, or is a text to be read on.
    """
    operator = found[2]
    if operator.startswith("<<"):
        raise ValueError("it reads a here-document")
    blank = _BLANK.match(text, found.end())
    start = blank.end() if blank else found.end()
    aside = _Draft()
    end = _word(text, start, aside) if start < len(text) and text[start] not in ";&|<>" else start
    if not aside.words:
        raise ValueError(f"nothing follows the {operator}")
    draft.start = found.start() if draft.start < 0 else draft.start
    draft.end = end
    draft.risks.update(aside.risks)
    draft.redirections.append(Redirection(operator, aside.words[0]))
    return end


def _word(text: str, at: int, draft: _Draft) -> int:
    """Read one word; give where it ends.

    Raises:
        ValueError: a quote without its end, or a parenthesis.
    """
    start, pieces = at, []
    while at < len(text) and not _BLANK.match(text, at) and text[at] not in ";&|<>":
        piece, at = _piece(text, at, draft, first=at == start)
        pieces.append(piece)
    draft.words.append("".join(pieces))
    draft.start = start if draft.start < 0 else draft.start
    draft.end = at
    return at


def _piece(text: str, at: int, draft: _Draft, *, first: bool) -> tuple[str, int]:
    """Read a piece of a word: what it stands for, and where it ends.

    Raises:
        ValueError: as `_word`.
    """
    if found := _SINGLE.match(text, at):
        return found[1], found.end()
    if found := _DOUBLE.match(text, at):
        _name_risks(found[1], draft)
        return _IN_DOUBLE.sub(r"\1", found[1]), found.end()
    if found := _SUBSTITUTION.match(text, at) or _VARIABLE.match(text, at):
        _name_risks(found.group(), draft)
        return found.group(), found.end()
    if found := _BACKSLASH.match(text, at):
        return found[1], found.end()
    if found := _PATTERN.match(text, at):
        draft.risks["it has a file name pattern"] = None
        return found.group(), found.end()
    if found := _PLAIN.match(text, at):
        if first and found.group()[0] == "~":
            draft.risks["it names a home directory"] = None
        return found.group(), found.end()
    kinds = {"'": "a quote has no end", '"': "a quote has no end", "`": "a backquote has no end"}
    raise ValueError(kinds.get(text[at], "it has parentheses" if text[at] in "()" else "it ends too early"))


def _name_risks(text: str, draft: _Draft) -> None:
    """Name what the shell would put in, in a text where it does."""
    unescaped = _BACKSLASH.sub("", text)
    if "`" in unescaped or "$(" in unescaped:
        draft.risks["it has a command in it, whose output is used"] = None
    elif _VARIABLE.search(unescaped):
        draft.risks["it has a variable"] = None
