"""Completion: the shells take the text, and bash does complete by it."""

import argparse
import subprocess
from pathlib import Path

import pytest

from lab.namespaces import missing
from portward.cli.commands import COMMANDS
from portward.cli.completion import bash, fish, flags, run, words_after, zsh
from portward.cli.environment import Environment


def completed(*words: str) -> list[str]:
    """What bash offers for the last word."""
    script = (
        f'source /dev/stdin; COMP_WORDS=(portward "$@"); COMP_CWORD={len(words)}; '
        '_portward; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    ended = subprocess.run(
        ["bash", "-c", script, "bash", *words], input=bash(), check=True, capture_output=True, text=True
    )
    return ended.stdout.split()


@pytest.mark.skipif(bool(missing("bash")), reason="needs bash")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("kno",), {"knock"}),
        (("import", "rou"), {"routeros"}),
        (("knock", "gate", "--ver"), {"--verify"}),
        (("ssh-config", "--"), {"--proxy", "--json", "--help"}),
    ],
)
def test_bash_completes(words: tuple[str, ...], expected: set[str]) -> None:
    assert set(completed(*words)) == expected


@pytest.mark.skipif(bool(missing("bash")), reason="needs bash")
def test_bash_offers_files_where_no_option_begins(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text("")
    assert completed("check", f"{tmp_path}/pol") == [f"{tmp_path}/policy.toml"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_can_read_it(shell: str) -> None:
    if missing(shell):
        pytest.skip(f"needs {shell}")
    text = run(argparse.Namespace(shell=shell), Environment()).result["text"]
    ended = subprocess.run([shell, "-n"], input=text, check=False, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_every_verb_and_option_is_known_to_every_shell() -> None:
    texts = (bash(), zsh(), fish())
    for command in COMMANDS:
        for text in texts:
            assert all(word in text for word in command.name.split())
        for flag in flags(command):
            assert flag in texts[0]
            assert flag in texts[1]
            assert (
                f"-{'l' if flag.startswith('--') else 's'} {flag.lstrip('-')}" in texts[2] or flag == "--help"
            )


def test_kinds_follow_their_verb() -> None:
    assert "routeros" in words_after("import")
    assert "import" in words_after("")
    assert "routeros" not in words_after("")
