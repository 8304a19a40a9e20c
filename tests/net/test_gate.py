"""The compiled ruleset in the real kernel, by hand-written visits."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from gate import Gate, gate, knock_all, pause, source

from portward.policy.net import Knock, PortRange, Protocol
from portward.policy.notation import read_knock, read_ports
from portward.policy.policy import Mode, Policy, Sequence, Service


pytestmark = pytest.mark.net

MIXED = ("tcp/33333", "udp/22222", "icmp/128", "tcp/11111")
VISIT = [("tcp", 33333), ("udp", 22222), ("icmp", 128), ("tcp", 11111)]


def policy(*knocks: str, mode: Mode = Mode.GUARD, strict: bool = True, **more: object) -> Policy:
    """A service on tcp/22 behind one sequence."""
    steps = (timedelta(seconds=10),) * (len(knocks) - 1)
    return Policy(
        services=(Service("ssh", (read_ports("tcp/22"),)),),
        sequences=(Sequence("admin", tuple(map(read_knock, knocks)), steps, ("ssh",), timedelta(hours=1)),),
        mode=mode,
        strict=strict,
        **more,  # type: ignore[arg-type]
    )


@pytest.fixture(scope="module")
def here() -> Iterator[Gate]:
    """One gate for all tests of this file; each loads its own policy."""
    with gate() as made:
        yield made


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("mode", list(Mode))
def test_the_right_knocks_open_and_nothing_else_does(here: Gate, version: int, mode: Mode) -> None:
    """Closed; knock; the very next packet is let in; a stranger still is not."""
    here.load(policy(*MIXED, mode=mode))
    visitor, stranger = source(7, version), source(8, version)
    assert not here.leaves(here.syn(visitor, 22))
    knock_all(here, visitor, VISIT)
    opened = here.syn(visitor, 22)
    refused = here.syn(stranger, 22)
    left = here.left()
    assert opened in left
    assert refused not in left


@pytest.mark.parametrize("version", [4, 6])
def test_a_stray_earns_a_penalty(here: Gate, version: int) -> None:
    """A stray in mid-sequence: the rest of the knocks count for nothing, nor does a second try."""
    here.load(policy(*MIXED, penalty=timedelta(seconds=1)))
    visitor = source(9, version)
    here.syn(visitor, 33333)
    here.syn(visitor, 4444)
    knock_all(here, visitor, VISIT[1:])
    knock_all(here, visitor, VISIT)
    assert not here.leaves(here.syn(visitor, 22))
    pause(1.2)
    knock_all(here, visitor, VISIT)
    assert here.leaves(here.syn(visitor, 22))


def test_repeats_are_no_strays(here: Gate) -> None:
    """A SYN comes four times, and the first knock again after the second."""
    here.load(policy(*MIXED))
    visitor = source(10)
    for protocol, number in VISIT:
        knock_all(here, visitor, [(protocol, number)] * 4)
        here.syn(visitor, 33333)
    assert here.leaves(here.syn(visitor, 22))


def test_a_step_that_takes_too_long_does_not_count(here: Gate) -> None:
    """Stages end after their step timeout."""
    short = attrs_evolve(policy("tcp/1000", "tcp/2000"), timedelta(milliseconds=300))
    here.load(short)
    visitor = source(11)
    here.syn(visitor, 1000)
    pause(0.5)
    here.syn(visitor, 2000)
    assert not here.leaves(here.syn(visitor, 22))


def attrs_evolve(base: Policy, step: timedelta) -> Policy:
    """The same policy with another step timeout."""
    import attrs

    (sequence,) = base.sequences
    return attrs.evolve(base, sequences=(attrs.evolve(sequence, step_timeouts=(step,)),))


def test_a_word_must_be_there(here: Gate) -> None:
    """`udp/7000=open sesame` wants its word; any other packet to the port is a stray."""
    here.load(policy("udp/7000=open sesame, friend of mine", "icmp/200=mellon", "udp/7001"))
    for version in (4, 6):
        visitor, stranger = source(12, version), source(13, version)
        here.udp(stranger, 7000, b"open sesamE, friend of mine")
        here.ping(stranger, 200, b"mellon")
        here.udp(stranger, 7001)
        assert not here.leaves(here.syn(stranger, 22))
        here.udp(visitor, 7000, b"open sesame, friend of mine and more")
        here.ping(visitor, 200, b"mellon")
        here.udp(visitor, 7001)
        assert here.leaves(here.syn(visitor, 22))


def test_tcp_out_of_nowhere_is_dropped_at_a_door(here: Gate) -> None:
    """ACK, FIN, null and Xmas scans get nothing from a guarded port; elsewhere the host answers as ever."""
    here.load(policy(*MIXED))
    visitor = source(14)
    for flags in (16, 1, 0, 1 | 8 | 32, 2 | 1):
        assert not here.leaves(here.tcp(visitor, 22, flags))
        assert here.leaves(here.tcp(visitor, 23, flags))


def test_lockdown_drops_what_nobody_asked_for(here: Gate) -> None:
    """Nothing but public ports and those in `always` gets through."""
    from ipaddress import ip_network

    here.load(
        policy(
            *MIXED,
            mode=Mode.LOCKDOWN,
            public=(read_ports("tcp/80"), read_ports("udp/6000-7000")),
            always=(ip_network("198.51.9.0/24"),),
        )
    )
    visitor, friend = source(15), source(0x901)
    for number in (
        here.syn(visitor, 23),
        here.udp(visitor, 53),
        here.ping(visitor, 84),
        here.tcp(visitor, 80, 0),
    ):
        assert number
    tried = [here.syn(visitor, 23), here.udp(visitor, 53), here.ping(visitor, 84), here.tcp(visitor, 23, 16)]
    let = [here.syn(visitor, 80), here.udp(visitor, 6500), here.syn(friend, 22), here.udp(friend, 99)]
    left = here.left()
    assert not left & set(tried)
    assert set(let) <= left


def test_a_first_knock_that_finds_the_set_full_does_not_count(here: Gate) -> None:
    """A full set fails closed, and the visitors that were in it go on."""
    from portward.policy.policy import Sizes

    here.load(policy("udp/7000", "udp/7001", sizes=Sizes(stages=64)))
    first = source(1000)
    here.udp(first, 7000)
    for number in range(2000, 2200):
        here.udp(source(number), 7000)
    late = source(3000)
    here.udp(late, 7000)
    here.udp(late, 7001)
    here.udp(first, 7001)
    refused, opened = here.syn(late, 22), here.syn(first, 22)
    left = here.left()
    assert opened in left
    assert refused not in left


def test_published_ports_lead_to_the_service(here: Gate) -> None:
    """With a grant the published port is let in and the service's own is not; without one neither is."""
    base = policy("udp/7000", "udp/7001")
    import attrs

    here.load(
        attrs.evolve(base, services=(Service("ssh", (read_ports("tcp/22"),), (read_ports("tcp/12345"),)),))
    )
    visitor = source(20)
    before = [here.syn(visitor, 22), here.syn(visitor, 12345)]
    knock_all(here, visitor, [("udp", 7000), ("udp", 7001)])
    own, published = here.syn(visitor, 22), here.syn(visitor, 12345)
    left = here.left()
    assert not left & {*before, own}
    assert published in left


def test_a_grant_for_a_prefix(here: Gate) -> None:
    """`grant_prefix_v6 = 64`: the neighbour in the same /64 gets in too, the next /64 does not."""
    here.load(policy("udp/7000", "udp/7001", grant_prefix_v6=64))
    from ipaddress import ip_address

    knock_all(here, source(21, 6), [("udp", 7000), ("udp", 7001)])
    neighbour, far = ip_address("2001:db8:0:1:a:b:c:d"), ip_address("2001:db8:0:2::21")
    near, other = here.syn(neighbour, 22), here.syn(far, 22)
    left = here.left()
    assert near in left
    assert other not in left
    assert PortRange(Protocol.TCP, 22, 22).first == Knock(Protocol.TCP, 22).number
