"""Lines for people without portward. That they open doors is shown in the namespaces' tests."""

from datetime import timedelta

import attrs
import pytest

from portward.knock.profile import Profile
from portward.knock.shell_lines import TOOLS, make_target, shell_lines, tool_lines
from portward.policy.notation import read_knock


def profile(*knocks: str, host: str = "192.0.2.1") -> Profile:
    """A gate with these knocks."""
    return Profile("gate", host, tuple(map(read_knock, knocks)))


def lines_of(name: str, made: Profile) -> list[str]:
    """The block of one tool."""
    tool = next(each for each in TOOLS if each.name.startswith(name))
    return tool_lines(tool, made, make_target(made))[0]


def test_every_tool_has_a_block_or_a_reason() -> None:
    text = shell_lines(profile("tcp/1", "udp/2=open sesame", "icmp/100=abra"))
    blocks = text.split("\n\n")
    assert len(blocks) == len(TOOLS)
    assert blocks[2].splitlines()[1] == (
        "# cannot send udp/2 with a word, icmp/100 with a word: use another tool for the whole sequence"
    )
    assert "cannot send udp/2 with a word" in blocks[3]
    assert "# cannot send icmp/100 with a word" in blocks[0]


def test_a_tool_that_cannot_send_a_knock_prints_no_part_of_the_sequence() -> None:
    """Half a sequence would only earn a penalty."""
    block = shell_lines(profile("tcp/33333", "udp/2")).split("\n\n")[3]
    assert "33333" not in block


@pytest.mark.parametrize("name", ["nmap", "netcat", "bash"])
def test_echo_sizes_lose_the_headers(name: str) -> None:
    """128 bytes are 100 of payload on IPv4, 80 on IPv6."""
    assert "100" in lines_of(name, profile("icmp/128"))[0].split()
    assert "80" in lines_of(name, profile("icmp/128", host="2001:db8::1"))[0].split()


def test_an_echo_that_ipv6_cannot_be_is_named() -> None:
    text = shell_lines(profile("icmp/40", host="2001:db8::1"))
    assert text.count("cannot send icmp/40") == len(TOOLS)


def test_words_are_quoted_for_the_shell() -> None:
    line = lines_of("bash", profile("udp/7=it's $HOME"))[0]
    assert line == "printf %s 'it'\"'\"'s $HOME' >/dev/udp/192.0.2.1/7"


def test_powershell_gets_words_as_numbers() -> None:
    """No quoting can spoil them, and one byte is an array too."""
    assert "[byte[]](97, 98)" in lines_of("PowerShell", profile("udp/7=ab"))[0]
    assert "[byte[]](,97)" in lines_of("PowerShell", profile("udp/7=a"))[0]
    echo = lines_of("PowerShell", profile("icmp/128=ab"))[0]
    assert "[byte[]]::new(98)" in echo
    assert "[byte[]](@())" in lines_of("PowerShell", profile("icmp/128"))[0]


def test_ipv6_hosts_are_bracketed_in_urls_only() -> None:
    made = profile("tcp/7", host="2001:db8::1")
    assert "'http://[2001:db8::1]:7/'" in lines_of("curl", made)[0]
    assert "/dev/tcp/2001:db8::1/7" in lines_of("bash", made)[0]


def test_the_pause_is_the_profiles_and_no_limit_is_endless() -> None:
    made = attrs.evolve(profile("tcp/1", "tcp/2"), delay=timedelta())
    assert lines_of("bash", made)[1] == "sleep 0"
    assert lines_of("bash", made)[0].startswith("timeout 0.1 ")
    assert lines_of("PowerShell", profile("tcp/1", "tcp/2"))[1] == "Start-Sleep -Milliseconds 200"
