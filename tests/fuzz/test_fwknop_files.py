"""Any bytes are fwknop's files or are told what is wrong with them; nothing is ever raised, and no secret is told."""

from collections.abc import Sequence
from random import Random

import pytest

from portward.check.rules import mistakes
from portward.cli.import_fwknoprc import make_profile
from portward.errors import Diagnostic
from portward.knock.profile_text import read_profiles, write_profiles
from portward.sources.fwknop_access import read_access
from portward.sources.fwknop_conf import read_conf
from portward.sources.fwknop_policy import Fate, make_policy, summary
from portward.sources.fwknoprc import read_rc
from portward.sources.policy_reader import read_policy
from portward.sources.policy_text import write_policy


ACCESS = b"""SOURCE 10.0.0.0/8, 192.0.2.1
OPEN_PORTS tcp/22, udp/53
RESTRICT_PORTS tcp/25
KEY_BASE64 c2VjcmV0
HMAC_KEY_BASE64 c2VjcmV0dHdv
HMAC_DIGEST_TYPE sha512
ENCRYPTION_MODE ctr
FW_ACCESS_TIMEOUT 3600
ACCESS_EXPIRE 02/03/2031
REQUIRE_USERNAME alice
SOURCE: ANY;
OPEN_PORTS tcp/80
KEY a secret
HMAC_KEY other
FORCE_NAT 10.0.0.2 8080
REQUIRE_SOURCE_ADDRESS Y
%include more
CMD_CYCLE_OPEN /bin/x $IP
SOURCE ANY
KEY third
GPG_DECRYPT_ID AB
ACCESS_EXPIRE_EPOCH 1900000000
"""
CONF = b"""PCAP_FILTER udp port 4000;
ENABLE_UDP_SERVER Y
UDPSERV_PORT 5000
MAX_SPA_PACKET_AGE 60
ENABLE_SPA_PACKET_AGING N
"""
RC = b"""[default]
KEY a-secret
HMAC_KEY_BASE64 c2VjcmV0
[gate]
SPA_SERVER gate.example.org
ACCESS tcp/22,udp/53
FW_TIMEOUT 60
NAT_ACCESS 10.0.0.2:80
ALLOW_IP 192.0.2.7
[other]
NAT_LOCAL Y
NAT_PORT 9
SPOOF_USER bob
SPA_SERVER 192.0.2.1
"""
PIECES = [
    b"\n", b"\0", b" ", b"\t", b"#", b";", b":", b",", b"/", b"=", b"[", b"]", b"\r", b"\xff", b"\xef\xbb\xbf",
    b"99999999999999999999", b"-1", b"0", b"SOURCE ANY\n", b"KEY", b"%include_folder d", b"N", b"Y", b"a" * 1100,
    b"ANY", b"tcp/1", b"legacy", b"00/00/0000", b"12/31/9999", b"\xe2\x80\xa8", b"\xd9\xa2", b"tcp/62201",
    b"REQUIRE_USERNAME \xc3\xa9", b"server",
]  # fmt: skip


def mangled(chance: Random, content: bytes) -> bytes:
    """A few pieces put in, taken out, doubled or exchanged."""
    text = bytearray(content)
    for _ in range(chance.randint(1, 10)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice((0, 1, 1, 5, 60)))
        text[start:end] = chance.choice((b"", chance.choice(PIECES), bytes(text[start:end]) * 2))
    return bytes(text)


def have_places(diagnostics: Sequence[Diagnostic], texts: dict[str, str]) -> None:
    """Every place is in the text."""
    for each in diagnostics:
        if each.span:
            lines = texts[each.span.file].split("\n")
            assert 1 <= each.span.column <= len(lines[each.span.line - 1]) + 1


def survive_server(access: bytes, conf: bytes) -> None:
    """Take both files through everything: what is made is good, and what is told has a place."""

    def find(_file: str, name: str) -> list[tuple[str, bytes]]:
        if name.endswith("/"):
            return [("d/a.conf", access), ("d/b.conf", ACCESS)]
        raise ValueError("it is not there")

    read, settings = read_access(access, "access.conf", find), read_conf(conf, "fwknopd.conf")
    made = make_policy(read, settings, {"fwknop-3": None}, allow_weaker=bool(len(access) % 2))
    texts = {**read.texts, "fwknopd.conf": settings.text}
    have_places([*made.fatal, *read.quirks, *settings.told], texts)
    for each in made.stanzas:
        have_places(each.told, texts)
        assert summary(each)
        assert each.fate is Fate.REFUSED or (each.secrets.key and len(each.secrets.key) <= 32)
    assert mistakes(made.policy) == () or not made.stanzas
    text = write_policy(made.policy, made.comments)
    assert read_policy(text, "policy.toml") == (made.policy, ())


def survive_client(content: bytes) -> None:
    """Take a .fwknoprc to profiles and back."""
    rc = read_rc(content, "rc")
    have_places([*rc.mistakes, *(said for each in rc.stanzas for said in each.told)], {"rc": rc.text})
    for stanza in rc.stanzas:
        if not stanza.wrong:
            try:
                profile = make_profile(stanza, "host", allow_weaker=True)
            except ValueError:
                continue
            assert read_profiles(write_profiles((profile,)), "client.toml") == (profile,)


@pytest.mark.parametrize("seed", range(20))
def test_mangled_files(seed: int) -> None:
    """Real files, damaged."""
    chance = Random(seed)
    for _ in range(40):
        survive_server(mangled(chance, ACCESS), chance.choice((CONF, mangled(chance, CONF))))
        survive_client(mangled(chance, RC))


@pytest.mark.parametrize("seed", range(5))
def test_any_bytes(seed: int) -> None:
    """Noise, with pieces of the grammar in it."""
    chance = Random(seed)
    for _ in range(200):
        noise = b"".join(chance.choice((*PIECES, chance.randbytes(3))) for _ in range(chance.randint(0, 40)))
        survive_server(noise, noise)
        survive_server(ACCESS + noise, CONF)
        survive_client(b"[a]\n" + noise)
