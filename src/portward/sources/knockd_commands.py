"""A door's command, judged step by step: what it does to the firewall, or why nobody here can tell.

A step that is no firewall command is never run by portward. Where it is plain words it is a hook, an argument list that
could be run without a shell; otherwise it is only listed.
"""

import enum
import re
from collections.abc import Callable

import attrs

from portward.errors import Span
from portward.sources.knockd_effect import NOTHING, Effect
from portward.sources.knockd_firewalld import read_firewall_cmd
from portward.sources.knockd_iptables import read_helper, read_iptables
from portward.sources.knockd_nft import read_ipset, read_nft
from portward.sources.knockd_shell import Step, read_shell
from portward.sources.knockd_text import Word
from portward.sources.knockd_ufw import read_ufw


class Kind(enum.StrEnum):
    """What a step is to portward."""

    FIREWALL = "firewall"
    """A firewall command, and what it does is known."""
    WAIT = "wait"
    """`sleep`."""
    NOTHING = "nothing"
    """A command that changes nothing."""
    HOOK = "hook"
    """Another program, with its words as a list of arguments."""
    LISTED = "listed"
    """Something that a list of arguments cannot say, or a firewall command that is not understood."""


@attrs.frozen
class Judged:
    """A step and what is known of it.

    Attributes:
        text: as it stands in the file.
        span: where.
        kind: see `Kind`.
        words: the program and its arguments; empty if it is only listed.
        effects: of a firewall command.
        seconds: of a wait.
        why: why it is a hook or listed.
        packets: whether what visitors reach may depend on it.
    """

    text: str
    span: Span
    kind: Kind
    words: tuple[str, ...] = ()
    effects: tuple[Effect, ...] = ()
    seconds: float = 0
    why: str = ""
    packets: bool = False


Reader = Callable[[tuple[str, ...]], tuple[Effect, ...]]

_READERS: dict[str, Reader] = {
    "iptables": lambda words: read_iptables(words, frozenset((4,))),
    "ip6tables": lambda words: read_iptables(words, frozenset((6,))),
    "nft": read_nft,
    "ipset": read_ipset,
    "ufw": read_ufw,
    "firewall-cmd": read_firewall_cmd,
    "knock_helper_ipt.sh": read_helper,
    "knock_add": read_helper,
}
_VARIANT = re.compile(r"(ip6?tables)-(?:nft|legacy)")
_TALKERS = frozenset(
    (
        "logger",
        "echo",
        "printf",
        "date",
        "touch",
        "mail",
        "mailx",
        "sendmail",
        "msmtp",
        "wall",
        "notify-send",
        "beep",
    )
)
_ASKERS = frozenset(("curl", "wget", "ntfy"))
_IDLE = frozenset(("true", ":", "false", "exit"))
_BEARABLE = frozenset(("it runs only if the one before it fails", "it has a redirection"))
"""Risks that leave a firewall command what it is."""

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_SLEEP = re.compile(r"(\d{1,7}(?:\.\d{1,3})?)([smhd]?)")
_DEEPEST = 3
"""How many shells may stand in each other: `sh -c "sh -c …"`."""


def judge(command: Word | None, depth: int = 0) -> tuple[Judged, ...]:
    """Judge a door's command; whatever the text, it comes back with all its steps."""
    if command is None or not command.text:
        return ()
    line = read_shell(command.text)
    if line.trouble:
        return (_listed(command, f"it is for a shell: {line.trouble}", packets=True),)
    judged: list[Judged] = []
    for step in line.steps:
        judged += _judge_step(command.part(step.start, step.end), step, depth)
    return tuple(judged)


def _listed(place: Word, why: str, *, packets: bool) -> Judged:
    return Judged(place.text, place.span, Kind.LISTED, why=why, packets=packets)


def _judge_step(place: Word, step: Step, depth: int) -> tuple[Judged, ...]:
    """Judge one step."""
    words = bare(step.words)
    if not words:
        return (_listed(place, "it runs no program", packets=False),)
    program = program_of(words[0])
    if program in {"sh", "bash", "dash"} and words[1:2] == ("-c",) and not step.risks and depth < _DEEPEST:
        return tuple(
            attrs.evolve(each, span=place.span)
            for each in judge(Word(words[2] if words[2:] else "", place.span), depth + 1)
        )
    if reader := _READERS.get(program):
        return (_firewall(place, step, reader, words),)
    if program == "sleep" and (seconds := _seconds(words[1:])) is not None:
        return (Judged(place.text, place.span, Kind.WAIT, words, seconds=seconds),)
    if program in _IDLE:
        return (Judged(place.text, place.span, Kind.NOTHING, words),)
    return (_other(place, step, program),)


def bare(words: tuple[str, ...]) -> tuple[str, ...]:
    """Take off what only says as whom or how a program runs: sudo, nohup and the like."""
    rest = list(words)
    while rest and program_of(rest[0]) in {"sudo", "doas", "nohup", "exec", "command", "env", "nice"}:
        rest.pop(0)
        while rest and rest[0].startswith("-"):
            if rest.pop(0) in {"-u", "-g", "-n"} and rest and not _is_program(rest[0]):
                rest.pop(0)
    return tuple(rest)


def _is_program(word: str) -> bool:
    """Whether a word behind an option is rather the program: `sudo -n iptables`, but `nice -n 5 iptables`."""
    return "/" in word or program_of(word) in _READERS or word.startswith("-")


def program_of(word: str) -> str:
    """The program's name without its folder, and iptables-nft as iptables."""
    name = word.rpartition("/")[2]
    variant = _VARIANT.fullmatch(name)
    return variant[1] if variant else name


def _firewall(place: Word, step: Step, reader: Reader, words: tuple[str, ...]) -> Judged:
    """Judge a firewall command."""
    if risks := [each for each in step.risks if each not in _BEARABLE]:
        return _listed(place, f"it is for a shell: {risks[0]}", packets=True)
    try:
        effects = reader(words[1:])
    except ValueError as error:
        return _listed(place, str(error), packets=True)
    kind = Kind.NOTHING if effects == NOTHING else Kind.FIREWALL
    return Judged(place.text, place.span, kind, words, effects)


def _seconds(words: tuple[str, ...]) -> float | None:
    """How long a `sleep` takes; None if that does not stand there."""
    total = 0.0
    for word in words:
        found = _SLEEP.fullmatch(word)
        if not found:
            return None
        total += float(found[1]) * _UNITS[found[2]]
    return total


def _other(place: Word, step: Step, program: str) -> Judged:
    """Judge a program that is no firewall command."""
    wrappers = "hosts.allow" in place.text or "hosts.deny" in place.text
    packets = program not in _TALKERS | _ASKERS or wrappers
    if wrappers:
        return _listed(place, "TCP wrappers are not portward's; open the service's port", packets=True)
    if step.risks:
        return _listed(place, f"it is for a shell: {step.risks[0]}", packets=packets)
    why = "what this program does is not known here" if packets else "it only tells somebody"
    return Judged(place.text, place.span, Kind.HOOK, step.words, why=why, packets=packets)
