"""`portward import fwknoprc`, from a file to the user's profiles, through the command line."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from portward.cli.environment import Environment
from portward.cli.import_fwknoprc import make_profile
from portward.cli.main import main
from portward.knock.profile import Family
from portward.knock.store import load_profiles
from portward.policy.net import Protocol
from portward.sources.fwknoprc import read_rc


RC = "[default]\nKEY horse\nHMAC_KEY donkey\n[gate]\nSPA_SERVER gate.example.org\nACCESS tcp/22,udp/53\n"


class Run:
    """One run: its exit code, and what it said."""

    def __init__(self, home: Path, *words: str, stdin: str = RC) -> None:
        out, err = io.StringIO(), io.StringIO()
        environment = Environment(io.StringIO(stdin), out, err, {"XDG_CONFIG_HOME": str(home)})
        self.status = main(["import", "fwknoprc", "-", *words], environment)
        self.out, self.err = out.getvalue(), err.getvalue()
        self.profiles = load_profiles(environment.client_directory())

    @property
    def object(self) -> Any:
        """The one JSON object."""
        return json.loads(self.out)


def test_a_profile_for_each_stanza(tmp_path: Path) -> None:
    """It knocks at once: what the stanza says is in it, and the door to wait for."""
    run = Run(tmp_path)
    (profile,) = run.profiles
    assert (run.status, run.err) == (0, "")
    assert run.out.endswith("now: portward knock gate\n")
    assert (profile.name, profile.host, profile.knocks) == ("gate", "gate.example.org", ())
    assert (profile.verify, profile.family) == ((22,), Family.V4)
    assert profile.fwknop
    assert (profile.fwknop.key, profile.fwknop.hmac_key) == (b"horse", b"donkey")
    assert profile.fwknop.access == ((Protocol.TCP, 22), (Protocol.UDP, 53))


def test_profiles_that_are_there(tmp_path: Path) -> None:
    """Only --force replaces them."""
    assert Run(tmp_path).status == 0
    run = Run(tmp_path)
    assert (run.status, "--force" in run.err) == (2, True)
    assert Run(tmp_path, "--force").status == 0


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (RC.replace("SPA_SERVER gate.example.org\n", ""), "--host says which"),
        (RC.replace("HMAC_KEY donkey\n", ""), "--allow-weaker"),
        (RC + "ENCRYPTION_MODE legacy\n", "legacy"),
        (RC.replace("horse", "h" * 33), "at most 32"),
        (RC + "USE_GPG Y\n", "GnuPG"),
        (RC.replace("[gate]", "[ga/te]"), "no profile name"),
        (RC.replace("gate.example.org", "-x"), "no host name"),
    ],
)
def test_a_stanza_that_cannot_be_a_profile(tmp_path: Path, text: str, part: str) -> None:
    """1, and why, without a secret."""
    run = Run(tmp_path, stdin=text)
    assert run.status == 1
    assert part in run.err
    assert not run.profiles
    assert "horse" not in run.err


def test_a_file_that_fwknop_refuses(tmp_path: Path) -> None:
    """All mistakes at once, and nothing is added."""
    run = Run(tmp_path, stdin=RC + "KEY=x\nFOO bar\n")
    assert run.status == 1
    assert run.err.count("error[PW711]") == 2
    assert not run.profiles


def test_host_and_weaker(tmp_path: Path) -> None:
    """What the stanza does not say."""
    run = Run(tmp_path, "--host", "192.0.2.1", "--allow-weaker", stdin="[x]\nKEY horse\n")
    assert run.status == 0
    assert run.profiles[0].host == "192.0.2.1"


def test_strict(tmp_path: Path) -> None:
    """Advice becomes a mistake."""
    assert Run(tmp_path, stdin=RC + "SPA_SERVER_PROTO tcp\n").status == 0
    assert Run(tmp_path, "--force", "--strict", stdin=RC + "SPA_SERVER_PROTO tcp\n").status == 1


def test_json_has_no_secret(tmp_path: Path) -> None:
    """What the packet asks for, and with which HMAC."""
    run = Run(tmp_path, "--json")
    assert run.object["result"]["profiles"][0]["fwknop"] == {
        "port": 62201,
        "access": ["tcp/22", "udp/53"],
        "allow_ip": None,
        "timeout": None,
        "nat": None,
        "hmac": "sha256",
    }
    assert "horse" not in run.out


def test_nat_of_the_gate_itself() -> None:
    """A port of the gate is `local` in the profile; a given address means that we cannot look at the door."""
    text = RC + "NAT_LOCAL Y\nNAT_PORT 8022\nALLOW_IP 192.0.2.7\n"
    profile = make_profile(read_rc(text.encode(), "rc").stanzas[0])
    assert profile.fwknop
    assert profile.fwknop.nat == ("local", 22)
    assert profile.verify == ()
