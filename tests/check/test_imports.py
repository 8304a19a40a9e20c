"""Each example of an importer's page gives its code, and its fix does not."""

import io
from pathlib import Path

import pytest

from portward.check.imports import EXPORT, KNOCKD, ROUTEROS
from portward.check.page import Page
from portward.cli.environment import Environment
from portward.cli.main import main


def codes(text: str, file: Path, *words: str) -> str:
    """All that a command tells about a text."""
    file.write_text(text)
    file.chmod(0o600)
    told = io.StringIO()
    environment = Environment(io.StringIO(), told, told, {})
    main([*words, str(file), "--json"], environment)
    return told.getvalue()


@pytest.mark.parametrize("page", ROUTEROS[1:], ids=lambda page: page.code)
def test_a_router_script_gives_the_code(page: Page, tmp_path: Path) -> None:
    """PW500, the binary file, is told by the reader's own tests."""
    assert page.code in codes(page.example, tmp_path / "a.rsc", "import", "routeros")
    assert page.code not in codes(page.fix, tmp_path / "b.rsc", "import", "routeros")


@pytest.mark.parametrize("page", KNOCKD, ids=lambda page: page.code)
def test_a_knockd_file_gives_the_code(page: Page, tmp_path: Path) -> None:
    """Doors whose commands are real programs' command lines."""
    assert page.code in codes(page.example, tmp_path / "a.conf", "import", "knockd")
    if page.code != "PW655":  # of every door something differs
        assert page.code not in codes(page.fix, tmp_path / "b.conf", "import", "knockd")


@pytest.mark.parametrize("page", EXPORT, ids=lambda page: page.code)
def test_a_policy_for_a_router_gives_the_code(page: Page, tmp_path: Path) -> None:
    """What RouterOS cannot say, says less well, or says otherwise."""
    assert page.code in codes(page.example, tmp_path / "a.toml", "export", "routeros")
