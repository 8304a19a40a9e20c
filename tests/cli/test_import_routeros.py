import io
import json
from pathlib import Path

import pytest

from portward.cli.environment import Environment
from portward.cli.exit import ExitStatus
from portward.cli.import_routeros import hide, name_lines
from portward.cli.main import main
from portward.policy.notation import write_duration, write_knock
from portward.policy.policy import Mode
from portward.sources.policy_file import load_policy


ARTICLE = Path(__file__).parents[2] / "lab" / "article.txt"

RULES = """/ip firewall filter
add chain=input action=accept src-address-list=in protocol=tcp dst-port=22
add chain=input action=add-src-to-address-list address-list=in address-list-timeout=1h src-address-list=s1 \
protocol=tcp dst-port=4103
add chain=input action=add-src-to-address-list address-list=s1 address-list-timeout=20s protocol=tcp dst-port=9102
add chain=input action=drop protocol=tcp dst-port=22
"""


class Run:
    """One run of the command, and what it said."""

    def __init__(self, *words: str, stdin: str = "") -> None:
        environment = Environment(
            stdin=io.StringIO(stdin), stdout=io.StringIO(), stderr=io.StringIO(), variables={}
        )
        self.status = main(["import", "routeros", *words], environment)
        assert isinstance(environment.stdout, io.StringIO)
        assert isinstance(environment.stderr, io.StringIO)
        self.out = environment.stdout.getvalue()
        self.err = environment.stderr.getvalue()


def test_article_becomes_its_policy(tmp_path: Path) -> None:
    """33333, 22222, 11111; a minute between the knocks; a week; everything."""
    target = tmp_path / "policy.toml"
    run = Run(str(ARTICLE), "-o", str(target))
    assert run.status == ExitStatus.OK
    assert run.out == ""
    assert target.stat().st_mode & 0o777 == 0o600
    policy = load_policy(target).policy
    (sequence,) = policy.sequences
    assert [write_knock(each) for each in sequence.knocks] == ["tcp/33333", "tcp/22222", "tcp/11111"]
    assert [write_duration(each) for each in (*sequence.step_timeouts, sequence.open_for)] == [
        "1m",
        "1m",
        "1w",
    ]
    assert sequence.opens_everything
    assert (policy.mode, policy.strict) == (Mode.LOCKDOWN, True)


def test_article_report_names_the_fate_of_every_line() -> None:
    """And what the article leaves out."""
    run = Run(str(ARTICLE))
    assert "line 13: in the policy: established connections are always left alone" in run.err
    assert "line 14: in the policy: what 'trusted' opens" in run.err
    assert "lines 15-17: in the policy: a knock of the sequence that opens 'trusted'" in run.err
    assert "lines 37-39: taken note of: kept in the report" in run.err
    assert "no rule drops what the knock opens" in run.err
    assert f"{ARTICLE}:16:46: advice[PW501]: missing space: 'chain=' was read as ' chain='" in run.err
    assert "that are not RouterOS were passed over" in run.err


def test_article_as_json() -> None:
    """Services, sequences, mends with before and after, the fate of each statement."""
    result = json.loads(Run(str(ARTICLE), "--json").out)["result"]
    assert [(each["name"], each["disabled"]) for each in result["services"]] == [
        ("telnet", True),
        ("ftp", True),
        ("www", True),
    ]
    assert result["sequences"][0]["knocks"] == ["tcp/33333", "tcp/22222", "tcp/11111"]
    assert {each["fate"] for each in result["statements"]} == {"policy", "kept"}
    assert {
        "kind": "missing space",
        "line": 16,
        "column": 46,
        "before": "chain=",
        "after": " chain=",
        "grave": True,
    } in (result["mends"])


def test_strict_refuses_a_text_that_had_to_be_mended() -> None:
    """Each grave mend is a mistake; there is no policy."""
    run = Run(str(ARTICLE), "--strict")
    assert run.status == ExitStatus.FINDINGS
    assert run.out == ""
    assert run.err.count("error[PW501]") == 5


def test_all_understood_is_exit_0_and_anything_left_that_packets_depend_on_is_exit_1() -> None:
    """A drop of one port in guard mode is no part of the policy; without it all is understood."""
    left = Run("-", stdin=RULES)
    assert left.status == ExitStatus.FINDINGS
    assert "stdin:5:1: error[PW504]: not in the policy, and packets depend on it: guard mode" in left.err
    assert "[sequences.in]" in left.out
    assert Run("-", stdin=RULES.rpartition("add chain")[0]).status == ExitStatus.OK


def test_what_a_router_refuses_is_exit_1() -> None:
    """With the place and the reason."""
    run = Run("-", stdin=RULES.replace("dst-port=9102", "dst-port=113322"))
    assert run.status == ExitStatus.FINDINGS
    assert "stdin:4:111: error[PW503]: a router refuses this: port 113322 is not in 0..65535" in run.err


def test_text_without_a_knock_writes_no_policy(tmp_path: Path) -> None:
    """A lockdown without a sequence would shut everybody out."""
    target = tmp_path / "policy.toml"
    run = Run("-", "-o", str(target), stdin="/ip firewall filter add chain=input action=drop\n")
    assert run.status == ExitStatus.FINDINGS
    assert "no knock sequence was found" in run.err
    assert not target.exists()


def test_exact_meaning() -> None:
    """Not strict; what differs is a mistake."""
    source = RULES.rpartition("add chain")[0]
    run = Run("-", "--exact-meaning", stdin=source)
    assert "strict = false" in run.out
    assert run.status == ExitStatus.OK
    only_wan = source.replace("dst-port=9102", "dst-port=9102 in-interface-list=WAN")
    assert Run("-", stdin=only_wan).status == ExitStatus.OK
    assert Run("-", "--exact-meaning", stdin=only_wan).status == ExitStatus.FINDINGS


def test_missing_file_is_the_machines_fault(tmp_path: Path) -> None:
    """Also a directory, also a place that cannot be written."""
    assert Run(str(tmp_path / "gone.rsc")).status == ExitStatus.HOST
    assert Run(str(tmp_path)).status == ExitStatus.HOST
    assert Run(str(ARTICLE), "-o", str(tmp_path / "no" / "such")).status == ExitStatus.HOST


def test_secrets_of_a_configuration_are_not_shown() -> None:
    """Neither in source lines nor in mends."""
    text = (
        RULES
        + "/ppp secret add name=eve password=hunter2\n1. /ip firewall filter add chain=k content=”hunter3” p2p=x\n"
    )
    run = Run("-", stdin=text)
    assert "hunter" not in run.err
    assert hide('psk="a \\" b" x content=c') == 'psk="a \\" b" x content=c'.replace(
        '"a \\" b"', "•" * 8
    ).replace("content=c", "content=•")


@pytest.mark.parametrize(
    ("ranges", "text"),
    [([(3, 3)], "line 3"), ([(3, 3), (4, 6), (9, 9)], "lines 3-6, 9"), ([(1, 1), (3, 3)], "lines 1, 3")],
)
def test_lines_are_named_shortly(ranges: list[tuple[int, int]], text: str) -> None:
    """Neighbours as a range."""
    assert name_lines(ranges) == text


def test_terminal_never_obeys_the_text() -> None:
    """Control characters of a file are not printed."""
    run = Run("-", stdin='/ip firewall filter add chain=input comment="\x1b[2J\x9b" p2p=x\n')
    assert run.status == ExitStatus.FINDINGS
    assert not any(each in run.err for each in "\x1b\x9b")
