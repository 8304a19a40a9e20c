from hypothesis import given
from hypothesis import strategies as st

from portward.exposure.facts import Origin
from portward.exposure.socket_units import read_list_sockets, read_socket_unit


UNIT = """[Socket]
ListenStream=23
ListenStream=0.0.0.0:111
ListenDatagram=[::1]:111
ListenStream=/run/rpcbind.sock
Accept=yes
"""


def test_ports_of_a_unit_are_read_and_paths_passed_over() -> None:
    found = list(read_socket_unit(UNIT, "x.socket"))
    assert [(each.spelled, str(each.address), each.both) for each in found] == [
        ("tcp/23", "::", True),
        ("tcp/111", "0.0.0.0", False),
        ("udp/111", "::1", False),
    ]
    assert all(each.origin is Origin.UNIT and each.unit == "x.socket" for each in found)


def test_ipv6_alone_is_ipv6_alone() -> None:
    (found,) = read_socket_unit("[Socket]\nListenStream=23\nBindIPv6Only=ipv6-only\n", "x.socket")
    assert found.families == (6,)


def test_units_of_systemctl_are_found_by_place() -> None:
    text = '[{"listen":"[::]:22","unit":"ssh.socket","activates":"ssh.service"},{"listen":"/run/x","unit":"x.socket"}]'
    assert {(str(place[0]), place[1]): unit for place, unit in read_list_sockets(text).items()} == {
        ("::", 22): "ssh.socket"
    }


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    read_list_sockets(text)
    list(read_socket_unit(text, "x.socket"))
