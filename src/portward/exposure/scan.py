"""One look at ports from outside: a connection or a datagram each, so many a second, and what answers.

The only module of exposure that sends packets to other machines. It is for one's own hosts: it hides nothing, opens
whole connections, and never sends more than it was allowed to a second.
"""

import asyncio
import contextlib
import enum
import socket
from collections.abc import Awaitable, Callable, Iterable

import attrs

from portward.exposure.question import TLS_HELLO, Target, banner, name_answer, perhaps_tls, question
from portward.policy.net import Address, Protocol


class State(enum.StrEnum):
    """How a port behaves."""

    OPEN = "open"
    CLOSED = "closed"
    """It says so: a reset, or an ICMP message."""
    SILENT = "silent"
    """Nothing comes back: dropped, or for UDP perhaps a server that keeps silent."""


@attrs.frozen
class Sighting:
    """What one port of one address did; `name` is what its answer says it is, `banner` its first line."""

    address: Address
    target: Target
    state: State
    name: str = ""
    banner: str = ""


@attrs.frozen
class Pace:
    """How fast and how patient.

    Attributes:
        rate: new packets a second, 1..1000.
        patience: seconds to wait for an answer.
    """

    rate: float = 100.0
    patience: float = 2.0


def scan(
    addresses: Iterable[Address],
    targets: tuple[Target, ...],
    pace: Pace,
    told: Callable[[int], None] = lambda _: None,
) -> tuple[Sighting, ...]:
    """Try every target of every address, at this pace; `told` hears how many are under way."""
    return asyncio.run(_scan(tuple(addresses), targets, pace, told))


async def _scan(
    addresses: tuple[Address, ...], targets: tuple[Target, ...], pace: Pace, told: Callable[[int], None]
) -> tuple[Sighting, ...]:
    started: list[asyncio.Task[Sighting]] = []
    clock = asyncio.get_running_loop().time
    begun = clock()
    pairs = ((address, target) for target in targets for address in addresses)
    for count, (address, target) in enumerate(pairs):
        await asyncio.sleep(max(0.0, begun + count / pace.rate - clock()))
        started.append(asyncio.create_task(_try(address, target, pace)))
        told(count + 1)
    found = await asyncio.gather(*started)
    return tuple(
        sorted(
            found,
            key=lambda each: (
                each.address.version,
                int(each.address),
                each.target.protocol.value,
                each.target.port,
            ),
        )
    )


async def _try(address: Address, target: Target, pace: Pace) -> Sighting:
    attempt: Callable[[Address, Target, Pace], Awaitable[Sighting]]
    attempt = _try_tcp if target.protocol is Protocol.TCP else _try_udp
    return await attempt(address, target, pace)


async def _try_tcp(address: Address, target: Target, pace: Pace) -> Sighting:
    """Connect, listen for a greeting, ask what its port suggests, and last ask for TLS."""
    best = Sighting(address, target, State.OPEN)
    for words in (b"", question(Protocol.TCP, target.port), TLS_HELLO):
        try:
            answer = await _converse(address, target.port, words, pace.patience)
        except ConnectionRefusedError:
            return best if words else Sighting(address, target, State.CLOSED)
        except OSError:
            return best if words else Sighting(address, target, State.SILENT)
        name = name_answer(Protocol.TCP, target.port, answer)
        best = Sighting(address, target, State.OPEN, name, banner(answer)) if name or not best.name else best
        if (name and not perhaps_tls(answer)) or (answer and not words):
            break
    return best


async def _converse(address: Address, port: int, words: bytes, patience: float) -> bytes:
    """Connect, say something or nothing, and give what comes back first.

    Raises:
        OSError: the connection did not come about, `TimeoutError` among them.
    """
    async with asyncio.timeout(patience):
        reader, writer = await asyncio.open_connection(str(address), port)
    try:
        writer.write(words)
        async with asyncio.timeout(patience if words else min(1.0, patience)):
            return await reader.read(512)
    except (TimeoutError, ConnectionError):
        return b""
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


class _Ear(asyncio.DatagramProtocol):
    """Hears the first answer, or that the port is closed."""

    def __init__(self) -> None:
        self.heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Keep the first answer."""
        del addr
        if not self.heard.done():
            self.heard.set_result(data)

    def error_received(self, exc: Exception) -> None:
        """Hear that an ICMP message came back."""
        if not self.heard.done():
            self.heard.set_exception(exc)


async def _try_udp(address: Address, target: Target, pace: Pace) -> Sighting:
    """Send the port's own question twice, half the patience apart."""
    try:
        return await _ask_udp(address, target, pace)
    except ConnectionRefusedError:
        return Sighting(address, target, State.CLOSED)
    except OSError:
        return Sighting(address, target, State.SILENT)


async def _ask_udp(address: Address, target: Target, pace: Pace) -> Sighting:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    loop = asyncio.get_running_loop()
    place = (str(address), target.port)
    answers_elsewhere = target.port == TFTP
    transport, ear = await loop.create_datagram_endpoint(
        _Ear, family=family, remote_addr=None if answers_elsewhere else place
    )
    try:
        for _ in range(2):
            transport.sendto(question(Protocol.UDP, target.port), place if answers_elsewhere else None)
            done, _ = await asyncio.wait([ear.heard], timeout=pace.patience / 2)
            if done:
                answer = ear.heard.result()
                return Sighting(
                    address,
                    target,
                    State.OPEN,
                    name_answer(Protocol.UDP, target.port, answer),
                    banner(answer),
                )
        return Sighting(address, target, State.SILENT)
    finally:
        transport.close()


TFTP = 69
"""Its server answers from another port (RFC 1350 §4), which a connected socket would not hear."""


def source_towards(address: Address) -> str:
    """Which address of ours would be used towards another one; nothing is sent. Empty if there is no way.

    A UDP socket that is connected sends nothing (connect(2)).
    """
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect((str(address), 9))
        except OSError:
            return ""
        return str(sock.getsockname()[0]).partition("%")[0]
