"""Not locking oneself out: whatever becomes of the caller of `apply --trial`, the old rules come back in time."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from signal import SIGKILL

import pytest
from live_gate import NEW, OLD, POLICY, LiveGate, live_gates, wanted

from portward.apply import trial
from portward.apply import wanted as storing
from portward.apply.gate import Plan, plan_or_guess
from portward.apply.listing import Listing, same
from portward.apply.session import Session
from portward.apply.state import CONFIRMED, since_boot
from portward.apply.trial import Ending, Step, Trial
from portward.apply.wanted import Wanted
from portward.errors import HostError, TargetError, UsageError


pytestmark = pytest.mark.net

DRIVER = str(Path(__file__).with_name("trial_driver.py"))
LENGTH = 2.5
"""Seconds that a trial lasts here."""
IN_TIME = LENGTH + 1.5
"""Seconds from its beginning by which the old rules must be back."""


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[LiveGate]:
    """A gate with the old rules, confirmed, and one grant."""
    with live_gates(tmp_path) as (made,):
        set_up(made)
        yield made


def set_up(gate: LiveGate) -> None:
    """Bring a gate up on the old rules."""
    with gate.here.entered():
        trial.keep(gate.state, plan_or_guess(wanted(*OLD)))
    gate.add("grant_ssh_v4", "192.0.2.7 timeout 1h")


def drive(
    gate: LiveGate, step: str, signal: str = "KILL", target: str = "process"
) -> "subprocess.Popen[str]":
    """Start the driver in a session of its own."""
    file = gate.state.file("wanted")
    file.write_text(json.dumps(storing.to_json(wanted(*NEW))))
    words = [
        sys.executable,
        DRIVER,
        str(gate.state.path),
        str(file),
        str(LENGTH),
        step,
        f"SIG{signal}",
        target,
    ]
    return gate.here.start(
        *words,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        env=gate.environment,
    )


def wait_for(true: Callable[[], bool], seconds: float) -> bool:
    """Look again and again until it is true or the time is over."""
    until = time.monotonic() + seconds
    while not (found := true()) and time.monotonic() < until:
        time.sleep(0.02)
    return found


def has(gate: LiveGate, rules: Listing | None) -> bool:
    """Whether the live table does what these rules do."""
    return same(gate.table(), rules)


def new_rules(gate: LiveGate) -> bool:
    """Whether the rules on trial are in force."""
    table = gate.table()
    return table is not None and ("chain", "knock_tcp_44444") in table.blocks


@pytest.mark.parametrize("signal", ["KILL", "HUP", "TERM"])
def test_killed_at_any_step_the_old_rules_are_back_in_time(tmp_path: Path, signal: str) -> None:
    """The caller alone or its whole session is killed; every step in a gate of its own."""
    steps = [(step, target) for step in Step for target in ("process", "session")]
    with live_gates(tmp_path, len(steps)) as gates:
        for each in gates:
            set_up(each)
        old = gates[0].table()
        drivers = [
            drive(each, step, signal, target) for each, (step, target) in zip(gates, steps, strict=True)
        ]
        said = [driver.communicate(timeout=20)[0] for driver in drivers]
        assert said == [f"{step}\n" for step, _ in steps], "each driver died where it should"
        assert all(driver.returncode != 0 for driver in drivers)
        for (step, target), each in zip(steps, gates, strict=True):
            assert wait_for(lambda each=each: has(each, old), IN_TIME), f"killed at {step}, {target}"  # type: ignore[misc]
            assert "192.0.2.7" in each.elements("grant_ssh_v4"), f"killed at {step}, {target}"


@pytest.mark.parametrize("step", list(Step))
def test_the_steps_are_what_they_are_called(gate: LiveGate, step: Step) -> None:
    """Right after the last two the rules on trial are in force, before them they are not: the test above tests both."""
    drive(gate, step).communicate(timeout=20)
    assert new_rules(gate) is (step in {Step.LOADED, Step.UNLOCKED})


def test_killed_at_any_moment_the_old_rules_are_back_in_time(tmp_path: Path) -> None:
    """As above, but the moment is random and the whole session is killed, nft included."""
    chance = random.Random(7)
    with live_gates(tmp_path, 12) as gates:
        for each in gates:
            set_up(each)
        old = gates[0].table()
        for each in gates:
            driver = drive(each, "none")
            time.sleep(chance.uniform(0.08, 0.4))
            os.killpg(driver.pid, SIGKILL)
            driver.communicate()
            assert driver.returncode == -SIGKILL
        assert wait_for(lambda: all(has(each, old) for each in gates), IN_TIME)


@pytest.mark.parametrize("step", [Step.WRITTEN, Step.RECORDED, Step.ARMED, Step.LOADED])
def test_after_a_kill_the_next_command_finds_its_way(gate: LiveGate, step: Step) -> None:
    """What a kill left behind neither blocks the next trial after its time nor undoes that one."""
    drive(gate, step).communicate()
    assert wait_for(lambda: not new_rules(gate), IN_TIME)
    with gate.here.entered():
        left = trial.watch(gate.state, stand_in(gate)) if trial.pending(gate.state) else Ending.UNDONE
        assert left is Ending.UNDONE
        begun = trial.begin(gate.state, plan_or_guess(wanted(*NEW)), timedelta(seconds=30), None)
        trial.confirm(gate.state, None)
    assert begun.wanted == wanted(*NEW)
    assert new_rules(gate)
    assert list(gate.state.path.glob("rollback*")) == []


def stand_in(gate: LiveGate) -> Trial:
    """The trial on record."""
    found = trial.pending(gate.state)
    assert found is not None
    return found


def begin(gate: LiveGate, rules: Wanted, seconds: float, session: Session | None = None) -> Trial:
    """Begin a trial from this process."""
    with gate.here.entered():
        return trial.begin(gate.state, plan_or_guess(rules), timedelta(seconds=seconds), session)


def confirm(gate: LiveGate, session: Session | None = None, *, same_connection: bool = False) -> Trial:
    """Confirm from this process."""
    with gate.here.entered():
        return trial.confirm(gate.state, session, same_connection=same_connection)


def test_confirmed_rules_stay(gate: LiveGate) -> None:
    waiting = drive(gate, "none")
    assert waiting.stdout is not None
    assert waiting.stdout.readline() == "begun\n"
    confirm(gate)
    assert waiting.communicate(timeout=10)[0] == "kept\n"
    time.sleep(LENGTH + 0.5)
    assert new_rules(gate)
    assert "192.0.2.7" in gate.elements("grant_ssh_v4")
    assert sorted(each.name for each in gate.state.path.iterdir()) == [CONFIRMED, "lock", "wanted"]


def test_rules_that_nobody_confirms_go(gate: LiveGate) -> None:
    old = gate.table()
    waiting = drive(gate, "none")
    assert waiting.communicate(timeout=20)[0] == "begun\nundone\n"
    assert has(gate, old)
    assert sorted(each.name for each in gate.state.path.iterdir()) == [CONFIRMED, "lock", "wanted"]


def test_rollback_undoes_at_once(gate: LiveGate) -> None:
    old = gate.table()
    begin(gate, wanted(*NEW), 60)
    assert new_rules(gate)
    with gate.here.entered():
        trial.undo_now(gate.state)
    assert has(gate, old)
    assert 3580 < (gate.elements("grant_ssh_v4")["192.0.2.7"] or 0) <= 3600


def test_with_no_gate_before_the_rollback_takes_it_down(tmp_path: Path) -> None:
    with live_gates(tmp_path) as (gate,):
        begin(gate, wanted(*NEW), 1)
        assert new_rules(gate)
        assert wait_for(lambda: gate.table() is None, 3)
        assert gate.ruleset() == ""


def test_a_rollback_lengthens_no_grant(gate: LiveGate) -> None:
    gate.add("grant_web_v4", "192.0.2.8 timeout 3s")
    gate.add("grant_web_v4", "192.0.2.9 timeout 100s")
    begin(gate, wanted(*NEW), 3)
    assert wait_for(lambda: not new_rules(gate), 5)
    left = gate.elements("grant_web_v4")
    assert "192.0.2.8" not in left
    assert (left["192.0.2.9"] or 0) <= 97


def test_only_one_trial_at_a_time(gate: LiveGate) -> None:
    """The way back is always to the last confirmed rules."""
    old = gate.table()
    begin(gate, wanted(*NEW), 60)
    before = gate.ruleset()
    with pytest.raises(UsageError, match="on trial for another"):
        begin(gate, wanted("tcp/5", "tcp/9", "tcp/1"), 60)
    with gate.here.entered(), pytest.raises(UsageError, match="on trial for another"):
        trial.keep(gate.state, plan_or_guess(wanted("tcp/5", "tcp/9", "tcp/1")))
    assert gate.ruleset() == before
    with gate.here.entered():
        trial.undo_now(gate.state)
    assert has(gate, old)


def test_the_connection_that_applied_cannot_confirm(gate: LiveGate) -> None:
    mine = Session("192.0.2.1 4000 192.0.2.2 22", since_boot() - 100)
    begun = begin(gate, wanted(*NEW), 60, mine)
    with pytest.raises(UsageError, match="proves nothing"):
        confirm(gate, mine)
    older = Session("192.0.2.1 4001 192.0.2.2 22", begun.began - 5)
    with pytest.raises(UsageError, match="older than the trial"):
        confirm(gate, older)
    assert trial.pending(gate.state) is not None
    confirm(gate, Session("192.0.2.1 4002 192.0.2.2 22", begun.began + 1))
    assert trial.pending(gate.state) is None


def test_the_connection_that_applied_can_confirm_if_told_so(gate: LiveGate) -> None:
    mine = Session("192.0.2.1 4000 192.0.2.2 22", None)
    begin(gate, wanted(*NEW), 60, mine)
    confirm(gate, mine, same_connection=True)
    assert new_rules(gate)


def test_confirm_and_rollback_in_the_same_instant_have_one_winner(tmp_path: Path) -> None:
    """Whoever confirms around the deadline is told what is so a second later."""
    with live_gates(tmp_path, 8) as gates:
        for number, each in enumerate(gates):
            set_up(each)
            begun = begin(each, wanted(*NEW), 0.8)
            time.sleep(max(0.0, begun.deadline - since_boot() - 0.07 + 0.02 * number))
            try:
                confirm(each)
                kept = True
            except (TargetError, UsageError):
                kept = False
            time.sleep(0.6)
            assert new_rules(each) is kept
            with each.here.entered():
                assert trial.settle(each.state) is None
            assert new_rules(each) is kept


def test_a_confirm_that_was_killed_halfway_still_counts(gate: LiveGate) -> None:
    begun = begin(gate, wanted(*NEW), 1)
    gate.state.file(begun.rollback_file).rename(gate.state.file(begun.kept_file))
    time.sleep(1.3)
    assert new_rules(gate)
    with gate.here.entered(), gate.state.lock():
        assert trial.settle(gate.state) is None
    assert new_rules(gate)
    assert trial.confirmed(gate.state) == wanted(*NEW)


def test_a_rollback_that_never_fired_is_made_up_for(gate: LiveGate) -> None:
    """Its process was killed too: the next command that changes anything finds the trial overdue and undoes it."""
    old = gate.table()
    begin(gate, wanted(*NEW), 1)
    kill_waiting(gate)
    time.sleep(1.2)
    assert new_rules(gate)
    with gate.here.entered(), gate.state.lock():
        assert trial.settle(gate.state) is None
    assert has(gate, old)


def kill_waiting(gate: LiveGate) -> None:
    """Kill what runs in the gate's namespace."""
    pids = subprocess.run(["ip", "netns", "pids", gate.here.name], check=True, capture_output=True, text=True)
    for pid in pids.stdout.split():
        os.kill(int(pid), SIGKILL)


def test_a_trial_of_an_earlier_boot_is_forgotten(gate: LiveGate) -> None:
    """Its rules went with the kernel; the boot comes up on what was confirmed before it."""
    begin(gate, wanted(*NEW), 60)
    stored = gate.state.read("trial.json")
    assert stored is not None
    gate.state.write("trial.json", stored | {"boot": "another"})
    gate.here.nft("flush ruleset")
    assert gate.portward("apply", "--confirmed")["changed"]
    assert trial.pending(gate.state) is None
    assert not new_rules(gate)
    assert list(gate.state.path.glob("rollback*")) == []


def test_rules_that_the_kernel_refuses_leave_no_trial_behind(gate: LiveGate) -> None:
    before = gate.ruleset()
    rules = wanted(*NEW)
    broken = Wanted(rules.text.replace("goto judge", "goto nowhere"), "policy.toml", rules.guarded)
    with gate.here.entered():
        good = plan_or_guess(rules)
        with pytest.raises(TargetError):
            trial.begin(gate.state, Plan(broken, good.live, good.goal), timedelta(seconds=60), None)
    assert gate.ruleset() == before
    assert trial.pending(gate.state) is None
    assert list(gate.state.path.glob("rollback*")) == []


def test_a_table_that_changed_since_the_plan_is_left_alone(gate: LiveGate) -> None:
    with gate.here.entered():
        change = plan_or_guess(wanted(*NEW))
        gate.here.nft("flush chain inet portward door_ssh")
        with pytest.raises(TargetError, match="changed since the plan"):
            trial.begin(gate.state, change, timedelta(seconds=60), None)


def test_a_second_command_waits_for_the_first(gate: LiveGate) -> None:
    with (
        gate.state.lock(),
        pytest.raises(HostError, match="another portward"),
        gate.state.lock(timedelta(seconds=0.1)),
    ):
        pass


def test_the_command_line_of_a_trial(gate: LiveGate, tmp_path: Path) -> None:
    """Apply over one connection, confirm over another; status says that it is on trial."""
    path = tmp_path / "policy.toml"
    path.write_text(POLICY.format(first=44444))
    path.chmod(0o600)
    told = gate.portward("apply", str(path), "--trial", "1s", code=2)
    assert "5s..1d" in told["errors"][0]["message"]
    first, second = "192.0.2.1 1 192.0.2.2 22", "192.0.2.1 2 192.0.2.2 22"
    assert gate.portward("apply", str(path), "--trial", "30s", "--no-wait", SSH_CONNECTION=first)["changed"]
    assert 20 < gate.portward("status")["result"]["trial"]["left"] <= 30
    refused = gate.portward("confirm", code=2, SSH_CONNECTION=first)
    assert "connect anew" in refused["errors"][0]["message"]
    assert gate.portward("confirm", SSH_CONNECTION=second)["changed"]
    assert gate.portward("status")["result"]["trial"] is None
    assert "no policy is on trial" in gate.portward("confirm", code=2)["errors"][0]["message"]
    assert "no policy is on trial" in gate.portward("rollback", code=2)["errors"][0]["message"]


def test_down_ends_a_trial_too(gate: LiveGate) -> None:
    begin(gate, wanted(*NEW), 1)
    assert gate.portward("down", "--yes")["result"] == {"removed": True, "trial_ended": True}
    time.sleep(1.5)
    assert gate.table() is None
