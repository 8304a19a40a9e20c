"""The whole way of a move: fwknopd's access.conf is imported, and Debian's own clients get in as before."""

import base64
import io
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from served_gate import SOURCE, ServedGate, served_gate, visitor

from lab.namespaces import GATE_V4
from portward.apply.keystore import KeyStore
from portward.cli.environment import Environment
from portward.cli.main import main


pytestmark = [pytest.mark.net, pytest.mark.peer("fwknop")]

DIGESTS = ("md5", "sha1", "sha256", "sha384", "sha512", "sha3_256", "sha3_512")
MODES = ("cbc", "ecb", "cfb", "ofb", "ctr")


def stanzas() -> list[tuple[str, str]]:
    """Pairs of what the server and the client have: each HMAC with a passphrase and with random keys, each mode."""
    found = []
    for number, digest in enumerate(DIGESTS * 2 + ("sha256",) * len(MODES)):
        key, hmac_key = f"passphrase-{number}", f"hmac-{number}"
        lines = f"HMAC_DIGEST_TYPE {digest}\n"
        if number < len(DIGESTS):
            lines += f"KEY {key}\nHMAC_KEY {hmac_key}\n"
        else:
            lines += "".join(
                f"{name}_BASE64 {base64.b64encode(secret.encode() + bytes(range(9))).decode()}\n"
                for name, secret in (("KEY", key), ("HMAC_KEY", hmac_key))
            )
        if number >= 2 * len(DIGESTS):
            lines += f"ENCRYPTION_MODE {MODES[number - 2 * len(DIGESTS)]}\n"
        found.append((f"SOURCE ANY\nOPEN_PORTS tcp/22\nFW_ACCESS_TIMEOUT 60\n{lines}", lines))
    return found


def imported(folder: Path, access: str) -> tuple[str, KeyStore]:
    """Import an access.conf as a user does: the policy's text, and the keys."""
    folder.mkdir()
    (folder / "access.conf").write_text(access)
    told = io.StringIO()
    words = ["import", "fwknop", str(folder / "access.conf"), "-o", str(folder / "policy.toml")]
    assert main(words, Environment(io.StringIO(), told, told, {})) == 0, told.getvalue()
    return (folder / "policy.toml").read_text(), KeyStore.beside(folder / "policy.toml")


def client(here: ServedGate, folder: Path, lines: str, *words: str) -> None:
    """Send a packet with Debian's client, from the client's place."""
    rc = folder / "rc"
    rc.write_text(f"[gate]\nSPA_SERVER {GATE_V4}\nACCESS tcp/22\nALLOW_IP {visitor('client')}\n{lines}")
    rc.chmod(0o600)
    variables = {"HOME": str(folder), "PATH": os.environ["PATH"], "USER": "carol"}
    command = ("fwknop", "--rc-file", str(rc), "-n", "gate", "--no-save-args", *words)
    here.town.visitors["client"].run(*command, env=variables, stdin=subprocess.DEVNULL)


def test_debians_client_gets_in_with_each_hmac_mode_and_kind_of_key(tmp_path: Path) -> None:
    """Shut, one packet of the real client, open; for each stanza of the access.conf."""
    every = stanzas()
    text, keys = imported(tmp_path / "imported", "\n".join(server for server, _ in every))
    (tmp_path / "gate").mkdir()
    with served_gate(tmp_path / "gate", text) as here:
        with here.store.locked():
            for each in ("alice", "bob"):
                here.store.remove(each)
            for name in keys.people():
                here.store.save(name, keys.person(name))
        here.start()
        for number, (_, lines) in enumerate(every, 1):
            assert not here.reaches(22, timeout=0.1)
            client(here, tmp_path, lines)
            assert here.soon_reaches(22), f"{lines}\n{here.log()}"
            here.wait_for(f"fwknop-{number}: ssh open")
            here.town.gate.run("nft", "flush", "set", "inet", "portward", "grant_ssh_v4")
        _no_packet_counts_twice(here, tmp_path, every[0][1])


def _no_packet_counts_twice(here: ServedGate, folder: Path, lines: str) -> None:
    """The same packet again, from another place and with a padded end: silence."""
    packet = folder / "packet"
    client(here, folder, lines, "-B", str(packet))
    assert here.soon_reaches(22)
    here.town.gate.run("nft", "flush", "set", "inet", "portward", "grant_ssh_v4")
    for datagram in (packet.read_bytes().strip(), packet.read_bytes().strip() + b"="):
        for role in ("client", "stranger"):
            here.send(datagram, role, port=62201)
    time.sleep(0.5)
    assert not here.reaches(22)
    assert not here.reaches(22, "stranger")


def test_our_own_client_gets_in_too(tmp_path: Path) -> None:
    """A .fwknoprc is imported, and `portward knock --fwknop` waits until the door is open."""
    (server, lines), *_ = stanzas()
    text, keys = imported(tmp_path / "imported", server)
    (tmp_path / "gate").mkdir()
    rc = f"[gate]\nSPA_SERVER {GATE_V4}\nACCESS tcp/22\n{lines}"
    variables = {"XDG_CONFIG_HOME": str(tmp_path), "PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE)}
    told = io.StringIO()
    assert main(["import", "fwknoprc", "-"], Environment(io.StringIO(rc), told, told, variables)) == 0
    with served_gate(tmp_path / "gate", text) as here:
        with here.store.locked():
            for each in ("alice", "bob"):
                here.store.remove(each)
            here.store.save("fwknop-1", keys.person("fwknop-1"))
        here.start()
        words = (sys.executable, "-m", "portward", "knock", "--fwknop", "gate", "--", "echo", "inside")
        done = here.town.visitors["client"].run(*words, check=False, env=variables)
        assert (done.returncode, done.stdout) == (0, "inside\n"), done.stderr
