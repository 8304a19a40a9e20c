import tomllib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.knock import token_profile
from portward.knock.token_profile import RollingProfile, TokenProfile, read_token, write_token
from portward.policy.people import Passes, Rolling, Windows
from portward.spa.rolling import Shape


KEY = "A" * 43 + "="
keys = st.binary(min_size=32, max_size=32)
rolling = st.builds(
    lambda slots, knocks, slot, step: RollingProfile(
        Shape(20000, 29999, slots, knocks), slot % slots, timedelta(milliseconds=step)
    ),
    st.integers(1, 256),
    st.integers(3, 8),
    st.integers(0, 255),
    st.integers(100, 10**6),
)
windows = st.integers(120, 3600).map(lambda count: timedelta(seconds=count))
ports = st.integers(1, 65535)
profiles = st.one_of(
    st.builds(
        TokenProfile, keys, keys, windows, ports, st.integers(1, 32), st.booleans(), st.none() | rolling
    ),
    st.builds(TokenProfile, keys, keys, windows, rolling=rolling),
)


@given(profiles)
def test_what_is_written_reads_back(profile: TokenProfile) -> None:
    table = tomllib.loads(write_token("profiles.gate.token", profile))["profiles"]["gate"]["token"]
    assert read_token(table) == profile


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "pass_port or ports is missing"),
        ({"ports": "20000-24999"}, "slot is missing"),
        ({"slot": 1, "pass_port": 1}, "whose ports are missing"),
        ({"ports": "20000-24999", "slot": 32}, "slot 32"),
        ({"ports": "20000-20009", "slot": 0}, "needs 320"),
        ({"ports": "5-4", "slot": 0}, "ends before"),
        ({"pass_port": 1, "per_window": 33}, "per_window must be"),
        ({"pass_port": 1, "window": "1m"}, "window must be 2m to 1h"),
        ({"pass_port": 1, "secret": "hush"}, "secret must be base64"),
        ({"pass_port": 1, "echo": 1}, "echo must be true or false"),
    ],
)
def test_what_is_wrong_is_told_without_the_secret(more: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        read_token({"server": KEY, "secret": KEY, **more})
    assert "hush" not in str(caught.value)
    assert KEY not in str(caught.value)


def test_no_secret_is_shown() -> None:
    assert "secret" not in repr(TokenProfile(bytes(32), b"hush" * 8, pass_port=1)).replace("secret=", "")
    assert "hush" not in repr(TokenProfile(bytes(32), b"hush" * 8, pass_port=1))


def test_the_defaults_are_the_policys() -> None:
    usual = Rolling(20000, 24999)
    assert Windows().length == token_profile.USUAL_WINDOW
    assert Passes(1).per_window == token_profile.USUAL_PER_WINDOW
    assert usual.step_timeout == token_profile.USUAL_STEP
    assert (usual.slots, usual.knocks) == (token_profile.USUAL_SLOTS, token_profile.USUAL_KNOCKS)
