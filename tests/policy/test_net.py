"""Value objects cannot be wrong."""

import pytest

from portward.policy.net import Knock, PortRange, Protocol


@pytest.mark.parametrize(
    ("protocol", "first", "last"),
    [
        (Protocol.TCP, 0, 5),
        (Protocol.TCP, 5, 65536),
        (Protocol.UDP, 9, 8),
        (Protocol.TCP, -1, 5),
        (Protocol.ESP, 1, 1),
        (Protocol.ICMP, 8, 8),
    ],
)
def test_impossible_ports_are_refused(protocol: Protocol, first: int, last: int) -> None:
    """Ports are 1..65535, in order, and only where the protocol has any."""
    with pytest.raises(ValueError, match=r"\w"):
        PortRange(protocol, first, last)


def test_ranges_overlap_only_within_a_protocol() -> None:
    """tcp/20-30 and tcp/30 meet; tcp/20-30 and udp/25 do not."""
    ports = PortRange(Protocol.TCP, 20, 30)
    assert ports.overlaps(PortRange(Protocol.TCP, 30, 30))
    assert not ports.overlaps(PortRange(Protocol.TCP, 31, 40))
    assert not ports.overlaps(PortRange(Protocol.UDP, 25, 25))
    assert len(ports) == 11
    assert 30 in ports
    assert 31 not in ports


@pytest.mark.parametrize(
    ("protocol", "number", "word"),
    [
        (Protocol.TCP, 0, b""),
        (Protocol.UDP, 65536, b""),
        (Protocol.ICMP, 27, b""),
        (Protocol.ICMP, 30, b"abc"),
        (Protocol.TCP, 1, b"word"),
        (Protocol.UDP, 1, b"x" * 65),
        (Protocol.ESP, 1, b""),
    ],
)
def test_impossible_knocks_are_refused(protocol: Protocol, number: int, word: bytes) -> None:
    """No packet can be such a knock."""
    with pytest.raises(ValueError, match=r"\w"):
        Knock(protocol, number, word)


def test_a_word_is_never_shown() -> None:
    """The representation of a knock, which lands in tracebacks and logs, has no secret."""
    assert "sesame" not in repr(Knock(Protocol.UDP, 7000, b"sesame"))
