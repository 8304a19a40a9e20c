from collections.abc import Mapping
from datetime import timedelta

import pytest

from portward.errors import Severity
from portward.policy.net import PortRange
from portward.policy.notation import LONGEST_ROUTEROS, read_ports
from portward.sources.knockd_doors import read_knockd
from portward.sources.knockd_lift import Fate, LiftedDoor, lift


OPEN = "ufw allow from %IP% to any port 2022 proto tcp"
CLOSE = "ufw delete allow from %IP% to any port 2022 proto tcp"
SECOND = timedelta(seconds=1)


def lifted(lines: str, given: Mapping[str, tuple[PortRange, ...] | None] | None = None) -> LiftedDoor:
    """Lift the one door [d] that has these lines, and a sequence if there is none among them."""
    sequence = "" if "equence" in lines else "sequence = 1001,1002\n"
    found = read_knockd(f"[d]\n{sequence}{lines}\n".encode(), "knockd.conf")
    assert not found.fatal
    return lift(found.doors[0], given or {})


def reasons(door: LiftedDoor) -> list[str]:
    """Why it is refused; empty if it is not."""
    assert (door.fate is Fate.REFUSED) == bool(door.reasons)
    return [each.text for each in door.reasons]


@pytest.mark.parametrize(
    ("lines", "open_for"),
    [
        (f"command={OPEN}\nstop_command={CLOSE}\ncmd_timeout=90", 90 * SECOND),
        (f"command={OPEN}\nstop_command={CLOSE}", 10 * SECOND),
        (f"command={OPEN}; sleep 2; logger x\nstop_command=sleep 3; {CLOSE}\ncmd_timeout=20", 25 * SECOND),
        (f"command={OPEN}; sleep 30; {CLOSE}", 30 * SECOND),
        (f"command={CLOSE}; {OPEN}\nstop_command={CLOSE}", 10 * SECOND),
        (f"command={OPEN}\nstop_command=/root/close %IP%\ncmd_timeout=40", 40 * SECOND),
        (f"command={OPEN}", LONGEST_ROUTEROS),
        (
            f"command={OPEN}\nstop_command=ufw delete allow from %IP% to any port 2023 proto tcp",
            LONGEST_ROUTEROS,
        ),
        (f"command={OPEN}\nstop_command={CLOSE}\ncmd_timeout=-1", LONGEST_ROUTEROS),
        (f"command={OPEN}\nstop_command={CLOSE}\ncmd_timeout=0", SECOND / 10),
        ("command=ipset add x %IP%,tcp:2022 timeout 60", 60 * SECOND),
        ("command=ipset add x %IP%,tcp:2022 timeout 60\nstop_command=ipset del x %IP%,tcp:2022", 10 * SECOND),
    ],
)
def test_how_long_it_is_open(lines: str, open_for: timedelta) -> None:
    """Until the stop command, the sleep, or the timeout; without any of them for the longest that there is."""
    door = lifted(lines)
    assert door.fate is Fate.SEQUENCE
    assert door.open_for == open_for


def test_what_stays_open_for_good_is_said() -> None:
    """The longest grant is no for good."""
    assert "stays open for good in knockd" in lifted(f"command={OPEN}").remarks[0]


def test_each_step_has_the_time_of_the_whole_sequence() -> None:
    """So nothing that worked stops working."""
    assert lifted(f"command={OPEN}\nseq_timeout=7").step_timeout == 7 * SECOND


@pytest.mark.parametrize(
    ("lines", "fate"),
    [
        (f"command={OPEN}", Fate.SEQUENCE),
        (f"command={CLOSE}", Fate.CLOSES),
        ("", Fate.IDLE),
        (f"stop_command={CLOSE}", Fate.IDLE),
        ("command=/root/x", Fate.REFUSED),
    ],
)
def test_fates(lines: str, fate: Fate) -> None:
    """What opens is a sequence; what only closes or does nothing is none."""
    assert lifted(lines).fate is fate


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("sequence=1,x", "it has port 0"),
        ("tcpflags=ack", "it counts packets with the flags ack, and a TCP knock of a policy is a SYN alone"),
        (
            "tcpflags=!syn",
            "it counts packets with the flags !syn, and a TCP knock of a policy is a SYN alone",
        ),
        ("seq_timeout=0", "its time is 0 s, so knockd never opens it"),
        ("target=gate.example.org", "its target is no destination that a packet can have"),
    ],
)
def test_what_a_policy_cannot_say(lines: str, reason: str) -> None:
    """Packets depend on it, so the door is refused."""
    assert reasons(lifted(f"command={OPEN}\n{lines}")) == [reason]


@pytest.mark.parametrize(
    "lines",
    [
        "tcpflags=syn",
        "tcpflags=syn,!ack",
        "tcpflags=!fin",
        "sequence=1:udp,2:udp\ntcpflags=ack",
        "seq_timeout=0\nsequence=1",
    ],
)
def test_what_a_policy_can_say(lines: str) -> None:
    """A SYN fits the flags; flags are for TCP alone; one knock needs no time."""
    assert lifted(f"command={OPEN}\n{lines}").fate is Fate.SEQUENCE


def test_commands_that_open_what_a_set_opens() -> None:
    """What its members may reach is not known here, until the user says it."""
    lines = "command=nft add element inet f guests { %IP% timeout 1m }"
    assert reasons(lifted(lines)) == [
        "it opens what the members of nft set inet f guests may reach, which stands in rules elsewhere"
    ]
    given = lifted(lines, {"d": (read_ports("udp/4500"),)})
    assert given.fate is Fate.SEQUENCE
    assert given.open_for == 60 * SECOND
    assert [each.ports for each in given.effects] == [(read_ports("udp/4500"),)]


def test_what_the_user_says_stands_before_what_is_not_known() -> None:
    """A script is then no mistake any more, but still told."""
    lines = "command=/root/open %IP%\nstop_command=/root/close %IP%\ncmd_timeout=30"
    assert {each.severity for each in lifted(lines).diagnostics()} == {Severity.ERROR}
    given = lifted(lines, {"d": None})
    assert given.opens_everything
    assert given.open_for == 30 * SECOND
    assert [each.severity for each in given.diagnostics()] == [Severity.NOTE, Severity.NOTE]


def test_a_door_that_shuts_for_a_while() -> None:
    """Grants only open."""
    assert reasons(lifted(f"command={CLOSE}\nstop_command={OPEN}")) == [
        "its stop command opens, and a grant only ends"
    ]


def test_differences_of_one_door_are_said() -> None:
    """Families, everybody, an address, an interface."""
    said = lifted(
        "command=iptables -A INPUT -i eth7 -p tcp --dport 2022 -j ACCEPT\n"
        "command_6=ip6tables -A INPUT -s %IP% -p tcp --dport 2023 -j ACCEPT\ntarget=192.0.2.1"
    ).remarks
    for part in (
        "packets from eth7 only",
        "one thing for IPv4 and another for IPv6",
        "for everybody",
        "to 192.0.2.1",
    ):
        assert any(part in remark for remark in said), part


def test_a_command_that_only_talks_is_a_note() -> None:
    """No packet depends on it; on an unknown program packets may depend."""
    found = list(lifted(f"command={OPEN}; logger x; /root/x\nstop_command={CLOSE}").diagnostics())
    assert [(each.code, each.severity) for each in found] == [
        ("PW654", Severity.NOTE),
        ("PW654", Severity.ERROR),
    ]
