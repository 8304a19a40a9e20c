"""Network namespaces: what can be said of them without making one; tests/net makes them."""

import pytest

from portward.attack import namespaces
from portward.attack.namespaces import Namespace, missing, visitor_v4, visitor_v6
from portward.errors import HostError


def test_missing_programs_are_named() -> None:
    assert list(missing("ip", "no-such-program-anywhere")) == ["no-such-program-anywhere"]


def test_a_command_is_put_behind_ip_netns_exec() -> None:
    assert Namespace("here").prefix[1:] == ["netns", "exec", "here"]


def test_without_ip_the_machine_is_to_blame(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the package."""
    monkeypatch.setattr(namespaces, "PATH", "/nowhere")
    with pytest.raises(HostError, match="iproute2"):
        _ = Namespace("here").prefix


def test_visitors_have_addresses_of_their_own() -> None:
    assert (visitor_v4(0), visitor_v4(1)) == ("198.51.100.2", "198.51.100.3")
    assert (visitor_v6(0), visitor_v6(9)) == ("2001:db8:0:1::2", "2001:db8:0:1::b")
