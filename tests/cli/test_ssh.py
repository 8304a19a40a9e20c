"""`portward ssh-proxy` and `portward ssh-config`, as far as they go without a network."""

import argparse
import io
from datetime import timedelta
from pathlib import Path

import pytest

from portward.cli.environment import Environment
from portward.cli.ssh import config, proxy
from portward.errors import PeerError, UsageError
from portward.knock import gate as gate_module
from portward.knock.gate import GateVisit
from portward.knock.profile import Profile
from portward.knock.store import add_profile
from portward.policy.notation import read_knock


GATE = Profile("gate", "gate.example.org", (read_knock("tcp/7"),), verify=(80,))


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """A user with one profile."""
    made = Environment(io.StringIO(), io.StringIO(), io.StringIO(), {"XDG_CONFIG_HOME": str(tmp_path)})
    add_profile(made.client_directory(), GATE, replace=False)
    return made


def test_config_prints_all_profiles_or_the_named(environment: Environment) -> None:
    whole = config(argparse.Namespace(profile=(), proxy=False), environment)
    named = config(argparse.Namespace(profile=["gate"], proxy=False), environment)
    assert whole.text == named.text
    assert 'exec "portward knock --quiet --no-verify --both gate"' in whole.text
    with pytest.raises(UsageError, match="there is no profile 'x'; there is gate"):
        config(argparse.Namespace(profile=["x"], proxy=False), environment)


def test_config_without_profiles_says_how_to_get_one(tmp_path: Path) -> None:
    empty = Environment(io.StringIO(), io.StringIO(), io.StringIO(), {"XDG_CONFIG_HOME": str(tmp_path / "x")})
    with pytest.raises(UsageError, match="import-profile"):
        config(argparse.Namespace(profile=(), proxy=False), empty)


def test_the_proxy_verifies_the_port_that_ssh_wants(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the profile's; and a door that stays shut is told."""
    asked = []

    def visit(profile: Profile, timeout: timedelta, _talk: object, *, keep: bool, by: object) -> GateVisit:
        assert by
        asked.append((profile.verify, timeout, keep))
        return GateVisit((), 1, 30, (12345,))

    monkeypatch.setattr(gate_module, "visit_gate", visit)
    with pytest.raises(PeerError, match=r"tcp/12345 of gate\.example.org stayed shut"):
        proxy(argparse.Namespace(host="gate.example.org", port="12345"), environment)
    assert asked == [((12345,), timedelta(seconds=30), True)]


@pytest.mark.parametrize(
    ("host", "port", "message"), [("x", "22", "no profile for x"), ("gate", "ssh", "no TCP port")]
)
def test_the_proxy_refuses_what_it_cannot_do(
    environment: Environment, host: str, port: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        proxy(argparse.Namespace(host=host, port=port), environment)
