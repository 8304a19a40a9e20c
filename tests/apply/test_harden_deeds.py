"""Files are written whole, with the owner and mode of what was there; a root is put before every path."""

from pathlib import Path

import pytest

from portward.apply.harden_deeds import Place, do_all, files_now, moved_to, put_all
from portward.errors import HostError
from portward.exposure.mends import Mend, MendPlan, Put, Way


def test_a_file_is_written_with_the_folders_above_it(tmp_path: Path) -> None:
    put_all([Put(str(tmp_path / "a/b/c"), "text\r\n", 0o600)])
    assert (tmp_path / "a/b/c").read_bytes() == b"text\r\n"
    assert (tmp_path / "a/b/c").stat().st_mode & 0o777 == 0o600


def test_bytes_that_are_no_text_survive(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xff")
    text = (tmp_path / "a").read_bytes().decode("utf-8", "surrogateescape")
    put_all([Put(str(tmp_path / "a"), text + "x")])
    assert (tmp_path / "a").read_bytes() == b"\xffx"


def test_a_link_stays_and_the_file_behind_it_changes(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    put_all([Put(str(tmp_path / "link"), "new")])
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_a_folder_in_the_way_is_told(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="no plain file"):
        put_all([Put(str(tmp_path), "")])


def test_below_a_root_every_path_is_moved_but_the_policys(tmp_path: Path) -> None:
    """The policy was read from below the root, so its paths are whole already."""
    mend = Mend("ssh", (), Way.MOVE, files=(Put("/etc/a", "x"),), kept=(Put("/etc/a", "y"),))
    place = Place(str(tmp_path))
    plan = moved_to(place, MendPlan((mend,), policy=(Put(f"{tmp_path}/etc/p", "p"),)))
    do_all(place, plan, final=True)
    assert (tmp_path / "etc/a").read_text() == "y"
    assert (tmp_path / "etc/p").read_text() == "p"


def test_on_trial_other_files_are_put_than_for_good() -> None:
    mend = Mend("ssh", (), Way.MOVE, files=(Put("/a", "both"),), kept=(Put("/a", "new"),))
    assert files_now(mend, final=False)[0].text == "both"
    assert files_now(mend, final=True)[0].text == "new"
    assert files_now(Mend("x", (), Way.DISABLE, files=(Put("/a", "z"),)), final=True)[0].text == "z"
