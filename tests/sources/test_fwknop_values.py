from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network

import pytest

from portward.policy.notation import read_ports as policy_ports
from portward.sources.fwknop_values import read_date, read_epoch, read_force_nat, read_ports, read_sources


def test_sources() -> None:
    """Commas and blanks, masks of either kind, host bits; ANY takes all."""
    assert read_sources("10.1.2.3/8, 192.0.2.1,192.0.2.9/255.255.255.0 ") == (
        IPv4Network("10.0.0.0/8"),
        IPv4Network("192.0.2.1/32"),
        IPv4Network("192.0.2.0/24"),
    )
    assert read_sources("192.0.2.1,ANY") == ()


def test_ports() -> None:
    """Each once, blanks around them."""
    assert read_ports("tcp/22 , udp/53,tcp/22") == (policy_ports("tcp/22"), policy_ports("udp/53"))


def test_moments() -> None:
    """A date is midnight; seconds are cut to the minute."""
    assert read_date("12/32/2030") == datetime(2031, 1, 1, tzinfo=UTC)
    assert read_date("14/1/2030") == datetime(2031, 2, 1, tzinfo=UTC)
    assert read_epoch("61") == datetime(1970, 1, 1, 0, 1, tzinfo=UTC)


def test_force_nat() -> None:
    """With and without a protocol."""
    assert (
        read_force_nat("10.0.0.2 22") == read_force_nat("10.0.0.2  22 tcp") == (IPv4Address("10.0.0.2"), 22)
    )


@pytest.mark.parametrize("text", ["", "x", "tcp/0", "-1", "ANY/8"])
def test_other_spellings(text: str) -> None:
    """None of the readers takes them."""
    for reader in (read_sources, read_ports, read_date, read_epoch, read_force_nat):
        with pytest.raises(ValueError, match=r"\w"):
            reader(text)
