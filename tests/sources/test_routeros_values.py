from datetime import timedelta
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.policy.notation import write_duration
from portward.sources.routeros_matchers import AddressRange, Range
from portward.sources.routeros_rules import Family
from portward.sources.routeros_values import (
    is_placeholder,
    read_addresses,
    read_number,
    read_ports,
    read_protocol,
    read_rate,
    read_time,
    read_timeout,
    read_yes,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("2m10s", 130),
        ("1d5h", 104_400),
        ("1000m", 60_000),
        ("500ms", 0.5),
        ("00:00:45", 45),
        ("1d00:00:00", 86_400),
        ("1d 00:00:01", 86_401),
        ("35w3d13:13:56", 21_474_836),
        ("00:00:00.200", 0.2),
        ("36000", 36_000),
        ("1w2d3h4m5s", 788_645),
        ("3us", 0.000003),
        ("5ns", 0),
    ],
)
def test_times_in_every_spelling(text: str, seconds: float) -> None:
    """Units may exceed their natural range; a bare number is seconds."""
    assert read_time(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "1x", "1:2:3:4", "soon", "-1s", "1w 2d", "99999999999w"])
def test_what_is_no_time(text: str) -> None:
    """One sentence, no other exception."""
    with pytest.raises(ValueError, match=r"no time|too long"):
        read_time(text)


@given(
    st.timedeltas(timedelta(), timedelta(weeks=35)).map(
        lambda each: timedelta(seconds=each.total_seconds() // 1)
    )
)
def test_our_own_spelling_is_read_back(length: timedelta) -> None:
    """The policy's durations are RouterOS's too."""
    assert read_time(write_duration(length)) == length


def test_list_timeout_has_a_longest() -> None:
    """35w3d13h13m56s (RouterOS manual)."""
    read_timeout("35w3d13h13m56s")
    with pytest.raises(ValueError, match="out of range"):
        read_timeout("52w")


def test_ports() -> None:
    """Numbers and ranges, 0 included; 65535 is the last."""
    assert read_ports("0,22,8000-8010") == (Range(0, 0), Range(22, 22), Range(8000, 8010))
    for text in ("113322", "22-", "a", "9-3", "1,,2", ""):
        with pytest.raises(ValueError, match=r"port|range"):
            read_ports(text)


@pytest.mark.parametrize(("text", "number"), [("tcp", 6), ("ipsec-esp", 50), ("139", 139), ("6 (tcp)", 6)])
def test_protocols(text: str, number: int) -> None:
    """By name, number, or as a window shows it."""
    assert read_protocol(text) == number


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("192.0.2.7", "192.0.2.7", "192.0.2.7"),
        ("192.0.2.7/24", "192.0.2.0", "192.0.2.255"),
        ("192.0.2.1-192.0.2.9", "192.0.2.1", "192.0.2.9"),
        ("2001:db8::1/32", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
    ],
)
def test_addresses(text: str, first: str, last: str) -> None:
    """Host bits are cleared, as a router does."""
    family = Family.V6 if ":" in text else Family.V4
    assert read_addresses(text, family) == AddressRange(ip_address(first), ip_address(last))


@pytest.mark.parametrize(
    "text", ["192.0.2.1-9", "192.0.2.9-192.0.2.1", "300.1.1.1", "2001:db8::1", "", "1.2.3.4/33"]
)
def test_what_is_no_ipv4_address(text: str) -> None:
    """A short range is none: a router takes it for a name."""
    with pytest.raises(ValueError, match=r"range|address|prefix"):
        read_addresses(text, Family.V4)


def test_rates() -> None:
    """`limit` in its old and its new spelling."""
    second = timedelta(seconds=1)
    assert read_rate("50,5") == (50, second, 5, False, ())
    assert read_rate("50/1m,7:packet") == (50, timedelta(minutes=1), 7, False, ())
    assert read_rate("10k,20k:bit") == (10_000, second, 20_000, True, ())
    assert read_rate("30,256,src-address/1s") == (30, second, 256, False, ("src-address/1s",))
    for text in ("", "x,1", "1,2:apples", "1/0s,2", "1,x"):
        with pytest.raises(ValueError, match=r"."):
            read_rate(text)


def test_numbers_and_switches() -> None:
    """Decimal and hexadecimal; yes, no, true, false."""
    assert read_number("0x10", 0, 99, "number") == 16
    assert read_yes("true")
    assert not read_yes("no")
    with pytest.raises(ValueError, match="neither yes nor no"):
        read_yes("maybe")


@pytest.mark.parametrize(
    "text",
    [
        "<IP>",
        "xx.xx.xx.xx",
        "x.x.x.x",
        "192.168.YY.0/24",
        "YOUR_PORT",
        "$PORT",
        "CHANGE_ME",
        "[your ip]",
        "...",
        "%WAN%",
    ],
)
def test_placeholders(text: str) -> None:
    """What the reader was to replace."""
    assert is_placeholder(text)


@pytest.mark.parametrize("text", ["192.0.2.1", "22", "tcp", "knock_1", "WAN", "!80", "2001:db8::/32"])
def test_no_placeholders(text: str) -> None:
    """Plain values."""
    assert not is_placeholder(text)
