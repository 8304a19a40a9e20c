from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, ip_network

import pytest
from tests.sources.fwknop_files import STANZA, access, told

from portward.errors import Diagnostic
from portward.policy.notation import read_ports
from portward.sources.fwknop_stanza import Access, judge


def judged(text: str) -> Access:
    """Judge the one stanza of a text."""
    found, mistakes = judge(access(text).stanzas[0], 1)
    assert not mistakes
    assert found
    return found


def mistakes_of(text: str) -> list[Diagnostic]:
    """What keeps fwknopd from starting."""
    found, mistakes = judge(access(text).stanzas[0], 1)
    assert found is None
    return mistakes


def test_a_whole_stanza() -> None:
    """Who, with which keys, what for how long, until when."""
    found = judged(
        "SOURCE 10.0.0.0/8, 192.0.2.1,192.0.2.9/255.255.255.0\n"
        "OPEN_PORTS tcp/22 , udp/53\nRESTRICT_PORTS tcp/25\nKEY abc\nHMAC_KEY_BASE64 YWJk\n"
        "HMAC_DIGEST_TYPE SHA512\nENCRYPTION_MODE ctr\nFW_ACCESS_TIMEOUT 3600\nACCESS_EXPIRE 02/03/2031\n"
        "REQUIRE_USERNAME alice\nREQUIRE_SOURCE_ADDRESS Yes\nFORCE_NAT 10.0.0.2 8080\n"
    )
    assert found.networks == tuple(map(ip_network, ("10.0.0.0/8", "192.0.2.1/32", "192.0.2.0/24")))
    assert found.ports == (read_ports("tcp/22"), read_ports("udp/53"))
    assert found.restricted == (read_ports("tcp/25"),)
    assert (found.secrets.key, found.secrets.hmac_key) == (b"abc", b"abd")
    assert (found.secrets.hmac_digest, found.secrets.mode) == ("sha512", "ctr")
    assert found.open_for == timedelta(hours=1)
    assert found.until == datetime(2031, 2, 3, tzinfo=UTC)
    assert (found.username, found.must_state) == ("alice", True)
    assert found.behind == (IPv4Address("10.0.0.2"), 8080)
    assert not found.reasons


def test_what_is_usual() -> None:
    """From anywhere, whatever is asked for, 30 seconds."""
    found = judged("SOURCE 10.0.0.1, ANY\nKEY abc\nFW_ACCESS_TIMEOUT 0\n")
    assert (found.networks, found.ports, found.until) == ((), None, None)
    assert found.open_for == timedelta(seconds=30)
    assert (found.secrets.mode, found.secrets.legacy) == ("cbc", False)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("ACCESS_EXPIRE 13/45/2030", datetime(2031, 2, 14, tzinfo=UTC)),
        ("ACCESS_EXPIRE 1/1/2030 and more", datetime(2030, 1, 1, tzinfo=UTC)),
        ("ACCESS_EXPIRE_EPOCH 1900000000", datetime(2030, 3, 17, 17, 46, tzinfo=UTC)),
    ],
)
def test_the_end_of_an_account(text: str, moment: datetime) -> None:
    """Days beyond the month's end go on into the next, as fwknopd itself has it."""
    assert judged(f"{STANZA}{text}\n").until == moment


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("SOURCE hello\nKEY abc", "'hello' is no IPv4 address"),
        ("SOURCE 192.0.2.1/33\nKEY abc", "no IPv4 address"),
        ("SOURCE ANY", "has no key"),
        ("SOURCE ANY\nKEY __CHANGEME__", "never set"),
        ("SOURCE ANY\nKEY_BASE64 !", "no base64"),
        ("SOURCE ANY\nKEY abc\nHMAC_KEY abc", "are the same"),
        (f"SOURCE ANY\nKEY abc\nHMAC_KEY {'x' * 129}", "at most 128"),
        (f"{STANZA}OPEN_PORTS icmp/8", "'icmp/8' is no port"),
        (f"{STANZA}OPEN_PORTS any", "'any' is no port"),
        (f"{STANZA}OPEN_PORTS tcp/70000", "no port"),
        (f"{STANZA}HMAC_DIGEST_TYPE SHA3-256", "no such digest"),
        (f"{STANZA}ENCRYPTION_MODE PCBC", "no such mode"),
        (f"{STANZA}FW_ACCESS_TIMEOUT 9999999", "not in 0..2592000"),
        (f"{STANZA}ACCESS_EXPIRE hello", "MM/DD/YYYY"),
        (f"{STANZA}ACCESS_EXPIRE_EPOCH x", "Unix seconds"),
        (f"{STANZA}FORCE_NAT 10.0.0.2", "ADDRESS PORT"),
        (f"{STANZA}FORCE_NAT 10.0.0.256 22", "10.0.0.256"),
    ],
)
def test_what_fwknopd_refuses(line: str, part: str) -> None:
    """Each is told at its line, in words without a secret."""
    (mistake,) = mistakes_of(line + "\n")
    assert part in mistake.message
    assert mistake.code == "PW701"
    assert mistake.span


def test_all_mistakes_at_once() -> None:
    """Three lines, three mistakes."""
    assert len(mistakes_of("SOURCE x\nKEY_BASE64 !\nOPEN_PORTS y\n")) == 3


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("SOURCE ANY\nENCRYPTION_MODE Asymmetric\nGPG_DECRYPT_ID AB", "GnuPG"),
        (f"SOURCE ANY\nKEY {'x' * 33}", "more than 32 bytes"),
        (f"{STANZA}ENCRYPTION_MODE legacy", "no packets in legacy mode with an HMAC"),
    ],
)
def test_what_cannot_be_in_a_policy(text: str, part: str) -> None:
    """With its reason."""
    (reason,) = judged(text + "\n").reasons
    assert part in reason.message
    assert reason.code == "PW703"


def test_what_is_told() -> None:
    """What is not taken over, each with what is done instead; switches that are off are not told."""
    found = judged(
        STANZA
        + "DESTINATION 192.0.2.1\nENABLE_CMD_EXEC Y\nFORCE_SNAT 192.0.2.1\nFORCE_MASQUERADE N\nDISABLE_DNAT Y\n"
        "FORWARD_ALL Y\nGPG_DECRYPT_ID AB\nREQUIRE_SOURCE Y\nMAX_FW_TIMEOUT 30\nKEY other\n"
    )
    assert [line.split(" is not")[0] for line in told(found.told)] == [
        "5: DESTINATION",
        "6: ENABLE_CMD_EXEC",
        "7: FORCE_SNAT",
        "9: DISABLE_DNAT",
        "10: FORWARD_ALL",
        "11: packets of GnuPG are not taken over; those with the key are",
        "3: a later key of the stanza is the one that counts",
    ]
    assert judged(STANZA + "CMD_CYCLE_OPEN /bin/x $IP\n").command
