"""One-time sequences: each by itself, and what keeps a file of them from being taken over."""

from datetime import timedelta

import pytest

from portward.errors import Severity
from portward.policy.net import Knock, Protocol
from portward.sources.knockd_doors import read_knockd, read_one_time
from portward.sources.knockd_lift import Fate, LiftedDoor
from portward.sources.knockd_one_time import lift_all


OPEN = "ufw allow from %IP% to any port 2022 proto tcp"
CLOSE = "ufw delete allow from %IP% to any port 2022 proto tcp"
SECOND = timedelta(seconds=1)


def reasons(door: LiftedDoor) -> list[str]:
    """Why it is refused; empty if it is not."""
    assert (door.fate is Fate.REFUSED) == bool(door.reasons)
    return [each.text for each in door.reasons]


def one_time(lines: str, *left: str) -> list[LiftedDoor]:
    """Lift the one door [d] of these lines, with these sequences left in its file; without any it could not be read."""
    found = read_knockd(f"[d]\n{lines}\n".encode(), "knockd.conf")
    assert not found.fatal
    content = "".join(f" {each}\n" for each in left if each)
    return lift_all(found.doors[0], {}, read_one_time(content.encode(), "once")[0] if left else None)


def test_each_sequence_of_a_file_is_judged_by_itself() -> None:
    """What the door opens, its times and what differs hold for all of them."""
    lines = f"one_time_sequences=/x\nseq_timeout=7\ncommand={OPEN}\nstop_command={CLOSE}"
    doors = one_time(lines, "1,2", "3,x", "4:udp")
    assert [each.fate for each in doors] == [Fate.SEQUENCE, Fate.REFUSED, Fate.SEQUENCE]
    assert [each.number for each in doors] == [1, 2, 3]
    assert doors[0].knocks == (Knock(Protocol.TCP, 1), Knock(Protocol.TCP, 2))
    assert {(each.step_timeout, each.open_for) for each in doors} == {(7 * SECOND, 10 * SECOND)}
    assert reasons(doors[1]) == ["it has port 0"]
    (told,) = (each for each in doors[1].diagnostics() if each.severity is Severity.ERROR)
    assert told.message.startswith("one-time sequence 2 of [d] does not become")
    assert told.span
    assert (told.span.file, told.span.line) == ("once", 2)
    advice = [each.message for each in doors[2].diagnostics() if each.severity is Severity.ADVICE]
    assert any("only the first that is not used; here each of them opens once" in each for each in advice)
    assert any("the file is not read any more" in each for each in advice)


@pytest.mark.parametrize(
    ("lines", "left", "reason"),
    [
        ("", (), "its file of one-time sequences could not be read"),
        ("", ("",), "no sequence is left in its file, and so knockd does not start"),
        (
            "\nsequence=7,8",
            ("1,2",),
            "its sequence stands behind its file and takes the place of the first one-time sequence",
        ),
    ],
)
def test_a_file_that_a_policy_cannot_say(lines: str, left: tuple[str, ...], reason: str) -> None:
    """Then the door is refused as a whole."""
    (door,) = one_time(f"command={OPEN}\none_time_sequences=/x{lines}", *left)
    assert reasons(door) == [reason]


def test_a_door_with_a_file_that_opens_nothing_is_told_once() -> None:
    (refused,) = one_time("command=/root/x\none_time_sequences=/x", "1,2", "3,4")
    assert reasons(refused) == ["nothing that its commands open is known here"]
    assert len(refused.one_time) == 2
    (idle,) = one_time("one_time_sequences=/x", "1,2", "3,4")
    assert idle.fate is Fate.IDLE


def test_a_sequence_before_the_file_counts_for_nothing() -> None:
    """As real knockd has it: the first of the file takes its place."""
    doors = one_time(f"sequence=7,8\ncommand={OPEN}\none_time_sequences=/x", "1,2")
    assert [each.knocks for each in doors] == [(Knock(Protocol.TCP, 1), Knock(Protocol.TCP, 2))]
    assert "has a sequence as well, which knockd passes over for those in the file" in doors[0].remarks
