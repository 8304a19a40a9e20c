"""`portward grant` and `portward revoke`: what the command line takes."""

from datetime import timedelta
from ipaddress import ip_address

import pytest

from portward.cli.grant import called, read_length, read_source
from portward.errors import UsageError


@pytest.mark.parametrize("text", ["192.0.2", "example.org", "192.0.2.0/24", "fe80::1%eth0", ""])
def test_only_one_address_is_taken(text: str) -> None:
    with pytest.raises(UsageError):
        read_source(text)


def test_a_mapped_address_is_the_ipv4_one() -> None:
    """As the packets of that visitor are."""
    assert read_source("::ffff:192.0.2.7") == ip_address("192.0.2.7")
    assert read_source("2001:db8::7") == ip_address("2001:db8::7")


def test_a_length_is_spelled_as_in_the_policy() -> None:
    assert read_length("1h30m") == timedelta(minutes=90)
    with pytest.raises(UsageError, match="--for"):
        read_length("2 hours")


def test_the_star_is_called_everything() -> None:
    assert (called("*"), called("ssh")) == ("everything (*)", "ssh")
