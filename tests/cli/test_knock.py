"""`portward knock` without a network: what it makes of its words, and what it refuses."""

import argparse
import io
import json
from pathlib import Path
from typing import Any

import attrs
import pytest
from tests.cli.people import Desk, desk
from tests.knock.fwknop_profiles import GATE as FWKNOP_GATE

from portward.cli import knock as module
from portward.cli.environment import Environment
from portward.cli.knock import find_profile, run, wanted
from portward.cli.main import command_parser, find_command
from portward.errors import HostError, PeerError, UsageError
from portward.knock.door import Answer
from portward.knock.gate import GateVisit
from portward.knock.profile import Family, Profile
from portward.knock.store import add_profile
from portward.policy.net import Address
from portward.policy.notation import read_address, read_knock, write_knock


GATE = Profile("gate", "gate.example.org", tuple(map(read_knock, ("tcp/3", "udp/7=geheim"))), verify=(22,))
ADDRESSES: tuple[Address, ...] = (read_address("192.0.2.1"),)


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """A user with one profile."""
    made = Environment(io.StringIO(), io.StringIO(), io.StringIO(), {"XDG_CONFIG_HOME": str(tmp_path)})
    add_profile(made.client_directory(), GATE, replace=False)
    return made


def options(*words: str, then: tuple[str, ...] = ()) -> argparse.Namespace:
    """Parse words as `portward knock` does."""
    command, _ = find_command(["knock"])
    assert command is not None
    parsed = command_parser(command).parse_intermixed_args(words)
    parsed.then = list(then)
    return parsed


def said(environment: Environment) -> str:
    """What was told on stderr."""
    assert isinstance(environment.stderr, io.StringIO)
    return environment.stderr.getvalue()


@pytest.mark.parametrize("host", ["gate", "gate.example.org", "GATE.example.org"])
def test_a_profile_is_found_by_its_name_or_its_host(environment: Environment, host: str) -> None:
    assert wanted(options(host), environment) == GATE


def test_the_command_line_goes_before_the_profile(environment: Environment) -> None:
    words = [
        "--both",
        "--delay",
        "50ms",
        "--copies",
        "3",
        "--source",
        "192.0.2.9",
        "--verify",
        "80",
        "--verify",
        "tcp/443",
    ]
    assert wanted(options("gate", *words), environment) == attrs.evolve(
        GATE,
        family=Family.BOTH,
        delay=wanted(options("gate", "--delay", "50ms"), environment).delay,
        copies=3,
        source=read_address("192.0.2.9"),
        verify=(80, 443),
    )
    assert wanted(options("gate", "--no-verify"), environment).verify == ()
    assert wanted(options("gate", "-6"), environment).family is Family.V6


def test_knocks_of_the_command_line_replace_the_profiles(environment: Environment) -> None:
    knocks = wanted(options("gate", "tcp/1", "icmp/100"), environment).knocks
    assert [write_knock(each) for each in knocks] == ["tcp/1", "icmp/100"]


def test_without_a_profile_the_host_is_the_host(environment: Environment) -> None:
    made = wanted(options("192.0.2.5", "tcp/1"), environment)
    assert (made.host, made.verify, made.copies, made.penalty) == ("192.0.2.5", (), 1, None)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere"], "no profile for nowhere, and no knocks given"),
        (["h", "tcp/0"], "knock 1: port 0 is not in 1..65535"),
        (["h", "tcp/1", "33333"], "knock 2: '33333' is no protocol"),
        (["h", "tcp/1", "--delay", "2h"], "2h is longer than 1m"),
        (["h", "tcp/1", "--copies", "6"], "--copies takes 1 to 5, not '6'"),
        (["h", "tcp/1", "--verify", "ssh"], "'ssh' is no TCP port"),
        (["h", "tcp/1", "--source", "eth0"], "'eth0' is no IPv4 or IPv6 address"),
        (["h", "tcp/1", "--verify", "1", "--no-verify"], "exclude each other"),
        (["h", "tcp/1", "--word-file", "f"], "use one of them"),
    ],
)
def test_wrong_words_are_refused(environment: Environment, words: list[str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        wanted(options(*words), environment)
    assert message in str(caught.value)


def test_a_secret_word_on_the_command_line_is_refused_and_not_repeated(environment: Environment) -> None:
    with pytest.raises(UsageError, match="knock 2 carries a secret word") as caught:
        wanted(options("h", "tcp/1", "udp/7=geheim"), environment)
    assert "geheim" not in str(caught.value)
    assert "--word-file" in str(caught.value)


def test_words_come_from_a_file_or_stdin(environment: Environment, tmp_path: Path) -> None:
    """One knock a line; remarks and blank lines are passed over; a word keeps its spaces."""
    text = "# mine\n\ntcp/1\r\nudp/7= a word \n"
    file = tmp_path / "words"
    file.write_text(text)
    file.chmod(0o600)
    environment.stdin = io.StringIO(text)
    for source in (str(file), "-"):
        knocks = wanted(options("h", "--word-file", source), environment).knocks
        assert [write_knock(each) for each in knocks] == ["tcp/1", "udp/7= a word "]


def test_a_mistake_in_the_word_file_has_its_line_and_no_word(environment: Environment) -> None:
    environment.stdin = io.StringIO("tcp/1\nudp/99999=geheim\n")
    with pytest.raises(UsageError, match="-:2: port 99999") as caught:
        wanted(options("h", "--word-file", "-"), environment)
    assert "geheim" not in str(caught.value)


def test_a_word_file_that_others_may_read_is_refused(environment: Environment, tmp_path: Path) -> None:
    file = tmp_path / "words"
    file.write_text("tcp/1")
    file.chmod(0o644)
    with pytest.raises(HostError, match="chmod 600"):
        wanted(options("h", "--word-file", str(file)), environment)


def test_two_profiles_for_one_host_must_be_named() -> None:
    other = attrs.evolve(GATE, name="other")
    assert find_profile((GATE, other), "other") is other
    with pytest.raises(UsageError, match=r"several profiles are for gate\.example\.org: gate, other"):
        find_profile((GATE, other), "gate.example.org")


def visited(monkeypatch: pytest.MonkeyPatch, result: GateVisit) -> list[Any]:
    """Let every visit end so; gives the list of what was asked for."""
    asked: list[Any] = []

    def visit(profile: Profile, timeout: Any, _talk: Any, **_how: Any) -> GateVisit:
        asked.append((profile, timeout))
        return result

    monkeypatch.setattr(module, "visit_gate", visit)
    return asked


def test_the_result_hides_words(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    visited(monkeypatch, GateVisit(ADDRESSES, 2, 3.21))
    outcome = run(options("gate"), environment)
    assert outcome.result == {
        "host": "gate.example.org",
        "way": "sequence",
        "addresses": ["192.0.2.1"],
        "knocks": ["tcp/3", "udp/7=…"],
        "verified": [22],
        "tries": 2,
        "seconds": 3.21,
    }
    assert said(environment) == "knocked at 192.0.2.1: tcp/22 is open, at try 2\n"


@pytest.mark.parametrize(
    ("answer", "hint"), [(Answer.SILENT, "ignore us for a while"), (Answer.REFUSED, "nothing listens there")]
)
def test_a_door_that_stays_shut_is_the_peers_fault(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, answer: Answer, hint: str
) -> None:
    visited(monkeypatch, GateVisit(ADDRESSES, 1, 30, (22,), answer))
    with pytest.raises(
        PeerError, match=rf"tcp/22 of gate\.example.org stayed shut after one try in 30.*{hint}"
    ):
        run(options("gate"), environment)


def test_the_timeout_is_the_users_or_fits_the_profile(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = visited(monkeypatch, GateVisit(ADDRESSES, 1, 1))
    run(options("gate", "--timeout", "5s"), environment)
    run(options("gate"), environment)
    assert [timeout.seconds for _, timeout in asked] == [5, 30]
    with pytest.raises(UsageError, match="--timeout"):
        run(options("gate", "--timeout", "soon"), environment)


def test_json_and_a_command_exclude_each_other(environment: Environment) -> None:
    with pytest.raises(UsageError, match="both want stdout"):
        run(options("gate", "--json", then=("ssh",)), environment)


def test_a_command_that_is_not_there_is_named(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    visited(monkeypatch, GateVisit(ADDRESSES, 1, 1))
    with pytest.raises(HostError, match="cannot run no-such-program"):
        run(options("gate", then=("no-such-program",)), environment)


def test_fwknop_s_packet(environment: Environment) -> None:
    """--fwknop leaves the knocks out; a profile without knocks needs no --fwknop."""
    both = attrs.evolve(GATE, name="both", host="both.example.org", fwknop=FWKNOP_GATE)
    alone = attrs.evolve(both, name="alone", host="alone.example.org", knocks=())
    for each in (both, alone):
        add_profile(environment.client_directory(), each, replace=False)
    assert wanted(options("both"), environment).knocks
    assert wanted(options("--fwknop", "both.example.org"), environment) == attrs.evolve(both, knocks=())
    assert wanted(options("alone"), environment) == alone
    assert wanted(options("--fwknop", "alone", "--verify", "80"), environment).verify == (80,)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--fwknop", "gate"), "no profile for gate says how"),
        (("--fwknop", "nowhere"), "no profile for nowhere"),
        (("--fwknop", "gate", "tcp/3"), "instead of knocks"),
    ],
)
def test_fwknop_s_packet_cannot_be_made(environment: Environment, words: tuple[str, ...], part: str) -> None:
    """No such table, no such profile, knocks beside it."""
    with pytest.raises(UsageError, match=part):
        wanted(options(*words), environment)


@pytest.fixture
def keyed(tmp_path: Path) -> Desk:
    """A visitor who was invited with every way."""
    made = desk(tmp_path)
    file = tmp_path / "alice.toml"
    made.person("add", "alice", "--opens", "ssh", "--host", "127.0.0.1", "-o", str(file))
    made.run("import-profile", str(file), "--name", "gate")
    return made


@pytest.mark.parametrize(
    ("words", "way"),
    [
        ((), "sealed"),
        (("--way", "pass"), "pass"),
        (("--way", "rolling"), "rolling"),
        (("udp/9",), "sequence"),
    ],
)
def test_the_best_way_is_taken_unless_the_command_line_says_otherwise(
    keyed: Desk, words: tuple[str, ...], way: str
) -> None:
    told = json.loads(keyed.run("knock", "gate", *words, "--no-verify", "--delay", "1ms", "--json"))
    assert (told["ok"], told["result"]["way"]) == (True, way)
    assert told["result"]["knocks"] == (["udp/9"] if way == "sequence" else [])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--way", "fwknop"), "does not say how to knock by fwknop; it knows sealed, pass, rolling"),
        (("--way", "sequence"), "does not say how to knock by sequence"),
        (("--way", "pass", "udp/9"), "--way pass needs none"),
    ],
)
def test_a_way_that_the_profile_does_not_know_is_refused(
    keyed: Desk, words: tuple[str, ...], sentence: str
) -> None:
    keyed.run("knock", "gate", *words, "--no-verify", code=2)
    assert sentence in keyed.said


def test_when_all_passes_are_used_no_knock_is_sent_and_that_is_told(keyed: Desk) -> None:
    keyed.run("pass", "gate", "--count", "8")
    keyed.run("knock", "gate", "--way", "pass", "--no-verify", code=1)
    assert "no pass is left; the next ones count from" in keyed.said
