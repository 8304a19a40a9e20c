"""A door of knockd becomes a sequence, or is told why not.

One door by itself is judged here: what it opens and for how long, which knocks a policy can express, and what will
differ. What several doors make together is not known here.
"""

import enum
import shlex
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

import attrs

from portward.errors import Diagnostic, Severity, Span
from portward.policy.net import Knock, PortRange
from portward.policy.notation import LONGEST_ROUTEROS, SHORTEST, write_duration
from portward.sources.knockd_commands import Judged, Kind, judge
from portward.sources.knockd_doors import Door, DoorKnock, can_be_target
from portward.sources.knockd_effect import Effect
from portward.sources.knockd_text import mistake, shown


ROLES = ("start_command", "stop_command", "start_command_6", "stop_command_6")

SYN_ALONE = {"syn": True, "ack": False, "rst": False, "fin": False, "psh": False, "urg": False}
"""The flags of a packet that begins a connection: what a TCP knock of a policy is."""

LONGEST = LONGEST_ROUTEROS

_FOR_EVER = 10**11
"""Seconds that nobody waits for."""

Opened = Mapping[str, tuple[PortRange, ...] | None]
"""What the user says that doors open, by their names: ports, or None for everything."""


class Fate(enum.StrEnum):
    """What became of a door."""

    SEQUENCE = "sequence"
    MERGED = "merged"
    """Its knocks are another door's, whose sequence now opens what both opened."""
    CLOSES = "closes"
    """It takes back what another one opened; grants end by themselves."""
    IDLE = "idle"
    """knockd runs nothing for it."""
    REFUSED = "refused"


@attrs.frozen
class Reason:
    """Why a door is refused.

    Attributes:
        text: a sentence that follows "it does not become a sequence: ".
        span: where.
        hint: what to do about it; may be empty.
    """

    text: str
    span: Span
    hint: str = ""


@attrs.frozen
class LiftedDoor:
    """A door and what became of it.

    Attributes:
        door: as knockd has it.
        fate: see `Fate`.
        effects: what it opens, each target once; with `REFUSED` as far as known.
        open_for: how long.
        step_timeout: for each step.
        commands: by role, in the order of `ROLES`; those that knockd runs.
        remarks: what differs from knockd, for this door.
        reasons: why it is refused.
        one_time: the sequences that are left in its file, where it is refused as a whole; empty if it has none.
        given: whether the user said what it opens.
        name: of its sequence; empty if it has none.
        number: which of the sequences in its file this is, from 1; 0 where its sequence counts always.
    """

    door: Door
    fate: Fate
    effects: tuple[Effect, ...] = ()
    open_for: timedelta = LONGEST
    step_timeout: timedelta = SHORTEST
    commands: dict[str, tuple[Judged, ...]] = attrs.field(factory=dict)
    remarks: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    one_time: tuple[tuple[DoorKnock, ...], ...] = ()
    given: bool = False
    name: str = ""
    number: int = 0

    @property
    def section(self) -> str:
        """What to call the door in a sentence."""
        return f"[{shown(self.door.name.text)[1:-1]}]"

    @property
    def title(self) -> str:
        """What to call this sequence of it in a sentence."""
        return f"one-time sequence {self.number} of {self.section}" if self.once else self.section

    @property
    def once(self) -> bool:
        """Whether it counts once."""
        return self.number > 0

    @property
    def knocks(self) -> tuple[Knock, ...]:
        """The knocks of the policy; only where no port is 0."""
        return tuple(Knock(each.protocol, each.port) for each in self.door.knocks)

    @property
    def opens_everything(self) -> bool:
        """Whether the visitor is let through everywhere."""
        return any(not each.ports and each.host is None and not each.behind for each in self.effects)

    def refused(self, text: str, span: Span, hint: str = "") -> "LiftedDoor":
        """The same door, refused for one more reason."""
        return attrs.evolve(self, fate=Fate.REFUSED, reasons=(*self.reasons, Reason(text, span, hint)))

    def diagnostics(self) -> Iterator[Diagnostic]:
        """What there is to tell about it, in the order of the text."""
        place = self.door.name.span
        for each in self.reasons:
            yield mistake(
                "PW653", f"{self.title} does not become a sequence: {each.text}", each.span, each.hint
            )
        for step in self.unknown_commands():
            severity = Severity.ERROR if step.packets and not self.given else Severity.NOTE
            yield Diagnostic("PW654", severity, f"portward does not run this: {step.why}", step.span)
        if self.fate is Fate.CLOSES:
            sentence = f"{self.title} only closes; grants end by themselves, or by portward revoke"
            yield Diagnostic("PW655", Severity.NOTE, sentence, place)
        if self.fate is Fate.IDLE:
            sentence = f"{self.title} has no start command, so knockd does nothing for it"
            yield Diagnostic("PW655", Severity.NOTE, sentence, place)
        for remark in self.remarks if self.fate is not Fate.REFUSED else ():
            yield Diagnostic("PW655", Severity.ADVICE, f"{self.section} {remark}", place)

    def unknown_commands(self) -> tuple[Judged, ...]:
        """The hooks and what is only listed, each once."""
        found = [each for role in ROLES for each in self.commands.get(role, ())]
        return tuple(dict.fromkeys(each for each in found if each.kind in {Kind.HOOK, Kind.LISTED}))


def lift(door: Door, given: Opened) -> LiftedDoor:
    """Judge a door whose sequence stands in it.

    Args:
        door: as knockd has it.
        given: what the user says that doors open.
    """
    lifted = with_effects(door, given)
    return lifted if lifted.fate in {Fate.IDLE, Fate.CLOSES} else with_knocks(lifted)


def with_effects(door: Door, given: Opened) -> LiftedDoor:
    """Judge the commands."""
    commands = {role: judge(door.command(role)) for role in ROLES}
    lifted = LiftedDoor(door, Fate.SEQUENCE, commands=commands)
    if not commands["start_command"] and not commands["start_command_6"]:
        return attrs.evolve(lifted, fate=Fate.IDLE)
    return _opened(lifted, given)


def with_knocks(lifted: LiftedDoor) -> LiftedDoor:
    """Judge the knocks, the times, the flags and the target."""
    door = lifted.door
    for text, span in _wrong_knocks(door):
        lifted = lifted.refused(text, span)
    several = len(door.knocks) > 1
    if several and door.seq_timeout <= 0:
        lifted = lifted.refused(f"its time is {door.seq_timeout} s, so knockd never opens it", door.name.span)
    length = timedelta(seconds=max(0, door.seq_timeout))
    remarks = list(lifted.remarks)
    if length > LONGEST and several:
        remarks.append(
            f"allows {door.seq_timeout} s for its knocks; a policy at most {write_duration(LONGEST)}"
        )
    if door.target and can_be_target(door.target.text):
        remarks.append(
            f"counts only knocks to {door.target.text}; here they count at every address of this host"
        )
    return attrs.evolve(lifted, step_timeout=min(max(length, SHORTEST), LONGEST), remarks=tuple(remarks))


def _wrong_knocks(door: Door) -> Iterator[tuple[str, Span]]:
    """Say why the knocks of a door are none that a policy can express."""
    for each in door.knocks:
        if each.port == 0:
            yield "it has port 0", each.word.span
    if not door.knocks:
        yield "it has no knocks", door.name.span
    wrong = [name for name, wanted in door.flags.items() if SYN_ALONE[name] is not wanted]
    if wrong and any(each.protocol == "tcp" for each in door.knocks):
        flags = ", ".join(f"{'' if wanted else '!'}{name}" for name, wanted in door.flags.items())
        place = door.flags_span or door.name.span
        yield f"it counts packets with the flags {flags}, and a TCP knock of a policy is a SYN alone", place
    if door.target and not can_be_target(door.target.text):
        yield "its target is no destination that a packet can have", door.target.span


def _opened(lifted: LiftedDoor, given: Opened) -> LiftedDoor:
    """Judge what a door opens and for how long."""
    timelines = [_Timeline.of(lifted, start, stop, family) for start, stop, family in _BY_FAMILY]
    effects = _merged(each for timeline in timelines for each in timeline.opened)
    closings = [each for timeline in timelines for each in timeline.closed]
    remarks = list(dict.fromkeys(remark for each in effects for remark in each.remarks))
    name = lifted.door.name.text
    if name in given:
        ports = given[name]
        effects = (Effect(opens=True, ports=ports or (), lasts=_given_length(lifted, effects)),)
        lifted = attrs.evolve(lifted, given=True)
    elif any(timeline.late for timeline in timelines):
        return lifted.refused("its stop command opens, and a grant only ends", lifted.door.name.span)
    elif not effects:
        return _opens_nothing(lifted, closings)
    elif sets := [each.behind for each in effects if each.behind]:
        reason = f"it opens what the members of {sets[0]} may reach, which stands in rules elsewhere"
        lifted = lifted.refused(reason, lifted.door.name.span, _say_what(lifted))
        effects = tuple(each for each in effects if not each.behind)
    one, other = ({each.target for each in timeline.opened} for timeline in timelines)
    if one and other and one != other:
        remarks.append("opens one thing for IPv4 and another for IPv6; here each opens both")
    if any(each.to_all for each in effects):
        remarks.append("opens for everybody when one has knocked; here for the one who knocked")
    open_for, told = _open_for(effects)
    return attrs.evolve(lifted, effects=effects, open_for=open_for, remarks=(*remarks, *told))


def _opens_nothing(lifted: LiftedDoor, closings: list[Effect]) -> LiftedDoor:
    """Judge a door whose start command opens nothing."""
    if closings:
        remarks = dict.fromkeys(remark for each in closings for remark in each.remarks)
        return attrs.evolve(lifted, fate=Fate.CLOSES, remarks=tuple(remarks))
    reason = "nothing that its commands open is known here"
    return lifted.refused(reason, lifted.door.name.span, _say_what(lifted))


def _say_what(lifted: LiftedDoor) -> str:
    return f"if you know what it opens, say so: --opens {shlex.quote(lifted.door.name.text + '=tcp/PORT')}"


def _given_length(lifted: LiftedDoor, effects: tuple[Effect, ...]) -> timedelta | None:
    """How long a door is open whose ports the user named."""
    known = [each.lasts for each in effects if each.lasts]
    if known:
        return max(known)
    if lifted.commands["stop_command"] or lifted.commands["stop_command_6"]:
        return timedelta(seconds=_between(lifted.door))
    return None


def _between(door: Door) -> int:
    """Seconds between the commands: C's `sleep` takes a negative number for 2^32 more."""
    return door.cmd_timeout % 2**32


def _open_for(effects: tuple[Effect, ...]) -> tuple[timedelta, list[str]]:
    """How long a grant lasts, and what is to be said about that."""
    lengths = {each.lasts for each in effects}
    told: list[str] = []
    if None in lengths:
        told.append(f"stays open for good in knockd; a grant lasts at most {write_duration(LONGEST)}")
        return LONGEST, told
    longest = max((each for each in lengths if each is not None), default=LONGEST)
    if len(lengths) > 1:
        told.append(f"opens its ports for different times; here all for {write_duration(longest)}")
    if not SHORTEST <= longest <= LONGEST:
        bounded = min(max(longest, SHORTEST), LONGEST)
        told.append(f"opens for {longest.total_seconds():.10g} s; here for {write_duration(bounded)}")
        return bounded, told
    return longest, told


def _merged(effects: Iterable[Effect]) -> tuple[Effect, ...]:
    """Each target once, for the families of all its effects."""
    by_target: dict[tuple[object, ...], Effect] = {}
    for each in effects:
        before = by_target.get(each.target)
        if before is None:
            by_target[each.target] = each
        else:
            lasts = None if None in (before.lasts, each.lasts) else max(before.lasts, each.lasts)  # type: ignore[type-var]
            by_target[each.target] = attrs.evolve(
                before, families=before.families | each.families, lasts=lasts
            )
    return tuple(by_target.values())


_BY_FAMILY = (("start_command", "stop_command", 4), ("start_command_6", "stop_command_6", 6))


@attrs.define
class _Timeline:
    """What the commands of a door open for visitors of one family, and until when.

    Attributes:
        opened: with their lengths.
        closed: what is taken back without having been opened.
        late: what the stop command opens.
    """

    opened: list[Effect] = attrs.field(factory=list)
    closed: list[Effect] = attrs.field(factory=list)
    late: list[Effect] = attrs.field(factory=list)
    _since: dict[tuple[object, ...], float] = attrs.field(factory=dict)

    @classmethod
    def of(cls, lifted: LiftedDoor, start: str, stop: str, family: int) -> "_Timeline":
        """Run through the commands, without running them."""
        made = cls()
        now = made.follow(lifted.commands[start], 0, family)
        stops = lifted.commands[stop]
        before = len(made.opened)
        later = made.follow(stops, now + _between(lifted.door), family)
        made.late = made.opened[before:]
        del made.opened[before:]
        if any(each.kind in {Kind.HOOK, Kind.LISTED} and each.packets for each in stops):
            made.believe_closed(later)
        return made

    def follow(self, steps: tuple[Judged, ...], now: float, family: int) -> float:
        """Go through the steps of one command; the time behind them comes back, in seconds."""
        for step in steps:
            now += step.seconds
            for effect in step.effects:
                if family in effect.families or effect.to_all:
                    self.happen(effect, now)
        return now

    def happen(self, effect: Effect, now: float) -> None:
        """Note one effect."""
        if effect.opens:
            self._since.setdefault(effect.target, now)
            self.opened.append(effect)
            return
        undone = [each for each in self.opened if effect.undoes(each)]
        if not undone:
            self.closed.append(effect)
        for each in undone:
            self.end(each, now)

    def end(self, effect: Effect, now: float) -> None:
        """Note that something that was opened is closed now."""
        length = timedelta(seconds=min(now - self._since[effect.target], _FOR_EVER))
        place = self.opened.index(effect)
        lasts = length if effect.lasts is None else min(length, effect.lasts)
        self.opened[place] = attrs.evolve(effect, lasts=lasts)

    def believe_closed(self, now: float) -> None:
        """A stop command that is not understood is believed to take back what the start command opened."""
        for each in [each for each in self.opened if each.lasts is None]:
            self.end(each, now)
