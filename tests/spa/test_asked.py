from ipaddress import ip_address

import pytest

from portward.policy.net import PortRange, Protocol
from portward.policy.notation import read_ports
from portward.policy.policy import Service
from portward.spa.asked import Asked, Behind, Door, Doors, Named, services_for


def _ports(*texts: str) -> tuple[PortRange, ...]:
    return tuple(map(read_ports, texts))


def _door(text: str) -> Door:
    ports = read_ports(text)
    return ports.protocol, ports.first


SSH = Service("ssh", _ports("tcp/22"))
DNS = Service("dns", _ports("tcp/53", "udp/53"))
GAME = Service("game", _ports("udp/27000-27030"))
LOCAL = Service("local", _ports("tcp/80"), published=_ports("tcp/8080"))
CAM = Service("cam", _ports("tcp/80", "udp/90"), _ports("tcp/8081", "udp/9001"), (ip_address("192.168.1.7"),))
ALL = (SSH, DNS, GAME, LOCAL, CAM)
AT_CAM = CAM.hosts[0]


def _found(asked: Asked) -> list[str]:
    return [service.name for service in services_for(asked, ALL)]


def test_nobody_named_is_all_that_the_person_may_open() -> None:
    assert services_for(Named(()), ALL) == ALL
    assert services_for(Named(()), (DNS,)) == (DNS,)
    assert services_for(Named(()), ()) == ()


def test_names_find_their_services_in_the_policys_order() -> None:
    assert _found(Named(("dns", "ssh"))) == ["ssh", "dns"]


def test_who_names_one_too_many_gets_none() -> None:
    assert _found(Named(("ssh", "mail"))) == []
    assert services_for(Named(("ssh",)), (DNS,)) == ()


@pytest.mark.parametrize(
    ("doors", "names"),
    [
        ("tcp/22", ["ssh"]),
        ("udp/53", ["dns"]),
        ("udp/53 tcp/22", ["ssh", "dns"]),
        ("tcp/53 udp/53", ["dns"]),
        ("udp/27000", ["game"]),
        ("udp/27030 udp/27001", ["game"]),
        ("tcp/8080 tcp/8081", ["local", "cam"]),
        ("udp/22", []),
        ("udp/27031", []),
        ("tcp/22 tcp/23", []),
        ("tcp/80", []),
        ("udp/8081", []),
    ],
)
def test_every_door_must_lead_to_a_service(doors: str, names: list[str]) -> None:
    """A published service has its published ports for doors, not those behind them."""
    assert _found(Doors(tuple(map(_door, doors.split())))) == names


@pytest.mark.parametrize(
    ("doors", "port", "names"),
    [
        ("tcp/8081", 80, ["cam"]),
        ("udp/9001", 90, ["cam"]),
        ("tcp/8081", 90, []),
        ("tcp/8081 udp/9001", 80, []),
        ("tcp/8080", 80, []),
        ("tcp/22", 22, []),
        ("tcp/80", 80, []),
    ],
)
def test_what_is_behind_must_be_reached_in_just_that_way(doors: str, port: int, names: list[str]) -> None:
    assert _found(Behind(tuple(map(_door, doors.split())), AT_CAM, port)) == names  # type: ignore[arg-type]


def test_a_machine_behind_is_no_other_and_not_this_one() -> None:
    door = ((Protocol.TCP, 8081),)
    assert _found(Behind(door, ip_address("192.168.1.8"), 80)) == []  # type: ignore[arg-type]
    assert _found(Behind(door, None, 80)) == []
    assert _found(Behind(((Protocol.TCP, 8080),), None, 80)) == ["local"]
