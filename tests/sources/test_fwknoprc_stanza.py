from ipaddress import IPv4Address

import pytest
from tests.sources.fwknop_files import told

from portward.policy.net import Protocol
from portward.sources.fwknoprc import read_rc
from portward.sources.fwknoprc_stanza import RcStanza


def stanza(lines: str) -> RcStanza:
    """Judge one stanza, which has a server, ports and a key."""
    found = read_rc(f"[x]\nSPA_SERVER gate\nACCESS tcp/22\nKEY abc\n{lines}\n".encode(), "rc")
    assert not found.mistakes
    return found.stanzas[0]


def test_a_whole_stanza() -> None:
    """Everything that a packet can say."""
    found = stanza(
        "ACCESS tcp/22,udp/53\nHMAC_KEY_BASE64 YWJk\nHMAC_DIGEST_TYPE SHA512\nDIGEST_TYPE sha3_256\n"
        "ENCRYPTION_MODE ctr\nALLOW_IP 192.0.2.7\nFW_TIMEOUT 60s\nSPA_SERVER_PORT 999\nSPOOF_USER bob"
    )
    assert found.access == ((Protocol.TCP, 22), (Protocol.UDP, 53))
    assert (found.secrets.key, found.secrets.hmac_key) == (b"abc", b"abd")
    assert (found.secrets.hmac_digest, found.digest, found.secrets.mode) == ("sha512", "sha3_256", "ctr")
    assert (found.address, found.timeout, found.port) == (IPv4Address("192.0.2.7"), 60, 999)
    assert (found.username, found.nat, found.told) == ("bob", None, ())


@pytest.mark.parametrize("word", ["source", "Source", "0.0.0.0", "resolve"])
def test_the_address_that_the_gate_sees(word: str) -> None:
    """`resolve` too, which is told."""
    found = stanza(f"ALLOW_IP {word}")
    assert found.address is None
    assert bool(found.told) == (word == "resolve")


@pytest.mark.parametrize(
    ("lines", "port", "nat"),
    [
        ("NAT_ACCESS 10.0.0.2:8022", 22, ("10.0.0.2", 8022)),
        ("NAT_ACCESS inner.example,8022", 22, ("inner.example", 8022)),
        ("NAT_LOCAL Y\nNAT_PORT 8022", 8022, ("", 22)),
        ("NAT_LOCAL N\nNAT_PORT 8022", 22, None),
    ],
)
def test_nat(lines: str, port: int, nat: tuple[str, int] | None) -> None:
    """NAT_PORT is asked for in place of the port that it leads to, as the client itself does it."""
    found = stanza(lines)
    assert (found.access, found.nat) == (((Protocol.TCP, port),), nat)


@pytest.mark.parametrize(
    ("lines", "part"),
    [
        ("ACCESS icmp/8", "ACCESS: write"),
        ("ACCESS tcp/70000", "ACCESS: write"),
        ("ALLOW_IP x", "ALLOW_IP: is no"),
        ("FW_TIMEOUT 99999", "FW_TIMEOUT: is not in 0..65535"),
        ("SPA_SERVER_PORT x", "SPA_SERVER_PORT: is not in"),
        ("DIGEST_TYPE x", "DIGEST_TYPE: fwknop knows no such digest"),
        ("HMAC_DIGEST_TYPE x", "HMAC_DIGEST_TYPE: fwknop knows"),
        ("ENCRYPTION_MODE x", "ENCRYPTION_MODE: fwknop knows"),
        ("HMAC_KEY_BASE64 !", "HMAC_KEY_BASE64 is no base64"),
        ("NAT_ACCESS 10.0.0.2", "NAT_ACCESS: write HOST:PORT"),
        ("NAT_ACCESS 10.0.0.2:70000", "NAT_ACCESS: write"),
        ("USE_GPG Y", "GnuPG"),
    ],
)
def test_mistakes(lines: str, part: str) -> None:
    """The stanza is wrong then."""
    found = stanza(lines)
    assert found.wrong
    assert part in told(found.told)[0]


def test_what_is_not_taken() -> None:
    """Each with what is done instead; what is off or usual is not told."""
    found = stanza("SPA_SERVER_PROTO tcp\nRAND_PORT N\nTIME_OFFSET 60\nKEY_FILE /x\nNAT_LOCAL Y\nVERBOSE Y")
    assert [line.split(" ")[1] for line in told(found.told)] == [
        "SPA_SERVER_PROTO",
        "TIME_OFFSET",
        "KEY_FILE",
        "NAT_LOCAL",
    ]
    assert not found.wrong
    assert not stanza("SPA_SERVER_PROTO udp").told


def test_no_key_and_no_ports() -> None:
    """The first is wrong, the second is told."""
    (found,) = read_rc(b"[x]\nSPA_SERVER gate\n", "rc").stanzas
    assert [each.code for each in found.told] == ["PW711", "PW712"]
