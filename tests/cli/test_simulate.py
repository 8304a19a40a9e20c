"""`portward simulate` from the command line: traces, captures, wrong use."""

import io
import json
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
from tests.simulate.transcript import packet
from tests.simulate.wire import pcap, to_bytes

from portward.cli.environment import Environment
from portward.cli.main import main


POLICY = """\
schema = 1

[services.ssh]
ports = ["tcp/22"]

[sequences.admin]
knocks = ["tcp/33333", "udp/22222=mellon", "tcp/11111"]
opens = ["ssh"]
open_for = "1h"
"""

VISIT = """\
0    192.0.2.7 > 198.51.100.1 tcp/22
+0.1 192.0.2.7 > 198.51.100.1 tcp/33333
+0.1 192.0.2.7 > 198.51.100.1 udp/22222 "mellon"
+0.1 192.0.2.7 > 198.51.100.1 tcp/11111
+0.1 192.0.2.7 > 198.51.100.1 tcp/22
+0.1 192.0.2.8 > 198.51.100.1 tcp/33333
+0.1 192.0.2.8 > 198.51.100.1 tcp/34
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "policy.toml").write_text(POLICY)
    (tmp_path / "policy.toml").chmod(0o600)
    (tmp_path / "visit.trace").write_text(VISIT)
    return tmp_path


def simulate(files: Path, *words: str, stdin: str = "") -> tuple[int, str, str]:
    """Run the command in the directory; exit code, stdout, stderr."""
    out, err = io.StringIO(), io.StringIO()
    environment = Environment(io.StringIO(stdin), out, err, {})
    paths = [str(files / word) if (files / word).is_file() else word for word in words]
    return main(["simulate", *paths], environment), out.getvalue(), err.getvalue()


def result(files: Path, *words: str) -> Any:
    return json.loads(simulate(files, *words, "--json")[1])["result"]


def test_every_packet_is_explained(files: Path) -> None:
    """Its verdict, the line and the place in the policy that decided, and the chains on its way."""
    code, out, err = simulate(files, "policy.toml", "visit.trace")
    assert (code, err) == (0, "")
    assert "0.000  192.0.2.7 > 198.51.100.1 tcp/22 syn: drop" in out
    assert "5.1  its source has no grant for ssh" in out
    assert "5.3  knock 1 of 3 of admin counts" in out
    assert "policy.toml:7:11" in out
    assert "chains: first_look > judge > to_us > knock_tcp_33333 > after_knock > closed" in out
    assert 'rule "admin: knock 1 of 3"' in out
    assert "a stray: no knock stands there; its source is under penalty now" in out


def test_the_end_says_who_is_where_until_when(files: Path) -> None:
    out = simulate(files, "policy.toml", "visit.trace")[1]
    assert "packets judged: 7; left alone: 6, dropped: 1, penalties: 1" in out
    assert "192.0.2.7/32 may reach ssh until 3600.300 s (for 59m59s700ms)" in out
    assert "192.0.2.8 is under penalty until 60.600 s (for 1m)" in out
    assert "192.0.2.8 has reached stage 1 of admin" in out


def test_the_same_for_programs(files: Path) -> None:
    found = result(files, "policy.toml", "visit.trace")
    assert [each["verdict"] for each in found["packets"]] == ["drop", *["leave"] * 6]
    assert found["packets"][3]["granted"][0]["service"] == "ssh"
    assert found["packets"][1]["reasons"][0] == {
        "line": "5.3",
        "text": "knock 1 of 3 of admin counts",
        "service": None,
        "sequence": "admin",
        "knock": 1,
        "person": None,
        "place": f"{files}/policy.toml:7:11",
    }
    assert found["at_the_end"]["grants"][0]["network"] == "192.0.2.7/32"


def test_no_word_is_told(files: Path) -> None:
    assert "mellon" not in simulate(files, "policy.toml", "visit.trace")[1]
    assert "mellon" not in json.dumps(result(files, "policy.toml", "visit.trace"))


def test_a_capture_is_read_as_well(files: Path) -> None:
    """Whom it takes for this host is said, and can be said otherwise."""
    knocks = ["tcp/33333", "udp/22222=mellon", "tcp/11111", "tcp/22"]
    frames = [(100 + number, to_bytes(packet(each))) for number, each in enumerate(knocks)]
    (files / "visit.pcap").write_bytes(pcap([*frames, (105, b"\0")]))
    code, out, err = simulate(files, "policy.toml", "visit.pcap")
    assert code == 0
    assert "3.000  192.0.2.7 > 198.51.100.1 tcp/22 syn: leave" in out
    assert "this host is taken to be 198.51.100.1" in err
    assert "packets passed over: 1 not IP" in err
    other = simulate(files, "policy.toml", "visit.pcap", "--host", "198.51.100.2")[1]
    assert "nobody is in" in other


def test_a_trace_may_come_from_stdin(files: Path) -> None:
    assert "packets judged: 7" in simulate(files, "policy.toml", "-", stdin=VISIT)[1]
    assert "packets judged: 7" in simulate(files, "-", "visit.trace", stdin=POLICY)[1]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("policy.toml", "nowhere"), 4, "cannot read nowhere"),
        (("-", "-"), 2, "cannot both come from stdin"),
        (("policy.toml", "visit.trace", "--host", "here"), 2, "--host: 'here' is no IPv4 or IPv6 address"),
        (("policy.toml", "visit.trace", "--at", "noon"), 2, "--at: 'noon' is no moment"),
        (("policy.toml", "visit.trace", "--at", "0001-01-01T00:00+23:00"), 2, "is no moment"),
        (
            ("policy.toml", "visit.trace", "--exact", "--at", "2026-07-01T12:00"),
            2,
            "--at is about people's keys",
        ),
        (("policy.toml", "bad.trace"), 1, "bad.trace:1:25: error: port 70000"),
        (("policy.toml", "bad.pcap"), 1, "the file ends within packet 1"),
        (("policy.toml", "noise"), 1, "neither a trace"),
        (("visit.trace", "visit.trace"), 1, "visit.trace:1:"),
    ],
)
def test_wrong_use(files: Path, words: tuple[str, ...], code: int, message: str) -> None:
    (files / "bad.trace").write_text("0 192.0.2.7 > 192.0.2.1 tcp/70000\n")
    (files / "bad.pcap").write_bytes(pcap([(0, b"abcd")])[:-1])
    (files / "noise").write_bytes(b"\xff\xfe\x00")
    found, out, err = simulate(files, *words)
    assert (found, out) == (code, "")
    assert message in err


def test_the_page_on_simulating_shows_what_is_printed(files: Path) -> None:
    """Its first example, run as it stands there."""
    page = (Path(__file__).parents[2] / "docs" / "simulating.md").read_text()
    kept, trace, shown = (
        textwrap.dedent(each) for each in re.findall(r"(?:^    .*\n|^\n(?=    ))+", page, re.MULTILINE)[:3]
    )
    (files / "policy.toml").write_text(kept.strip("\n") + "\n")
    (files / "visit.trace").write_text(trace)
    command, printed = shown.strip("\n").split("\n", 1)
    out = simulate(files, *command.split()[3:])[1].replace(f"{files}/", "")
    assert out.strip("\n") == printed
