"""The packet pump: frames are rewritten without a checksum going wrong."""

from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from portward.attack.frames import Road, checksum
from portward.attack.pump import ETHERNET, TCP, UDP, Batch


ROAD = Road(b"\x02\0\0\0\0\1", b"\x02\0\0\0\0\2")
PLACES = {4: ("10.66.0.0", "198.51.100.1"), 6: ("2001:db8:0:2::", "2001:db8:0:1::1")}

families = st.sampled_from([4, 6])
protocols = st.sampled_from([TCP, UDP])


def batch_of(version: int, protocol: int, size: int) -> Batch:
    network, goal = map(ip_address, PLACES[version])
    return Batch(ROAD, network, goal, protocol, size)


def frames_of(batch: Batch) -> list[bytes]:
    return [bytes(batch.memory[at : at + batch.stride]) for at in range(0, len(batch.memory), batch.stride)]


def ends(frame: bytes, version: int) -> tuple[bytes, int]:
    """The source address and the destination port."""
    packet = frame[ETHERNET:]
    source, header = (packet[12:16], 20) if version == 4 else (packet[8:24], 40)
    return source, int.from_bytes(packet[header + 2 : header + 4], "big")


def sums_up(frame: bytes, version: int, protocol: int) -> bool:
    """Whether the receiver finds the checksums right (RFC 1071: all together give 0)."""
    packet = frame[ETHERNET:]
    header = 20 if version == 4 else 40
    addresses = packet[12:20] if version == 4 else packet[8:40]
    rest = packet[header:]
    pseudo = addresses + bytes([0, protocol]) + len(rest).to_bytes(2, "big")
    return checksum(pseudo + rest) == 0 and (version == 6 or checksum(packet[:20]) == 0)


@given(
    families,
    protocols,
    st.lists(st.tuples(st.integers(0, 65535), st.integers(0, 65535)), min_size=1, max_size=20),
)
def test_every_frame_has_its_port_and_source_and_right_checksums(
    version: int, protocol: int, wanted: list[tuple[int, int]]
) -> None:
    batch = batch_of(version, protocol, len(wanted))
    batch.ports(bytes(port >> 8 for port, _ in wanted), bytes(port & 255 for port, _ in wanted))
    batch.sources(bytes(low >> 8 for _, low in wanted), bytes(low & 255 for _, low in wanted))
    for frame, (port, low) in zip(frames_of(batch), wanted, strict=True):
        source, found = ends(frame, version)
        assert (int.from_bytes(source[-2:], "big"), found) == (low, port)
        assert source[:-2] == ip_address(PLACES[version][0]).packed[:-2]
        assert sums_up(frame, version, protocol)


@given(families, protocols)
def test_random_ports_stay_at_or_above_the_first(version: int, protocol: int) -> None:
    batch = batch_of(version, protocol, 300)
    batch.random_ports(0x8000)
    ports = {ends(frame, version)[1] for frame in frames_of(batch)}
    assert min(ports) >= 0x8000
    assert len(ports) > 200


def test_every_source_comes_once() -> None:
    batch = batch_of(4, TCP, 65536)
    batch.every_source()
    assert len({ends(frame, 4)[0] for frame in frames_of(batch)}) == 65536


def test_one_source_and_one_port_are_the_same_in_all_frames() -> None:
    batch = batch_of(4, TCP, 10)
    batch.random_ports()
    batch.random_sources()
    batch.one_source(9)
    batch.one_port(33333)
    assert {ends(frame, 4) for frame in frames_of(batch)} == {(ip_address("10.66.0.9").packed, 33333)}
