import tomllib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.knock.sealed_profile import SealedProfile, Stated, read_sealed, write_sealed


KEY = "A" * 43 + "="
keys = st.binary(min_size=32, max_size=32)
profiles = st.builds(
    SealedProfile,
    keys,
    st.integers(1, 65535),
    psk=keys | st.just(b""),
    services=st.sampled_from([(), ("ssh",), ("ssh", "web")]),
    duration=st.none() | st.integers(1, 10**6).map(lambda count: timedelta(seconds=count)),
    address=st.sampled_from(Stated),
).flatmap(
    lambda each: st.builds(
        lambda name, key: SealedProfile(
            each.server,
            each.port,
            psk=each.psk,
            services=each.services,
            duration=each.duration,
            address=each.address,
            **{name: key},
        ),
        st.sampled_from(["private", "public"]),
        keys,
    )
)


@given(profiles)
def test_what_is_written_reads_back(profile: SealedProfile) -> None:
    table = tomllib.loads(write_sealed("profiles.gate.sealed", profile))["profiles"]["gate"]["sealed"]
    assert read_sealed(table) == profile


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "private or public is missing"),
        ({"private": KEY, "public": KEY}, "exclude each other"),
        ({"private": "hush"}, "private must be base64 of 32 bytes"),
        ({"private": KEY, "psk": "hush"}, "psk must be base64 of 32 bytes"),
        ({"private": KEY, "services": "ssh"}, "services must be a list"),
        ({"private": KEY, "services": ["SSH"]}, "lower-case letter first"),
        ({"private": KEY, "services": ["a", "a"]}, "asked for twice"),
        ({"private": KEY, "duration": "500ms"}, "whole seconds"),
        ({"private": KEY, "address": "given"}, "address must be one of as-seen, stated"),
        ({"private": KEY, "port": 0}, "port must be"),
    ],
)
def test_what_is_wrong_is_told_without_the_keys(more: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        read_sealed({"server": KEY, "port": 62203, **more})
    assert "hush" not in str(caught.value)
    assert KEY not in str(caught.value)


def test_no_key_is_shown() -> None:
    assert "secret" not in repr(SealedProfile(bytes(32), 1, b"secret" * 5, psk=b"secret" * 5))
