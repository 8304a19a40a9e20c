from pathlib import Path

import pytest
from tests.cli.people import Desk, desk


@pytest.fixture
def here(tmp_path: Path) -> Desk:
    """A visitor without a key."""
    return desk(tmp_path)


def test_the_public_half_is_printed_and_the_private_one_is_not(here: Desk) -> None:
    public = here.run("keygen").strip()
    private = (here.root / "config/portward/own.key").read_text().strip()
    assert len(public) == len(private) == 44
    assert public != private
    assert private not in here.said
    assert "--public-key" in here.said


def test_a_key_is_shown_and_not_replaced_unasked(here: Desk) -> None:
    public = here.run("keygen", "--show")
    assert here.run("keygen", "--show") == public
    here.run("keygen", code=2)
    assert here.run("keygen", "--force") != public
