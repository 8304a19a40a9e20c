"""The same knocks to real knockd and to our gate with the imported policy, in one namespace: the same doors open.

Both see the very same frames of one cable. What is named as different in docs/knockd.md is kept out of the comparison
by how the visits are made, and shown by tests of its own.
"""

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from random import Random

import attrs
import pytest
from gate import Gate, gate, pause, source

from lab.frames import ACK
from portward.compile.names import IpFamily, grants
from portward.errors import Span
from portward.sources.knockd_commands import judge, program_of
from portward.sources.knockd_doors import read_knockd, read_one_time
from portward.sources.knockd_lift import Fate
from portward.sources.knockd_policy import KnockdPolicy, make_policy
from portward.sources.knockd_text import Word


pytestmark = [pytest.mark.net, pytest.mark.peer("knockd")]

Address = IPv4Address | IPv6Address
Knock = tuple[str, int]
Opened = set[tuple[str, str]]
"""Door and visitor."""

TABLE = "table inet doors {\n  chain input {\n  }\n}\n"
SENTINEL = ("udp", 59999)
"""A door of one knock, the last one sent: when it is open, knockd has seen everything before."""

CORPUS = Path(__file__).parents[1] / "sources" / "corpus" / "knockd_commands.txt"
GROUND = """
table inet filter {
  set guests {
    type ipv4_addr
    flags timeout
  }
  set places {
    type ipv4_addr . inet_proto . inet_service
    flags timeout
  }
  chain input {
    type filter hook input priority 0
  }
  chain forward {
    type filter hook forward priority 0
  }
}
table ip6 filter {
  chain input {
    type filter hook input priority 0
    accept
    accept
    accept
    accept
  }
}
table ip nat {
  chain prerouting {
    type nat hook prerouting priority -100
  }
}
table inet nat {
  chain prerouting {
    type nat hook prerouting priority -100
  }
}
"""
"""What the nft commands of the corpus need."""

UNUSED = range(30000, 40000)
"""Ports that no door knocks on and none opens."""


@attrs.frozen
class Door:
    """A door that is written for knockd."""

    name: str
    knocks: tuple[Knock, ...]
    opens: int
    """A TCP port."""

    def section(self, seconds: int) -> str:
        """Its lines in knockd.conf."""
        rule = "nft add rule inet doors input {} saddr %IP% tcp dport {} accept"
        return "\n".join(
            (
                f"[{self.name}]",
                "  sequence = " + ",".join(f"{port}:{protocol}" for protocol, port in self.knocks),
                f"  seq_timeout = {seconds}",
                "  tcpflags = syn",
                f"  start_command = /usr/sbin/{rule.format('ip', self.opens)}",
                f"  start_command_6 = /usr/sbin/{rule.format('ip6', self.opens)}",
            )
        )


@attrs.frozen
class Both:
    """knockd and our gate, with the same doors."""

    gate: Gate
    log: Path
    imported: KnockdPolicy

    def knock(self, visitor: Address, *knocks: Knock) -> None:
        """Send knocks; `ack` is a TCP packet that is no SYN."""
        for protocol, port in knocks:
            if protocol == "ack":
                self.gate.tcp(visitor, port, ACK)
            elif protocol == "udp":
                self.gate.udp(visitor, port)
            else:
                self.gate.syn(visitor, port)

    def opened_by_knockd(self) -> Opened:
        """The doors that knockd has opened so far, by its log."""
        self.gate.udp(source(999), SENTINEL[1])
        wait_for(lambda: "sentinel: OPEN SESAME" in self.log.read_text(), "knockd's sentinel")
        found = re.findall(r"^(\S+): (\S+): OPEN SESAME$", self.log.read_text(), re.MULTILINE)
        return {(door, visitor) for visitor, door in found if door != "sentinel"}

    def opened_by_us(self) -> Opened:
        """The doors of which visitors have a grant; each door opens one service that no other opens."""
        found = set()
        for sequence in self.imported.policy.sequences:
            for family in IpFamily:
                for service in sequence.opens:
                    found |= {
                        (sequence.name, visitor) for visitor in self.gate.members(grants(service, family))
                    }
        return {(door, visitor) for door, visitor in found if door != "sentinel"}


@attrs.frozen
class OneTimeDoor(Door):
    """A door whose knocks are the first in a file of one-time sequences."""

    file: Path

    def section(self, seconds: int) -> str:
        """Its lines in knockd.conf."""
        first, sequence, *rest = super().section(seconds).split("\n")
        assert sequence.startswith("  sequence")
        return "\n".join((first, f"  one_time_sequences = {self.file}", *rest))


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Wait until something is so."""
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.005)


@pytest.fixture(scope="module")
def here() -> Iterator[Gate]:
    """One namespace for all tests of this file."""
    with gate() as made:
        made.here.nft(TABLE)
        yield made


@contextlib.contextmanager
def both(here: Gate, folder: Path, doors: list[Door], seconds: int = 60) -> Iterator[Both]:
    """Run knockd and put our gate beside it."""
    sentinel = Door("sentinel", (SENTINEL,), 2999)
    config, log = folder / "knockd.conf", folder / "log"
    config.write_text("\n\n".join(each.section(seconds) for each in [*doors, sentinel]) + "\n")
    knockd = read_knockd(config.read_bytes(), str(config))
    assert not knockd.fatal
    files = {each.file for each in doors if isinstance(each, OneTimeDoor)}
    one_time = {str(file): read_one_time(file.read_bytes(), str(file))[0] for file in files}
    imported = make_policy(knockd, one_time=one_time, strict=False)
    here.load(imported.policy)
    with log.open("w") as out:
        peer = here.here.start("knockd", "-i", "eth0", "-v", "-c", str(config), stdout=out, stderr=out)
        try:
            wait_for(lambda: "listening on eth0" in log.read_text(), "knockd to listen")
            yield Both(here, log, imported)
        finally:
            peer.kill()
            peer.wait()


def some_doors(chance: Random, ports: list[int]) -> list[Door]:
    """A few doors that share no port."""
    chance.shuffle(ports)
    doors = []
    for number in range(chance.randint(1, 4)):
        length = chance.randint(1, 5)
        knocks = tuple((chance.choice(("tcp", "udp")), ports.pop()) for _ in range(length))
        if length > 2 and chance.random() < 0.3:
            knocks = (*knocks, knocks[0])  # a port may come again, though not at once
        doors.append(Door(f"door{number}", knocks, 2000 + number))
    return doors


def with_noise(chance: Random, knocks: list[Knock]) -> list[Knock]:
    """Put packets between the knocks that neither side counts: unused ports, the other protocol, no SYN."""
    noisy = []
    for protocol, port in knocks:
        for _ in range(chance.choice((0, 0, 1, 3))):
            other = "udp" if protocol == "tcp" else "tcp"
            noisy.append(
                chance.choice(
                    (
                        ("tcp", chance.choice(UNUSED)),
                        ("udp", chance.choice(UNUSED)),
                        (other, port),
                        ("ack", port),
                    )
                )
            )
        noisy.append((protocol, port))
    return noisy


def visit(chance: Random, doors: list[Door]) -> list[Knock]:
    """What one visitor sends: whole visits, then perhaps a visit that goes wrong, and nothing more."""
    sent: list[Knock] = []
    for _ in range(chance.randint(0, 2)):
        sent += with_noise(chance, list(chance.choice(doors).knocks))
    door = chance.choice(doors)
    match chance.randint(0, 4):
        case 0:  # stops on the way
            sent += with_noise(chance, list(door.knocks[: chance.randrange(len(door.knocks))]))
        case 1:  # a wrong knock of another door, and then nothing that could go on
            others = [each for each in doors if each is not door and len(each.knocks) > 1]
            if others:
                sent += with_noise(chance, [*door.knocks[:-1], chance.choice(others).knocks[-1]])
        case 2 if len(set(door.knocks)) == len(door.knocks) > 1:  # the wrong way round
            sent += with_noise(chance, list(reversed(door.knocks)))
        case 3 if len(door.knocks) > 1:  # one knock left out
            left_out = chance.randrange(len(door.knocks))
            sent += with_noise(chance, [*door.knocks[:left_out], *door.knocks[left_out + 1 :]])
        case _:
            sent += with_noise(chance, [("tcp", chance.choice(UNUSED)) for _ in range(5)])
    return sent


@pytest.mark.parametrize("seed", range(16))
def test_the_same_knocks_open_the_same_doors(here: Gate, tmp_path: Path, seed: int) -> None:
    """Whole, broken-off, wrong and reversed visits over both families, with noise: knockd and ours agree.

    Left out by construction, since they are the named differences: a wrong knock that is followed by the rest of the
    sequence, a knock that is repeated, doors that share a port, strict, and the end of a time.
    """
    chance = Random(seed)
    doors = some_doors(chance, list(range(20000, 20040)))
    with both(here, tmp_path, doors) as pair:
        for number in range(12):
            pair.knock(source(100 + number, chance.choice((4, 6))), *visit(chance, doors))
        theirs = pair.opened_by_knockd()
        assert theirs == pair.opened_by_us()


@pytest.mark.parametrize("seed", range(16))
def test_what_knockd_opens_ours_opens(here: Gate, tmp_path: Path, seed: int) -> None:
    """Any doors that the import keeps, also with ports in common, and any SYNs and datagrams of any sources.

    Nothing that worked stops working: whatever knockd opens is open with us too.
    """
    chance = Random(1000 + seed)
    ports = [20000 + number for number in range(6)]
    doors = []
    for number in range(4):
        length = chance.randint(2, 3)
        doors.append(
            Door(
                f"door{number}", tuple(("tcp", port) for port in chance.sample(ports, length)), 2000 + number
            )
        )
    with both(here, tmp_path, doors) as pair:
        visitors = [source(200 + number) for number in range(3)]
        for _ in range(300):
            pair.knock(chance.choice(visitors), ("tcp", chance.choice(ports)))
        theirs, ours = pair.opened_by_knockd(), pair.opened_by_us()
        kept = {each.name for each in pair.imported.doors if each.fate is Fate.SEQUENCE}
        assert {(door, visitor) for door, visitor in theirs if door in kept} <= ours


def test_the_command_does_what_the_import_says(here: Gate, tmp_path: Path) -> None:
    """The rule that knockd's command really adds is for the port of the service that the policy opens."""
    door = Door("door0", (("tcp", 20000), ("udp", 20001)), 2042)
    with both(here, tmp_path, [door]) as pair:
        pair.knock(source(77), *door.knocks)

        def rules() -> str:
            return here.here.run("nft", "list", "chain", "inet", "doors", "input").stdout

        wait_for(lambda: f"ip saddr {source(77)} tcp dport 2042 accept" in rules(), "the rule")
        policy = pair.imported.policy
        opened = policy.opened_by(policy.sequences[0])
        assert [(ports.protocol, ports.first, ports.last) for each in opened for ports in each.ports] == [
            ("tcp", 2042, 2042)
        ]
        assert here.leaves(here.syn(source(77), 2042))
        assert not here.leaves(here.syn(source(78), 2042))


THREE = Door("door0", (("tcp", 20000), ("tcp", 20001), ("tcp", 20002)), 2000)
OTHER = Door("door1", (("tcp", 20010), ("tcp", 20011)), 2001)


def one_time_door(folder: Path) -> tuple[OneTimeDoor, list[tuple[Knock, ...]]]:
    """A door with three sequences in its file, and those."""
    sequences = [tuple(("tcp", 20000 + 10 * row + place) for place in range(3)) for row in range(3)]
    file = folder / "once"
    file.write_text("".join(f" {','.join(str(port) for _, port in each)}\n" for each in sequences))
    return OneTimeDoor("door0", sequences[0], 2000, file), sequences


def opened_at_port(pair: Both) -> Opened:
    """Who has a grant for the service that the one-time sequences open."""
    return {("door0", each) for each in pair.gate.members(grants("tcp-2000", IpFamily.V4))}


def test_one_time_sequences_open_once_in_their_order(here: Gate, tmp_path: Path) -> None:
    """The first two of three, each by one visitor and then in vain by another; knockd dies of the last one."""
    door, sequences = one_time_door(tmp_path)
    with both(here, tmp_path, [door]) as pair:
        for number, knocks in enumerate(sequences[:2]):
            for visitor in (source(60 + number), source(70 + number)):
                pair.knock(visitor, *knocks)
                pause(0.2)
        theirs = pair.opened_by_knockd()
        assert theirs == {("door0", str(source(60))), ("door0", str(source(61)))}
        assert opened_at_port(pair) == theirs


def test_difference_the_order_of_one_time_sequences(here: Gate, tmp_path: Path) -> None:
    """Knockd knows only the first that is not used; here all of them are good."""
    door, sequences = one_time_door(tmp_path)
    with both(here, tmp_path, [door]) as pair:
        pair.knock(source(62), *sequences[1])
        assert pair.opened_by_knockd() == set()
        assert opened_at_port(pair) == {("door0", str(source(62)))}


def test_difference_a_repeated_knock(here: Gate, tmp_path: Path) -> None:
    """A SYN that is sent again ends the attempt in knockd; ours goes on."""
    with both(here, tmp_path, [THREE]) as pair:
        pair.knock(source(50), THREE.knocks[0], THREE.knocks[0], *THREE.knocks[1:])
        assert pair.opened_by_knockd() == set()
        assert pair.opened_by_us() == {("door0", str(source(50)))}


def test_difference_a_wrong_knock_of_another_door(here: Gate, tmp_path: Path) -> None:
    """Without strict, ours passes over a knock of another door; knockd ends the attempt."""
    with both(here, tmp_path, [THREE, OTHER]) as pair:
        pair.knock(source(51), THREE.knocks[0], OTHER.knocks[1], *THREE.knocks[1:])
        assert pair.opened_by_knockd() == set()
        assert pair.opened_by_us() == {("door0", str(source(51)))}


def test_difference_two_doors_at_once(here: Gate, tmp_path: Path) -> None:
    """Two sequences of one source, interleaved: ours follows each by itself; knockd loses both."""
    with both(here, tmp_path, [THREE, OTHER]) as pair:
        pair.knock(
            source(52), THREE.knocks[0], OTHER.knocks[0], THREE.knocks[1], OTHER.knocks[1], THREE.knocks[2]
        )
        assert pair.opened_by_knockd() == set()
        assert pair.opened_by_us() == {("door0", str(source(52))), ("door1", str(source(52)))}


def test_difference_the_time_of_the_whole_sequence(here: Gate, tmp_path: Path) -> None:
    """The time of knockd runs from the first knock; ours from the one before. After a step too long, neither opens."""
    with both(here, tmp_path, [THREE], seconds=2) as pair:
        for knock in THREE.knocks:
            pair.knock(source(53), knock)
            pause(1.3)
        pair.knock(source(54), THREE.knocks[0])
        pause(2.2)
        pair.knock(source(54), *THREE.knocks[1:])
        assert pair.opened_by_knockd() == set()
        assert pair.opened_by_us() == {("door0", str(source(53)))}


@pytest.mark.peer("iptables", "ip6tables")
def test_the_commands_of_the_corpus_are_real(here: Gate) -> None:
    """What the import calls understood, real iptables and nft take, as far as it adds something."""
    taken = 0
    here.here.nft(GROUND)
    for command in (
        here.here.run("iptables", "-N", "guests", check=False),
        here.here.run("ip6tables", "-N", "guests"),
    ):
        assert command.returncode == 0
    for line in CORPUS.read_text().splitlines():
        steps = judge(Word(line, Span("corpus", 1, 1))) if line[:1] not in {"", " ", "#"} else ()
        for step in steps:
            adds = any(each.opens for each in step.effects) and not {"-D", "delete"} & set(step.words)
            if adds and program_of(step.words[0]) in {"iptables", "ip6tables", "nft"}:
                visitor = "2001:db8::7" if step.effects[0].families == {6} else "192.0.2.7"
                found = here.here.run(*(word.replace("%IP%", visitor) for word in step.words), check=False)
                assert found.returncode == 0, f"{line}: {found.stderr}"
                taken += 1
    assert taken > 15
