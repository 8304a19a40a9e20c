"""inetd's lines are switched off as update-inetd does it; the others stay byte for byte."""

from portward.exposure.mend_inetd import MARK, switched_off
from portward.policy.net import PortRange, Protocol


TEXT = """# telnet stream tcp nowait root /usr/sbin/telnetd telnetd
telnet\tstream\ttcp  nowait root /usr/sbin/telnetd telnetd
23 stream tcp6 nowait root /usr/sbin/telnetd telnetd\r
192.0.2.1:telnet stream tcp nowait root /usr/sbin/telnetd telnetd
telnet dgram udp wait root /usr/sbin/telnetd telnetd
ftp stream tcp nowait root /usr/sbin/ftpd ftpd
short line
"""
TELNET = (PortRange(Protocol.TCP, 23, 23),)


def test_the_lines_of_a_port_are_switched_off_and_no_others() -> None:
    old, new = (
        TEXT.splitlines(keepends=True),
        switched_off(TEXT, TELNET, frozenset({"telnet"})).splitlines(keepends=True),
    )
    assert [place for place, line in enumerate(new) if line != old[place]] == [1, 2, 3]
    assert all(new[place] == MARK + old[place] for place in (1, 2, 3))


def test_twice_is_as_once() -> None:
    once = switched_off(TEXT, TELNET, frozenset({"telnet"}))
    assert switched_off(once, TELNET, frozenset({"telnet"})) == once


def test_a_file_without_such_lines_stays() -> None:
    assert switched_off(TEXT, (PortRange(Protocol.TCP, 79, 79),), frozenset({"finger"})) == TEXT
