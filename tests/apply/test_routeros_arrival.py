from ipaddress import ip_address

import pytest
from tests.apply.routeros_case import OURS, Clock, new_device

from lab.routeros_device import Device
from lab.routeros_direct import DirectLink
from portward.apply.routeros_arrival import find_arrival, split_port
from portward.errors import UsageError


@pytest.fixture
def device() -> Device:
    return new_device(Clock())


def test_the_users_word_counts_most(device: Device) -> None:
    arrival = find_arrival(DirectLink(device), "portward", "203.0.113.9")
    assert arrival.source == ip_address("203.0.113.9")
    assert (arrival.destination, arrival.port, arrival.direct) == (ip_address("192.0.2.1"), 443, True)


def test_the_connection_table_knows_us_by_our_port_also_behind_translation(device: Device) -> None:
    rows = device.menus["/ip/firewall/connection"]
    for port, source in ((1, "203.0.113.1"), (40000, "203.0.113.2")):
        rows.append(
            {
                ".id": f"*{port}",
                "protocol": "tcp",
                "src-address": f"{source}:{port}",
                "dst-address": "192.0.2.1:443",
            }
        )
    assert find_arrival(DirectLink(device), "portward", "").source == ip_address("203.0.113.2")


def test_who_is_logged_in_tells_too(device: Device) -> None:
    for name, address in (("other", "203.0.113.1"), ("portward", OURS), ("portward", "203.0.113.3")):
        device.add("/user/active", {"name": name, "address": address})
    assert find_arrival(DirectLink(device), "portward", "").source == ip_address(OURS)


def test_one_login_of_ours_from_elsewhere_is_us_behind_translation(device: Device) -> None:
    device.add("/user/active", {"name": "portward", "address": "203.0.113.3"})
    assert find_arrival(DirectLink(device), "portward", "").source == ip_address("203.0.113.3")


def test_an_address_is_never_guessed(device: Device) -> None:
    for address in ("203.0.113.3", "203.0.113.4"):
        device.add("/user/active", {"name": "portward", "address": address})
    with pytest.raises(UsageError, match="--source ADDRESS"):
        find_arrival(DirectLink(device), "portward", "")


@pytest.mark.parametrize(
    ("route", "interface"),
    [
        ({"immediate-gw": "192.0.2.254%ether1"}, "ether1"),
        ({"gateway-status": "192.0.2.254 reachable via  pppoe-out1"}, "pppoe-out1"),
        ({"immediate-gw": "192.0.2.254%ether1", "active": "false"}, None),
        ({}, None),
    ],
)
def test_the_interface_is_that_of_the_route_to_us(
    device: Device, route: dict[str, str], interface: str | None
) -> None:
    device.add("/ip/route", {"dst-address": "0.0.0.0/0", "active": "true", **route})
    arrival = find_arrival(DirectLink(device), "portward", OURS)
    assert arrival.interface == interface


def test_a_network_of_the_routers_own_comes_before_routes(device: Device) -> None:
    device.add("/ip/address", {"address": "198.51.100.1/24", "interface": "bridge"})
    device.add("/interface/list/member", {"list": "LAN", "interface": "bridge"})
    device.add("/interface/list/member", {"list": "WAN", "interface": "ether1"})
    arrival = find_arrival(DirectLink(device), "portward", OURS)
    assert (arrival.interface, arrival.interface_lists) == ("bridge", frozenset({"LAN"}))
    packet = arrival.packet("established", ())
    assert (packet.flags, packet.translated) == (frozenset({"ack"}), False)


@pytest.mark.parametrize("text", ["", "192.0.2.1", "nonsense:5", "192.0.2.1:x"])
def test_what_is_no_end_of_a_connection_is_none(text: str) -> None:
    assert None in split_port(text)
