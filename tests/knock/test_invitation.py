"""From a policy to an invitation."""

from datetime import timedelta
from ipaddress import ip_address

import pytest

from portward.errors import UsageError
from portward.knock.invitation import (
    OPENS_ONCE,
    find_sequence,
    invitation_text,
    invite,
    usual_delay,
    usual_name,
)
from portward.knock.profile_text import read_profiles
from portward.policy.notation import read_knock, read_ports
from portward.policy.policy import EVERYTHING, Policy, Sequence, Service


SECONDS = timedelta(seconds=10)


def sequence(*opens: str, steps: tuple[timedelta, ...] = (SECONDS,)) -> Sequence:
    """Knocks that open these services."""
    knocks = (read_knock("tcp/33333"), read_knock("udp/7=open sesame"))
    return Sequence("admin", knocks, steps, opens, timedelta(days=7))


def service(name: str, port: str, published: str = "", host: str = "") -> Service:
    """A service on one port."""
    outside = (read_ports(published),) if published else ()
    return Service(name, (read_ports(port),), outside, (ip_address(host),) if host else ())


def policy(made: Sequence, *services: Service, strict: bool = True) -> Policy:
    """A policy of one sequence."""
    return Policy(services, (made,), strict=strict, penalty=timedelta(minutes=3))


def test_the_profile_knows_what_the_policy_says() -> None:
    made = sequence("ssh")
    profile = invite(policy(made, service("ssh", "tcp/22", "tcp/12345")), made, "gate.example.org")
    assert (profile.name, profile.sequence, profile.knocks) == ("gate", "admin", made.knocks)
    assert (profile.verify, profile.ssh_port) == ((12345,), 12345)
    assert (profile.penalty, profile.copies) == (timedelta(minutes=3), 2)


def test_without_strictness_there_is_no_penalty_to_wait_out() -> None:
    made = sequence("ssh")
    assert invite(policy(made, service("ssh", "tcp/22"), strict=False), made, "h").penalty is None


@pytest.mark.parametrize(
    ("services", "verify", "ssh"),
    [
        ([service("vpn", "udp/51820")], (), None),
        ([service("vpn", "udp/51820"), service("web", "tcp/443")], (443,), None),
        ([service("web", "tcp/443"), service("shell", "tcp/22", "tcp/2222")], (2222,), 2222),
        ([service("ssh", "tcp/12345")], (12345,), 12345),
        ([service("inner", "tcp/22", host="192.168.1.10")], (), None),
        ([service("inner", "tcp/22", "tcp/2201", "192.168.1.10")], (2201,), 2201),
    ],
)
def test_the_port_to_verify_is_one_that_answers_here(
    services: list[Service], verify: tuple[int, ...], ssh: int | None
) -> None:
    """First ssh, else the first TCP door; what lies behind the gate unpublished has no door here."""
    made = sequence(EVERYTHING)
    profile = invite(policy(made, *services), made, "h")
    assert (profile.verify, profile.ssh_port) == (verify, ssh)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [((), 200), ((SECONDS,), 200), ((SECONDS, timedelta(milliseconds=400)), 100)],
)
def test_the_delay_fits_the_shortest_step(steps: tuple[timedelta, ...], expected: int) -> None:
    assert usual_delay(sequence("ssh", steps=steps)) == timedelta(milliseconds=expected)


def test_names_come_from_hosts() -> None:
    hosts = ("gate.example.org", "gate", "192.0.2.1", "2001:db8::1", "::1")
    assert [usual_name(host) for host in hosts] == ["gate", "gate", "192-0-2-1", "2001-db8--1", "1"]


def test_the_text_is_what_the_client_takes() -> None:
    made = sequence("ssh")
    profile = invite(policy(made, service("ssh", "tcp/22")), made, "2001:db8::1")
    assert read_profiles(invitation_text(profile), "f") == (profile,)


def test_the_text_says_that_a_sequence_opens_once() -> None:
    """And no other promises that it goes on to open."""
    made = sequence("ssh")
    profile = invite(policy(made, service("ssh", "tcp/22")), made, "gate")
    once = invitation_text(profile, once=True)
    assert read_profiles(once, "f") == (profile,)
    assert OPENS_ONCE in once
    assert "from then on" not in once
    assert OPENS_ONCE not in invitation_text(profile)


def test_wrong_words_are_refused() -> None:
    made = sequence("ssh")
    gate = policy(made, service("ssh", "tcp/22"))
    with pytest.raises(UsageError, match="no host name"):
        invite(gate, made, "-oProxyCommand=x")
    with pytest.raises(UsageError, match="no profile name"):
        invite(gate, made, "gate", "a b")
    with pytest.raises(UsageError, match="no sequence 'root'; it has admin"):
        find_sequence(gate, "root")
    assert find_sequence(gate, "admin") is made
