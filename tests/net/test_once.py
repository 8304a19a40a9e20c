"""Sequences that open once, in the real kernel: for the first who knocks, and never again, come what may."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import attrs
import pytest
from gate import Gate, gate, knock_all, source
from live_gate import LiveGate

from portward.apply.gate import load, plan_or_guess
from portward.apply.live import read_elements
from portward.apply.state import StateDirectory
from portward.apply.wanted import want
from portward.compile import names
from portward.compile.nft import compile_policy
from portward.policy.notation import read_knock, read_ports
from portward.policy.policy import Mode, Policy, Sequence, Service, Sizes


pytestmark = pytest.mark.net

VISIT = [("tcp", 33333), ("udp", 22222), ("icmp", 128)]
OTHER = [("tcp", 44444), ("udp", 22222), ("udp", 5555)]
SINGLE = [("udp", 7000)]


def sequence(name: str, visit: list[tuple[str, int]], opens: str = "ssh", *, once: bool = True) -> Sequence:
    """A sequence of these knocks."""
    knocks = tuple(read_knock(f"{protocol}/{number}") for protocol, number in visit)
    steps = (timedelta(seconds=10),) * (len(visit) - 1)
    return Sequence(name, knocks, steps, (opens,), timedelta(hours=1), once)


FIRST = sequence("first", VISIT)
SECOND = sequence("second", OTHER, "web")


def policy(*sequences: Sequence, mode: Mode = Mode.GUARD, strict: bool = True, grants: int = 65536) -> Policy:
    """Services on tcp/22 and tcp/80 behind these sequences."""
    services = (Service("ssh", (read_ports("tcp/22"),)), Service("web", (read_ports("tcp/80"),)))
    return Policy(services, sequences, mode, strict, sizes=Sizes(grants=grants))


@pytest.fixture(scope="module")
def here() -> Iterator[Gate]:
    """One gate for all tests of this file; each loads its own policy."""
    with gate() as made:
        yield made


def apply(here: Gate, wanted: Policy) -> None:
    """Reload as `portward apply` does."""
    with here.here.entered():
        load(plan_or_guess(want(wanted, compile_policy(wanted), "policy.toml")))


def visit(here: Gate, visitor: int, version: int, knocks: list[tuple[str, int]], port: int = 22) -> bool:
    """Knock, and say whether the door is open."""
    knock_all(here, source(visitor, version), knocks)
    return here.leaves(here.syn(source(visitor, version), port))


def spent(here: Gate) -> int:
    """How many sequences are spent."""
    with here.here.entered():
        return len(read_elements(names.SPENT))


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("knocks", [VISIT, SINGLE])
def test_it_opens_once_and_for_nobody_after_that(
    here: Gate, version: int, mode: Mode, knocks: list[tuple[str, int]], *, strict: bool
) -> None:
    """Also of a single knock, where the rule of the other family comes first; neither family opens it again."""
    here.load(policy(sequence("first", knocks), SECOND, mode=mode, strict=strict))
    assert visit(here, 7, version, knocks)
    assert spent(here) == 1
    assert visit(here, 7, version, knocks), "who is in stays in"
    for other in (4, 6):
        assert not visit(here, 8, other, knocks)
    assert spent(here) == 1
    assert visit(here, 8, version, OTHER, 80), "no other sequence is spent, and this was no stray"


def test_who_is_in_is_not_renewed(here: Gate) -> None:
    """The second time it opens nothing, for the first visitor either."""
    here.load(policy(FIRST))
    assert visit(here, 7, 4, VISIT)
    here.here.nft("flush set inet portward grant_ssh_v4")
    assert not visit(here, 7, 4, VISIT)


def test_the_repeat_of_the_last_knock_is_no_stray(here: Gate) -> None:
    """Not of the knock that opened, nor of one that came too late to open."""
    here.load(policy(FIRST, SECOND))
    for visitor in (7, 8):
        knock_all(here, source(visitor), [*VISIT, *VISIT[-1:] * 3])
    assert here.members(names.penalty(names.IpFamily.V4)) == set()


def test_a_penalty_and_a_wrong_order_spend_nothing(here: Gate) -> None:
    here.load(policy(FIRST))
    assert not visit(here, 7, 4, [*VISIT[:2], ("tcp", 4444), *VISIT[2:]])
    assert not visit(here, 8, 4, [VISIT[1], VISIT[0], VISIT[2]])
    assert spent(here) == 0
    assert visit(here, 9, 4, VISIT)


def test_where_there_is_no_room_to_remember_nothing_opens(here: Gate) -> None:
    """The text is changed for a set of one place, which holds something already."""
    text = compile_policy(policy(FIRST)).text.replace("type mark\n\t\tsize 65536", "type mark\n\t\tsize 1")
    here.here.nft(f"table inet portward\ndelete table inet portward\n{text}")
    here.here.nft("add element inet portward spent { 7 }")
    assert not visit(here, 7, 4, VISIT)


def test_where_the_door_has_no_room_it_is_spent_all_the_same(here: Gate) -> None:
    here.load(policy(FIRST, grants=64))
    here.here.nft(
        "".join(
            f"add element inet portward grant_ssh_v4 {{ 192.0.2.{each} timeout 1h }}\n" for each in range(64)
        )
    )
    assert not visit(here, 7, 4, VISIT)
    assert spent(here) == 1


@pytest.mark.parametrize("mode", list(Mode))
def test_it_stays_spent_when_another_policy_is_applied(here: Gate, mode: Mode) -> None:
    """Also in another mode, for which the whole table is made anew; with other knocks it is a new sequence."""
    here.load(policy(FIRST, SECOND))
    assert visit(here, 7, 4, VISIT)
    apply(here, policy(attrs.evolve(FIRST, opens=("ssh", "web")), mode=mode))
    assert visit(here, 7, 4, []), "the grant is kept, too"
    assert not visit(here, 8, 4, VISIT)
    apply(here, policy(FIRST, SECOND))
    assert not visit(here, 9, 6, VISIT)
    assert visit(here, 9, 6, OTHER, 80)
    apply(here, policy(sequence("first", [*VISIT, ("tcp", 9999)])))
    assert visit(here, 8, 4, [*VISIT, ("tcp", 9999)])


def test_it_stays_spent_over_save_and_restore(here: Gate, tmp_path: Path) -> None:
    """As at a reboot: the table is lost, and all that it knew."""
    state = StateDirectory(tmp_path / "state")
    state.prepare()
    gate = LiveGate(here.here, state)
    here.load(policy(FIRST, SECOND))
    assert visit(here, 7, 4, VISIT)
    assert gate.portward("save")["result"]["spent"] == 1
    here.load(policy(FIRST, SECOND))
    assert spent(here) == 0
    restored = gate.portward("restore")
    assert (restored["changed"], restored["result"]["spent"]) == (True, 1)
    assert not gate.portward("restore")["changed"]
    assert visit(here, 7, 4, [])
    assert not visit(here, 8, 4, VISIT)
    assert visit(here, 8, 4, OTHER, 80)
    here.load(policy(attrs.evolve(FIRST, once=False)))
    assert gate.portward("restore")["result"]["spent"] == 0, (
        "where nothing opens once, there is nothing to spend"
    )


def test_it_stays_spent_when_a_trial_is_undone(here: Gate, tmp_path: Path) -> None:
    """The rules of before come back with what was spent before; what the trial spent is undone with it."""
    file = tmp_path / "policy.toml"
    file.write_text('schema = 1\n[services.ssh]\nports = ["tcp/22"]\n')
    file.chmod(0o600)
    state = StateDirectory(tmp_path / "state")
    state.prepare()
    gate = LiveGate(here.here, state)
    here.load(policy(FIRST, SECOND))
    assert visit(here, 7, 4, VISIT)
    gate.portward("apply", str(file), "--yes", "--trial", "60s", "--no-wait")
    gate.portward("rollback")
    assert not visit(here, 8, 4, VISIT)
    assert visit(here, 8, 4, OTHER, 80)
