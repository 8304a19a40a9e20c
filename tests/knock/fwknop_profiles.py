"""Profiles of gates that take fwknop's packets, for tests."""

from hypothesis import strategies as st

from portward.knock.fwknop_profile import FwknopProfile
from portward.policy.net import Protocol
from portward.spa.crypto import AesMode
from portward.spa.fwknop_fields import InnerDigest
from portward.spa.keyring import HmacDigest


GATE = FwknopProfile(b"correct horse 1", b"hmac key 2")

PORTS = st.integers(1, 65535)
ACCESS = st.lists(st.tuples(st.sampled_from((Protocol.TCP, Protocol.UDP)), PORTS), min_size=1, max_size=4)

FWKNOP_PROFILES = st.builds(
    FwknopProfile,
    key=st.binary(min_size=1, max_size=32),
    hmac_key=st.binary(min_size=1, max_size=128),
    access=ACCESS.map(tuple),
    hmac_digest=st.sampled_from(HmacDigest),
    mode=st.sampled_from(AesMode),
    digest=st.sampled_from(InnerDigest),
    allow_ip=st.none() | st.ip_addresses(v=4).filter(int),
    timeout=st.none() | st.integers(1, 65536),
    port=PORTS,
    nat=st.none() | st.tuples(st.sampled_from(("local", "10.0.0.2", "inner.example")), PORTS),
    username=st.sampled_from(("", "alice", "a b")),
) | st.builds(
    FwknopProfile, key=st.binary(min_size=1, max_size=32), hmac_key=st.just(b""), legacy=st.booleans()
)
