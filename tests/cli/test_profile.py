"""`portward import-profile` and `portward profiles`."""

import argparse
import io
from pathlib import Path

import attrs
import pytest

from portward.cli.environment import Environment
from portward.cli.profile import add, show
from portward.errors import HostError, PolicyError, UsageError
from portward.knock.profile import Profile
from portward.knock.profile_text import write_profiles
from portward.knock.store import load_profiles
from portward.policy.notation import read_knock


GATE = Profile("gate", "gate.example.org", (read_knock("udp/7=geheim"),), verify=(22,))


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """A user without profiles, and an invitation on stdin."""
    return Environment(
        io.StringIO(write_profiles((GATE,))), io.StringIO(), io.StringIO(), {"XDG_CONFIG_HOME": str(tmp_path)}
    )


def options(file: str = "-", name: str | None = None, *, force: bool = False) -> argparse.Namespace:
    """What the parser gives."""
    return argparse.Namespace(file=file, name=name, force=force)


def test_an_invitation_becomes_a_profile(environment: Environment) -> None:
    outcome = add(options(), environment)
    path = environment.client_directory() / "client.toml"
    assert outcome.text == f"added gate (gate.example.org) to {path}; now: portward knock gate"
    assert outcome.changed
    assert load_profiles(environment.client_directory()) == (GATE,)


def test_it_may_get_another_name(environment: Environment) -> None:
    assert add(options(name="work"), environment).result["profiles"] == ["work"]
    assert [each.name for each in load_profiles(environment.client_directory())] == ["work"]


def test_a_known_name_is_not_replaced_unasked(environment: Environment) -> None:
    """And with several new ones, nothing is written if one of them is known."""
    add(options(), environment)
    environment.stdin = io.StringIO(
        write_profiles((attrs.evolve(GATE, name="new"), attrs.evolve(GATE, host="h")))
    )
    with pytest.raises(UsageError, match="there is a profile gate already; --force"):
        add(options(), environment)
    assert load_profiles(environment.client_directory()) == (GATE,)
    environment.stdin = io.StringIO(write_profiles((attrs.evolve(GATE, host="h"),)))
    add(options(force=True), environment)
    assert [each.host for each in load_profiles(environment.client_directory())] == ["h"]


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("schema = 1", UsageError, "holds no profile"),
        ("nonsense", PolicyError, "<stdin>:1"),
        ("schema = 1\n[profiles.x]\nhost = '-x'\nknocks = ['tcp/1']", PolicyError, "no host name"),
    ],
)
def test_what_is_no_invitation_changes_nothing(
    environment: Environment, text: str, error: type[Exception], message: str
) -> None:
    environment.stdin = io.StringIO(text)
    with pytest.raises(error, match=message):
        add(options(), environment)
    assert load_profiles(environment.client_directory()) == ()


def test_names_and_files_that_do_not_fit(environment: Environment, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no profile name"):
        add(options(name="a b"), environment)
    environment.stdin = io.StringIO(write_profiles((GATE, attrs.evolve(GATE, name="b"))))
    with pytest.raises(UsageError, match="--name fits one profile, and there are 2"):
        add(options(name="c"), environment)
    with pytest.raises(HostError, match="cannot read"):
        add(options(str(tmp_path / "nothing")), environment)
    (tmp_path / "bytes").write_bytes(b"\xff")
    with pytest.raises(HostError, match="no UTF-8"):
        add(options(str(tmp_path / "bytes")), environment)


def test_the_list_hides_words(environment: Environment) -> None:
    add(options(), environment)
    outcome = show(argparse.Namespace(), environment)
    assert outcome.text == "gate: gate.example.org, udp/7=…, then tcp/22 is open"
    assert outcome.result["profiles"][0]["knocks"] == ["udp/7=…"]
    assert "geheim" not in repr(outcome)


def test_without_profiles_the_list_says_how_to_get_one(environment: Environment) -> None:
    assert show(argparse.Namespace(), environment).result == {"profiles": []}
    assert isinstance(environment.stderr, io.StringIO)
    assert "portward import-profile" in environment.stderr.getvalue()
