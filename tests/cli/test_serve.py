"""`portward serve`: what it reads before it serves."""

import argparse
import io
from pathlib import Path

import pytest

from portward.apply.keystore import KeyStore
from portward.cli.environment import Environment
from portward.cli.serve import STATE, read_setup, run, state_directory, trace_of
from portward.errors import HostError, PolicyError, UsageError
from portward.spa.keyring import Keyring


POLICY = """schema = 1
[services.ssh]
ports = ["tcp/22"]
[people.alice]
opens = ["ssh"]
[passes]
port = 62202
"""


def options(policy: Path | str, **more: object) -> argparse.Namespace:
    """The words of the command line."""
    return argparse.Namespace(**({"policy": str(policy), "state": None, "once": False, "json": False} | more))


def environment(**variables: str) -> Environment:
    """An environment whose talk nobody hears."""
    return Environment(io.StringIO(), io.StringIO(), io.StringIO(), variables)


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A good policy file."""
    file = tmp_path / "policy.toml"
    file.write_text(POLICY)
    file.chmod(0o600)
    return file


def test_policy_and_keys_are_read_together(policy: Path) -> None:
    server = KeyStore.beside(policy).make_server()
    setup = read_setup(options(policy), environment())
    assert [each.name for each in setup.policy.people] == ["alice"]
    assert setup.server == server
    assert setup.keyring.tokens == ()


def test_a_gate_without_a_key_says_where_it_comes_from(policy: Path) -> None:
    with pytest.raises(HostError, match="portward person add"):
        read_setup(options(policy), environment())


def test_a_bad_policy_is_told_with_its_place(policy: Path) -> None:
    policy.write_text(POLICY.replace("62202", "99999"))
    with pytest.raises(PolicyError, match=r"policy.toml:7:8: error"):
        read_setup(options(policy), environment())


def test_the_trace_of_the_keys_differs_when_they_do(policy: Path) -> None:
    """A file that came, that was written anew, and that went."""
    store = KeyStore.beside(policy)
    seen = [trace_of(store.directory)]
    store.make_server()
    seen.append(trace_of(store.directory))
    store.save("alice", Keyring())
    seen.append(trace_of(store.directory))
    store.save("alice", Keyring())
    seen.append(trace_of(store.directory))
    store.remove("alice")
    assert len(set(seen)) == 4
    assert trace_of(store.directory) == seen[1]


def test_stdin_cannot_be_read_again() -> None:
    with pytest.raises(UsageError, match="needs a file"):
        run(options("-"), environment())


@pytest.mark.parametrize(
    ("state", "variables", "place"),
    [
        ("/x/y", {"STATE_DIRECTORY": "/a"}, "/x/y"),
        (None, {"STATE_DIRECTORY": "/a:/b"}, "/a"),
        (None, {}, STATE),
    ],
    ids=["said", "systemd", "usual"],
)
def test_where_it_remembers(state: str | None, variables: dict[str, str], place: str) -> None:
    assert state_directory(options("x", state=state), environment(**variables)) == Path(place)
