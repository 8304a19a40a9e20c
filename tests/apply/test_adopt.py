"""Open TCP connections, as the kernel's tables have them."""

import struct
from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from portward.apply.adopt import Connection, adopted, parse_connections, parse_end
from portward.apply.listing import Block, Listing
from portward.apply.wanted import Guarded
from portward.policy.net import Address, PortRange, Protocol


HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
SSH = Guarded((PortRange(Protocol.TCP, 22, 22),))


def end(address: Address, port: int) -> str:
    """Spell an end of a connection as the kernel does, word by word in the machine's byte order."""
    words = struct.unpack(f"={len(address.packed) // 4}I", address.packed)
    return "".join(f"{word:08X}" for word in words) + f":{port:04X}"


def row(own: str, peer: str, state: int, own_port: int = 22, peer_port: int = 40000) -> str:
    """Spell a line of the table."""
    ends = f"{end(ip_address(own), own_port)} {end(ip_address(peer), peer_port)}"
    return f"   0: {ends} {state:02X} 00000000:00000000 00:00000000 00000000     0        0 1 1 0\n"


def table(size: int = 64) -> Listing:
    """A table with the sets of adopted connections."""
    blocks = [Block("set", f"adopted_v{v}", (f"size {size}", "flags timeout")) for v in (4, 6)]
    return Listing((), {block.key: block for block in blocks})


@given(st.ip_addresses(), st.integers(0, 65535))
def test_an_end_is_read_back(address: Address, port: int) -> None:
    mapped = getattr(address, "ipv4_mapped", None)
    assert parse_end(end(address, port)) == (mapped or address, port)


def test_an_ipv4_connection_on_an_ipv6_socket_is_ipv4() -> None:
    (found,) = parse_connections(HEAD + row("::ffff:192.0.2.1", "::ffff:192.0.2.7", 1))
    assert found.peer == ip_address("192.0.2.7")


def test_only_connections_that_may_still_carry_data_are_open() -> None:
    """Not those that listen (0A), wait for an answer (02) or are over (06, 07, 09, 0B)."""
    rows = "".join(row("192.0.2.1", "192.0.2.7", state, peer_port=state) for state in range(1, 13))
    assert [each.peer_port for each in parse_connections(HEAD + rows)] == [1, 3, 4, 5, 8]


def test_connections_with_oneself_need_no_adoption() -> None:
    assert not list(parse_connections(HEAD + row("127.0.0.1", "127.0.0.1", 1) + row("::1", "::1", 1)))


def test_only_connections_that_the_gate_would_cut_are_adopted() -> None:
    """By set: what is to a guarded port; in lockdown, all."""
    own = ip_address("192.0.2.1")
    ssh = Connection(ip_address("192.0.2.7"), 40000, own, 22)
    web = Connection(ip_address("2001:db8::7"), 40001, own, 80)
    guard = adopted([ssh, web], SSH, table())
    assert {name: [each.key for each in found] for name, found in guard.items()} == {
        "adopted_v4": [("192.0.2.7", 40000, 22)]
    }
    assert set(adopted([ssh, web], Guarded(everywhere=True), table())) == {"adopted_v4", "adopted_v6"}


def test_no_more_are_adopted_than_fit() -> None:
    """A set that is too small must not make the whole change fail."""
    many = [Connection(ip_address("192.0.2.7"), port, ip_address("192.0.2.1"), 22) for port in range(100)]
    assert len(adopted(many, SSH, table(size=64))["adopted_v4"]) == 64


@given(st.text("0123456789ABCDEF: \n", max_size=200))
def test_lines_that_are_no_connections_are_passed_over(text: str) -> None:
    good = row("192.0.2.1", "192.0.2.7", 1)
    assert Connection(ip_address("192.0.2.7"), 40000, ip_address("192.0.2.1"), 22) in list(
        parse_connections(f"{HEAD}{text}\n{good}{text}")
    )


def test_at_a_door_that_cuts_only_the_first_gate_adopts() -> None:
    """A connection that has ended with its grant must not come back by a reload; one that was adopted stays."""
    guarded = Guarded(SSH.ports, cut=SSH.ports)
    old, ended = (Connection(ip_address("192.0.2.7"), port, ip_address("192.0.2.1"), 22) for port in (1, 2))
    assert len(adopted([old, ended], guarded, table(), None)["adopted_v4"]) == 2
    again = adopted([old, ended], guarded, table(), {("192.0.2.7", 1, 22)})
    assert [each.key for each in again["adopted_v4"]] == [("192.0.2.7", 1, 22)]
    assert len(adopted([old, ended], SSH, table(), ())["adopted_v4"]) == 2
