import io
import json
from pathlib import Path

import pytest

from portward.cli.environment import Environment
from portward.cli.main import main


RULES = """/ip firewall filter
add chain=input protocol=tcp dst-port=1111 action=add-src-to-address-list address-list=in address-list-timeout=10s
add chain=input in-interface-list=WAN src-address-list=!in action=drop
/interface list member add list=WAN interface=ether1
"""
TRACE = """0 192.0.2.7 > 198.51.100.1 tcp/22
+1s 192.0.2.7 > 198.51.100.1 tcp/1111
+1s 192.0.2.7 > 198.51.100.1 tcp/22
"""
PSD = "/ip firewall filter add chain=input protocol=tcp psd=21,3s,3,1 action=drop\n"


def run(*words: str, stdin: str = "") -> tuple[int, str, str]:
    """Run a command line: exit code, stdout, stderr."""
    out, err = io.StringIO(), io.StringIO()
    code = main(words, Environment(io.StringIO(stdin), out, err, {}))
    return code, out.getvalue(), err.getvalue()


@pytest.fixture
def rules(tmp_path: Path) -> str:
    """A file of rules."""
    path = tmp_path / "router.rsc"
    path.write_text(RULES)
    return str(path)


def test_compile_exact_prints_the_table(rules: str) -> None:
    code, out, err = run("compile", "--exact", rules)
    assert (code, err) == (0, "")
    assert 'iifname "ether1"' in out


def test_interfaces_are_given_their_names_here(rules: str) -> None:
    assert 'iifname "eth0"' in run("compile", "--exact", rules, "--interface", "ether1=eth0")[1]
    assert 'iifname { "eth0", "ppp0" }' in run("compile", "--exact", rules, "--interface", "WAN=eth0,ppp0")[1]


@pytest.mark.parametrize("wrong", ["eth0", "WAN=", "ether7=eth0"])
def test_a_wrong_interface_is_a_wrong_command_line(rules: str, wrong: str) -> None:
    assert run("compile", "--exact", rules, "--interface", wrong)[0] == 2


def test_the_map_names_the_scripts_lines(rules: str) -> None:
    assert f"{rules}:2:1" in run("compile", "--exact", rules, "--map")[1]
    places = json.loads(run("compile", "--exact", rules, "--json")[1])["result"]["map"]
    assert {each["script_line"] for each in places} == {2, 3}


def test_what_cannot_be_said_is_refused_or_left_out() -> None:
    code, out, err = run("compile", "--exact", "-", stdin=PSD)
    assert code == 1
    assert not out
    assert "stdin:1:" in err
    assert "psd" in err
    code, out, err = run("compile", "--exact", "-", "--allow-weaker", stdin=PSD)
    assert code == 0
    assert out.startswith("table inet portward")
    assert "psd" in err


def test_a_text_without_rules_is_refused() -> None:
    assert run("compile", "--exact", "-", stdin="Dear reader,\n")[0] == 1


def test_a_secret_content_is_not_shown() -> None:
    text = '/ip firewall filter add chain=input content="open sesame" action=drop\n'
    _, out, err = run("compile", "--exact", "-", stdin=text)
    assert "sesame" not in out + err


def test_simulate_tells_the_rules_that_fitted(rules: str, tmp_path: Path) -> None:
    trace = tmp_path / "visit.trace"
    trace.write_text(TRACE)
    code, out, err = run("simulate", rules, str(trace), "--interface", "WAN=eth0")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "0.000  192.0.2.7 > 198.51.100.1 tcp/22 syn: drop",
        "    line 3      filter input: drop",
        "1.000  192.0.2.7 > 198.51.100.1 tcp/1111 syn: accept",
        "    line 2      filter input: 192.0.2.7 is in in for 10s",
        "2.000  192.0.2.7 > 198.51.100.1 tcp/22 syn: accept",
        "    no rule fits",
        "3 packets: 2 accept, 1 drop",
        "in in: 192.0.2.7, 9s left",
    ]
    result = json.loads(run("simulate", rules, str(trace), "--interface", "WAN=eth0", "--json")[1])["result"]
    assert [each["verdict"] for each in result["packets"]] == ["drop", "accept", "accept"]
    assert result["lists"] == [{"family": "ip", "list": "in", "address": "192.0.2.7", "seconds_left": 9.0}]


def test_the_simulator_knows_what_the_kernel_does_not(tmp_path: Path) -> None:
    trace = tmp_path / "scan.trace"
    trace.write_text("\n".join(f"0 192.0.2.7 > 198.51.100.1 tcp/{port}" for port in range(1, 9)))
    code, out, _ = run("simulate", "--exact", "-", str(trace), stdin=PSD)
    assert code == 0
    assert out.endswith("8 packets: 6 accept, 2 drop\n")


@pytest.mark.parametrize("option", [["--allow-weaker"], ["--interface", "a=b"]])
def test_options_about_router_rules_need_them(option: list[str], tmp_path: Path) -> None:
    assert run("compile", "policy.toml", *option)[0] == 2
    assert run("simulate", "policy.toml", str(tmp_path / "x"), *option)[0] == 2


def test_a_file_that_is_not_there_is_named() -> None:
    code, _, err = run("compile", "--exact", "/nowhere.rsc")
    assert code == 4
    assert "/nowhere.rsc" in err
