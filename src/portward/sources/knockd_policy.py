"""All doors of a knockd.conf together become one policy: services without overlap, sequences with names, comments.

What a single door means was judged before. A door that cannot stand beside the others is refused here; the rest stays.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Sequence as Several
from datetime import timedelta
from itertools import pairwise

import attrs

from portward.policy.net import Knock, Protocol
from portward.policy.notation import write_duration
from portward.policy.policy import EVERYTHING, PlacePath, Policy, Sequence, Service
from portward.sources.knockd_doors import KnockdFile
from portward.sources.knockd_effect import Effect
from portward.sources.knockd_lift import Fate, LiftedDoor, Opened
from portward.sources.knockd_one_time import OneTimeSequences, lift_all, without_twins
from portward.sources.knockd_services import Place, free_name, make_services, opens, without_collisions


_MINUTE = timedelta(minutes=1)


@attrs.frozen
class KnockdPolicy:
    """What a knockd.conf becomes.

    Attributes:
        policy: with a sequence for each door that could be kept.
        comments: for the policy's text.
        doors: every door and what became of it, in the order of the file.
        differences: what is different for all of them, whole sentences.
    """

    policy: Policy
    comments: Mapping[PlacePath, str]
    doors: tuple[LiftedDoor, ...]
    differences: tuple[str, ...]


OneTime = Mapping[str, OneTimeSequences]
"""The sequences that are left in the files of one-time sequences, by the names of those that could be read."""


def make_policy(
    knockd: KnockdFile, given: Opened | None = None, one_time: OneTime | None = None, *, strict: bool = True
) -> KnockdPolicy:
    """Make a policy of all doors.

    Args:
        knockd: the file, as knockd reads it.
        given: what the user says that doors open.
        one_time: what is left in files of one-time sequences.
        strict: whether strays earn a penalty, which knockd does not know.
    """
    left = one_time or {}
    files = [left.get(door.one_time.text) if door.one_time else None for door in knockd.doors]
    doors = [
        each
        for door, file in zip(knockd.doors, files, strict=True)
        for each in lift_all(door, given or {}, file)
    ]
    if strict:
        doors = _without_repeats(doors)
    doors = _named(without_collisions(_without_shadows(_merge_same(without_twins(doors)))))
    kept = [each for each in doors if each.fate is Fate.SEQUENCE]
    services = make_services(kept)
    sequences = tuple(_sequence(each, services) for each in kept)
    prefixes, doors = _prefixes(doors)
    longest = max((step for each in sequences for step in each.step_timeouts), default=_MINUTE)
    policy = Policy(
        tuple(services.values()),
        sequences,
        strict=strict,
        penalty=max(_MINUTE, longest),
        grant_prefix_v4=prefixes[4],
        grant_prefix_v6=prefixes[6],
    )
    differences = tuple(_differences(kept, knockd.interface, strict=strict))
    comments = _comments(doors, differences, knockd, strict=strict)
    return KnockdPolicy(policy, comments, tuple(doors), differences)


def _merge_same(doors: list[LiftedDoor]) -> list[LiftedDoor]:
    """Let the first door of the same knocks open what all of them open."""
    merged: list[LiftedDoor] = []
    firsts: dict[tuple[Knock, ...], int] = {}
    for door in doors:
        if door.fate is not Fate.SEQUENCE or (first := firsts.setdefault(door.knocks, len(merged))) == len(
            merged
        ):
            merged.append(door)
        else:
            merged[first] = _joined(merged[first], door)
            merged.append(attrs.evolve(door, fate=Fate.MERGED))
    return merged


def _joined(one: LiftedDoor, other: LiftedDoor) -> LiftedDoor:
    remarks = (
        *one.remarks,
        f"has the same knocks as {other.title}; one sequence opens what both open",
    )
    if one.open_for != other.open_for:
        remarks = (
            *remarks,
            f"and {other.title} open for different times; here for the longer one",
        )
    new = tuple(each for each in other.effects if each.target not in {mine.target for mine in one.effects})
    return attrs.evolve(
        one,
        effects=(*one.effects, *new),
        open_for=max(one.open_for, other.open_for),
        step_timeout=max(one.step_timeout, other.step_timeout),
        remarks=remarks,
    )


def _without_shadows(doors: list[LiftedDoor]) -> list[LiftedDoor]:
    """Refuse a door whose knocks hold all of another one's, in order: who knocks it opens that one on the way."""
    by_first: dict[Knock, list[LiftedDoor]] = {}
    for door in doors:
        if door.fate is Fate.SEQUENCE:
            by_first.setdefault(door.knocks[0], []).append(door)
    judged = []
    for door in doors:
        if door.fate is Fate.SEQUENCE:
            candidates = (each for knock in door.knocks for each in by_first.get(knock, ()))
            inner = next((each for each in candidates if _is_among(each.knocks, door.knocks)), None)
        if door.fate is Fate.SEQUENCE and inner:
            reason = f"who knocks it knocks all of {inner.title} on the way"
            judged.append(door.refused(reason, door.door.knocks[0].word.span))
        else:
            judged.append(door)
    return judged


def _is_among(inner: tuple[Knock, ...], outer: tuple[Knock, ...]) -> bool:
    """Whether all knocks of one sequence are among another's, in order, and are fewer."""
    rest = iter(outer)
    return len(inner) < len(outer) and all(knock in rest for knock in inner)


def _without_repeats(doors: list[LiftedDoor]) -> list[LiftedDoor]:
    """Refuse doors that want the same knock twice in a row: one packet that is sent again would be both."""
    judged = []
    for door in doors:
        twice = next(
            (b for a, b in pairwise(door.door.knocks) if (a.protocol, a.port) == (b.protocol, b.port)), None
        )
        if twice and door.fate is Fate.SEQUENCE:
            reason = (
                "it wants the same knock twice in a row, which a packet that is sent again does by itself"
            )
            judged.append(door.refused(reason, twice.word.span, "--exact-meaning keeps it"))
        else:
            judged.append(door)
    return judged


def _named(doors: list[LiftedDoor]) -> list[LiftedDoor]:
    """Name the sequences after their doors; a merged door has the name of the sequence it is in, or goes with it."""
    taken: set[str] = set()
    names: dict[tuple[Knock, ...], str] = {}
    named: list[LiftedDoor] = []
    for door in doors:
        if door.fate is Fate.SEQUENCE:
            wish = f"{door.door.name.text}-{door.number}" if door.once else door.door.name.text
            names[door.knocks] = free_name(wish, taken)
        if door.fate in {Fate.SEQUENCE, Fate.MERGED} and door.knocks in names:
            named.append(attrs.evolve(door, name=names[door.knocks]))
        elif door.fate is Fate.MERGED:
            reason = "it has the same knocks as another door, which is left out"
            named.append(door.refused(reason, door.door.name.span))
        else:
            named.append(door)
    return named


def _sequence(door: LiftedDoor, services: dict[Place, Service]) -> Sequence:
    steps = (door.step_timeout,) * (len(door.knocks) - 1)
    return Sequence(door.name, door.knocks, steps, opens(door, services), door.open_for, door.once)


def opened_services(door: LiftedDoor, policy: Policy) -> tuple[str, ...]:
    """The names of what a door's sequence opens."""
    return next((each.opens for each in policy.sequences if each.name == door.name), ())


def _prefixes(doors: list[LiftedDoor]) -> tuple[dict[int, int], list[LiftedDoor]]:
    """How many bits of an address a grant covers, by family: what all doors say, else the whole address."""
    kept = [each for each in doors if each.fate is Fate.SEQUENCE]
    effects = [effect for each in kept for effect in each.effects]
    chosen = {4: 32, 6: 128}
    for family, low, high in ((4, 8, 32), (6, 32, 128)):
        found = {_prefix(each, family) for each in effects if family in each.families}
        only = next(iter(found)) if len(found) == 1 else None
        if only is not None and low <= only <= high:
            chosen[family] = only
    told = "opens for the visitor's network; here for the visitor's address alone, since not all doors do so"
    marked = []
    for door in doors:
        asked = {(family, _prefix(each, family)) for each in door.effects for family in each.families}
        lost = door in kept and any(prefix and chosen[family] != prefix for family, prefix in asked)
        marked.append(attrs.evolve(door, remarks=(*door.remarks, told)) if lost else door)
    return chosen, marked


def _prefix(effect: Effect, family: int) -> int | None:
    """The prefix of an effect for one family; one that is for both means IPv4 up to 32 and IPv6 above."""
    if effect.prefix is None or len(effect.families) == 1:
        return effect.prefix
    return effect.prefix if (effect.prefix <= 32) == (family == 4) else None


def _differences(kept: Several[LiftedDoor], interface: str, *, strict: bool) -> Iterable[str]:
    """What is different from knockd for all doors, as far as it matters for these."""
    if not kept:
        return
    yield (
        "knockd opens the firewall around it, which drops the rest; this policy itself drops packets to its services "
        "from everybody without a grant, and opens no other firewall: that one must let these ports through"
    )
    several = any(len(each.knocks) > 1 for each in kept)
    if several:
        yield "knockd gives seq_timeout to the whole sequence, from the first knock on; here each step has as long"
        yield "a repeated knock (a SYN sent again) ends an attempt in knockd; here it is no mistake"
    if several and strict:
        yield (
            "a port that no door uses is invisible to knockd, and one of another door ends the attempt; here either is "
            "a stray, which earns a penalty (strict = false passes over both)"
        )
    elif several:
        yield "a wrong port that some door uses ends an attempt in knockd; here it is passed over"
    if len(kept) > 1 and several:
        yield "knockd follows several doors for one source only while they began with the same port; here always"
    if any(knock.protocol is Protocol.TCP for each in kept for knock in each.knocks):
        yield "a TCP knock is a SYN without ACK, RST and FIN, whatever else tcpflags let through"
    one = f"knockd listened on {interface} only; " if interface else "knockd listens on one interface; "
    yield f"{one}here knocks count on every one, at every address of this host, over IPv4 and IPv6"
    yield "a grant that is repeated is renewed; connections that are open when it ends go on"


def _comments(
    doors: Several[LiftedDoor], differences: Several[str], knockd: KnockdFile, *, strict: bool
) -> dict[PlacePath, str]:
    """What to say in the policy's text."""
    comments: dict[PlacePath, str] = {}
    head = ["Made from a knockd.conf by portward import knockd.", "What is different from knockd:"]
    head += [f"  - {each}" for each in differences] or ["  - nothing became a sequence"]
    settings = [
        f"{each.key.text} = {each.value.text}" if each.value else each.key.text for each in knockd.options
    ]
    if settings:
        head.append(f"Settings of knockd itself, not needed here: {', '.join(settings)}")
    head += [
        line for each in doors if each.fate not in {Fate.SEQUENCE, Fate.MERGED} for line in _left_out(each)
    ]
    comments[()] = "\n".join(head)
    meaning = (
        "true is safer than knockd, which passes over wrong ports" if strict else "false, as knockd means it"
    )
    comments["defaults", "strict"] = f"{meaning}: see above"
    first: dict[int, LiftedDoor] = {}
    for each in doors:
        if each.fate in {Fate.SEQUENCE, Fate.MERGED}:
            path: PlacePath = ("sequences", each.name)
            about = _about(each, first.setdefault(each.door.name.span.line, each))
            comments[path] = "\n".join(filter(None, (comments.get(path, ""), *about)))
    return comments


def _about(door: LiftedDoor, first: LiftedDoor) -> Iterable[str]:
    """Say where it comes from and what differs; of one-time sequences only the first of the same door says it all."""
    yield f"{door.title}, line {door.door.name.span.line}"
    known = first.remarks if door is not first and first.fate is Fate.SEQUENCE else ()
    if door.fate is Fate.SEQUENCE:
        yield from (f"it {each}" for each in door.remarks if each not in known)
    if door is first:
        yield from _not_run(door)


def _not_run(door: LiftedDoor) -> Iterable[str]:
    for each in door.unknown_commands():
        yield f"not run by portward ({each.why}): {each.text}"


def _left_out(door: LiftedDoor) -> Iterable[str]:
    title = f"Not in here: {door.title}, line {door.door.name.span.line}: "
    match door.fate:
        case Fate.CLOSES:
            yield f"{title}it only closes, and grants end by themselves"
        case Fate.IDLE:
            yield f"{title}knockd runs nothing for it"
        case _:
            yield title + "; ".join(each.text for each in door.reasons)
    if door.number <= 1:
        yield from (f"  {each}" for each in _not_run(door))


def summary(door: LiftedDoor, policy: Policy) -> str:
    """One line on what became of a door."""
    title = door.title
    if door.fate in {Fate.SEQUENCE, Fate.MERGED}:
        length = write_duration(next(each.open_for for each in policy.sequences if each.name == door.name))
        names = ", ".join(opened_services(door, policy))
        opened = "everything" if names == EVERYTHING else names
        return f"{title}: the sequence {door.name} opens {opened} for {length}{', once' if door.once else ''}"
    if door.fate is Fate.REFUSED:
        return f"{title}: left out: {'; '.join(each.text for each in door.reasons)}"
    return f"{title}: left out: it {'only closes' if door.fate is Fate.CLOSES else 'runs nothing'}"
