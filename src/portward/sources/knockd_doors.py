"""What the entries of a knockd.conf mean to knockd 0.8: doors with all their settings, and knockd's own options.

Here is decided what knockd reads, also where that surprises: garbage becomes port 0, the last of two equal keys counts.
What portward makes of a door is not known here, nor what its commands do.
"""

from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Any

import attrs

from portward.errors import Diagnostic, Severity, Span
from portward.policy.net import MAX_PORT, Protocol
from portward.sources.did_you_mean import nearest
from portward.sources.knockd_text import (
    BARE_KEY,
    Entry,
    Section,
    Word,
    c_int,
    fatal,
    is_plain_number,
    read_lines,
    read_text,
    shown,
)


MOST_KNOCKS = 32
"""How many ports a sequence may have (measured on 0.8)."""

LONGEST_NAME = 127
"""Bytes of a door's name that are kept."""

DEFAULT_SEQ_TIMEOUT = 25
"""Seconds, from the first knock on."""

DEFAULT_CMD_TIMEOUT = 10
"""Seconds between the start and the stop command."""

FLAGS = ("fin", "syn", "rst", "psh", "ack", "urg")

OPTION_KEYS = (BARE_KEY, "logfile", "pidfile", "interface")

ALIASES = {"timeout": "seq_timeout", "command": "start_command", "command_6": "start_command_6"}

DOOR_KEYS = (
    "sequence",
    "one_time_sequences",
    "seq_timeout",
    "start_command",
    "start_command_6",
    "stop_command",
    "stop_command_6",
    "cmd_timeout",
    "tcpflags",
    "target",
    *ALIASES,
)


@attrs.frozen
class DoorKnock:
    """One port of a door's sequence.

    Attributes:
        protocol: tcp or udp.
        port: 0..65535; 0 where knockd found no number.
        word: what stands in the file.
    """

    protocol: Protocol
    port: int
    word: Word


@attrs.frozen
class Door:
    """A section of doors, as knockd runs it.

    Attributes:
        name: of the section.
        knocks: empty only where the sequences are in a file.
        seq_timeout: seconds from the first knock to the last; may be 0 or less.
        cmd_timeout: seconds between the commands; may be 0 or less.
        flags: the TCP flags that are asked for: set, or not set.
        flags_span: where they are asked for.
        target: the destination that counts; None for any address of the host.
        commands: by key, aliases resolved; an empty value is kept.
        one_time: the file with the one-time sequences, even where a `Sequence` comes first.
    """

    name: Word
    knocks: tuple[DoorKnock, ...] = ()
    seq_timeout: int = DEFAULT_SEQ_TIMEOUT
    cmd_timeout: int = DEFAULT_CMD_TIMEOUT
    flags: dict[str, bool] = attrs.field(factory=dict)
    flags_span: Span | None = None
    target: Word | None = None
    commands: dict[str, Word] = attrs.field(factory=dict)
    one_time: Word | None = None

    def command(self, key: str) -> Word | None:
        """The command that knockd runs; those for IPv6 fall back to the others, unless they are there and empty."""
        found = self.commands.get(key)
        if found is None and key.endswith("_6"):
            found = self.commands.get(key.removesuffix("_6"))
        return found if found and found.text else None


@attrs.frozen
class KnockdFile:
    """A knockd.conf.

    Attributes:
        doors: in the order of the file.
        options: knockd's own settings, in the order of the file.
        fatal: what would keep knockd from starting.
        quirks: what knockd reads otherwise than it looks.
        text: the whole text, for showing lines of it.
    """

    doors: tuple[Door, ...]
    options: tuple[Entry, ...]
    fatal: tuple[Diagnostic, ...]
    quirks: tuple[Diagnostic, ...]
    text: str

    @property
    def interface(self) -> str:
        """The one interface that knockd listens on, if the file says so."""
        found = (each.value.text for each in self.options if each.name == "interface" and each.value)
        return next(found, "")


@attrs.frozen
class _Notes:
    """What is found while reading."""

    fatal: list[Diagnostic] = attrs.field(factory=list)
    quirks: list[Diagnostic] = attrs.field(factory=list)

    def surprise(self, message: str, span: Span, hint: str = "") -> None:
        """Note something that knockd reads otherwise than it looks, but that a person can live with."""
        self.quirks.append(Diagnostic("PW652", Severity.ADVICE, message, span, hint))


def read_knockd(content: bytes, file: str) -> KnockdFile:
    """Read a knockd.conf; every mistake is in what comes back, nothing is raised.

    Args:
        content: of the file.
        file: its name, for the diagnostics.
    """
    text = read_text(content, file)
    notes = _Notes(fatal=list(text.mistakes))
    doors: list[Door] = []
    options: list[Entry] = []
    for section in text.sections:
        if section.is_options:
            options += _read_options(section, notes)
        else:
            doors.append(_read_door(section, notes))
    _same_names(doors, notes)
    _same_interfaces(options, notes)
    in_order = sorted(notes.fatal, key=_place), sorted(notes.quirks, key=_place)
    return KnockdFile(tuple(doors), tuple(options), tuple(in_order[0]), tuple(in_order[1]), text.text)


def _place(diagnostic: Diagnostic) -> tuple[int, int]:
    return (diagnostic.span.line, diagnostic.span.column) if diagnostic.span else (0, 0)


def _same_names(doors: list[Door], notes: _Notes) -> None:
    seen: dict[str, Door] = {}
    for door in doors:
        if before := seen.get(door.name.text):
            sentence = (
                f"there is a door [{shown(door.name.text)[1:-1]}] on line {before.name.span.line} already"
            )
            notes.surprise(f"{sentence}; knockd keeps both", door.name.span)
        seen.setdefault(door.name.text, door)


def _same_interfaces(options: list[Entry], notes: _Notes) -> None:
    """Of interfaces the first one counts, unlike everything else."""
    given = [each for each in options if each.name == "interface"]
    for entry in given[1:]:
        line = given[0].key.span.line
        sentence = f"the interface was given on line {line} already, and the first one counts"
        notes.surprise(sentence, entry.key.span)


def _read_options(section: Section, notes: _Notes) -> Iterator[Entry]:
    for entry in section.entries:
        if entry.name in OPTION_KEYS:
            yield entry
        elif entry.name in DOOR_KEYS:
            notes.fatal.append(fatal(f"{entry.key.text} belongs in a door, not in [options]", entry.key.span))
        else:
            notes.fatal.append(_unknown(entry, OPTION_KEYS))


def _unknown(entry: Entry, keys: tuple[str, ...]) -> Diagnostic:
    return fatal(f"it has no key {shown(entry.key.text)}", entry.key.span, nearest(entry.key.text, keys))


def _read_door(section: Section, notes: _Notes) -> Door:
    """Read the entries of a door, one after the other, as knockd does."""
    door = Door(section.name)
    if len(section.name.text.encode()) > LONGEST_NAME:
        notes.surprise(f"knockd keeps {LONGEST_NAME} bytes of a door's name", section.name.span)
    seen: dict[str, Entry] = {}
    for entry in section.entries:
        if entry.value is None:  # UseSyslog, good in any section
            continue
        name = ALIASES.get(entry.name, entry.name)
        if name not in DOOR_KEYS:
            if entry.name in OPTION_KEYS:
                notes.fatal.append(fatal(f"{entry.key.text} belongs in [options]", entry.key.span))
            else:
                notes.fatal.append(_unknown(entry, DOOR_KEYS))
            continue
        if (before := seen.get(name)) and name != "tcpflags":  # those are added up
            sentence = (
                f"{before.key.text} is given again on line {entry.key.span.line}, and the last one counts"
            )
            notes.surprise(sentence, before.key.span)
        seen[name] = entry
        door = _with(door, name, entry.value, notes)
    if not door.knocks and not door.one_time and not {"sequence", "one_time_sequences"} & seen.keys():
        sentence = f"the door [{section.name.text}] has no sequence"
        notes.fatal.append(fatal(sentence, section.name.span))
    return door


def _with(door: Door, name: str, value: Word, notes: _Notes) -> Door:
    """The door with one more entry read."""
    match name:
        case "sequence":
            changes: dict[str, Any] = {"knocks": tuple(read_sequence(value, notes.fatal, notes.quirks))}
        case "one_time_sequences":
            changes = {"one_time": value}
        case "seq_timeout" | "cmd_timeout":
            changes = {name: _seconds(value, notes)}
        case "tcpflags":
            changes = {"flags": {**door.flags, **_flags(value, notes)}, "flags_span": value.span}
        case "target":
            _judge_target(value, notes)
            changes = {"target": value}
        case _:
            changes = {"commands": {**door.commands, name: value}}
    return attrs.evolve(door, **changes)


def _seconds(value: Word, notes: _Notes) -> int:
    seconds = c_int(value.text)
    if not is_plain_number(value.text):
        sentence = f"knockd reads {shown(value.text)} as {seconds} second{'' if seconds == 1 else 's'}"
        notes.surprise(sentence, value.span, _why_odd(value.text))
    return seconds


def _why_odd(text: str) -> str:
    """Guess why a number is none."""
    if "#" in text:
        return "a comment stands on a line of its own"
    if any(mark in text for mark in ("@@", "{{", "${", "<", "__", "%")):
        return "this looks like a placeholder: fill it in"
    return "write digits alone"


def _flags(value: Word, notes: _Notes) -> dict[str, bool]:
    """Read the TCP flags; knockd takes no blanks between them."""
    found = {}
    for piece in value.pieces(","):
        name = piece.text.lower()
        if name.removeprefix("!") in FLAGS:
            found[name.removeprefix("!")] = not name.startswith("!")
            continue
        bare = name.strip().removeprefix("!")
        hint = "write no blanks" if bare in FLAGS else nearest(bare, FLAGS) or f"there are {', '.join(FLAGS)}"
        notes.fatal.append(fatal(f"{shown(piece.text)} is no TCP flag", piece.span, hint))
    return found


def _judge_target(value: Word, notes: _Notes) -> None:
    """Say where knockd compares the target with something that it can never be."""
    if "/" in value.text:
        try:
            ip_network(value.text, strict=False)
        except ValueError:
            pass
        else:
            notes.fatal.append(
                fatal(f"the target {shown(value.text)} is a network", value.span, "give an address")
            )
            return
    if not can_be_target(value.text):
        sentence = f"no packet's destination is written {shown(value.text)}, so knockd never opens this door"
        notes.surprise(sentence, value.span, "Target is one address, in its usual spelling")


def can_be_target(text: str) -> bool:
    """Whether a packet's destination can be written so: knockd compares texts."""
    try:
        return str(ip_address(text)) == text
    except ValueError:
        return False


def read_sequence(value: Word, fatals: list[Diagnostic], quirks: list[Diagnostic]) -> Iterator[DoorKnock]:
    """Read a sequence as knockd does; what it refuses goes to `fatals`, what it misreads to `quirks`."""
    pieces = value.pieces(",")
    if len(pieces) > MOST_KNOCKS:
        sentence = f"a sequence has at most {MOST_KNOCKS} ports, this one {len(pieces)}"
        fatals.append(fatal(sentence, pieces[MOST_KNOCKS].span))
    for piece in pieces[:MOST_KNOCKS]:
        number, *rest = piece.pieces(":")
        port = c_int(number.text)
        protocol = _protocol(rest[0].trimmed(), fatals) if rest else Protocol.TCP
        if port > MAX_PORT:
            fatals.append(fatal(f"{shown(number.text.strip())} is over {MAX_PORT}", number.trimmed().span))
        elif protocol:
            quirks.extend(_odd_port(number.trimmed(), port % (MAX_PORT + 1)))
            yield DoorKnock(protocol, port % (MAX_PORT + 1), piece.trimmed())


def _protocol(word: Word, fatals: list[Diagnostic]) -> Protocol | None:
    if word.text.lower() in {"tcp", "udp"}:
        return Protocol(word.text.lower())
    fatals.append(fatal(f"{shown(word.text)} is no protocol of a knock", word.span, "there are tcp and udp"))
    return None


def _odd_port(word: Word, port: int) -> Iterator[Diagnostic]:
    """Say where knockd found another port than a person would read."""
    if port == 0:
        sentence = f"knockd reads {shown(word.text)} as port 0, which is no knock"
        yield Diagnostic("PW652", Severity.ADVICE, sentence, word.span, _why_odd(word.text))
    elif not is_plain_number(word.text):
        sentence = f"knockd reads {shown(word.text)} as port {port}"
        yield Diagnostic("PW652", Severity.ADVICE, sentence, word.span, _why_odd(word.text))


def read_one_time(
    content: bytes, file: str
) -> tuple[tuple[tuple[DoorKnock, ...], ...], tuple[Diagnostic, ...]]:
    """Read a file of one-time sequences: those that are left, and what knockd passes over or misreads."""
    left: list[tuple[DoorKnock, ...]] = []
    found: list[Diagnostic] = []
    for line in read_lines(content, file):
        word = line.trimmed()
        if not word.text or word.text[0] == "#":
            continue
        wrong: list[Diagnostic] = []
        knocks = tuple(read_sequence(word, wrong, found))
        if wrong:
            found.append(Diagnostic("PW652", Severity.ADVICE, "knockd passes over this line", word.span))
        else:
            left.append(knocks)
    return tuple(left), tuple(found)
