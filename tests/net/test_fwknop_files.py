"""Our reading of access.conf and .fwknoprc against Debian's own fwknopd and fwknop, which read the same files."""

import os
import subprocess
from pathlib import Path

import pytest
from tests.spa.fwknop_cases import key

from portward.cli.import_fwknop import find_included
from portward.cli.import_fwknoprc import make_profile
from portward.sources.fwknop_access import read_access
from portward.sources.fwknop_conf import FwknopConf
from portward.sources.fwknop_policy import make_policy
from portward.sources.fwknoprc import read_rc
from portward.spa.fwknop_packet import open_packet


STANZA = "SOURCE ANY\nKEY abc\nHMAC_KEY def\n"

FILES = [
    STANZA,
    "",
    "# nothing\n",
    "KEY abc\n" + STANZA,
    "source ANY\nkey abc\n",
    "SOURCE ANY\n",
    "SOURCE ANY\nKEY\n",
    "SOURCE ANY\n KEY_BASE64\n",
    "SOURCE: ANY;\n   # hello\n  KEY: abc\n",
    "SOURCE ANY\n   \nKEY abc\n",
    "SOURCE ANY\n;KEY\nKEY abc; x\n",
    "SOURCE ANY\r\nKEY abc\r\n",
    "SOURCE hello\nKEY abc\n",
    "SOURCE 10.0.0.0/8, 1.2.3.4,5.6.7.8/255.255.255.0\nKEY abc\n",
    "SOURCE 1.2.3.4/33\nKEY abc\n",
    "SOURCE ANY\nKEY __CHANGEME__\n",
    "SOURCE ANY\nKEY abc\nHMAC_KEY abc\n",
    "SOURCE ANY\nKEY_BASE64 !!!!\n",
    "SOURCE ANY\nKEY_BASE64 YWJjZGVm\nHMAC_KEY_BASE64 YW\n",
    STANZA + f"KEY {'a' * 40}\n",
    STANZA + "OPEN_PORTS tcp/22 , udp/53\n",
    STANZA + "OPEN_PORTS icmp/8\n",
    STANZA + "OPEN_PORTS any\n",
    STANZA + "OPEN_PORTS tcp/70000\n",
    STANZA + "RESTRICT_PORTS tcp/1\n",
    STANZA + "HMAC_DIGEST_TYPE SHA3_256\n",
    STANZA + "HMAC_DIGEST_TYPE SHA3-256\n",
    STANZA + "ENCRYPTION_MODE ctr\n",
    STANZA + "ENCRYPTION_MODE foo\n",
    STANZA + "ENCRYPTION_MODE PCBC\n",
    STANZA + "FW_ACCESS_TIMEOUT 0\n",
    STANZA + "FW_ACCESS_TIMEOUT 5x\n",
    STANZA + "FW_ACCESS_TIMEOUT 9999999\n",
    STANZA + "ACCESS_EXPIRE hello\n",
    STANZA + "ACCESS_EXPIRE 13/45/2030\n",
    STANZA + "ACCESS_EXPIRE_EPOCH 1900000000\n",
    STANZA + "UNKNOWN x\n",
    STANZA + "%include nowhere\n",
    STANZA + "%include_folder nowhere\n",
]


@pytest.mark.peer("fwknopd")
def test_fwknopd_starts_with_what_we_read(tmp_path: Path) -> None:
    """The same files are refused, and no others; keys have the same length, and accounts the same end."""
    conf, access = tmp_path / "fwknopd.conf", tmp_path / "access.conf"
    conf.write_text("PCAP_INTF lo\n")
    wrong = []
    for text in FILES:
        access.write_text(text, newline="")
        for each in (conf, access):
            each.chmod(0o600)
        words = ["fwknopd", "-f", "-D", "--exit-parse-config", "-r", str(tmp_path / "run")]
        words += ["-c", str(conf), "-a", str(access)]
        told = subprocess.run(words, capture_output=True, text=True, check=False, cwd=str(tmp_path))
        theirs = "SOURCE (1)" in told.stdout
        made = make_policy(read_access(access.read_bytes(), str(access), find_included), FwknopConf())
        if theirs is bool(made.fatal):
            wrong.append((text, made.fatal, told.stdout[-300:], told.stderr[-300:]))
        elif theirs:
            assert f"KEY_LEN:  {len(made.stanzas[0].secrets.key)}\n" in told.stdout
            assert f"HMAC_KEY_LEN:  {len(made.stanzas[0].secrets.hmac_key)}\n" in told.stdout
            assert f"FW_ACCESS_TIMEOUT:  {made.stanzas[0].access.open_for.seconds}\n" in told.stdout
    assert not wrong


RCS = [
    "[x]\nKEY correct horse 1\nHMAC_KEY abc # def\nACCESS tcp/22\n",
    "[default]\nKEY abc\nHMAC_KEY def\nFW_TIMEOUT 60s\n[x]\nACCESS tcp/22,udp/53\n",
    "[x]\nACCESS tcp/22\nKEY abc;def\nHMAC_KEY_BASE64 YWJk\nHMAC_DIGEST_TYPE SHA512\nDIGEST_TYPE sha3_256\n",
    "[x]\nACCESS tcp/22\nKEY abc\nHMAC_KEY def\nENCRYPTION_MODE ctr\nHMAC_KEY_BASE64 YWJk\n",
    "[x]\nKEY abc\nHMAC_KEY: def\nACCESS tcp/22\nNAT_ACCESS 10.0.0.2:8022\nSPOOF_USER bob\n",
    "[x]\nKEY abc\nHMAC_KEY def\nACCESS tcp/22\nNAT_LOCAL Y\nNAT_PORT 8022\n",
    "[x]\n  KEY abc\nKEY_BASE64 YWJkZQ==\nHMAC_KEY def\nACCESS tcp/22\n\n# x\nACCESS tcp/23\n",
]


@pytest.mark.peer("fwknop")
@pytest.mark.parametrize("text", RCS, ids=range(len(RCS)))
def test_the_client_sends_what_our_profile_says(tmp_path: Path, text: str) -> None:
    """The client's packet opens with the keys of the profile, and asks for the same."""
    file, packet = tmp_path / "rc", tmp_path / "packet"
    file.write_text(text + "SPA_SERVER 192.0.2.1\nALLOW_IP 192.0.2.7\n")
    file.chmod(0o600)
    words = ["fwknop", "--rc-file", str(file), "-n", "x", "-T", "-B", str(packet), "--no-save-args"]
    variables = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "USER": "carol"}
    subprocess.run(words, capture_output=True, check=True, env=variables)
    profile = make_profile(read_rc(file.read_bytes(), "rc").stanzas[0])
    assert profile.fwknop
    ours = profile.fwknop
    fitting = key(ours.key, ours.hmac_key, ours.hmac_digest, ours.mode)
    theirs = open_packet(packet.read_bytes().strip(), [fitting])
    nat = ours.nat and (profile.host if ours.nat[0] == "local" else ours.nat[0], ours.nat[1])
    assert (theirs.wanted, theirs.nat, theirs.timeout) == (ours.access, nat, ours.timeout)
    assert theirs.address == ours.allow_ip
    assert not ours.username or theirs.username == ours.username
