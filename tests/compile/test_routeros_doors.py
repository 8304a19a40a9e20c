"""Doors for RouterOS: which ports lead where."""

from ipaddress import IPv4Address, IPv6Address

import pytest

from portward.compile.names import IpFamily
from portward.compile.routeros_doors import doors, leads, mapped, moves, translations
from portward.compile.routeros_words import spell
from portward.policy.notation import read_ports
from portward.policy.policy import Policy, Service


CAMERA = IPv4Address("192.168.1.10")


def service(ports: str, published: str = "", host: IPv4Address | None = None) -> Service:
    outside = (read_ports(published),) if published else ()
    return Service("x", (read_ports(ports),), outside, (host,) if host else ())


def nat(kept: Service, family: IpFamily = IpFamily.V4, *interfaces: str) -> list[str]:
    policy = Policy((kept,), interfaces=interfaces)
    return [spell((*row.asks, *row.does)) for row in translations(policy, family)]


def test_the_routers_own_service_moves() -> None:
    """No packet is translated: the service itself listens elsewhere."""
    kept = service("tcp/22", "tcp/2222")
    assert list(moves(Policy((kept,)))) == [("ssh", 22, 2222)]
    assert nat(kept) == []


@pytest.mark.parametrize(
    "kept", [service("tcp/22"), service("tcp/22", "tcp/2222", CAMERA), service("udp/22", "udp/9")]
)
def test_nothing_else_moves(kept: Service) -> None:
    assert list(moves(Policy((kept,)))) == []


def test_a_published_port_is_redirected() -> None:
    assert nat(service("udp/51820", "udp/443"), IpFamily.V6, "ether1", "wan") == [
        f"in-interface={name} dst-address-type=local protocol=udp dst-port=443 action=redirect to-ports=51820"
        for name in ("ether1", "wan")
    ]


def test_a_range_is_mapped_port_by_port() -> None:
    """RouterOS spreads a range over another, in no order."""
    found = nat(service("tcp/443-444", "tcp/8443-8444", CAMERA))
    assert [line.partition("dst-port=")[2] for line in found] == [
        "8443 action=dst-nat to-addresses=192.168.1.10 to-ports=443",
        "8444 action=dst-nat to-addresses=192.168.1.10 to-ports=444",
    ]


def test_a_range_on_its_own_numbers_is_one_rule() -> None:
    ports = read_ports("tcp/8000-9000")
    assert mapped(ports, ports) == [(ports, None)]


def test_a_machine_is_reached_over_the_families_it_has() -> None:
    """IPv6's menu calls the address by another name."""
    kept = Service("x", (read_ports("esp"),), (read_ports("esp"),), (IPv6Address("2001:db8::1"),))
    assert list(leads(kept, IpFamily.V4, None)) == []
    assert nat(kept, IpFamily.V6) == [
        "dst-address-type=local protocol=ipsec-esp action=dst-nat to-address=2001:db8::1"
    ]


def test_the_own_port_behind_a_published_one_is_for_translated_packets_only() -> None:
    rows = [
        spell((*row.asks, *row.does)) for row in doors(Policy((service("udp/53", "udp/5353"),)), IpFamily.V4)
    ]
    assert rows == [
        "protocol=udp dst-port=5353 action=jump jump-target=portward-door-x",
        "protocol=udp dst-port=53 connection-nat-state=dstnat action=jump jump-target=portward-door-x",
        "protocol=udp dst-port=53 action=drop",
    ]
