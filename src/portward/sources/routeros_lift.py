"""From a RouterOS script to a policy: the knock chains among its rules, and what became of every rule.

The policy says what the author wants, with a comment at each part that names the lines it came from. What a policy
cannot say is listed with the reason; where the policy means something else than the router's rules, a difference is
told. Reads no text.
"""

import itertools
from collections.abc import Iterable
from datetime import timedelta

import attrs

from portward.errors import Diagnostic
from portward.policy.net import Knock
from portward.policy.notation import LONGEST_ROUTEROS, SHORTEST, write_duration
from portward.policy.policy import EVERYTHING, Mode, PlacePath, Policy, Sequence, Service
from portward.sources import routeros_doors as doors
from portward.sources.routeros_draft import Draft, explain, finish
from portward.sources.routeros_fates import Fates
from portward.sources.routeros_knocks import MOST_PATHS, Path, Step, Uses, drops, paths, survey
from portward.sources.routeros_matchers import AddressListed
from portward.sources.routeros_mistakes import Case, find_mistakes
from portward.sources.routeros_paths import Asked, Meeting, boil, covers, meetings
from portward.sources.routeros_rules import (
    Family,
    Forever,
    Rule,
    Script,
    Table,
    Verdict,
)


@attrs.frozen
class Lifted:
    """What a script became.

    Attributes:
        policy: what it says; without sequences if no knock was found.
        comments: for the parts of the policy, as `write_policy` takes them.
        fates: what became of each rule.
        mistakes: the author's, in the order of the text.
        differences: where the policy means something else than the rules.
        found: how many knock sequences there are.
    """

    policy: Policy
    comments: dict[PlacePath, str]
    fates: Fates
    mistakes: tuple[Diagnostic, ...]
    differences: tuple[Diagnostic, ...]

    @property
    def found(self) -> int:
        """How many knock sequences there are."""
        return len(self.policy.sequences)


def lift(script: Script, *, exact: bool = False) -> Lifted:
    """Make a policy of a script.

    Args:
        script: what a text says.
        exact: keep RouterOS's meaning, which is not strict; a difference that changes packets is then an error, and
            nothing is assumed about lists that no rule uses.
    """
    whole = not any(each.decides for each in script.told)
    draft = Draft(exact, Fates(script), may_assume=whole and not exact)
    for family in Family:
        found = meetings(script, family)
        if found:
            _family(draft, script, family, found)
    if draft.everything and not draft.wall:
        _guard_dropped(draft)
    trusted_alone = draft.everything and not draft.partial
    mode = Mode.LOCKDOWN if draft.wall or trusted_alone else Mode.GUARD
    policy = finish(draft, mode)
    draft.fates.settle(mode)
    explain(draft, script, policy)
    comments = {path: "\n".join(lines) for path, lines in draft.comments.items()}
    return Lifted(policy, comments, draft.fates, tuple(draft.mistakes), tuple(draft.differences))


def _family(draft: Draft, script: Script, family: Family, found: tuple[Meeting, ...]) -> None:
    uses = survey(found, (each for each in script.entries if each.family is family))
    draft.fates.survey(family, found, uses)
    disabled = tuple(each for each in script.rules if each.disabled and each.family is family)
    wanted = _grants(uses, disabled)
    case_sequences = []
    for name, ways in wanted:
        taken = _sequences(draft, uses, name, ways)
        case_sequences += [(name, path) for path in taken]
    spared = (each.rule for each in found if each.rule.action is Verdict.RETURN and each.rule.matchers)
    counted = {(each.table, each.chain) for each in spared}
    _penalties(draft, uses, {step.list for _, path in case_sequences for step in path}, counted)
    _own_packets(draft, found)
    wall = _wall(draft, found)
    _others(draft, found, uses, wall)
    draft.partial += [
        each for each in found if doors.dropped_ports(each) and not draft.fates.is_carried(each.rule)
    ]
    draft.mistakes += find_mistakes(Case(found, uses, tuple(case_sequences), disabled))


def _grants(uses: Uses, disabled: tuple[Rule, ...]) -> list[tuple[str, tuple[Path, ...]]]:
    """The lists that knocks open, each with the ways onto it.

    Among them the last list of a chain of knocks that no rule uses, not even a disabled one: what its author forgot.
    """
    off = {each.list for rule in disabled for each in rule.matchers if isinstance(each, AddressListed)}
    used = uses.asked_for | off
    found = []
    for name, steps in uses.fills.items():
        if name not in uses.lets_in and (name in used or not steps[0].needs):
            continue
        ways = tuple(each for each in paths(uses, name) if _is_knock(each))
        if ways:
            found.append((name, ways))
    return found


def _is_knock(path: Path) -> bool:
    """Whether a way onto a list is a sequence of knocks, not one packet counted again and again."""
    return len(path) == 1 or len({each for step in path for each in step.knocks}) > 1


def _sequences(draft: Draft, uses: Uses, name: str, ways: tuple[Path, ...]) -> tuple[Path, ...]:
    opens = _opens(draft, uses, name)
    if opens is None:
        return ()
    for path in ways:
        choices = itertools.product(*(step.knocks for step in path))
        for knocks in itertools.islice(choices, MOST_PATHS):
            _sequence(draft, name, path, knocks, opens)
        for step in path:
            draft.fates.carry(step.rule, f"a knock of the sequence that opens {name!r}")
            draft.interfaces |= step.meeting.asked.interfaces
            for guard in step.demands:
                draft.fates.carry(guard.rule, f"the order of the sequence that opens {name!r}")
            _name_conditions(draft, step, name)
    return ways


def _name_exceptions(draft: Draft, meeting: Meeting, own: set[str]) -> None:
    """Tell for whom a rule is not, though the policy's part is for all."""
    if meeting.asked.macs:
        macs = ", ".join(sorted(meeting.asked.macs))
        draft.differ(meeting, f"the router also asks for the MAC address {macs}, a policy does not")
    for name in sorted(meeting.asked.outside - own) if not drops(meeting.rule) else ():
        draft.differ(meeting, f"on the router this is not for whoever is on {name!r}")


def _name_conditions(draft: Draft, step: Step, name: str) -> None:
    """Tell what a knock of the policy does not ask for, or asks for otherwise."""
    if step.meeting.hook != "input":
        message = (
            "on the router packets to hosts behind it count too, in a policy only those to the gate itself"
        )
        draft.differ(step.meeting, message)
    _name_exceptions(draft, step.meeting, {name, step.list})
    if step.meeting.asked.word:
        message = (
            "the router finds this text anywhere in the packet, portward at the beginning of the payload"
        )
        draft.differ(step.meeting, message)


def _opens(draft: Draft, uses: Uses, name: str) -> tuple[str, ...] | None:
    """What being on the list opens: names of services, or everything; None if no policy can say it."""
    services: list[str] = []
    everything = False
    for meeting in uses.lets_in.get(name, ()):
        opened = doors.opening(_meant(meeting))
        if opened.why_not or (meeting.asked.impossible and draft.exact):
            draft.fates.leave(meeting.rule, opened.why_not)
            continue
        draft.fates.carry(meeting.rule, f"what {name!r} opens")
        _name_exceptions(draft, meeting, {name})
        draft.interfaces |= meeting.asked.interfaces
        everything |= opened.everything
        services += [_service(draft, each, meeting) for each in opened.services]
    if not uses.lets_in.get(name):
        if not draft.may_assume:
            return None
        draft.unused.add(name)
        everything = True
    if everything:
        draft.everything = True
        return (EVERYTHING,)
    return tuple(dict.fromkeys(services)) or None


def _meant(meeting: Meeting) -> Meeting:
    """The rule without the jumps above it, where these let nothing through: what its author wants."""
    if not meeting.asked.impossible:
        return meeting
    return attrs.evolve(meeting, asked=boil(Asked(), meeting.rule.matchers, {}))


def _service(draft: Draft, wanted: Service, meeting: Meeting) -> str:
    """Add a service, or find the one that is the same; its name."""
    for name, each in draft.services.items():
        if attrs.evolve(each, name=wanted.name) == wanted:
            draft.say(("services", name), f"Line {meeting.rule.lines}.")
            return name
    name = _free(wanted.name, draft.services)
    draft.services[name] = attrs.evolve(wanted, name=name)
    draft.say(("services", name), f"Line {meeting.rule.lines}.")
    return name


def _free(name: str, taken: Iterable[str]) -> str:
    names = set(taken)
    if name not in names:
        return name
    return next(found for number in itertools.count(2) if (found := f"{name}-{number}") not in names)


def _sequence(draft: Draft, name: str, path: Path, knocks: tuple[Knock, ...], opens: tuple[str, ...]) -> None:
    times = [_time(draft, step) for step in path]
    for each in draft.sequences.values():
        if each.knocks == knocks and each.opens == opens:
            draft.say(("sequences", each.name), _origin(name, path))
            return
    label = _free(doors.slug(name, "sequence"), draft.sequences)
    draft.sequences[label] = Sequence(label, knocks, tuple(times[:-1]), opens, times[-1])
    draft.say(("sequences", label), _origin(name, path))
    if name in draft.unused:
        draft.say(
            ("sequences", label),
            "No rule uses this list. That it opens everything is an assumption: look at it.",
        )


def _origin(name: str, path: Path) -> str:
    lines = ", ".join(step.rule.lines for step in path)
    return f"List {name!r}: {'line' if len(path) == 1 else 'lines'} {lines}, in the order of the knocks."


def _time(draft: Draft, step: Step) -> timedelta:
    """How long the list that the step fills holds its source, as a policy can say it."""
    timeout = step.timeout
    if isinstance(timeout, Forever):
        longest = write_duration(LONGEST_ROUTEROS)
        draft.differ(
            step.meeting, f"this list holds its sources for ever; the policy's longest time is {longest}"
        )
        return LONGEST_ROUTEROS
    if timeout < SHORTEST:
        draft.differ(step.meeting, f"the policy's shortest time is {write_duration(SHORTEST)}")
        return SHORTEST
    return timeout


def _own_packets(draft: Draft, found: tuple[Meeting, ...]) -> None:
    """Drops of the very packets that are knocks."""
    knocks = {(each.protocol.number, each.number) for one in draft.sequences.values() for each in one.knocks}
    for each in found:
        asked = each.asked
        if not drops(each.rule) or not asked.ports or sum(len(one) for one in asked.ports) > MOST_PATHS:
            continue
        numbers = {(asked.protocol, port) for one in asked.ports for port in range(one.first, one.last + 1)}
        if numbers <= knocks:
            draft.fates.carry(each.rule, "a knock's own packet, which is treated as one to any closed port")


def _penalties(draft: Draft, uses: Uses, lists: set[str], counted: set[tuple[Table, str]]) -> None:
    """Blacklists that a wrong port in mid-sequence leads onto: what a policy calls strict.

    In the chains that are `counted`, rules above spare some packets (a rate): what they list is no wrong port.
    """
    for name, steps in uses.fills.items():
        if name not in uses.keeps_out or name in lists:
            continue
        for step in steps:
            if (step.meeting.table, step.rule.chain) in counted or not _punishes(step, lists):
                continue
            timeout = step.timeout
            draft.penalties.append(
                LONGEST_ROUTEROS if isinstance(timeout, Forever) else max(timeout, SHORTEST)
            )
            draft.fates.carry(step.rule, "strict: a stray earns a penalty")
            for meeting in uses.keeps_out[name]:
                draft.fates.carry(meeting.rule, "strict: under penalty no knock counts")
            draft.say(
                ("defaults", "strict"), f"Line {step.rule.lines}: a wrong port puts its source on {name!r}."
            )
            message = (
                f"the router drops every packet of whoever is on {name!r}; under portward's penalty only knocks stop "
                "counting, and only a source in mid-sequence earns it"
            )
            if not any(each.message == message for each in draft.differences):
                draft.differ(step.meeting, message)


def _punishes(step: Step, lists: set[str]) -> bool:
    """Whether a step is for wrong ports: in mid-sequence, or for ports that are nobody's knock."""
    asked = step.meeting.asked
    if asked.rest or asked.sources or asked.impossible:
        return False
    if asked.inside & lists:
        return True
    many = asked.ports is not None and sum(len(each) for each in asked.ports) > 1000
    return not asked.inside and bool(lists) and (many or bool(asked.outside & lists))


def _wall(draft: Draft, found: tuple[Meeting, ...]) -> Meeting | None:
    """The first rule of a family that drops everything; what goes on with known connections is carried, too."""
    wall = None
    for each in found:
        if doors.drops_everything(each):
            wall = wall or each
            draft.fates.carry(each.rule, "lockdown")
            draft.interfaces |= {one for one in each.asked.interfaces if "!" not in one}
        elif doors.accepts_known(each) and each.hook == "input":
            draft.say(
                (), f"Line {each.rule.lines} goes on with established connections; portward always does."
            )
            draft.fates.carry(each.rule, "established connections are always left alone")
    draft.wall = draft.wall or wall
    return wall


def _guard_dropped(draft: Draft) -> None:
    """Make services of the ports that rules drop, where some are accepted for everything and nothing shuts the rest.

    Where knocks are among these ports no service can have them, and only lockdown is left.
    """
    knocks = {
        (each.protocol, each.number) for sequence in draft.sequences.values() for each in sequence.knocks
    }
    shut = [ports for each in draft.partial for ports in doors.dropped_ports(each)]
    if any(ports.protocol is protocol and number in ports for ports in shut for protocol, number in knocks):
        draft.partial.clear()
    for each in draft.partial:
        for ports in doors.dropped_ports(each):
            _service(draft, Service(doors.service_name(ports), (ports,)), each)
        draft.fates.carry(each.rule, "a guarded service")
        draft.interfaces |= each.asked.interfaces


def _others(draft: Draft, found: tuple[Meeting, ...], uses: Uses, wall: Meeting | None) -> None:
    """Accepting rules that have nothing to do with knocks: public ports and trusted networks, above the wall."""
    for each in found:
        if each.table is not Table.FILTER or each.hook != "input" or drops(each.rule):
            continue
        if str(each.rule.action) != "accept" or draft.fates.is_carried(each.rule) or each.asked.impossible:
            continue
        if wall and each.order > wall.order:
            decides = not covers(wall.asked, each.asked)
            draft.fates.leave(
                each.rule, f"it stands below the drop in line {wall.rule.lines}", decides=decides
            )
        elif not draft.wall and not draft.everything:
            draft.fates.leave(each.rule, "it accepts what no rule drops", decides=False)
        else:
            _accept(draft, each, uses)


def _accept(draft: Draft, meeting: Meeting, uses: Uses) -> None:
    asked = meeting.asked
    if doors.accepts_everything(meeting):
        draft.fates.leave(meeting.rule, "it accepts everything, so that nothing below it matters")
    elif asked.rest or asked.macs or (asked.outside and not asked.inside and not asked.sources):
        draft.fates.leave(meeting.rule, "it accepts only under conditions that a policy does not have")
    elif asked.sources or asked.inside:
        nets = doors.trusted(meeting, dict(uses.static))
        if isinstance(nets, str):
            draft.fates.leave(meeting.rule, nets)
            return
        draft.always += [each for each in nets if each not in draft.always]
        draft.say(("always",), f"Line {meeting.rule.lines}.")
        draft.fates.carry(meeting.rule, "always")
    else:
        _public(draft, meeting)


def _public(draft: Draft, meeting: Meeting) -> None:
    asked = meeting.asked
    if asked.interfaces - draft.interfaces:
        names = ", ".join(sorted(asked.interfaces))
        reason = f"it accepts by {names} only, which a policy cannot say of single ports"
        draft.fates.leave(meeting.rule, reason, hint="name the outer interfaces in `interfaces`")
        return
    ports = doors.ports_of(asked) if not asked.targets else "it is for one address of the router only"
    if isinstance(ports, str):
        draft.fates.leave(meeting.rule, ports)
        return
    knocks = {(each.protocol, each.number) for one in draft.sequences.values() for each in one.knocks}
    if any(
        (each.protocol, number) in knocks
        for each in ports
        for number in (each.ports if len(each) < 70000 else ())
    ):
        draft.fates.leave(meeting.rule, "it accepts a port that is also a knock")
        return
    draft.public += [each for each in ports if each not in draft.public]
    draft.say(("public",), f"Line {meeting.rule.lines}.")
    draft.fates.carry(meeting.rule, "public")
