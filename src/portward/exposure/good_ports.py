"""Other ports for services: none that scanners try first, that programs take for themselves, or that is in use.

Pure: randomness comes in as a function.
"""

from collections.abc import Callable, Collection

from portward.errors import UsageError
from portward.exposure.registry import KINDS
from portward.policy.net import PortRange, Protocol


DEFAULT_RANGE = (10000, 32767)
"""Above the ports of system services and below the first ephemeral port of Linux (ip-sysctl, ip_local_port_range)."""

EPHEMERAL = (32768, 60999)
"""Linux's default of ip_local_port_range."""

FAMOUS = frozenset(
    {10000, 11111, 12345, 12346, 13579, 20000, 22222, 24680, 27374, 31337, 33333, 44444, 54321, 55555}
)
"""Numbers that lists of scanners and printed examples hold."""


def choose_port(
    protocol: Protocol,
    span: tuple[int, int],
    taken: Collection[tuple[Protocol, int]],
    choose: Callable[[int], int],
    ephemeral: tuple[int, int] = EPHEMERAL,
) -> int:
    """Choose a port at random.

    Args:
        protocol: TCP or UDP.
        span: first and last port to choose from.
        taken: ports in use or named by the policy or /etc/services, of any protocol.
        choose: a number from 0 to below its argument, such as `secrets.randbelow`.
        ephemeral: first and last port that the kernel gives to outgoing connections.

    Raises:
        UsageError: nothing is left to choose from.
    """
    bad = {port for _, port in taken} | FAMOUS | _usual(protocol)
    first, last = ephemeral
    good = [
        port
        for port in range(max(span[0], 1024), span[1] + 1)
        if port not in bad and not first <= port <= last
    ]
    if not good:
        raise UsageError(f"no port of {span[0]}-{span[1]} is good: all are in use, well known or ephemeral")
    return good[choose(len(good))]


def _usual(protocol: Protocol) -> frozenset[int]:
    """Where services that portward knows usually listen."""
    ranges = (each for kind in KINDS for each in kind.ports if each.protocol is protocol)
    return frozenset(port for each in ranges for port in each.ports)


def read_range(text: str) -> tuple[int, int]:
    """Read `10000-20000`.

    Raises:
        UsageError: it is no range of ports.
    """
    first, dash, last = text.partition("-")
    try:
        ports = PortRange(Protocol.TCP, int(first), int(last if dash else first))
    except ValueError:
        raise UsageError(f"{text!r} is no range of ports: write FIRST-LAST, such as 10000-30000") from None
    return ports.first, ports.last
