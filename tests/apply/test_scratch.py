"""The throw-away namespace: it tries rules, and leaves nothing behind."""

import os
from pathlib import Path

import pytest

from portward.apply import scratch
from portward.apply.run import nft
from portward.apply.scratch import canonical, scratch_namespace
from portward.errors import HostError, TargetError


pytestmark = [pytest.mark.net, pytest.mark.peer("unshare", "nsenter")]

TEXT = """table inet portward {
\tchain door {
\t\ttcp flags & (syn|ack) == syn ip saddr 192.0.2.0-192.0.2.255 drop
\t}
}
"""


def children() -> set[str]:
    """The processes that we started and that still run."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def test_nft_spells_the_rules_its_own_way() -> None:
    (line,) = canonical(TEXT).blocks["chain", "door"].lines
    assert line.endswith("drop")
    assert line not in TEXT


def test_the_host_is_not_touched_and_no_process_stays() -> None:
    before, running = nft("list", "ruleset"), children()
    canonical(TEXT)
    with pytest.raises(TargetError):
        canonical(TEXT.replace("drop", "jump nowhere"))
    assert nft("list", "ruleset") == before
    assert children() == running


def test_it_ends_with_what_goes_wrong_inside() -> None:
    running = children()
    with pytest.raises(ZeroDivisionError), scratch_namespace():
        raise ZeroDivisionError
    assert children() == running


def test_without_the_first_way_the_second_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user namespace of our own."""
    monkeypatch.setattr(scratch, "WAYS", scratch.WAYS[1:])
    assert canonical(TEXT).blocks


def test_where_no_way_works_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "WAYS", (("--no-such-option",),))
    with pytest.raises(HostError, match="SYS_ADMIN"), scratch_namespace():
        pass
