"""`portward import fwknop`, from files to a policy and keys, through the command line."""

import io
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from tests.sources.fwknop_files import STANZA

from portward.cli.environment import Environment
from portward.cli.import_fwknop import find_included
from portward.cli.main import main
from portward.sources.policy_reader import read_policy


QUIET = STANZA + "REQUIRE_USERNAME alice\nREQUIRE_SOURCE Y\nMAX_FW_TIMEOUT 30\n"
"""A stanza of which there is nothing to tell."""
NAMELESS = STANZA.replace("OPEN_PORTS tcp/22\n", "")


class Run:
    """One run: its exit code, and what it said."""

    def __init__(self, *words: str, stdin: str = "") -> None:
        out, err = io.StringIO(), io.StringIO()
        self.status = main(["import", "fwknop", *words], Environment(io.StringIO(stdin), out, err, {}))
        self.out, self.err = out.getvalue(), err.getvalue()

    @property
    def object(self) -> Any:
        """The one JSON object."""
        return json.loads(self.out)


@pytest.fixture
def quiet(tmp_path: Path) -> str:
    """A file that is all understood."""
    path = tmp_path / "access.conf"
    path.write_text(QUIET)
    return str(path)


def test_the_policy_is_on_stdout_and_the_talk_on_stderr(quiet: str) -> None:
    """0 says that all was understood; that the keys were not written is told."""
    run = Run(quiet)
    policy, found = read_policy(run.out, "policy.toml")
    assert (run.status, found) == (0, ())
    assert policy
    assert [each.name for each in policy.people] == ["alice"]
    assert run.err == (
        "the keys were not written; --output or --keys says where\n"
        "stanza 1: the person alice opens tcp/22 for 30s\n"
    )
    assert Run("-", stdin=QUIET).out == run.out


def test_policy_and_keys_as_files(quiet: str, tmp_path: Path) -> None:
    """The keys lie beside the policy, both are the owner's alone, and only --force replaces either."""
    output = tmp_path / "policy.toml"
    run = Run(quiet, "-o", str(output))
    assert (run.status, run.out) == (0, "")
    for file in (output, tmp_path / "keys" / "alice.toml"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = (tmp_path / "keys" / "alice.toml").read_text()
    assert Run(quiet, "-o", str(output)).status == 2
    assert (tmp_path / "keys" / "alice.toml").read_text() == before
    assert Run(quiet, "-o", str(output), "--force").status == 0
    output.unlink()
    assert "--force" in Run(quiet, "-o", str(output)).err
    assert not output.exists()


def test_keys_elsewhere(quiet: str, tmp_path: Path) -> None:
    """Also without a policy file."""
    assert Run(quiet, "--keys", str(tmp_path / "there")).status == 0
    assert (tmp_path / "there" / "alice.toml").exists()


def test_the_port_of_fwknopd_conf(quiet: str, tmp_path: Path) -> None:
    """The second file gives the policy's section."""
    conf = tmp_path / "fwknopd.conf"
    conf.write_text("PCAP_FILTER udp port 4000;\nMAX_SPA_PACKET_AGE 60;\n")
    policy, _ = read_policy(Run(quiet, str(conf)).out, "policy.toml")
    assert policy
    assert policy.ways.fwknop
    assert policy.ways.fwknop.port == 4000


def test_a_stanza_that_is_left_out() -> None:
    """1, its reason with a place, and a hint that works."""
    run = Run("-", stdin=QUIET + NAMELESS)
    assert run.status == 1
    assert "<stdin>:8:1: error[PW703]: it has no OPEN_PORTS" in run.err
    assert "stanza 2 (fwknop-2): left out" in run.err
    run = Run("-", "--opens", "fwknop-2=tcp/80,udp/53", stdin=QUIET + NAMELESS)
    assert run.status == 0
    assert 'opens = ["http", "domain"]' in run.out
    assert Run("-", "--opens", "bob=tcp/80", stdin=QUIET).status == 2


def test_nothing_is_left() -> None:
    """No policy is written."""
    run = Run("-", stdin=NAMELESS)
    assert (run.status, run.out) == (1, "")
    assert "no stanza became a person" in run.err


def test_strict() -> None:
    """Advice becomes a mistake."""
    text = QUIET + "ENABLE_CMD_EXEC Y\n"
    assert Run("-", stdin=text).status == 0
    assert Run("-", "--strict", stdin=text).status == 1


def test_weak_packets() -> None:
    """Only when asked for."""
    text = QUIET.replace("HMAC_KEY hmac key 2\n", "")
    assert "error[PW706]" in Run("-", stdin=text).err
    run = Run("-", "--allow-weaker", stdin=text)
    assert (run.status, "advice[PW706]" in run.err) == (0, True)


def test_what_fwknopd_refuses() -> None:
    """All of it, and no policy; lines are shown without their secrets."""
    run = Run("-", stdin="SOURCE x\nKEY_BASE64 !horse!\nOPEN_PORTS y\n")
    assert run.status == 1
    assert run.err.count("error[PW701]") == 3
    assert "horse" not in run.err
    assert "KEY_BASE64 *******" in run.err


def test_json() -> None:
    """Every stanza, and nothing of a key."""
    run = Run("-", "--json", stdin=QUIET + NAMELESS)
    result = run.object["result"]
    assert [each["fate"] for each in result["stanzas"]] == ["person", "refused"]
    assert result["stanzas"][0]["opens"] == ["ssh"]
    assert "horse" not in run.out


def test_included_files(tmp_path: Path) -> None:
    """They are found beside the file that names them; a folder gives its *.conf in order."""
    (tmp_path / "d").mkdir()
    for name in ("b.conf", "a.conf", "c.txt"):
        (tmp_path / "d" / name).write_text(STANZA)
    (tmp_path / "access.conf").write_text("%include_folder d\n%include d/c.txt\n")
    run = Run(str(tmp_path / "access.conf"))
    assert run.err.count("the person fwknop-") == 3
    file = str(tmp_path / "access.conf")
    assert [Path(name).name for name, _ in find_included(file, "d/")] == ["a.conf", "b.conf"]
    for name in ("nowhere", "nowhere/", "d"):
        with pytest.raises(ValueError, match="no such"):
            find_included(file, name)


def test_files_that_are_not_there(tmp_path: Path) -> None:
    """Told, with the exit code of the host's fault."""
    run = Run(str(tmp_path / "x"))
    assert run.status not in {0, 1, 2}
    assert "cannot read" in run.err
