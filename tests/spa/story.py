"""The life of a gate: people knock, others catch and send on, clocks are set, the daemon dies; and who judges it."""

from datetime import datetime, timedelta

import attrs
from hypothesis import strategies as st
from tests.spa.gates import CLIENTS, GATE, HOME, HOME_6, HOUR, NOW, POLICY, ROAD, STRANGER, may_come_from

from portward.policy.net import Address
from portward.policy.people import AddressRule
from portward.spa.effects import Effects, Refuse
from portward.spa.memory import Memory, Remember, memory_of
from portward.spa.receiver import nanoseconds, receive_sealed
from portward.spa.request import Request
from portward.spa.sealed import KNOCK_BYTES


AGE = timedelta(minutes=2)
ADDRESSES = st.sampled_from([HOME, ROAD, HOME_6])


@attrs.frozen
class Knock:
    """Somebody knocks, by a clock that is wrong by `skew`."""

    name: str
    request: Request
    source: Address
    skew: timedelta


@attrs.frozen
class Resend:
    """Somebody who caught a datagram sends it again, maybe altered in one bit."""

    which: int
    bit: int | None
    source: Address


@attrs.frozen
class Step:
    """The gate's clock is set, or time goes by."""

    by: timedelta


@attrs.frozen
class Restart:
    """The daemon dies and reads what was durable."""


Event = Knock | Resend | Step | Restart


@st.composite
def _knocks(draw: st.DrawFn) -> Knock:
    """Mostly good ones: what opens most is what tests most."""
    source = draw(ADDRESSES)
    services = draw(st.lists(st.sampled_from(["ssh", "web", "cam"]), unique=True, max_size=2))
    stated = draw(st.sampled_from([None, source, source, HOME, ROAD]))
    request = Request(tuple(services), draw(st.sampled_from([None, HOUR / 3])), stated)
    skew = draw(st.sampled_from([timedelta()] * 6 + [AGE, -AGE, HOUR, -HOUR]))
    return Knock(draw(st.sampled_from([*CLIENTS, "stranger"])), request, source, skew)


EVENTS = st.lists(
    st.one_of(
        _knocks(),
        _knocks(),
        st.builds(
            Resend, st.integers(0, 9), st.none() | st.none() | st.integers(0, 8 * KNOCK_BYTES - 1), ADDRESSES
        ),
        st.builds(Step, st.sampled_from([timedelta(seconds=1), AGE, HOUR, -HOUR, -AGE])),
        st.builds(Restart),
    ),
    min_size=5,
    max_size=40,
)


@attrs.define
class Story:
    """A gate's life, with all that an onlooker would know to judge it by."""

    memory: Memory = attrs.field(factory=Memory)
    durable: list[Remember] = attrs.field(factory=list)
    now: datetime = NOW
    sent: list[tuple[bytes, str, Request]] = attrs.field(factory=list)
    opened: set[bytes] = attrs.field(factory=set)

    def tell(self, step: Event) -> None:
        """Let one thing happen."""
        match step:
            case Knock(name, request, source, skew):
                who = STRANGER if name == "stranger" else CLIENTS[name]
                datagram = who.knock(request, self.now + skew, len(self.sent))
                self.sent.append((datagram, name, request))
                self.arrive(datagram, source)
            case Resend(which, bit, source) if self.sent:
                caught = bytearray(self.sent[which % len(self.sent)][0])
                if bit is not None:
                    caught[bit // 8] ^= 1 << bit % 8
                self.arrive(bytes(caught), source)
            case Step(by):
                self.now += by
            case Restart():
                self.memory = memory_of(self.durable, 0)

    def arrive(self, datagram: bytes, source: Address) -> None:
        """Let a datagram arrive; what opens must be somebody's right."""
        effects = receive_sealed(GATE, self.memory, datagram, source, self.now)
        if isinstance(effects[0], Refuse):
            assert len(effects) == 1
            return
        self.durable.append(effects[0])
        self.judge(datagram, source, effects)

    def judge(self, datagram: bytes, source: Address, effects: Effects) -> None:
        """The rules, said once more in other words."""
        done = effects[1]  # type: ignore[misc] # a Refuse stands alone
        assert datagram not in self.opened
        self.opened.add(datagram)
        name, request = next((name, request) for sent, name, request in self.sent if sent == datagram)
        key, person = CLIENTS[name].key, POLICY.person(done.person)
        assert key.person == done.person
        assert key.term.covers(self.now)
        assert not person.revoked
        assert person.until is None or self.now + done.length <= person.until
        assert done.length <= min(person.open_for, request.duration or person.open_for)
        assert set(done.services) <= {service.name for service in POLICY.open_to(person)}
        assert not request.services or set(done.services) == set(request.services)
        assert may_come_from(person, done.address)
        assert done.address == source or (
            person.address is AddressRule.GIVEN and done.address == request.address
        )
        assert person.address is not AddressRule.MUST_MATCH or request.address == source
        assert abs(nanoseconds(self.now) - done.sent_ns) <= 120 * 10**9
