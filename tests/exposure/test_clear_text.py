import pytest
from tests.exposure.firewalls import host, iptables, listener

from portward.errors import Severity
from portward.exposure.clear_text import in_clear_text, sends_on_to_https
from portward.exposure.facts import Answered, Facts
from portward.exposure.finding import Finding, RemedyKind
from portward.exposure.judge import audit
from portward.exposure.reach import look
from portward.policy.net import Protocol


def found(facts: Facts) -> list[Finding]:
    return list(in_clear_text(facts, look(facts)))


@pytest.mark.parametrize(
    ("port", "program", "code"),
    [
        ("tcp/23", "inetd", "PX101"),
        ("tcp/513", "in.rlogind", "PX101"),
        ("tcp/514", "in.rshd", "PX101"),
        ("tcp/21", "vsftpd", "PX102"),
        ("udp/69", "in.tftpd", "PX102"),
        ("tcp/80", "nginx", "PX103"),
        ("tcp/110", "dovecot", "PX104"),
        ("tcp/143", "dovecot", "PX104"),
        ("tcp/25", "master", "PX104"),
        ("udp/161", "snmpd", "PX105"),
        ("tcp/5901", "Xtightvnc", "PX106"),
        ("tcp/6000", "Xorg", "PX106"),
        ("tcp/1883", "mosquitto", "PX107"),
        ("udp/111", "rpcbind", "PX108"),
        ("tcp/79", "in.fingerd", "PX108"),
    ],
)
def test_a_service_in_clear_text_is_told_once_it_is_reachable(port: str, program: str, code: str) -> None:
    assert [each.code for each in found(host(listener(port, program=program)))] == [code]
    assert found(host(listener(port, "127.0.0.1", program))) == []
    assert found(host(listener(port, program=program), rules=iptables(policy="DROP"))) == []


def test_where_only_private_addresses_reach_a_remote_shell_it_is_advice() -> None:
    rules = iptables("-A INPUT -s 10.0.0.0/8 -j ACCEPT", policy="DROP")
    assert [each.severity for each in found(host(listener("tcp/23"), rules=rules))] == [Severity.ADVICE]


@pytest.mark.parametrize(
    ("port", "said"),
    [
        ("tcp/80", "HTTP/1.1 301 Moved\nLocation: https://gate.example.org/"),
        ("tcp/21", "TLS ONLY"),
        ("tcp/110", "TLS ONLY"),
        ("tcp/25", "STARTTLS"),
    ],
)
def test_what_forces_tls_is_not_told(port: str, said: str) -> None:
    number = int(port.partition("/")[2])
    assert found(host(listener(port), answers=(Answered(Protocol.TCP, number, said),))) == []
    assert found(host(listener(port))) != []


def test_an_snmp_server_without_communities_is_not_told() -> None:
    assert found(host(listener("udp/161"), snmp_communities=False)) == []
    assert found(host(listener("udp/161"), snmp_communities=None)) != []


@pytest.mark.parametrize(
    ("said", "good"),
    [
        ("HTTP/1.1 308 Permanent Redirect\nlocation: https://x/", True),
        ("HTTP/1.1 301 Moved\nLocation: http://x/", False),
        ("HTTP/1.1 200 OK\nLocation: https://x/", False),
        ("", False),
    ],
)
def test_only_a_redirection_to_https_is_good(said: str, good: bool) -> None:  # noqa: FBT001 - a column
    assert sends_on_to_https(said) is good


def test_the_unit_is_switched_off_and_the_port_guarded() -> None:
    (finding,) = found(host(listener("tcp/21", program="vsftpd", unit="vsftpd.service")))
    assert finding.remedies[0].text == "systemctl disable --now vsftpd.service"
    assert finding.remedies[1].kind is RemedyKind.POLICY


def test_a_server_of_inetd_is_switched_off_alone() -> None:
    (finding,) = found(host(listener("tcp/514", program="inetd", unit="inetd.service")))
    assert finding.remedies[0].text == "update-inetd --disable shell"


def test_the_first_remedy_is_what_harden_would_choose() -> None:
    """What somebody needs is guarded first; a login, by which one may have come, is never to be switched off."""
    redis = host(listener("tcp/6379", program="redis-server", unit="redis-server.service"))
    (one,) = (each for each in audit(redis).findings if each.code == "PX201")
    assert [each.kind for each in one.remedies[:2]] == [RemedyKind.POLICY, RemedyKind.COMMAND]
    ssh = host(listener("tcp/22", program="sshd", unit="ssh.service"))
    (one,) = (each for each in audit(ssh).findings if each.code == "PX205")
    assert [each.kind for each in one.remedies] == [RemedyKind.POLICY]
