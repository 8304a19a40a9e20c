"""The text of profiles: read, written, added to; and fuzzed."""

import string
from datetime import timedelta
from ipaddress import ip_address

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.knock.fwknop_profiles import FWKNOP_PROFILES
from tests.knock.fwknop_profiles import GATE as FWKNOP_GATE

from portward.errors import Diagnostic, PolicyError, UsageError
from portward.knock.profile import Family, Profile
from portward.knock.profile_text import read_profiles, with_profile, write_profiles
from portward.policy.net import Knock, Protocol
from portward.policy.notation import read_knock


NAMES = st.text(string.ascii_letters + string.digits + "._-", min_size=1, max_size=64).filter(
    lambda name: name[0] not in "._-"
)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12).map(str.encode)
KNOCKS = st.one_of(
    st.integers(1, 65535).map(lambda port: Knock(Protocol.TCP, port)),
    st.builds(Knock, st.just(Protocol.UDP), st.integers(1, 65535), WORDS),
    st.builds(Knock, st.just(Protocol.ICMP), st.integers(100, 65535), WORDS),
)
MILLISECONDS = st.integers(0, 60_000).map(lambda number: timedelta(milliseconds=number))
PORTS = st.integers(1, 65535)
PROFILES = st.builds(
    Profile,
    name=NAMES,
    host=st.one_of(NAMES, st.ip_addresses().map(str)),
    knocks=st.lists(KNOCKS, min_size=1, max_size=5).map(tuple),
    sequence=st.one_of(st.just(""), NAMES),
    delay=MILLISECONDS,
    copies=st.integers(1, 5),
    verify=st.lists(PORTS, max_size=3).map(tuple),
    ssh_port=st.one_of(st.none(), PORTS),
    family=st.sampled_from(Family),
    penalty=st.one_of(st.none(), MILLISECONDS.map(lambda time: time + timedelta(seconds=1))),
    source=st.one_of(st.none(), st.ip_addresses()),
    fwknop=st.one_of(st.none(), FWKNOP_PROFILES),
)
GATE = Profile("gate", "gate.example.org", (read_knock("tcp/3"), read_knock("udp/7=open sesame")))


@given(st.lists(PROFILES, max_size=3, unique_by=lambda profile: profile.name).map(tuple))
def test_what_is_written_is_read_back_the_same(profiles: tuple[Profile, ...]) -> None:
    assert read_profiles(write_profiles(profiles), "f") == profiles


@given(st.lists(PROFILES, max_size=3, unique_by=lambda profile: profile.name).map(tuple), PROFILES)
def test_adding_keeps_all_the_others(profiles: tuple[Profile, ...], new: Profile) -> None:
    """Also when it replaces one."""
    text = with_profile(write_profiles(profiles), new, replace=True, file="f")
    others = tuple(each for each in profiles if each.name != new.name)
    assert read_profiles(text, "f") == (*others, new)


def test_the_users_own_lines_stay() -> None:
    """Comments and the other profiles, character by character."""
    mine = "# my gates\nschema = 1\n\n[profiles.home] # here\nhost='h'\nknocks = ['tcp/1'] # first\n"
    text = with_profile(mine, GATE, replace=False, file="f")
    assert text.startswith(mine)
    again = with_profile(text, attrs.evolve(GATE, host="new.example"), replace=True, file="f")
    assert again.startswith(mine)
    assert [each.host for each in read_profiles(again, "f")] == ["h", "new.example"]


def test_a_layout_beyond_line_editing_still_keeps_every_value() -> None:
    mine = 'schema = 1\nprofiles.gate = {host="a", knocks=["tcp/1"]}\nprofiles.b = {host="b", knocks=["tcp/2"]}\n'
    text = with_profile(mine, GATE, replace=True, file="f")
    assert [each.name for each in read_profiles(text, "f")] == ["b", "gate"]


def test_nothing_is_replaced_unasked() -> None:
    with pytest.raises(UsageError, match="there is a profile gate already; --force"):
        with_profile(write_profiles((GATE,)), GATE, replace=False, file="f")


def test_all_mistakes_come_at_once_each_with_its_line() -> None:
    text = """schema = 1
[profiles.gate]
host = "-oProxyCommand=sh"
knocks = ["tcp/0", "udp/7=geheim"]
dellay = "1s"
copies = 9
[profiles."a b"]
host = "x"
[profiles.c]
host = "c"
"""
    with pytest.raises(PolicyError) as caught:
        read_profiles(text, "client.toml")
    found = [str(each).split(": ", 2) for each in caught.value.diagnostics]
    assert [(place, message.split(":")[0]) for place, _, message in found] == [
        ("client.toml:3:1", "profiles.gate.host"),
        ("client.toml:4:1", "profiles.gate.knocks"),
        ("client.toml:5:1", "unknown key 'dellay' in profile gate"),
        ("client.toml:6:1", "profiles.gate.copies"),
        ("client.toml:7:1", "'a b' is no profile name"),
        ("client.toml:9:1", "profile c lacks knocks"),
    ]
    assert caught.value.diagnostics[2].hint == "did you mean delay?"
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "schema must be 1"),
        ("schema = 2", "schema must be 1"),
        ("schema = 1\nprofiles = 3", "must be a table"),
        ("schema = 1\n[profile.x]\nhost='a'", "unknown key 'profile'"),
        ("schema = 1\n[profiles]\nx = 1", "must be a table"),
        ("schema = 1\n x = = 1", "client.toml:2:6: error: no TOML: Invalid value"),
        ("schema = 1\n\nx = [", "client.toml:3:1: error: no TOML: Invalid value"),
        ("schema = 1\n[profiles.x]\nhost='a'\nknocks=[]", "at least one knock"),
        ("schema = 1\n[profiles.x]\nhost='a'\nknocks=['tcp/1']\nfamily=4", "must be one of any, 4, 6, both"),
        ("schema = 1\n[profiles.x]\nhost='a'\nknocks=['tcp/1']\ncopies=true", "whole number"),
        ("schema = 1\n[profiles.x]\nhost='a'\nknocks=['tcp/1']\nsequence=0", "must be a string"),
    ],
)
def test_mistakes(text: str, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read_profiles(text, "client.toml")
    assert message in str(caught.value)


def refused(text: str) -> tuple[Diagnostic, ...] | None:
    """What is wrong with a text, or None; any other exception gets out."""
    try:
        read_profiles(text, "f")
    except PolicyError as error:
        return error.diagnostics
    return None


VALUES = st.recursive(
    st.one_of(st.integers(), st.booleans(), st.floats(), st.text(string.printable, max_size=9).map(repr)),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["host", "knocks", "delay", "copies", "verify", "family", "source", "x"]), VALUES
        )
    )
)
def test_any_toml_is_read_or_refused_with_the_one_error(pairs: list[tuple[str, object]]) -> None:
    text = "schema = 1\n[profiles.p]\n" + "\n".join(f"{key} = {str(value).lower()}" for key, value in pairs)
    assert refused(text) != (), "a refusal says why"


@given(st.text())
def test_any_text_is_read_or_refused_with_the_one_error(text: str) -> None:
    assert all(each.span and each.span.line >= 1 for each in refused(text) or ())


def test_addresses_are_values() -> None:
    profile = attrs.evolve(GATE, source=ip_address("2001:db8::1"))
    assert read_profiles(write_profiles((profile,)), "f")[0].source == ip_address("2001:db8::1")


def test_fwknop_s_packet_instead_of_knocks() -> None:
    """A profile needs knocks or another way; what is wrong with that table is told at its place."""
    one = Profile("one", "gate.example.org", (), fwknop=FWKNOP_GATE)
    assert read_profiles(write_profiles((one,)), "f") == (one,)
    replaced = with_profile(write_profiles((one, GATE)), one, replace=True, file="f")
    assert read_profiles(replaced, "f") == (GATE, one)
    assert replaced.count("key_base64") == 2
    with pytest.raises(PolicyError) as caught:
        read_profiles('schema = 1\n[profiles.x]\nhost = "h"\n[profiles.x.fwknop]\nkey = "secret"\n', "f")
    (told,) = caught.value.diagnostics
    assert "profiles.x.fwknop: hmac_key or hmac_key_base64 is missing" in told.message
