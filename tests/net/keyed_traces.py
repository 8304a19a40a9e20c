"""Random policies with people, and random traces of passes, rolling knocks and junk; windows by the real clock.

A trace says whose pass or knock of which window it means, and becomes packets only when it is run: a window may have
ended since it was drawn.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import attrs
from hypothesis import strategies as st
from traces import KNOCK_PORTS, LONG, SERVICES, SHORT, Send, of_knock, sequences, times

from portward.policy.people import SEALED_BYTES, Fwknop, Passes, Person, Rolling, Sealed, Ways, Windows
from portward.policy.policy import EVERYTHING, Mode, Policy, Sizes
from portward.spa.ahead import Load, Past, due
from portward.spa.crypto import public_of
from portward.spa.keyring import ServerKey, Term, TokenKey
from portward.spa.passes import pass_of
from portward.spa.rolling import Shape, rolling_knocks
from portward.spa.sealed import DAY, word
from portward.spa.windows import EPOCH, window_at


LENGTH = timedelta(hours=1)
NO_BOUNDARY = timedelta(seconds=10)
SERVER = ServerKey(b"s" * 32, public_of(b"s" * 32))
LONG_AGO = Term(datetime(2020, 1, 1, tzinfo=UTC))
NAMES = ("alice", "bob", "carol")
KEYS = tuple(TokenKey(name, name.encode() * 5, slot, LONG_AGO) for slot, name in enumerate(NAMES))
PASSES_PORT, SEALED_PORT, FWKNOP_PORT = 62202, 62203, 62201
VISITORS = [(number, version) for version in (4, 6) for number in range(1, 7)]
V4_ONLY, V6_ONLY = ip_network("198.51.0.2/31"), ip_network("2001:db8:0:1::2/127")

persons = st.builds(
    Person,
    st.just(""),
    st.sampled_from([("ssh",), ("ssh",), ("web", "ssh"), ("web",), ("vpn",), (EVERYTHING,), ()]),
    times,
    st.sampled_from([()] * 6 + [(V4_ONLY,), (V6_ONLY,), (V4_ONLY, V6_ONLY)]),
    st.sampled_from([None] * 6 + [datetime(2020, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)]),
    st.sampled_from([False] * 7 + [True]),
)
people = st.tuples(persons, persons, persons).flatmap(
    lambda drawn: st.sampled_from([3, 3, 2, 1]).map(
        lambda count: tuple(
            attrs.evolve(each, name=name) for each, name in zip(drawn[:count], NAMES, strict=False)
        )
    )
)
per_second = st.sampled_from([1, 1, 100])
some_passes = st.sampled_from([Passes(PASSES_PORT, 2), Passes(PASSES_PORT, 2, echo=True)])
some_rolling = st.builds(
    Rolling, st.just(20000), st.just(20399), st.just(4), st.sampled_from([3, 4]), times, st.booleans()
)
max_age = st.just(timedelta(minutes=2))
ways = st.builds(
    lambda tokens, *daemon: Ways(Windows(LENGTH, timedelta(hours=1)), *tokens, *daemon),
    st.tuples(some_passes, some_rolling)
    | st.tuples(some_passes, st.none())
    | st.tuples(st.none(), some_rolling),
    st.none() | st.builds(Sealed, st.just(SEALED_PORT), max_age, per_second),
    st.none() | st.builds(Fwknop, st.just(FWKNOP_PORT), max_age, per_second),
)

policies = st.builds(
    Policy,
    services=st.just(SERVICES),
    sequences=st.just(()) | st.tuples(sequences("a")) | st.tuples(sequences("a"), sequences("b")),
    mode=st.sampled_from(Mode),
    strict=st.sampled_from([True, True, False]),
    penalty=times,
    always=st.sampled_from([(), (), (ip_network("198.51.0.3/32"), ip_network("2001:db8:0:1::3/128"))]),
    grant_prefix_v4=st.sampled_from([32, 31]),
    grant_prefix_v6=st.sampled_from([128, 64]),
    sizes=st.just(Sizes(256, 256, 256)),
    people=people,
    ways=ways,
)


@attrs.frozen
class Visitor:
    """Who sends, and whether after a pause."""

    number: int
    version: int
    late: bool = False


@attrs.frozen
class PassSent:
    """A pass of somebody's, of a window so far from the present one, and how it is carried."""

    visitor: Visitor
    person: int
    windows: int
    counter: int
    how: str

    def packets(self, _policy: Policy, moment: datetime) -> list[Send]:
        """The packet that carries it."""
        token = pass_of(
            KEYS[self.person].secret, SERVER.public, window_at(moment, LENGTH) + self.windows, self.counter
        )
        carriers = {
            "udp": ("udp", PASSES_PORT, token),
            "with more": ("udp", PASSES_PORT, token + b"\n"),
            "cut short": ("udp", PASSES_PORT, token[:15]),
            "elsewhere": ("udp", 7, token),
            "echo": ("icmp", 120, token),
            "echo, later": ("icmp", 120, bytes(16) + token + b"!"),
            "echo, twice": ("icmp", 120, token + token),
            "echo, too late": ("icmp", 120, bytes(17) + token),
        }
        return [sent(self.visitor, *carriers[self.how])]


@attrs.frozen
class KnockSent:
    """Some knocks of a rolling sequence, by their places from 0, in the order of sending."""

    visitor: Visitor
    person: int
    windows: int
    places: tuple[int, ...]

    def packets(self, policy: Policy, moment: datetime) -> list[Send]:
        """The packets that they are; none where the policy has no rolling sequences."""
        rolling, key = policy.ways.rolling, KEYS[self.person]
        if not rolling:
            return []
        shape = Shape(rolling.first, rolling.last, rolling.slots, rolling.knocks)
        window = window_at(moment, LENGTH) + self.windows
        knocks = rolling_knocks(key.secret, SERVER.public, window, key.slot, shape)
        wanted = [knocks[place] for place in self.places if place < len(knocks)]
        return [
            sent(self.visitor if first else attrs.evolve(self.visitor, late=False), *of_knock(knock))
            for first, knock in zip([True] + [False] * len(wanted), wanted, strict=False)
        ]


@attrs.frozen
class DatagramSent:
    """A datagram to one of the daemon's ports that looks so much like what belongs there."""

    visitor: Visitor
    port: int
    how: str

    def packets(self, _policy: Policy, moment: datetime) -> list[Send]:
        """The packet."""
        right = word(SERVER.public, int(moment.timestamp()) // DAY)
        payloads = {
            "sealed": right.ljust(SEALED_BYTES, b"x"),
            "sealed, too long": right.ljust(SEALED_BYTES + 1, b"x"),
            "sealed, wrong": bytes(SEALED_BYTES),
            "fwknop, shortest": b"+".ljust(140, b"x"),
            "fwknop, longest": b"9".ljust(399, b"x"),
            "fwknop, too short": b"/".ljust(139, b"x"),
            "fwknop, too long": b"8".ljust(400, b"x"),
            "fwknop, wrong": b"U".ljust(200, b"x"),
            "nothing": b"",
        }
        return [sent(self.visitor, "udp", self.port, payloads[self.how])]


@attrs.frozen
class Strange:
    """Any other packet."""

    visitor: Visitor
    kind: str
    number: int
    word: bytes = b""

    def packets(self, _policy: Policy, _moment: datetime) -> list[Send]:
        """The packet."""
        return [sent(self.visitor, self.kind, self.number, self.word)]


@attrs.frozen
class Granted:
    """The daemon, or somebody by hand, lets a visitor in."""

    visitor: Visitor
    service: str
    length: timedelta

    def packets(self, _policy: Policy, _moment: datetime) -> list[Send]:
        """None."""
        return []


Action = PassSent | KnockSent | DatagramSent | Strange | Granted


def sent(visitor: Visitor, kind: str, number: int, payload: bytes = b"") -> Send:
    """One packet of a visitor's."""
    return Send(visitor.late, visitor.number, visitor.version, kind, number, payload)


visitors = st.sampled_from(VISITORS).flatmap(
    lambda who: st.sampled_from([Visitor(*who)] * 19 + [Visitor(*who, late=True)])
)
some_person = st.integers(0, len(NAMES) - 1)
some_windows = st.sampled_from([0, 0, 0, 0, 0, 0, -1, 1, 2])
carriers = ["udp"] * 6 + ["with more", "cut short", "elsewhere"]
carriers += ["echo", "echo, later"] * 2 + ["echo, twice", "echo, too late"]
passes = st.builds(
    PassSent, visitors, some_person, some_windows, st.integers(0, 2), st.sampled_from(carriers)
)
junk = st.builds(
    DatagramSent,
    visitors,
    st.sampled_from([SEALED_PORT, FWKNOP_PORT]),
    st.sampled_from(
        [
            *(["sealed"] * 4),
            "sealed, too long",
            "sealed, wrong",
            *(["fwknop, shortest", "fwknop, longest"] * 2),
            "fwknop, too short",
            "fwknop, too long",
            "fwknop, wrong",
            "nothing",
        ]
    ),
)
strange = st.builds(
    Strange,
    visitors,
    st.sampled_from(["tcp", "udp", "udp", "icmp", "ack"]),
    st.sampled_from([*KNOCK_PORTS, 22, 80, 8080, 443, PASSES_PORT, SEALED_PORT, 20000, 20001, 61, 7]),
    st.sampled_from([b"", bytes(16), b"mellon"]),
)
strays = st.builds(Strange, visitors, st.sampled_from(["tcp", "udp"]), st.just(7))
grants = st.builds(
    Granted, visitors, st.sampled_from(["ssh", "web", "vpn", EVERYTHING]), st.sampled_from([SHORT, LONG])
)


@st.composite
def rolling_sequences(draw: st.DrawFn, policy: Policy) -> list[Action]:
    """A rolling sequence, right or wrong, and perhaps the right one again: by the same visitor or by another."""
    visitor, windows = draw(visitors), draw(some_windows)
    person = draw(st.integers(0, len(policy.people) - 1) | some_person)
    rolling = policy.ways.rolling
    right = KnockSent(visitor, person, windows, tuple(range(rolling.knocks if rolling else 0)))
    actions = draw(right_or_wrong(right)) if rolling else []
    again = draw(st.sampled_from(["no", "by the same", "by another", "by another", "later"]))
    if again == "no":
        return actions
    who = draw(visitors) if again == "by another" else attrs.evolve(visitor, late=again == "later")
    return [*actions, attrs.evolve(right, visitor=who)]


@st.composite
def right_or_wrong(draw: st.DrawFn, right: KnockSent) -> list[Action]:
    """A whole sequence, or with something wrong in the middle."""
    places, visitor = right.places, right.visitor
    cut = draw(st.integers(1, len(places) - 1))
    begun, rest = attrs.evolve(right, places=places[:cut]), attrs.evolve(right, places=places[cut:])
    match draw(
        st.sampled_from(
            ["right"] * 3 + ["stray", "missing", "swapped", "other"] * 2 + ["twice", "late", "anything"]
        )
    ):
        case "twice":
            places = tuple(place for place in places for _ in range(draw(st.integers(1, 2))))
        case "swapped":
            places = tuple(draw(st.permutations(places)))
        case "missing":
            places = (*places[: cut - 1], *places[cut:])
        case "other":
            return [begun, attrs.evolve(rest, person=(right.person + 1) % len(NAMES))]
        case "late":
            return [begun, attrs.evolve(rest, visitor=attrs.evolve(visitor, late=True))]
        case "stray" | "anything" as what:
            between = draw(strays if what == "stray" else strange | passes | junk)
            return [begun, attrs.evolve(between, visitor=visitor), rest]
        case _:
            pass
    return [attrs.evolve(right, places=places)]


@st.composite
def static_sequences(draw: st.DrawFn, policy: Policy) -> list[Action]:
    """A sequence of the policy's own, perhaps with one packet in between."""
    if not policy.sequences:
        return []
    visitor = draw(visitors)
    knocks = draw(st.sampled_from(policy.sequences)).knocks
    actions: list[Action] = [Strange(attrs.evolve(visitor, late=False), *of_knock(each)) for each in knocks]
    if draw(st.sampled_from([False, False, True])):
        between = draw(passes | strange | junk)
        actions.insert(draw(st.integers(0, len(actions))), attrs.evolve(between, visitor=visitor))
    return actions


def alone(strategy: st.SearchStrategy[Action]) -> st.SearchStrategy[list[Action]]:
    """A trace of one action."""
    return strategy.map(lambda each: [each])


@st.composite
def traces(draw: st.DrawFn, policy: Policy) -> list[Action]:
    """Actions of all kinds; those that open come most often."""
    rolling = rolling_sequences(policy) if policy.ways.rolling else alone(passes)
    carried = st.lists(passes, min_size=2, max_size=5) if policy.ways.passes else rolling
    part = st.one_of(
        rolling,
        rolling,
        carried,
        carried,
        st.lists(junk | strange, min_size=1, max_size=5),
        static_sequences(policy),
        alone(grants),
    )
    return [action for _ in range(draw(st.sampled_from([4, 7, 10, 1]))) for action in draw(part)]


def doors() -> list[Action]:
    """Everybody tries every door."""
    tries = (("tcp", 22), ("tcp", 8080), ("gre", 0), ("tcp", 7))
    return [Strange(Visitor(*who), kind, number) for who in VISITORS for kind, number in tries]


def safe_moment(now: datetime) -> timedelta:
    """How long to wait until no window begins or ends to count for some time."""
    left = LENGTH / 2 - (now - EPOCH) % (LENGTH / 2)
    passed = LENGTH / 2 - left
    if left < NO_BOUNDARY:
        return left + timedelta(seconds=1)
    return max(timedelta(seconds=1) - passed, timedelta())


def resolved(actions: Iterable[Action], policy: Policy, moment: datetime) -> list[Send | Granted]:
    """Turn actions into packets and grants."""
    return [
        each
        for action in actions
        for each in ([action] if isinstance(action, Granted) else action.packets(policy, moment))
    ]


def loads_of(policy: Policy, moment: datetime) -> tuple[Load, ...]:
    """What the daemon loads for everybody whose time is not over; who is revoked, was so only afterwards."""
    before = tuple(attrs.evolve(each, revoked=False) for each in policy.people)
    return due(attrs.evolve(policy, people=before), KEYS, SERVER.public, Past(), moment)


def words_of(moment: datetime) -> list[tuple[bytes, datetime]]:
    """The words of sealed knocks that count today."""
    today = int(moment.timestamp()) // DAY
    return [(word(SERVER.public, day), moment + timedelta(days=1)) for day in (today - 1, today)]
