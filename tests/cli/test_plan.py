"""`portward plan`: a diff for people, the same for programs."""

from pathlib import Path

import pytest

from portward.apply.gate import Plan
from portward.apply.listing import Block, Listing
from portward.apply.wanted import Wanted
from portward.cli.environment import Environment
from portward.cli.plan import as_result, describe, read_wanted
from portward.errors import PolicyError


POLICY = """schema = 1
[services.ssh]
ports = ["tcp/22"]
[sequences.admin]
knocks = ["tcp/33333", "udp/22222", "tcp/11111"]
opens = ["ssh"]
"""


def table(*lines: str) -> Listing:
    """A table with one chain."""
    return Listing((), {("chain", "door"): Block("chain", "door", lines)})


def write(path: Path, text: str) -> str:
    """Write a policy file."""
    path.write_text(text)
    path.chmod(0o600)
    return str(path)


def test_changes_are_shown_as_a_diff() -> None:
    plan = Plan(Wanted("", "policy.toml"), table("drop"), table("accept"))
    assert "-\tdrop\n+\taccept" in describe(plan)
    assert as_result(plan)["changes"] is True


def test_no_changes_are_told_in_words() -> None:
    plan = Plan(Wanted(""), table("drop"), table("drop"))
    assert describe(plan) == "no changes: the live table is what the policy wants"
    assert as_result(plan) == {"changes": False, "up": True, "diff": []}


def test_a_policy_with_mistakes_is_refused_with_all_of_them(tmp_path: Path) -> None:
    """Of the form and of the meaning: an impossible port, a knock on a service's port."""
    text = POLICY.replace("33333", "70000")
    with pytest.raises(PolicyError) as refused:
        read_wanted(write(tmp_path / "policy.toml", text), Environment(variables={}))
    assert refused.value.diagnostics[0].span is not None
    with pytest.raises(PolicyError):
        read_wanted(write(tmp_path / "policy.toml", POLICY.replace("33333", "22")), Environment(variables={}))


def test_whoever_would_shut_himself_out_is_warned(tmp_path: Path) -> None:
    path = write(tmp_path / "policy.toml", POLICY)
    session = {"SSH_CONNECTION": "192.0.2.1 40000 192.0.2.2 22"}
    assert [each.code for each in read_wanted(path, Environment(variables=session))[1]] == ["PW401"]
    assert read_wanted(path, Environment(variables={}))[1] == ()
