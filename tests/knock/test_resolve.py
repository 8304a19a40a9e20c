"""Names to addresses; the resolver is replaced, the routing table is the machine's."""

import socket
from ipaddress import ip_address
from typing import Any

import pytest

from portward.errors import HostError, PeerError
from portward.knock import resolve as module
from portward.knock.profile import Family
from portward.knock.resolve import look_up, resolve


def answers(monkeypatch: pytest.MonkeyPatch, *addresses: str, routes: tuple[str, ...] | None = None) -> None:
    """Let every name mean these addresses, of which `routes` (default: all) can be reached."""

    def look_up(_host: str) -> tuple[Any, ...]:
        return tuple(map(ip_address, addresses))

    def has_route(address: Any, _source: Any = None) -> bool:
        return str(address) in (addresses if routes is None else routes)

    monkeypatch.setattr(module, "look_up", look_up)
    monkeypatch.setattr(module, "has_route", has_route)


@pytest.mark.parametrize(
    ("family", "expected"),
    [
        (Family.ANY, ["2001:db8::1"]),
        (Family.V4, ["192.0.2.1"]),
        (Family.V6, ["2001:db8::1"]),
        (Family.BOTH, ["2001:db8::1", "192.0.2.1"]),
    ],
)
def test_the_family_chooses(monkeypatch: pytest.MonkeyPatch, family: Family, expected: list[str]) -> None:
    """The system's order is kept; of each family the first counts."""
    answers(monkeypatch, "2001:db8::1", "192.0.2.1", "192.0.2.2", "2001:db8::2")
    assert [str(each) for each in resolve("gate", family)] == expected


def test_an_address_without_a_route_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, "2001:db8::1", "192.0.2.1", routes=("192.0.2.1",))
    assert resolve("gate", Family.ANY) == resolve("gate", Family.BOTH) == (ip_address("192.0.2.1"),)
    with pytest.raises(PeerError, match=r"no route to gate \(2001:db8::1\)"):
        resolve("gate", Family.V6)


def test_a_missing_family_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, "192.0.2.1")
    with pytest.raises(PeerError, match="gate has no IPv6 address"):
        resolve("gate", Family.V6)
    with pytest.raises(PeerError, match="gate has no IPv6 address"):
        resolve("gate", Family.BOTH, ip_address("::1"))


def test_a_source_that_is_not_ours_is_refused() -> None:
    with pytest.raises(HostError, match=r"192\.0\.2\.77 is no address of this machine"):
        resolve("127.0.0.1", Family.ANY, ip_address("192.0.2.77"))


def test_literal_addresses_need_no_resolver() -> None:
    assert look_up("127.0.0.1") == (ip_address("127.0.0.1"),)
    assert look_up("2001:db8::1") == (ip_address("2001:db8::1"),)


def test_a_name_that_nobody_knows_is_the_peers_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(PeerError, match=r"cannot find the address of gate\.test: Name or service not known"):
        look_up("gate.test")


def test_a_name_that_is_none_does_not_crash() -> None:
    with pytest.raises(PeerError, match="cannot find the address"):
        look_up("a" * 70 + ".test")
