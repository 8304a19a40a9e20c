import io
from pathlib import Path

import pytest

from portward.apply.session import Session
from portward.cli.environment import Environment
from portward.cli.policy import read_checked
from portward.errors import HostError, PolicyError, Severity


GATE = """\
schema = 1
[services.ssh]
ports = ["tcp/22"]
[sequences.a]
knocks = ["tcp/41733", "udp/9121", "icmp/777", "tcp/17021"]
opens = "*"
"""


def environment(text: str = "", **variables: str) -> Environment:
    return Environment(stdin=io.StringIO(text), variables=variables)


def test_a_policy_without_mistakes_comes_with_its_advice() -> None:
    loaded = read_checked("-", environment(GATE.replace('"icmp/777", ', "")))
    assert loaded.policy.sequences[0].name == "a"
    assert [(each.code, each.severity) for each in loaded.diagnostics] == [("PW202", Severity.ADVICE)]


def test_mistakes_of_form_and_of_meaning_are_told_together_and_advice_is_left_for_later() -> None:
    text = GATE + 'penalty = 1\n[services.b]\nports = ["tcp/22"]\n[services.c]\nports = [1]\n'
    with pytest.raises(PolicyError) as caught:
        read_checked("-", environment(text))
    assert [f"{each.code} {each.span}" for each in caught.value.diagnostics] == [
        "PW102 <stdin>:7:1",
        "PW311 <stdin>:9:10",
        "PW103 <stdin>:11:10",
    ]
    assert caught.value.sources["<stdin>"] == text


def test_a_mistake_of_meaning_alone_refuses_the_policy_too() -> None:
    with pytest.raises(PolicyError) as caught:
        read_checked("-", environment(GATE.replace("tcp/22", "tcp/41733")))
    assert [each.code for each in caught.value.diagnostics] == ["PW313"]


def test_the_session_that_asks_is_thought_of() -> None:
    loaded = read_checked("-", environment(GATE, SSH_CONNECTION="203.0.113.9 50000 192.0.2.1 22"))
    assert [each.code for each in loaded.diagnostics] == ["PW401"]


def test_the_session_behind_sudo_is_found_too(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session("203.0.113.9 50000 192.0.2.1 22", None)
    monkeypatch.setattr("portward.apply.session.current_session", lambda _: session)
    assert [each.code for each in read_checked("-", environment(GATE, SUDO_USER="ann")).diagnostics] == [
        "PW401"
    ]
    assert read_checked("-", environment(GATE)).diagnostics == ()


def test_a_file_that_is_not_there_is_the_hosts_fault(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="No such file"):
        read_checked(str(tmp_path / "policy.toml"), environment())
