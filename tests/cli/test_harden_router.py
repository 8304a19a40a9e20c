"""`portward harden --routeros`: lines to import, exactly as the article has them."""

import json
from pathlib import Path

import pytest

import lab
from portward.cli.main import main


ARTICLE = str(Path(lab.__file__).with_name("article.txt"))


def test_the_articles_lines_go_in_and_come_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["harden", "--routeros", ARTICLE]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "/ip service set telnet disabled=yes",
        "/ip service set www disabled=yes",
        "/ip service set ftp disabled=yes",
    ]


def test_services_can_be_named_and_a_file_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "r.rsc").write_text("/ip service\nset ftp disabled=no port=2121\n")
    words = ["harden", "--routeros", str(tmp_path / "r.rsc"), "api", "ftp", "-o", str(tmp_path / "off.rsc")]
    assert main(words) == 0
    assert (
        tmp_path / "off.rsc"
    ).read_text() == "/ip service set api disabled=yes\n/ip service set ftp disabled=yes\n"
    assert "/import file-name=off.rsc" in capsys.readouterr().err


def test_undo_is_lines_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "r.rsc").write_text("/ip service set www disabled=yes\n")
    assert main(["harden", "--routeros", str(tmp_path / "r.rsc"), "--undo"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "/ip service set telnet disabled=no",
        "/ip service set www disabled=yes",
        "/ip service set ftp disabled=no",
    ]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("sshd",), 2, "no service 'sshd'"),
        (("ssh", "winbox", "www-ssl", "api-ssl"), 2, "no way into the router"),
        (("-o", "/nonexistent/off.rsc"), 4, "cannot write"),
    ],
)
def test_what_cannot_be_done_is_told(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, told: str
) -> None:
    assert main(["harden", "--routeros", ARTICLE, *words, "--json"]) == code
    assert told in json.loads(capsys.readouterr().out)["errors"][0]["message"]


def test_a_file_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["harden", "--routeros", "/nonexistent", "--json"]) == 4
    assert "cannot read" in capsys.readouterr().out
