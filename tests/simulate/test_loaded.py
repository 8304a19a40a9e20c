"""What is loaded, and when it counts."""

from portward.policy.net import Protocol
from portward.policy.notation import read_knock
from portward.simulate.loaded import KeyWindow, RollingPlace, Tokens


PASS = b"a pass, 16 bytes"
NOW = KeyWindow(0.0, 10.0, "alice", (PASS,), (read_knock("tcp/20000"), read_knock("udp/20007")), 0x10)
LATER = KeyWindow(5.0, 15.0, "alice", (b"another 16 bytes",), (read_knock("tcp/20001"),), 0x20)


def test_what_is_loaded_counts_within_its_window() -> None:
    tokens = Tokens([NOW, LATER])
    assert tokens.owner(PASS, 0.0) == "alice"
    assert tokens.owner(PASS, 9.999) == "alice"
    assert tokens.owner(PASS, 10.0) is None
    assert tokens.owner(PASS, -0.001) is None
    assert tokens.owner(b"another 16 bytes", 4.9) is None


def test_a_port_leads_to_its_place() -> None:
    tokens = Tokens([NOW, LATER])
    assert tokens.place(Protocol.UDP, 20007, 6.0) == RollingPlace(0x10, 2, "alice")
    assert tokens.place(Protocol.TCP, 20001, 6.0) == RollingPlace(0x20, 1, "alice")
    assert tokens.place(Protocol.TCP, 20007, 6.0) is None
    assert tokens.place(Protocol.TCP, 20001, 0.0) is None
    assert tokens.place(None, 20001, 6.0) is None


def test_the_same_port_in_another_window_is_another_place() -> None:
    """Windows that are far apart may share ports."""
    again = KeyWindow(20.0, 30.0, "bob", (), (read_knock("tcp/20000"),), 0x30)
    tokens = Tokens([NOW, again])
    places = [tokens.place(Protocol.TCP, 20000, now) for now in (5.0, 15.0, 25.0)]
    assert places == [RollingPlace(0x10, 1, "alice"), None, RollingPlace(0x30, 1, "bob")]
