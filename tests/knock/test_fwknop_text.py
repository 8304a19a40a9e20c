import tomllib

import pytest
from hypothesis import given
from tests.knock.fwknop_profiles import FWKNOP_PROFILES

from portward.knock.fwknop_profile import FwknopProfile
from portward.knock.fwknop_text import read_fwknop, write_fwknop
from portward.policy.net import Protocol
from portward.spa.crypto import AesMode
from portward.spa.keyring import HmacDigest


@given(FWKNOP_PROFILES)
def test_there_and_back(profile: FwknopProfile) -> None:
    """What is written is read."""
    assert read_fwknop(tomllib.loads(write_fwknop("fwknop", profile))["fwknop"]) == profile


def test_as_people_write_it() -> None:
    """Passphrases in clear, and names for the rest."""
    profile = read_fwknop(
        {
            "key": "correct horse 1",
            "hmac_key": "hmac key 2",
            "hmac_digest": "sha3_256",
            "mode": "ctr",
            "access": ["tcp/22", "udp/53"],
            "allow_ip": "source",
            "nat": "local:8022",
        }
    )
    assert (profile.key, profile.hmac_key) == (b"correct horse 1", b"hmac key 2")
    assert (profile.hmac_digest, profile.mode) == (HmacDigest.SHA3_256, AesMode.CTR)
    assert profile.access == ((Protocol.TCP, 22), (Protocol.UDP, 53))
    assert (profile.allow_ip, profile.nat) == (None, ("local", 8022))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"key": ""}, "key must have 1 to 32 bytes"),
        ({"key": "x" * 33}, "key must have 1 to 32 bytes"),
        ({"key": 5}, "key must be a string"),
        ({"key_base64": "YWJj"}, "exclude each other"),
        ({"key_base64": "!"}, "key_base64 is no base64"),
        ({"hmac_key": "x" * 129}, "hmac_key must have 0 to 128 bytes"),
        ({"hmac_digest": "sha224"}, "hmac_digest must be one of md5, "),
        ({"mode": "gcm"}, "mode must be one of cbc, "),
        ({"legacy": 1}, "legacy must be true or false"),
        ({"legacy": True}, "legacy and an HMAC exclude each other"),
        ({"access": []}, "access must be a list of ports"),
        ({"access": "tcp/22"}, "access must be a list of ports"),
        ({"access": ["tcp/22", "icmp/8"]}, "access must be a list of ports"),
        ({"access": ["tcp/70000"]}, "access must be a list of ports"),
        ({"allow_ip": "2001:db8::1"}, "allow_ip must be an IPv4 address"),
        ({"timeout": 0}, "timeout must be a whole number in 1..65536"),
        ({"port": True}, "port must be a whole number in 1..65535"),
        ({"nat": "10.0.0.2"}, "nat must be HOST:PORT"),
        ({"nat": "10.0.0.2:99999"}, "nat must be HOST:PORT"),
        ({"username": "a:b"}, "username must be"),
        ({"colour": "red"}, "unknown key 'colour'"),
    ],
)
def test_mistakes(change: dict[str, object], told: str) -> None:
    """Each in words of its own, and never a secret in them."""
    with pytest.raises(ValueError, match=told) as caught:
        read_fwknop({"key": "correct horse 1", "hmac_key": "secret two", **change})
    assert "horse" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_all_mistakes_at_once() -> None:
    """One sentence tells each of them."""
    with pytest.raises(ValueError, match=r"key or key_base64 is missing.*mode must.*port must"):
        read_fwknop({"hmac_key": "x", "mode": "x", "port": 0})
    with pytest.raises(ValueError, match="hmac_key or hmac_key_base64 is missing"):
        read_fwknop({"key": "x"})
    with pytest.raises(ValueError, match="must be a table"):
        read_fwknop("x")
    assert not read_fwknop({"key": "x", "hmac_key": ""}).hmac_key
