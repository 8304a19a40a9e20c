"""Honest visitors: they knock as the client does, look at the door as it does, and try again as it does.

Each visitor has a thread, an address and weather of its own; the loop, its times and its second tries are the client's
(`knock.visit`, `knock.plan`). The door is one of our own beside the policy's, so that any policy can be visited.
"""

import random
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import attrs

from portward.attack import frames
from portward.attack.place import Place
from portward.attack.replays import packet_of
from portward.attack.sweeps import frame_of
from portward.attack.weather import WEATHERS, Weather
from portward.errors import UsageError
from portward.knock.clock import Clock
from portward.knock.gate import SPARE
from portward.knock.plan import COPY_GAP, RETRY_COPIES, copies_of_try, pause_after_try, plan_sequence
from portward.knock.profile import USUAL_DELAY
from portward.knock.visit import PATIENCE, Patience, visit
from portward.policy.net import Address, PortRange, Protocol
from portward.policy.policy import Policy, Service
from portward.policy.policy import Sequence as KnockSequence


DOOR = "door-of-the-attack"
STACK = 256 * 1024
"""Bytes of a visitor's stack: there are a thousand of them."""

ARRIVALS = 4.0
"""Seconds over which the visitors arrive."""

SYN_AGAIN = 1.0
"""Seconds after which a SYN without an answer is sent again (RFC 6298 §2.1)."""


@attrs.frozen
class Welcome:
    """How the visits in one weather went.

    Attributes:
        name: of the weather.
        visits: how many there were.
        at_once: got in without knocking a second time.
        entered: got in at all.
        seconds: that the slowest of them took, from the first knock on; 0 if none got in.
    """

    name: str
    visits: int
    at_once: int
    entered: int
    seconds: float


def with_door(policy: Policy, sequence: KnockSequence) -> tuple[Policy, int]:
    """Add a door of our own that the sequence opens, and grants of one address each; gives its TCP port too."""
    port = free_port(policy)
    door = Service(DOOR, (PortRange(Protocol.TCP, port, port),))
    opening = sequence if sequence.opens_everything else attrs.evolve(sequence, opens=(*sequence.opens, DOOR))
    return (
        attrs.evolve(
            policy,
            services=(*policy.services, door),
            sequences=tuple(opening if each.name == sequence.name else each for each in policy.sequences),
            grant_prefix_v4=32,
            grant_prefix_v6=128,
        ),
        port,
    )


def free_port(policy: Policy) -> int:
    """Find a TCP port that means nothing to the policy.

    Raises:
        UsageError: there is none.
    """
    ranges = [
        *policy.public,
        *(ports for each in policy.services for ports in (*each.ports, *each.published)),
    ]
    taken = {
        knock.number for each in policy.sequences for knock in each.knocks if knock.protocol is Protocol.TCP
    }
    for port in range(49152, 65536):
        if port not in taken and not any(each.protocol is Protocol.TCP and port in each for each in ranges):
            return port
    raise UsageError("the policy leaves no TCP port above 49151 free for the door that honest visitors try")


class Street:
    """Everybody on the way to one door: sends their frames, and wakes those whom the gate answers."""

    def __init__(self, place: Place, port: int) -> None:
        self.place = place
        self.port = port
        self.over = threading.Event()
        self._waiting: dict[bytes, tuple[Weather, random.Random, threading.Event]] = {}
        self._wire = place.world.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self._wire.bind((place.end, 0))
        self._wire.settimeout(0.2)

    def expect(self, who: Address, weather: Weather, dice: random.Random) -> threading.Event:
        """Wait for the gate's answer to somebody."""
        event = threading.Event()
        self._waiting[who.packed] = weather, dice, event
        return event

    def listen(self) -> None:
        """Hand out answers until it is over."""
        while not self.over.is_set():
            try:
                packet = self._wire.recv(2048)[14:]
            except TimeoutError:
                continue
            goal, transport = (
                (packet[16:20], packet[20:]) if packet[0] >> 4 == 4 else (packet[24:40], packet[40:])
            )
            if (
                len(transport) < 14
                or goal not in self._waiting
                or transport[:2] != self.port.to_bytes(2, "big")
            ):
                continue
            weather, dice, event = self._waiting[goal]
            if transport[13] & 0x12 == 0x12 and weather.fate(dice):
                event.set()

    def close(self) -> None:
        """Let the socket go."""
        self._wire.close()

    def put(self, frame: bytes, weather: Weather, dice: random.Random) -> None:
        """Send a frame through the weather."""
        for delay in weather.fate(dice):
            if delay:
                timer = threading.Timer(delay, self._send, (frame,))
                timer.daemon = True
                timer.start()
            else:
                self._send(frame)

    def _send(self, frame: bytes) -> None:
        if not self.over.is_set():
            self.place.wire.send(frame)


class Interrupted(Exception):  # noqa: N818 - no mistake, the end of a thread
    """The visits are over before this one was."""


def clock_of(street: Street) -> Clock:
    """A clock whose waiting ends when it is over."""

    def sleep(seconds: float) -> None:
        if street.over.wait(seconds):
            raise Interrupted

    return Clock(time.monotonic, sleep)


@attrs.define
class Visitor:
    """One person on the way.

    Attributes:
        street: where.
        who: the address.
        weather: on the way.
        dice: of the weather.
        sequence: that is knocked.
        tries: how often it was knocked.
        seconds: when the door opened, from the first knock on; None while it has not.
    """

    street: Street
    who: Address
    weather: Weather
    dice: random.Random
    sequence: KnockSequence
    tries: int = 0
    seconds: float | None = None

    def come(self, patience: Patience) -> None:
        """Make the whole visit."""
        clock = clock_of(self.street)
        answer = self.street.expect(self.who, self.weather, self.dice)
        try:
            clock.sleep(self.dice.random() * ARRIVALS)
            made = visit(
                lambda number: self.knock(number, clock),
                lambda seconds: self.look(seconds, answer, clock),
                patience,
                lambda _: None,
                clock,
            )
        except Interrupted:
            return
        if made.opened:
            self.seconds = made.seconds

    def knock(self, number: int, clock: Clock) -> None:
        """Knock once through the sequence, as the client's try of that number."""
        self.tries = number
        place = self.street.place
        start = clock.now()
        sends = plan_sequence(self.sequence.knocks, (place.goal,), USUAL_DELAY, copies_of_try(number, 1))
        for send in sends:
            clock.sleep_until(start + send.at.total_seconds())
            self.street.put(frame_of(place, self.who, packet_of(place, send.knock)), self.weather, self.dice)

    def look(self, seconds: float, answer: threading.Event, clock: Clock) -> bool:
        """Try the door: a SYN, and again after a second; the answer may get lost as well."""
        end = clock.now() + seconds
        while (left := end - clock.now()) > 0:
            self.street.put(self.segment(frames.SYN), self.weather, self.dice)
            if answer.wait(min(left, SYN_AGAIN)):
                self.street.put(self.segment(frames.RST), Weather("the end"), self.dice)
                return True
            if self.street.over.is_set():
                raise Interrupted
        return False

    def segment(self, flags: int) -> bytes:
        """A TCP segment to the door."""
        place = self.street.place
        content = frames.tcp(self.who, place.goal, (40000, self.street.port), flags)
        return frames.frame(place.road, self.who, place.goal, 6, content, 0)


def forge(visitors: Sequence[Visitor], street: Street) -> None:
    """Send strays in the visitors' names, as their weather has it, until it is over."""
    dice = random.Random(1)  # noqa: S311 - strays to repeat, no secret
    hurt = [each for each in visitors if each.weather.forged]
    pause = 1 / (sum(each.weather.forged for each in hurt) or 1)
    while hurt and not street.over.wait(pause):
        victim = dice.choice(hurt)
        place = street.place
        content = frames.tcp(victim.who, place.goal, (40001, dice.randrange(1, 1024)), frames.SYN)
        street.place.wire.send(frames.frame(place.road, victim.who, place.goal, 6, content, 0))


def how_long(policy: Policy, sequence: KnockSequence) -> Patience:
    """As long as the client waits by itself: two tries, and the penalty between them."""
    penalty = policy.penalty if policy.strict else None
    once = USUAL_DELAY * len(sequence.knocks) + COPY_GAP * RETRY_COPIES
    second = pause_after_try(1, penalty) + 2 * once + 2 * timedelta(seconds=PATIENCE) + SPARE
    return Patience(second, penalty)


def welcome(
    place: Place,
    sequence: KnockSequence,
    visits: int,
    weathers: Sequence[Weather] = WEATHERS,
    progress: Callable[[int], None] = lambda _: None,
) -> list[Welcome]:
    """Let so many visitors come in each weather, all at the same time, and see who gets in.

    Args:
        place: the gate.
        sequence: that they knock.
        visits: in each weather; at most 65,000 in all.
        weathers: that they come in.
        progress: told every second how many visits are still under way.
    """
    policy, port = with_door(place.policy, sequence)
    place.load(policy)
    street = Street(place, port)
    visitors = [
        Visitor(street, place.visitors + 256 + number, weather, random.Random(number), sequence)  # noqa: S311
        for number, weather in enumerate(each for each in weathers for _ in range(visits))
    ]
    with street_life(street, visitors, how_long(policy, sequence)) as threads:
        while alive := sum(each.is_alive() for each in threads):
            progress(alive)
            time.sleep(1)
    return [summed_up(each, [one for one in visitors if one.weather is each]) for each in weathers]


@contextmanager
def street_life(
    street: Street, visitors: Sequence[Visitor], patience: Patience
) -> Iterator[list[threading.Thread]]:
    """Start everybody, and end everybody, however it ends."""
    earlier = threading.stack_size(STACK)
    family = socket.AF_INET if street.place.goal.version == 4 else socket.AF_INET6
    others = [
        threading.Thread(target=street.listen, daemon=True),
        threading.Thread(target=forge, args=(visitors, street), daemon=True),
    ]
    threads = [threading.Thread(target=each.come, args=(patience,), daemon=True) for each in visitors]
    with ExitStack() as stack:
        stack.callback(street.close)
        stack.callback(threading.stack_size, earlier)
        service = stack.enter_context(street.place.gate.socket(family, socket.SOCK_STREAM))
        service.bind(("", street.port))
        service.listen(65535)
        try:
            for each in (*others, *threads):
                each.start()
            yield threads
        finally:
            street.over.set()
            for each in (*others, *threads):
                if each.ident is not None:
                    each.join()


def summed_up(weather: Weather, visitors: Sequence[Visitor]) -> Welcome:
    """Count who got in."""
    inside = [each for each in visitors if each.seconds is not None]
    return Welcome(
        weather.name,
        len(visitors),
        sum(each.tries == 1 for each in inside),
        len(inside),
        max((each.seconds or 0.0 for each in inside), default=0.0),
    )
