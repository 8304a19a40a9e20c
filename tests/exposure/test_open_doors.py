import pytest
from tests.exposure.firewalls import host, iptables, listener

from portward.exposure.facts import Facts
from portward.exposure.judge import audit
from portward.policy.notation import read_ports
from portward.policy.policy import Policy


def codes(facts: Facts) -> list[str]:
    return [each.code for each in audit(facts).findings]


@pytest.mark.parametrize(
    ("port", "program", "code"),
    [
        ("tcp/6379", "redis-server", "PX201"),
        ("tcp/7777", "redis-server", "PX201"),
        ("tcp/3306", "mariadbd", "PX201"),
        ("tcp/27017", "mongod", "PX201"),
        ("udp/11211", "memcached", "PX201"),
        ("tcp/2375", "dockerd", "PX202"),
        ("udp/53", "dnsmasq", "PX203"),
        ("udp/51820", "", "PX204"),
        ("tcp/22", "sshd", "PX205"),
        ("tcp/4711", "mine", "PX206"),
    ],
)
def test_what_is_for_few_is_told_where_all_reach_it(port: str, program: str, code: str) -> None:
    assert codes(host(listener(port, program=program))) == [code]
    assert codes(host(listener(port, "127.0.0.1", program))) == []
    assert codes(host(listener(port, program=program), rules=iptables(policy="DROP"))) == []


@pytest.mark.parametrize("port", ["tcp/22", "tcp/4711", "udp/53"])
def test_what_the_policy_calls_public_is_meant(port: str) -> None:
    policy = Policy(public=(read_ports(port),))
    assert codes(host(listener(port), policy=policy)) == []


def test_a_login_elsewhere_is_left_in_peace() -> None:
    assert codes(host(listener("tcp/41022", program="sshd"))) == []


def test_what_is_meant_for_everybody_is_no_finding() -> None:
    assert codes(host(listener("tcp/443", program="nginx"), listener("udp/68", program="dhclient"))) == []


def test_a_client_waiting_for_an_answer_is_no_service() -> None:
    assert codes(host(listener("udp/40001", program="resolver"))) == []
    assert codes(host(listener("tcp/40001", program="mine"))) == ["PX206"]
