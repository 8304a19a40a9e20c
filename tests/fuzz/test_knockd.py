"""Any bytes are a knockd.conf or are told what is wrong with it; nothing is ever raised."""

from random import Random

import pytest

from portward.check.rules import mistakes
from portward.errors import Severity
from portward.sources.knockd_doors import read_knockd, read_one_time
from portward.sources.knockd_lift import Fate
from portward.sources.knockd_policy import make_policy, summary
from portward.sources.policy_reader import read_policy
from portward.sources.policy_text import write_policy


SEED = rb"""[options]
	UseSyslog
	Interface = eth0
	LogFile = /var/log/x
[front door]
	sequence = 1001:tcp,1002:udp , 1003
	seq_timeout = 10
	start_command = /sbin/iptables -I INPUT -s %IP% -p tcp --dport 2022 -j ACCEPT; logger -t x "%IP% in"
	cmd_timeout = 30
	stop_command = /sbin/iptables -D INPUT -s %IP% -p tcp --dport 2022 -j ACCEPT
	tcpflags = syn,!ack
[web]
	sequence = 2001,2002,2003
	command = nft 'add rule inet f input ip saddr %IP% tcp dport { 80, 443 } accept' && sleep 9
	command_6 = ufw route allow proto tcp from %IP% to 2001:db8::9 port 80:90
	target = 192.0.2.1
[third]
	one_time_sequences = /x
	command = firewall-cmd --add-rich-rule='rule source address=%IP% service name=ssh accept' --timeout=60
	stop_command = echo "sshd: %IP%" >> /etc/hosts.allow || ipset del x %IP%,tcp:7
"""

PIECES = [
    b"[", b"]", b"=", b"\n", b"\0", b",", b":", b"#", b"'", b'"', b"\\", b"%IP%", b"\xff", b"\xef\xbb\xbf", b"\xc2\xa0",
    b"99999999999999999999", b"-1", b"0", b";", b"&&", b"|", b"{", b"}", b"$(", b"`", b"sequence", b"command", b"\r",
    b" ", b"a" * 5000, b"/24", b"sleep 99999d;", b"%IP% . ", b" timeout 9999999w ", b"\xe2\x80\xa8",
]  # fmt: skip


def mangled(chance: Random) -> bytes:
    """The seed with a few pieces put in, taken out, doubled or exchanged."""
    text = bytearray(SEED)
    for _ in range(chance.randint(1, 12)):
        start = chance.randrange(len(text))
        end = min(len(text), start + chance.choice((0, 1, 1, 5, 60)))
        text[start:end] = chance.choice((b"", chance.choice(PIECES), bytes(text[start:end]) * 2))
    return bytes(text)


def survive(content: bytes) -> None:
    """Take a file through everything: what is told has a place in it, and what is made is good."""
    knockd = read_knockd(content, "knockd.conf")
    lines = knockd.text.split("\n")
    made = make_policy(knockd, {"web": None}, strict=bool(len(content) % 2))
    assert len(made.doors) == len(knockd.doors)
    for each in (
        *knockd.fatal,
        *knockd.quirks,
        *(said for door in made.doors for said in door.diagnostics()),
    ):
        assert each.span
        assert 1 <= each.span.column <= len(lines[each.span.line - 1]) + 1
    for door in made.doors:
        assert summary(door, made.policy)
        if door.fate is Fate.REFUSED:
            assert any(each.severity is Severity.ERROR for each in door.diagnostics())
    assert mistakes(made.policy) == ()
    assert read_policy(write_policy(made.policy, made.comments), "policy.toml") == (made.policy, ())


@pytest.mark.parametrize("seed", range(20))
def test_mangled_files(seed: int) -> None:
    """A real file, damaged."""
    chance = Random(seed)
    for _ in range(50):
        survive(mangled(chance))


@pytest.mark.parametrize("seed", range(5))
def test_any_bytes(seed: int) -> None:
    """Noise, with pieces of the grammar in it."""
    chance = Random(seed)
    for _ in range(200):
        content = b"".join(
            chance.choice((*PIECES, chance.randbytes(3))) for _ in range(chance.randint(0, 40))
        )
        survive(content)
        survive(b"[a]\n" + content)
        read_one_time(content, "once")
