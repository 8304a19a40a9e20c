"""`portward save` and `portward restore`: where to, and what people are told."""

import argparse
from pathlib import Path

import attrs
import pytest

from portward.apply.grants import Grant
from portward.apply.saved import Restored
from portward.cli.environment import Environment
from portward.cli.save import as_result, chosen, describe, restore, warnings
from portward.errors import HostError


def here(path: Path) -> Environment:
    """An environment with a state directory of its own."""
    return Environment(variables={"STATE_DIRECTORY": str(path / "state")})


def test_the_file_is_ours_unless_another_is_named(tmp_path: Path) -> None:
    assert chosen(argparse.Namespace(file=None), here(tmp_path)) == tmp_path / "state/grants.json"
    assert chosen(argparse.Namespace(file="/x/y"), here(tmp_path)) == Path("/x/y")


def test_with_no_file_there_is_nothing_to_restore(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="portward save writes it"):
        restore(argparse.Namespace(file=None), here(tmp_path))


def test_people_are_told_what_became_of_each() -> None:
    done = Restored((Grant("ssh", "192.0.2.7", 32, None),), over=2, kept=1, lost={"web": 1}, narrower=3)
    assert describe(done) == "1 grant restored, 1 there already, 2 run out meanwhile"
    assert [each.message.split(":")[0] for each in warnings(done)] == [
        "1 grant left out",
        "3 grants left out",
    ]
    assert describe(attrs.evolve(done, spent=2)).endswith(", 2 sequences spent again")
    assert as_result(done, Path("f"))["restored"] == [{"service": "ssh", "address": "192.0.2.7"}]
