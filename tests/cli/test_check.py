import io
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from portward.cli.environment import Environment
from portward.cli.main import main
from portward.sources.policy_reference import EXAMPLE


WEAK = EXAMPLE.replace('step_timeout = "10s"', 'step_timeout = "60s"')


def run(text: str, *options: str, **variables: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `portward check -`."""
    out, talk = io.StringIO(), io.StringIO()
    environment = Environment(io.StringIO(text), out, talk, variables)
    return main(["check", "-", *options], environment), out.getvalue(), talk.getvalue()


def test_a_policy_without_mistakes_is_said_to_have_none_and_its_sequences_are_measured() -> None:
    status, out, talk = run(EXAMPLE)
    assert status == 0
    assert out.startswith("no mistakes: 3 services, 2 sequences, mode guard\n")
    assert "admin" in out
    assert "bits" in out
    assert talk == ""


def test_mistakes_are_shown_with_file_line_column_source_and_caret() -> None:
    status, out, talk = run(EXAMPLE.replace('"tcp/22"', '"tcp/222222"').replace("penalty", "penalti"))
    assert status == 1
    assert out == ""
    assert "<stdin>:8:1: error[PW102]: there is no key 'penalti' in [defaults]\n" in talk
    assert "    hint: did you mean penalty?\n" in talk
    assert (
        '<stdin>:13:14: error[PW104]: port 222222 is not in 1..65535\n    ports     = ["tcp/222222"]\n'
        in talk
    )
    assert f"    {' ' * 13}{'^' * 12}\n" in talk
    assert talk.endswith("2 mistakes\n")


def test_advice_is_no_failure_unless_it_is_asked_to_be() -> None:
    assert run(WEAK)[0] == 0
    assert "PW201" in run(WEAK)[2]
    assert run(WEAK, "--strict")[0] == 1
    assert run(EXAMPLE, "--strict")[0] == 0


def test_notes_are_no_failure_even_then() -> None:
    status, _, talk = run(EXAMPLE.replace("tcp/41733", "tcp/10080"), "--strict")
    assert status == 0
    assert "note[PW210]" in talk


def test_strength_can_be_left_out() -> None:
    assert run(EXAMPLE, "--no-strength")[1] == "no mistakes: 3 services, 2 sequences, mode guard\n"


def test_the_json_object_has_the_strengths_and_the_advice() -> None:
    status, out, _ = run(WEAK, "--json")
    told = json.loads(out)
    assert (status, told["ok"], told["errors"]) == (0, True, [])
    assert {each["code"] for each in told["warnings"]} >= {"PW201"}
    (admin, porter) = told["result"]["sequences"]
    assert (admin["name"], porter["name"]) == ("admin", "porter")
    assert admin["bits"] > 64
    assert {each["name"] for each in porter["sweeps"]} >= {"ascending", "descending", "random", "repeated"}


def test_the_json_object_of_a_policy_with_mistakes_has_their_places() -> None:
    status, out, _ = run("schema = 2\n", "--json")
    (only,) = json.loads(out)["errors"]
    assert (status, only["code"], only["file"], only["line"], only["column"]) == (
        1,
        "PW108",
        "<stdin>",
        1,
        10,
    )


def test_no_output_gives_away_a_word() -> None:
    text = EXAMPLE.replace('"icmp/777"', '"icmp/7"')
    assert "open sesame" in text
    for options in ((), ("--json",)):
        assert "sesame" not in "".join(map(str, run(text, *options)))
        assert "sesame" not in "".join(map(str, run(EXAMPLE.replace("41733", "443"), *options)))


def test_the_session_that_would_be_shut_out_is_warned() -> None:
    talk = run(EXAMPLE, SSH_CONNECTION="203.0.113.9 1 192.0.2.1 22")[2]
    assert "advice[PW401]: you came from 203.0.113.9 to tcp/22, which is guarded as a port of ssh" in talk


def big_policy(sequences: int) -> str:
    """A policy of about four lines a sequence, without mistakes."""
    pick = random.Random(1)  # noqa: S311 - a seed, so that each run measures the same
    lines = ["schema = 1"]
    lines += [f'[services.s{number}]\nports = ["tcp/{number + 1}"]' for number in range(20)]
    for number in range(sequences):
        knocks = ", ".join(f'"{pick.choice(["tcp", "udp"])}/{pick.randint(1024, 65535)}"' for _ in range(4))
        lines += [
            f"[sequences.q{number}]",
            f"knocks = [{knocks}]",
            f'opens = ["s{number % 20}"]',
            'open_for = "2h"',
        ]
    return "\n".join(lines) + "\n"


def test_ten_thousand_lines_are_checked(tmp_path: Path) -> None:
    """Strengths included; how fast, `make bench` measures."""
    path = tmp_path / "policy.toml"
    path.write_text(big_policy(2500))
    path.chmod(0o600)
    assert len(path.read_text().splitlines()) > 10_000
    command = [sys.executable, "-m", "portward", "check", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "2,450 more" in done.stdout


@pytest.mark.parametrize("options", [["--nonsense"], ["a", "b"]])
def test_a_wrong_command_line_is_refused(options: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["check", *options])
    assert caught.value.code == 2
