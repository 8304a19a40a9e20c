"""From a datagram to what comes of it: (gate, memory, datagram, source, now) → effects. Without I/O.

A genuine message is a *claim*: whose key, when, for which address, what, how long. Claims of sealed knocks and of
fwknop's packets are judged alike, in the order of `Refusal`; the first thing that is wrong decides. A message is
remembered only when it opens something, so one that is refused costs its sender nothing later.

The memory is the only thing that changes, and it changes before the effects are given: of two copies of a message one
opens the door, even where both are judged before anything is durable. Where saving fails, the door must stay shut.

Clocks. A message counts while its time is at most `max_age` from the gate's clock, either way. While one of the two
clocks is wrong by more, say by an hour, messages are refused (`AGE`) and leave no trace, and all is well as soon as the
clock is set right. A sender whose clock was ahead, but by less, or as much as the gate's, is accepted, and once it is
set right, its sealed knocks are refused (`REPLAY`) until time has caught up with the last accepted one. No step of any
clock, in any order, makes a message count twice (see also `memory`).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import attrs

from portward.policy.net import Address
from portward.policy.people import AddressRule, Person
from portward.policy.policy import Policy, Service
from portward.spa.asked import Asked, Named, services_for
from portward.spa.crypto import NotAuthenticError
from portward.spa.effects import Effects, Open, Refusal, Refuse
from portward.spa.keyring import Keyring, SealedKey, ServerKey, Term
from portward.spa.memory import Memory, Remember, Way
from portward.spa.sealed import Sieve, open_plausible, plausible, sieve_of, tag_of
from portward.spa.windows import EPOCH


_MICROSECOND: Final = timedelta(microseconds=1)


@attrs.frozen
class Gate:
    """What messages are judged by, all of it ready for use; made by `gate_of`, anew after every change.

    Attributes:
        server: the gate's own key.
        sieve: for its public key.
        keys: for sealed knocks, by their public keys.
        people: by their names.
        opens: the services that each of them may open, by their names, in the policy's order.
        ages: how far a message's time may be from ours, for the kinds that the policy takes.
    """

    server: ServerKey
    sieve: Sieve
    keys: Mapping[bytes, SealedKey]
    people: Mapping[str, Person]
    opens: Mapping[str, tuple[Service, ...]]
    ages: Mapping[Way, timedelta]


@attrs.frozen
class Claim:
    """What a genuine message says.

    Attributes:
        person: whose key it was.
        term: of the key.
        stated: the address that it states; None for the source.
        asked: what is to be opened.
        length: for how long; None for as long as the policy says.
        mark: how it is remembered; its time is the message's.
    """

    person: str
    term: Term
    stated: Address | None
    asked: Asked
    length: timedelta | None
    mark: Remember


def gate_of(policy: Policy, server: ServerKey, keyring: Keyring) -> Gate:
    """Make ready.

    Raises:
        ValueError: two keys for sealed knocks are the same.
        KeyError: a person opens a service that the policy does not have.
    """
    keys = {key.public: key for key in keyring.sealed}
    if len(keys) < len(keyring.sealed):
        msg = "two keys for sealed knocks are the same"
        raise ValueError(msg)
    ways = {Way.SEALED: policy.ways.sealed, Way.FWKNOP: policy.ways.fwknop}
    return Gate(
        server,
        sieve_of(server.public),
        keys,
        {person.name: person for person in policy.people},
        {person.name: policy.open_to(person) for person in policy.people},
        {way: settings.max_age for way, settings in ways.items() if settings is not None},
    )


def receive_sealed(gate: Gate, memory: Memory, datagram: bytes, source: Address, now: datetime) -> Effects:
    """What comes of a datagram to the port of sealed knocks.

    Args:
        gate: by which it is judged.
        memory: of this gate; takes in what is accepted.
        datagram: untrusted.
        source: of the datagram; an IPv4 address is given as one, never as `::ffff:…`.
        now: aware.
    """
    if Way.SEALED not in gate.ages:
        return (Refuse(Refusal.OFF),)
    if not plausible(gate.sieve, datagram):
        return (Refuse(Refusal.JUNK),)
    if (spender := memory.spent.get(tag_of(datagram))) is not None:
        return (Refuse(Refusal.REPLAY, spender),)
    try:
        opened = open_plausible(gate.server, gate.keys, datagram)
    except NotAuthenticError:
        return (Refuse(Refusal.NOT_GENUINE),)
    key, request = opened.key, opened.request
    mark = Remember(Way.SEALED, key.public, opened.sent_ns)
    asked = Named(request.services)
    claim = Claim(key.person, key.term, request.address, asked, request.duration, mark)
    effects = judge(gate, memory, claim, source, now)
    if not memory.is_new(mark):
        memory.spend(tag_of(datagram), key.person)
    return effects


def judge(gate: Gate, memory: Memory, claim: Claim, source: Address, now: datetime) -> Effects:
    """What comes of a genuine message; arguments as for `receive_sealed`."""
    person = gate.people.get(claim.person)
    if person is None or not claim.term.covers(now):
        return (Refuse(Refusal.NOBODY if claim.term.covers(now) else Refusal.OUT_OF_TERM, claim.person),)
    services = services_for(claim.asked, gate.opens[person.name])
    refusal = (
        _about_person(person, now)
        or _about_place(person, claim.stated, source)
        or _about_time(gate, memory, claim.mark, now)
        or _about_address(person, claim.stated, source)
        or (None if services else Refusal.NOT_OPEN)
    )
    if refusal:
        return (Refuse(refusal, person.name),)
    memory.note(claim.mark)
    names = tuple(service.name for service in services)
    length = _length(person, claim.length, now)
    return (
        claim.mark,
        Open(person.name, names, claim.stated or source, length, claim.mark.way, claim.mark.sent_ns),
    )


def _about_person(person: Person, now: datetime) -> Refusal | None:
    """Whether anything of the person's counts."""
    if person.revoked:
        return Refusal.REVOKED
    return Refusal.ENDED if person.until is not None and now >= person.until else None


def _about_place(person: Person, stated: Address | None, source: Address) -> Refusal | None:
    """Whether the door's address is where the person may come from, and so is the source, unless any may send."""
    places = {stated or source} if person.address is AddressRule.GIVEN else {stated or source, source}
    return None if all(_is_within(place, person) for place in places) else Refusal.ELSEWHERE


def _is_within(address: Address, person: Person) -> bool:
    return not person.networks or any(address in network for network in person.networks)


def _about_time(gate: Gate, memory: Memory, mark: Remember, now: datetime) -> Refusal | None:
    """Whether the message is of now, and new."""
    if abs(nanoseconds(now) - mark.sent_ns) > gate.ages[mark.way] // _MICROSECOND * 1000:
        return Refusal.AGE
    return None if memory.is_new(mark) else Refusal.REPLAY


def _about_address(person: Person, stated: Address | None, source: Address) -> Refusal | None:
    """Whether the person's address rule is kept."""
    match person.address:
        case AddressRule.AS_SEEN:
            kept = stated is None or stated == source
        case AddressRule.MUST_MATCH:
            kept = stated == source
        case AddressRule.GIVEN:
            kept = True
    return None if kept else Refusal.ADDRESS


def _length(person: Person, asked: timedelta | None, now: datetime) -> timedelta:
    """As long as is asked for, but no longer than the person may, nor than the person's time lasts."""
    lengths = [person.open_for]
    if asked is not None:
        lengths.append(asked)
    if person.until is not None:
        lengths.append(person.until - now)
    return min(lengths)


def nanoseconds(moment: datetime) -> int:
    """An aware moment, in nanoseconds since the Unix epoch."""
    return (moment - EPOCH) // _MICROSECOND * 1000
