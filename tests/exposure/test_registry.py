import pytest

from portward.exposure.registry import KINDS, NAMES, Risk, is_best_off, kind_of
from portward.policy.net import Protocol


@pytest.mark.parametrize(
    ("program", "port", "name"),
    [
        ("sshd", 2222, "ssh"),
        ("sshd", 80, "ssh"),
        ("inetd", 23, "telnet"),
        ("nginx", 80, "http"),
        ("nginx", 443, "https"),
        ("mosquitto", 8883, "mqtts"),
        ("mosquitto", 5555, "mqtt"),
        ("", 6379, "redis"),
    ],
)
def test_a_program_tells_what_it_is_and_else_its_port(program: str, port: int, name: str) -> None:
    kind = kind_of(program, Protocol.TCP, port)
    assert kind is not None
    assert kind.name == name


def test_a_program_of_several_services_is_told_by_its_port() -> None:
    names = [kind_of("dnsmasq", Protocol.UDP, port) for port in (53, 67, 69)]
    assert [each and each.name for each in names] == ["domain", "dhcp-server", "tftp"]


@pytest.mark.parametrize(
    ("program", "protocol", "unit", "name"),
    [
        ("systemd", Protocol.TCP, "ssh.socket", "ssh"),
        ("systemd", Protocol.TCP, "sshd.socket", "ssh"),
        ("", Protocol.TCP, "telnet.socket", "telnet"),
        ("systemd", Protocol.UDP, "telnet.socket", None),
        ("python3", Protocol.TCP, "telnet.socket", None),
        ("systemd", Protocol.TCP, "telnet.service", None),
        ("systemd", Protocol.TCP, "mine.socket", None),
    ],
)
def test_what_systemd_holds_on_another_port_is_told_by_its_unit(
    program: str, protocol: Protocol, unit: str, name: str | None
) -> None:
    kind = kind_of(program, protocol, 4711, unit)
    assert (kind and kind.name) == name


def test_what_nobody_knows_is_nothing() -> None:
    assert kind_of("python3", Protocol.TCP, 4711) is None


def test_names_are_unique_and_every_risk_has_its_reason() -> None:
    assert len(NAMES) == len(KINDS)
    assert all(each.reason.endswith(".") and each.ports for each in KINDS)
    assert all(len(program) <= 15 for each in KINDS for program in each.programs), "the kernel cuts names"


def test_every_risk_but_none_is_judged_by_some_rule() -> None:
    from portward.exposure import clear_text, open_doors

    judged = {*clear_text._BY_RISK, *open_doors._BY_RISK, Risk.LOGIN}
    assert judged | {Risk.NONE} == set(Risk)


def test_what_has_a_better_or_no_use_is_best_off() -> None:
    off = {each.name for each in KINDS if is_best_off(each.name, each.risk)}
    assert {"telnet", "rlogin", "rsh", "ftp", "tftp", "sunrpc"} <= off
    assert not off & {"ssh", "http", "redis", "wireguard", "smtp"}
    assert not is_best_off("4711", None)
