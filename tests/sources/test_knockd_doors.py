import pytest

from portward.policy.net import Protocol
from portward.sources.knockd_doors import Door, KnockdFile, can_be_target, read_knockd, read_one_time


def read(text: str) -> KnockdFile:
    """Read a file."""
    return read_knockd(text.encode(), "knockd.conf")


def door(lines: str) -> Door:
    """Read one door that has no fatal mistake."""
    found = read(f"[d]\n{lines}\n")
    assert not found.fatal
    return found.doors[0]


def knocks(one: Door) -> list[tuple[str, int]]:
    """Protocols and ports."""
    return [(str(each.protocol), each.port) for each in one.knocks]


def said(text: str) -> list[tuple[str, str]]:
    """Places and messages of all that is odd or fatal."""
    found = read(text)
    return [
        (f"{each.span.line}:{each.span.column}", each.message)
        for each in (*found.fatal, *found.quirks)
        if each.span
    ]


def test_a_door_with_nothing_but_a_sequence() -> None:
    """The defaults are knockd's."""
    one = door("sequence = 7000,8000:udp , 9000:TCP:x")
    assert knocks(one) == [("tcp", 7000), ("udp", 8000), ("tcp", 9000)]
    assert (one.seq_timeout, one.cmd_timeout, one.flags, one.target, one.commands) == (25, 10, {}, None, {})


def test_all_keys_and_their_aliases() -> None:
    """Keys have aliases, and the last of two equal ones counts."""
    one = door(
        "Sequence=1\nTimeout=3\nseq_timeout=4\nCommand=a\nStart_Command=b\nCommand_6=c\nCmd_Timeout=0\nSTOP_COMMAND=d"
    )
    assert (one.seq_timeout, one.cmd_timeout) == (4, 0)
    assert {key: word.text for key, word in one.commands.items()} == {
        "start_command": "b",
        "start_command_6": "c",
        "stop_command": "d",
    }


def test_commands_for_ipv6_fall_back() -> None:
    """Without one of its own, IPv6 has the other; an empty one is none."""
    one = door("sequence=1\ncommand=a\nstop_command=b\nstop_command_6=")
    assert [getattr(one.command(key), "text", None) for key in ("start_command_6", "stop_command_6")] == [
        "a",
        None,
    ]


def test_flags_add_up_over_duplicates() -> None:
    """Unlike everything else."""
    assert door("sequence=1\ntcpflags=SYN,!ack\ntcpflags=!syn,rst").flags == {
        "syn": False,
        "ack": False,
        "rst": True,
    }


def test_the_first_interface_counts() -> None:
    """Also unlike everything else; knockd keeps what it has."""
    found = read("[options]\ninterface=a\n[options]\nInterface=b\n")
    assert found.interface == "a"
    assert [(each.span.line, each.message) for each in found.quirks if each.span] == [
        (4, "the interface was given on line 2 already, and the first one counts")
    ]


@pytest.mark.parametrize(
    ("item", "port"),
    [
        ("-5", 65531),
        ("-70000", 61072),
        ("12ab", 12),
        ("3 # three", 3),
        ("4294967298", 2),
        ("+7", 7),
        ("", 0),
        ("@@PORT@@", 0),
        ("0x10", 0),
    ],
)
def test_odd_ports_are_read_as_knockd_reads_them_and_told(item: str, port: int) -> None:
    """As measured on knockd 0.8: garbage is 0, a negative number wraps, what follows the digits is passed over."""
    found = read(f"[d]\nsequence = 1,{item}\n")
    assert not found.fatal
    assert knocks(found.doors[0]) == [("tcp", 1), ("tcp", port)]
    (quirk,) = found.quirks
    assert f"as port {port}" in quirk.message
    assert quirk.span
    assert quirk.span.column == 14


@pytest.mark.parametrize(
    ("lines", "place", "message"),
    [
        ("sequence = 1,65536", "2:14", "'65536' is over 65535"),
        ("sequence = 1:icmp", "2:14", "'icmp' is no protocol of a knock"),
        ("sequence = " + ",".join("1" * 33), "2:76", "a sequence has at most 32 ports, this one 33"),
        ("seqence = 1\nsequence = 1", "2:1", "it has no key 'seqence'"),
        ("interface = eth0\nsequence = 1", "2:1", "interface belongs in [options]"),
        ("sequence = 1\ntcpflags = syn, ack", "3:16", "' ack' is no TCP flag"),
        ("sequence = 1\ntcpflags =", "3:11", "'' is no TCP flag"),
        ("sequence = 1\ntarget = 10.0.0.0/8", "3:10", "the target '10.0.0.0/8' is a network"),
        ("command = x", "1:2", "the door [d] has no sequence"),
        ("[options]\nsequence = 1", "3:1", "sequence belongs in a door, not in [options]"),
    ],
)
def test_what_keeps_knockd_from_starting(lines: str, place: str, message: str) -> None:
    """Measured on knockd 0.8."""
    assert (place, f"knockd does not start: {message}") in said(f"[d]\n{lines}\n")


@pytest.mark.parametrize(
    ("lines", "place", "part"),
    [
        ("sequence=1\nseq_timeout = 10s", "3:15", "'10s' as 10 seconds"),
        ("sequence=1\ncmd_timeout =", "3:14", "'' as 0 seconds"),
        ("sequence=1\nsequence=2", "2:1", "sequence is given again on line 3"),
        ("sequence=1\ntarget = gate.example.org", "3:10", "knockd never opens this door"),
        ("sequence=1\n[d]\nsequence=2", "3:2", "a door [d] on line 1 already"),
    ],
)
def test_what_is_otherwise_than_it_looks(lines: str, place: str, part: str) -> None:
    """knockd starts, but does what a person might not expect."""  # noqa: D403 - a name in lower case
    found = [(where, message) for where, message in said(f"[d]\n{lines}\n") if part in message]
    assert [where for where, _ in found] == [place]
    assert not read(f"[d]\n{lines}\n").fatal


def test_mistakes_come_in_the_order_of_the_text() -> None:
    """All at once."""
    found = read("[a]\nx = 1\n[b]\nsequence = 1:x\n[c]\n")
    assert [each.span.line for each in found.fatal if each.span] == [1, 2, 4, 5]


def test_targets_are_compared_as_texts() -> None:
    """Only an address in its usual spelling can be the destination of a packet."""
    assert can_be_target("192.0.2.1")
    assert can_be_target("2001:db8::1")
    assert not can_be_target("2001:DB8::1")
    assert not can_be_target("gate.example.org")


def test_one_time_sequences() -> None:
    """Used lines are comments; what is no sequence is passed over, and told."""
    left, told = read_one_time(b" 11,12:udp\n#21,22\n\n31,99999\n 41\n", "once")
    assert [[(each.protocol, each.port) for each in sequence] for sequence in left] == [
        [(Protocol.TCP, 11), (Protocol.UDP, 12)],
        [(Protocol.TCP, 41)],
    ]
    assert [each.span.line for each in told if each.span] == [4]
