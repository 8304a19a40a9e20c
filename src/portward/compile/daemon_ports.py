"""The daemon's ports: what cannot be a sealed knock or a packet of fwknop's never leaves the kernel.

Datagrams to them are judged before connection tracking and kept out of it: a flood from forged sources would fill its
table, and with it shut out everybody. Then by length, by the first bytes, and by how often their source sends.
"""

from collections.abc import Iterator

from portward.compile import names
from portward.compile.ir import (
    Accept,
    BeginsWithOneOf,
    Chain,
    Count,
    Counter,
    DatagramLength,
    Drop,
    Expression,
    Goto,
    HasPorts,
    InSet,
    Is,
    NoTrack,
    Often,
    RateSet,
    Rule,
    Selector,
    TokenSet,
)
from portward.compile.names import IpFamily
from portward.policy.net import PortRange, Protocol
from portward.policy.people import SEALED_BYTES, Fwknop, Sealed
from portward.policy.policy import Policy


UDP_HEADER = 8
"""Bytes of a UDP header (RFC 768)."""

FWKNOP_BYTES = (140, 399)
"""The length of a symmetric fwknop packet: fwknopd takes 140 to 1500, and from 400 on it takes it for GnuPG's."""

FWKNOP_FIRST = b"+/89"
"""What every such packet begins with: base64 of the last bits of `Salted__` and the first two of the salt."""

SOURCES = 65536
"""How many sources' rates are remembered; when they are more, new ones are not limited."""

WORDS = 64
"""How many words there can be: of some days, for two server keys."""

V6_NETWORK = 64
"""IPv6 sources are counted by their network: one host has as many addresses there as it likes."""


def ways(policy: Policy) -> Iterator[tuple[str, Sealed | Fwknop]]:
    """What the daemon listens for, by the name of the chain."""
    if policy.ways.sealed and policy.people:
        yield names.SEALED, policy.ways.sealed
    if policy.ways.fwknop and policy.people:
        yield names.FWKNOP, policy.ways.fwknop


def sets(policy: Policy) -> Iterator[TokenSet | RateSet]:
    """Make the sets of words and rates."""
    for name, _way in ways(policy):
        if name == names.SEALED:
            yield TokenSet(names.WORDS, Selector.WORD, WORDS, "what sealed knocks begin with", used_up=False)
        for family in IpFamily:
            yield RateSet(names.rates(name, family), family, SOURCES, "how often each source sends")


def counters(policy: Policy) -> Iterator[Counter]:
    """Name what is counted."""
    if any(ways(policy)):
        yield Counter(names.JUNK, "datagrams to the daemon's ports that it never saw")


def entries(policy: Policy) -> Iterator[Rule]:
    """Send datagrams to the daemon's ports to their chains, before connection tracking."""
    for name, way in ways(policy):
        udp = HasPorts(PortRange(Protocol.UDP, way.port, way.port))
        yield Rule((udp, Is.TO_THIS_HOST, Goto(name)), "", policy.places.nearest(name))


def chains(policy: Policy) -> Iterator[Chain]:
    """Make the chain of each port."""
    for name, way in ways(policy):
        refuse = (Count(names.JUNK), Drop())
        rules = [Rule((NoTrack(),)), *(Rule((*junk, *refuse)) for junk in _junk(name))]
        rules += [
            Rule((Often(Selector.source(family), names.rates(name, family), way.per_second, prefix), *refuse))
            for family, prefix in ((IpFamily.V4, None), (IpFamily.V6, V6_NETWORK))
        ]
        yield Chain(
            name, (*rules, Rule((Accept(),), "to the daemon")), comment=f"datagrams to udp/{way.port}"
        )


def _junk(name: str) -> Iterator[tuple[Expression, ...]]:
    """What shows at once that a datagram is none of ours."""
    if name == names.SEALED:
        length = SEALED_BYTES + UDP_HEADER
        yield (DatagramLength(length, length, negated=True),)
        yield (InSet((Selector.WORD,), names.WORDS, negated=True),)
        return
    least, most = FWKNOP_BYTES
    yield (DatagramLength(least + UDP_HEADER, most + UDP_HEADER, negated=True),)
    yield (BeginsWithOneOf(tuple(FWKNOP_FIRST), negated=True),)
