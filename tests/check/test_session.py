from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.check.session import Session, read_session, session_stays_welcome
from portward.sources.policy_reader import read_policy


SSH = '[services.ssh]\nports = ["tcp/22"]\npublished = ["tcp/12345"]\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("203.0.113.9 50000 192.0.2.1 22", Session(ip_address("203.0.113.9"), 22)),
        ("2001:db8::9 50000 2001:db8::1 2222", Session(ip_address("2001:db8::9"), 2222)),
        ("fe80::1%eth0 50000 fe80::2%eth0 22", Session(ip_address("fe80::1"), 22)),
        ("", None),
        ("203.0.113.9 50000 192.0.2.1", None),
        ("example.org 1 2 3", None),
        ("203.0.113.9 50000 192.0.2.1 0", None),
        ("203.0.113.9 50000 192.0.2.1 99999", None),
        ("203.0.113.9 50000 192.0.2.1 x", None),
    ],
)
def test_the_variable_of_openssh_is_read(text: str, expected: Session | None) -> None:
    assert read_session(text) == expected


@given(st.text())
def test_whatever_the_variable_holds_reading_it_never_raises(text: str) -> None:
    read_session(text)


@pytest.mark.parametrize(
    ("policy", "client", "port", "place"),
    [
        (SSH, "203.0.113.9", 12345, "4:14"),
        (SSH, "203.0.113.9", 22, "3:10"),
        (SSH, "2001:db8::9", 12345, "4:14"),
        (SSH, "203.0.113.9", 2222, ""),
        (SSH, "127.0.0.1", 22, ""),
        ('always = ["203.0.113.0/24"]\n' + SSH, "203.0.113.9", 22, ""),
        ('always = ["::/0"]\n' + SSH, "203.0.113.9", 22, "4:10"),
        ('[defaults]\nmode = "lockdown"\n', "203.0.113.9", 22, "3:8"),
        ('public = ["tcp/22"]\n[defaults]\nmode = "lockdown"\n', "203.0.113.9", 22, ""),
        ('public = ["udp/22"]\n[defaults]\nmode = "lockdown"\n', "203.0.113.9", 22, "4:8"),
        ('[services.s]\nhost = "10.0.0.1"\nports = ["tcp/22"]\n', "203.0.113.9", 22, ""),
    ],
)
def test_a_session_that_could_not_come_again_is_told_which_line_shuts_it_out(
    policy: str, client: str, port: int, place: str
) -> None:
    read, found = read_policy(f"schema = 1\n{policy}", "f")
    assert read is not None, found
    told = session_stays_welcome(read, Session(ip_address(client), port))
    assert [str(each.span) for each in told] == ([f"f:{place}"] if place else [])
    assert all(client in each.message for each in told)
