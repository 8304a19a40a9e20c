from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.exposure.proc_net import default_interfaces, read_endpoint, read_services, read_sockets, unit_of
from portward.policy.net import Protocol


TCP = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1001 1 0 100 0 0 10 0
   1: 0100007F:18EB 00000000:0000 0A 00000000:00000000 00:00000000 00000000   109        0 1002 1 0 100 0 0 10 0
   2: 0100007F:18EB 0100007F:9C40 01 00000000:00000000 00:00000000 00000000   109        0 1003 1 0 20 4 30 10 -1
"""


def test_what_listens_is_read_and_what_is_connected_is_not() -> None:
    found = [(str(each.address), each.port, each.uid, each.inode) for each in read_sockets(TCP, Protocol.TCP)]
    assert found == [("0.0.0.0", 22, 0, 1001), ("127.0.0.1", 6379, 109, 1002)]


@pytest.mark.parametrize(
    ("text", "address", "port"),
    [
        ("0100007F:0016", "127.0.0.1", 22),
        ("00000000000000000000000001000000:0050", "::1", 80),
        ("B80D0120000000000000000001000000:01BB", "2001:db8::1", 443),
        ("0000000000000000FFFF0000640A33C6:0035", "198.51.10.100", 53),
    ],
)
def test_addresses_are_in_the_machines_byte_order(text: str, address: str, port: int) -> None:
    """An IPv4 address on an IPv6 socket is told as what it is."""
    assert read_endpoint(text) == (ip_address(address), port)


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    list(read_sockets(f"head\n{text}", Protocol.UDP))
    read_services(text)
    default_interfaces(text, text)
    unit_of(text)


def test_strangers_come_by_where_the_default_route_leads() -> None:
    route = (
        "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"
        "eth0\t00000000\t016433C6\t0003\t0\t0\t0\t00000000\n"
        "docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\n"
    )
    nowhere = f"{'0' * 32} 00 {'0' * 32} 00 {'0' * 32} ffffffff 00000001 00000000 00200200 lo\n"
    assert default_interfaces(route, nowhere) == {4: frozenset({"eth0"}), 6: frozenset()}


def test_the_first_name_of_a_port_counts() -> None:
    found = read_services("ssh 22/tcp # login\nother 22/tcp\ndomain 53/udp\nbad\nx y/tcp\n")
    assert found == {(Protocol.TCP, 22): "ssh", (Protocol.UDP, 53): "domain"}


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("0::/system.slice/ssh.service\n", "ssh.service"),
        ("0::/user.slice/user-0.slice/session-3.scope\n", "session-3.scope"),
        ("0::/system.slice/system-openvpn.slice/openvpn@server.service\n", "openvpn@server.service"),
        ("0::/\n", ""),
    ],
)
def test_the_innermost_unit_of_a_control_group(text: str, unit: str) -> None:
    assert unit_of(text) == unit
