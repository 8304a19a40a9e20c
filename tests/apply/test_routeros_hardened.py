from pathlib import Path

import pytest

from portward.apply.routeros_hardened import FILE_NAME, run_of, runs_of, write_runs
from portward.apply.routeros_items import Setting
from portward.apply.routeros_plan import SettingChange
from portward.errors import HostError


def test_runs_come_back_as_they_were_written_each_routers_own(tmp_path: Path) -> None:
    assert runs_of(tmp_path, "edge") == ()
    write_runs(tmp_path, "edge", ({"telnet": "no"}, {"ftp": "no", "www": "yes"}))
    write_runs(tmp_path, "core", ({"www": "no"},))
    assert runs_of(tmp_path, "edge") == ({"telnet": "no"}, {"ftp": "no", "www": "yes"})
    write_runs(tmp_path, "edge", ())
    assert runs_of(tmp_path, "edge") == ()
    assert runs_of(tmp_path, "core") == ({"www": "no"},)
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600


def test_a_run_is_what_was_before() -> None:
    change = SettingChange(Setting("www", {"disabled": "yes"}), "*3", {"disabled": "no"})
    assert run_of([change]) == {"www": "no"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"schema": 2, "routers": {}}',
        '{"schema": 1, "routers": {"edge": [{"www": "perhaps"}]}}',
    ],
)
def test_a_file_of_somebody_elses_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / FILE_NAME
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(HostError, match="is not what portward harden wrote"):
        runs_of(tmp_path, "edge")


def test_a_file_that_others_may_write_is_refused(tmp_path: Path) -> None:
    write_runs(tmp_path, "edge", ({"www": "no"},))
    (tmp_path / FILE_NAME).chmod(0o666)
    with pytest.raises(HostError, match="others may read or write it"):
        runs_of(tmp_path, "edge")


def test_a_directory_that_is_not_there_cannot_be_written_to(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="cannot write"):
        write_runs(tmp_path / "none", "edge", ({"www": "no"},))
