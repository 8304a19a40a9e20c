"""Each example of a page about fwknop's files gives its code, and its fix does not."""

import io
from pathlib import Path

import pytest

from portward.check.fwknop_imports import CLIENT, SERVER
from portward.check.page import Page
from portward.cli.environment import Environment
from portward.cli.main import main


def codes(text: str, folder: Path, *words: str) -> str:
    """All that an import tells about a text."""
    (folder / "file").write_text(text)
    told = io.StringIO()
    environment = Environment(io.StringIO(), told, told, {"XDG_CONFIG_HOME": str(folder)})
    main([*words, str(folder / "file"), "--json"], environment)
    return told.getvalue()


@pytest.mark.parametrize("page", SERVER, ids=lambda page: page.code)
def test_an_access_conf_gives_the_code(page: Page, tmp_path: Path) -> None:
    """As `portward import fwknop` tells it."""
    assert page.code in codes(page.example, tmp_path, "import", "fwknop")
    assert "PW7" not in codes(page.fix, tmp_path, "import", "fwknop")


@pytest.mark.parametrize("page", CLIENT, ids=lambda page: page.code)
def test_a_fwknoprc_gives_the_code(page: Page, tmp_path: Path) -> None:
    """As `portward import fwknoprc` tells it."""
    assert page.code in codes(page.example, tmp_path, "import", "fwknoprc")
    assert "PW7" not in codes(page.fix, tmp_path, "import", "fwknoprc", "--force")
