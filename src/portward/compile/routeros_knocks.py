"""Knocks for RouterOS: one chain for each port or echo size, whose rules say on which list a packet puts its source.

docs/meaning.md, "The sequence" and "Strays", in RouterOS's means: a list for each stage, one for mid-sequence, one for
penalty, one for each grant. A list holds a source at once, so a sequence's last place comes first: then one packet
never advances it by two stages. A rule can ask for one list only; hence the chains and returns.
"""

from collections.abc import Iterator

import attrs

from portward.compile import routeros_names as names
from portward.compile.knocks import longest_step
from portward.compile.names import IpFamily
from portward.compile.routeros_words import Pairs, Row, accept, back, jump, on, remember, whole_seconds
from portward.policy.net import SMALLEST_ECHO_V6, Knock, Protocol
from portward.policy.policy import Mode, Policy, Sequence


@attrs.frozen
class Place:
    """A knock's place in a sequence, from 1 on."""

    sequence: Sequence
    number: int

    @property
    def knock(self) -> Knock:
        """The knock that stands there."""
        return self.sequence.knocks[self.number - 1]

    @property
    def is_last(self) -> bool:
        """Whether the knock opens."""
        return self.number == len(self.sequence.knocks)

    @property
    def before(self) -> str:
        """The list of the stage before."""
        return names.stage(self.sequence.name, self.number - 1)

    @property
    def title(self) -> str:
        """What a rule's comment says."""
        return f"{self.sequence.name}: knock {self.number} of {len(self.sequence.knocks)}"


def gather(policy: Policy, family: IpFamily) -> dict[Knock, list[Place]]:
    """Find the places of each port and echo size that the family can send; each sequence from its last place on."""
    found: dict[Knock, list[Place]] = {}
    for sequence in policy.sequences:
        for number in range(len(sequence.knocks), 0, -1):
            place = Place(sequence, number)
            knock = Knock(place.knock.protocol, place.knock.number)
            if (
                family is IpFamily.V4
                or knock.protocol is not Protocol.ICMP
                or knock.number >= SMALLEST_ECHO_V6
            ):
                found.setdefault(knock, []).append(place)
    return found


def rows(policy: Policy, family: IpFamily) -> Iterator[Row]:
    """Make the chain that finds the knock, the chains of the knocks, and the one of strays."""
    gathered = gather(policy, family)
    yield from find_knock(policy, family, gathered)
    for knock, places in gathered.items():
        yield from knock_rows(policy, knock, places)
    if policy.strict:
        yield from stray(policy)


def find_knock(policy: Policy, family: IpFamily, gathered: dict[Knock, list[Place]]) -> Iterator[Row]:
    """Lines 5.3 to 5.5: knocks go to their chains, public ports are let in, the rest is stray."""
    for knock, places in gathered.items():
        asks = packet(knock, family)
        yield Row(names.KNOCKS, asks, jump(names.knock_chain(knock)), f"{knock.protocol}/{knock.number}")
        for word in words(places):
            yield Row(names.KNOCKS, (*asks, *word), back(), "a knock is nothing else")
    does = accept() if policy.mode is Mode.LOCKDOWN else back()
    for each in policy.public:
        yield Row(names.KNOCKS, names.ports(each, family), does, "public")
    if policy.strict:
        yield Row(names.KNOCKS, on(names.PENALTY), back(), "a penalty is not prolonged")
        for asks in strays(policy, family):
            yield Row(names.KNOCKS, (*asks, *on(names.MIDWAY)), jump(names.STRAY), "a stray")
    yield Row(names.KNOCKS, (), back(), "the end")


def packet(knock: Knock, family: IpFamily) -> Pairs:
    """Ask for the packet that a knock is; of TCP only new connections come so far."""
    name = ("protocol", names.protocol(knock.protocol, family))
    if knock.protocol is Protocol.ICMP:
        return (*echo(family), ("packet-size", str(knock.number)))
    return (name, ("dst-port", str(knock.number)))


def echo(family: IpFamily) -> Pairs:
    """Ask for an echo request (RFC 792, RFC 4443)."""
    kind = "8:0-255" if family is IpFamily.V4 else "128:0-255"
    return (("protocol", names.protocol(Protocol.ICMP, family)), ("icmp-options", kind))


def strays(policy: Policy, family: IpFamily) -> Iterator[Pairs]:
    """Ask for what may be a stray: TCP, UDP, and echo requests where some sequence has one."""
    yield (("protocol", "tcp"),)
    yield (("protocol", "udp"),)
    if any(each.protocol is Protocol.ICMP for sequence in policy.sequences for each in sequence.knocks):
        yield echo(family)


def content(word: bytes) -> Pairs:
    """Ask for a word anywhere in the packet; a `!` in front would turn the question round."""
    text = word.lstrip(b"!").decode(errors="surrogateescape")
    return (("content", text),) if word else ()


def words(places: list[Place]) -> list[Pairs]:
    """Ask for the words of which a packet must have one to be a knock; one empty question if any packet is one."""
    found = dict.fromkeys(content(each.knock.word) for each in places)
    return [()] if () in found else list(found)


def knock_rows(policy: Policy, knock: Knock, places: list[Place]) -> Iterator[Row]:
    """Make the chain of one port or echo size."""
    chain = names.knock_chain(knock)
    if policy.strict:
        yield Row(chain, on(names.PENALTY), back(), "under penalty no knock counts")
    for place in places:
        asks = (*content(place.knock.word), *(on(place.before) if place.number > 1 else ()))
        for does in effects(policy, place):
            yield Row(chain, asks, does, place.title)
    if policy.strict:
        yield from judge_repeat(chain, places)
    yield Row(chain, (), back(), "the end")


def effects(policy: Policy, place: Place) -> Iterator[Pairs]:
    """Say what a knock that counts does: it opens, or it reaches a stage."""
    sequence = place.sequence
    if place.is_last:
        yield from (remember(names.grants(each), sequence.open_for) for each in sequence.opens)
        return
    yield remember(names.stage(sequence.name, place.number), sequence.step_timeouts[place.number - 1])
    if policy.strict:
        yield remember(names.MIDWAY, longest_step(policy))


def judge_repeat(chain: str, places: list[Place]) -> Iterator[Row]:
    """Tell a knock that counts, or its repeat, from a knock out of turn, which is a stray."""
    if any(place.number == 1 and not place.knock.word for place in places):
        return
    for place in places:
        for asks in expected(place):
            about = f"{place.title}, or its repeat"
            yield Row(chain, (*content(place.knock.word), *asks), back(), about)
    for word in words(places):
        yield Row(chain, (*word, *on(names.MIDWAY)), jump(names.STRAY), "a knock out of turn")


def expected(place: Place) -> list[Pairs]:
    """The lists of which one must hold the source, for a knock at this place to be no stray."""
    if place.number == 1:
        return [()]
    if place.is_last:
        return [on(place.before), on(names.grants(place.sequence.opens[0]))]
    return [on(names.stage(place.sequence.name, place.number))]


def stray(policy: Policy) -> Iterator[Row]:
    """Put a source in mid-sequence under penalty; where no stage outlives it, it begins anew after that."""
    penalty, at_once = whole_seconds(policy.penalty), whole_seconds(policy.penalty * 0)
    yield Row(names.STRAY, on(names.TRUSTED), back(), "who may reach everything never strays")
    yield Row(names.STRAY, (), remember(names.PENALTY, penalty), "penalty")
    if penalty >= whole_seconds(longest_step(policy)):
        yield Row(names.STRAY, (), remember(names.MIDWAY, at_once), "a stray ends mid-sequence")
    yield Row(names.STRAY, (), back(), "the end")
