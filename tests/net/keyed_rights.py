"""Who may have got in by a trace, said without the reference machine: whoever has sent what opens, and nobody else."""

from collections.abc import Iterator
from datetime import datetime

from gate import source
from keyed_traces import KEYS, LENGTH, PASSES_PORT, SERVER, VISITORS, Granted
from traces import Send, imagined

from portward.policy.net import Address, Knock
from portward.policy.people import Person
from portward.policy.policy import Policy
from portward.spa.passes import pass_of
from portward.spa.rolling import Shape, rolling_knocks
from portward.spa.windows import counting


def may_open(policy: Policy, person: Person, visitor: Send, moment: datetime) -> bool:
    """Whether a person may open anything from where a packet comes."""
    address = source(visitor.visitor, visitor.version)
    over = person.until is not None and person.until <= moment
    here = not person.networks or any(address in each for each in person.networks)
    return here and not over and not person.revoked and person in policy.people


def entitled(policy: Policy, trace: list[Send | Granted], moment: datetime) -> set[tuple[str, Address]]:
    """Who has sent what opens which service, whatever came in between: nobody else may have a grant."""
    found = {
        (each.service, source(each.visitor.number, each.visitor.version))
        for each in trace
        if isinstance(each, Granted)
    }
    sends = [each for each in trace if isinstance(each, Send)]
    for service, send in (*by_passes(policy, sends, moment), *by_sequences(policy, sends, moment)):
        found.add((service, source(send.visitor, send.version)))
    return found


def by_passes(policy: Policy, sends: list[Send], moment: datetime) -> Iterator[tuple[str, Send]]:
    """Services opened by passes that nobody has sent before."""
    if not policy.ways.passes:
        return
    owners = {
        pass_of(key.secret, SERVER.public, window, counter): person
        for key in KEYS
        for person in policy.people
        if person.name == key.person
        for window in counting(moment, LENGTH)
        for counter in range(policy.ways.passes.per_window)
    }
    seen: set[bytes] = set()
    for send in sends:
        by_udp = send.kind == "udp" and send.number == PASSES_PORT
        by_echo = send.kind == "icmp" and policy.ways.passes.echo
        tokens = [send.word[:16]] * (by_udp or by_echo) + [send.word[16:32]] * by_echo
        for token in tokens:
            person = owners.get(token)
            if person and token not in seen and may_open(policy, person, send, moment):
                yield from ((service, send) for service in person.opens)
            seen.add(token)


def by_sequences(policy: Policy, sends: list[Send], moment: datetime) -> Iterator[tuple[str, Send]]:
    """Services opened by whole sequences, the policy's own and rolling ones."""
    for sequence in policy.sequences:
        yield from ((service, send) for send in whole(sequence.knocks, sends) for service in sequence.opens)
    rolling = policy.ways.rolling
    if not rolling:
        return
    shape = Shape(rolling.first, rolling.last, rolling.slots, rolling.knocks)
    for key, person in (
        (key, person) for key in KEYS for person in policy.people if person.name == key.person
    ):
        for window in counting(moment, LENGTH):
            for send in whole(rolling_knocks(key.secret, SERVER.public, window, key.slot, shape), sends):
                if may_open(policy, person, send, moment):
                    yield from ((service, send) for service in person.opens)


def whole(knocks: tuple[Knock, ...], sends: list[Send]) -> Iterator[Send]:
    """One packet of each visitor who has sent all of these knocks in order, whatever in between."""
    for who in VISITORS:
        mine = iter([send for send in sends if (send.visitor, send.version) == who])
        last = None
        for knock in knocks:
            last = next((send for send in mine if is_knock(send, knock)), None)
            if last is None:
                break
        if last:
            yield last


def is_knock(send: Send, knock: Knock) -> bool:
    """Whether a packet is that knock."""
    number = imagined(send).length if send.kind == "icmp" else send.number
    return (send.kind, number) == (str(knock.protocol), knock.number) and send.word.startswith(knock.word)
