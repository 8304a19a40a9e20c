"""`portward harden`: on a system that does not run, from the plan to the undoing; and what it refuses."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from tests.exposure.mend_samples import POLICY, situation

from portward.cli.environment import Environment
from portward.cli.harden import judged, read_texts
from portward.cli.main import main
from portward.errors import PolicyError
from portward.exposure.mends import MendPlan, Put


UNIT = "[Socket]\nListenStream=23\n[Install]\nWantedBy=sockets.target\n"
SERVICE = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A system with telnet in a socket unit and an enabled service."""
    made = tmp_path / "root"
    units, own = made / "usr/lib/systemd/system", made / "etc/systemd/system"
    units.mkdir(parents=True)
    (units / "telnet.socket").write_text(UNIT)
    (units / "telnet.service").write_text("[Service]\nExecStart=/bin/true\n")
    (units / "vsftpd.service").write_text(SERVICE)
    for wants, unit in (("sockets", "telnet.socket"), ("multi-user", "vsftpd.service")):
        (own / f"{wants}.target.wants").mkdir(parents=True)
        (own / f"{wants}.target.wants" / unit).symlink_to(f"/usr/lib/systemd/system/{unit}")
    (made / "etc/portward").mkdir()
    policy = made / "etc/portward/policy.toml"
    policy.write_text(POLICY)
    policy.chmod(0o600)
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    return made


def tree(root: Path) -> dict[str, tuple[int, bytes]]:
    """Everything below it: mode and content."""
    return {
        str(path): (path.lstat().st_mode, b"" if path.is_dir() and not path.is_symlink() else content(path))
        for path in sorted(root.rglob("*"))
    }


def content(path: Path) -> bytes:
    """The bytes of a file, or where a link leads."""
    return str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()


def harden(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> Any:
    """Run the command and give its JSON object."""
    assert main(["harden", *words, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_units_of_a_system_that_does_not_run_are_switched_off_and_on_again(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = tree(root)
    done = harden(capsys, "--root", str(root), "telnet", "vsftpd.service", "--yes")
    assert done["changed"]
    assert sorted(unit for each in done["result"]["mends"] for unit in each["units"]) == [
        "telnet.service",
        "telnet.socket",
        "vsftpd.service",
    ]
    wants = list((root / "etc/systemd/system").rglob("*.wants/*"))
    assert wants == []
    harden(capsys, "--undo")
    assert tree(root) == before


def test_a_plan_changes_nothing(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = tree(root)
    told = harden(capsys, "--root", str(root), "--plan")
    assert not told["changed"]
    assert [each["way"] for each in told["result"]["mends"]] == ["disable"]
    assert tree(root) == before


def test_its_policy_is_edited_and_not_applied(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = harden(capsys, "--root", str(root), "telnet", "--by", "guard", "--yes")
    assert done["result"]["policy"] == [{"file": f"{root}/etc/portward/policy.toml", "new": False}]
    assert '[services.telnet]\nports = ["tcp/23"]\n' in (root / "etc/portward/policy.toml").read_text()
    harden(capsys, "--undo")
    assert (root / "etc/portward/policy.toml").read_text() == POLICY


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--undo",), 2, "nothing to undo"),
        (("--confirm",), 2, "no mends are on trial"),
        (("--root", "ROOT", "--trial", "60s"), 2, "needs no trial"),
        (("--root", "ROOT", "nonsense"), 2, "there is: telnet (tcp/23)"),
        (("--root", "ROOT", "nonsense.service"), 2, "no unit nonsense.service"),
        (("--root", "ROOT", "--ports", "x"), 2, "FIRST-LAST"),
        (("--root", "ROOT"), 2, "no terminal to ask on"),
        (("--root", "/nonexistent"), 4, "no etc"),
    ],
)
def test_what_cannot_be_done_is_told(
    root: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, told: str
) -> None:
    before = tree(root)
    spelled = [str(root) if each == "ROOT" else each for each in words]
    assert told in harden(capsys, *spelled, code=code)["errors"][0]["message"]
    assert tree(root) == before


def test_a_policy_with_mistakes_is_refused(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "etc/portward/policy.toml").write_text("schema = 1\nmode = 5\n")
    assert harden(capsys, "--root", str(root), "--yes", code=1)["errors"]


def test_a_policy_that_would_have_mistakes_is_refused_before_anything_changes() -> None:
    """Here the new service's port is a knock."""
    wrong = POLICY + '[services.x]\nports = ["tcp/33331"]\n'
    host = situation()
    plan = MendPlan(policy=(Put(host.policy.main, wrong),))
    environment = Environment(stdin=io.StringIO(), variables={})
    with pytest.raises(PolicyError, match="33331"):
        judged(plan, host, environment, offline=False)


def test_without_a_policy_there_are_no_texts(tmp_path: Path) -> None:
    assert read_texts(str(tmp_path / "none.toml")).texts == {}
