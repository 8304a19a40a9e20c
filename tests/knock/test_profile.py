"""The parts of a profile."""

from datetime import timedelta

import pytest

from portward.knock.profile import read_delay, read_host, read_name, read_port


@pytest.mark.parametrize("good", ["gate", "gate.example.org", "10-0-0-1", "A_b-C.9", "a" * 64])
def test_names(good: str) -> None:
    assert read_name(good) == good


@pytest.mark.parametrize("bad", ["", "-x", "a b", 'a"b', "a\nb", "ä", "*", "%h", "a" * 65, "!a"])
def test_no_names(bad: str) -> None:
    """Nothing that ssh, a shell or a terminal takes for more than a name."""
    with pytest.raises(ValueError, match="no profile name"):
        read_name(bad)


@pytest.mark.parametrize("good", ["gate.example.org", "192.0.2.1", "2001:db8::1", "::1", "_gate.local"])
def test_hosts(good: str) -> None:
    assert read_host(good) == good


@pytest.mark.parametrize("bad", ["", "-oProxyCommand=x", "a b", "a;b", "fe80::1%eth0", "a/b", "a" * 254])
def test_no_hosts(bad: str) -> None:
    with pytest.raises(ValueError, match="no host name"):
        read_host(bad)


def test_ports_come_with_or_without_their_protocol() -> None:
    assert (read_port("22"), read_port("tcp/12345")) == (22, 12345)


@pytest.mark.parametrize("bad", ["0", "65536", "udp/53", "x", "", "²", "1e3", "9" * 50])
def test_no_ports(bad: str) -> None:
    with pytest.raises(ValueError, match="no TCP port"):
        read_port(bad)


def test_delays_go_from_nothing_to_a_minute() -> None:
    assert read_delay("0s") == timedelta()
    assert read_delay("20ms") == timedelta(milliseconds=20)
    with pytest.raises(ValueError, match="longer than 1m"):
        read_delay("61s")
