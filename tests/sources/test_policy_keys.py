import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.policy.policy import Policy, Sizes
from portward.sources.policy_keys import (
    ADDRESS,
    DEFAULTS,
    DURATION,
    INTERFACE,
    KNOCK,
    MAX_AGE,
    MOMENT,
    NETWORK,
    OPENED,
    PORT_SPAN,
    PORTS,
    SECTIONS,
    SIZE,
    SPELLINGS,
    Key,
    Kind,
    Listing,
)


GRAMMAR_OF_OURS = (DURATION, PORTS, KNOCK, INTERFACE, OPENED, MOMENT, PORT_SPAN)
TEXTS = (*GRAMMAR_OF_OURS, NETWORK, ADDRESS)
WHEN_OUT_OF_RANGE = (
    "is outside",
    "is not in",
    "does not exist",
    "ends before",
    "has no room",
    "bytes, this one has",
)


def all_keys() -> Iterator[tuple[str, Key]]:
    """Each key with the section that it stands in."""
    for section in SECTIONS:
        yield from ((section.header, key) for key in section.keys)


def kinds() -> list[Kind]:
    """Each kind once."""
    found: list[Kind] = []
    for _, key in all_keys():
        kind = key.kind.element if isinstance(key.kind, Listing) else key.kind
        if kind not in found:
            found.append(kind)
    return found


EVERY_KEY = [pytest.param(key, id=f"{header} {key.name}") for header, key in all_keys()]


@pytest.mark.parametrize("key", EVERY_KEY)
def test_every_key_is_explained_in_whole_sentences(key: Key) -> None:
    assert key.about[0].isupper() or key.about[0] == "`"
    assert key.about.endswith(".")


@pytest.mark.parametrize(
    "kind", kinds(), ids=lambda kind: f"{kind.says} {kind.example} {kind.schema.get('maximum')}"
)
def test_every_example_is_good_toml_of_its_kind(kind: Kind) -> None:
    value = tomllib.loads(f"v = {kind.example}")["v"]
    assert type(value) is kind.toml
    kind.read(value)


@pytest.mark.parametrize("key", EVERY_KEY)
def test_every_default_can_be_read(key: Key) -> None:
    if not key.default:
        return
    value: Any = tomllib.loads(f"v = {key.default}")["v"]
    if isinstance(key.kind, Listing):
        assert value == []
    else:
        key.kind.read(value)


def test_the_defaults_of_the_file_are_those_of_the_policy() -> None:
    policy = Policy()
    for name in ("penalty", "strict", "mode", "grant_prefix_v4", "grant_prefix_v6"):
        key = DEFAULTS.key(name)
        assert key is not None
        assert isinstance(key.kind, Kind)
        assert key.kind.read(tomllib.loads(f"v = {key.default}")["v"]) == getattr(policy, name)
    assert [key.default for key in SECTIONS[2].keys] == [str(each) for each in (Sizes().stages,) * 3]


@pytest.mark.parametrize("kind", GRAMMAR_OF_OURS, ids=lambda kind: kind.says)
@given(data=st.data())
def test_what_the_schemas_pattern_lets_through_is_wrong_only_in_its_range(
    kind: Kind, data: st.DataObject
) -> None:
    text = data.draw(st.from_regex(kind.schema["pattern"], fullmatch=True))
    try:
        kind.read(text)
    except ValueError as error:
        assert any(words in str(error) for words in WHEN_OUT_OF_RANGE), error  # noqa: PT017


@pytest.mark.parametrize("kind", TEXTS, ids=lambda kind: kind.says)
@given(
    text=st.text(max_size=12)
    | st.text(alphabet="0123456789abcdef:./-=*_ tcpudpsw", max_size=14)
    | st.ip_addresses().map(str)
    | st.builds(
        "{}/{}".format, st.sampled_from(["tcp", "udp", "icmp", "icmpv6", "sctp"]), st.integers(0, 70000)
    )
    | st.builds("{}{}".format, st.integers(0, 100), st.sampled_from(["w", "d", "h", "m", "s", "ms"]))
)
def test_what_the_reader_takes_the_schemas_pattern_takes_too(kind: Kind, text: str) -> None:
    try:
        kind.read(text)
    except ValueError:
        return
    assert re.search(kind.schema["pattern"], text)


@pytest.mark.parametrize("kind", TEXTS, ids=lambda kind: kind.says)
@given(text=st.text())
def test_any_text_is_read_or_refused_with_one_sentence(kind: Kind, text: str) -> None:
    try:
        kind.read(text)
    except ValueError as error:
        assert str(error)  # noqa: PT017


def test_sizes_have_a_range() -> None:
    assert SIZE.read(64) == 64
    for wrong in (63, 2**24 + 1, -1):
        with pytest.raises(ValueError, match="is not in"):
            SIZE.read(wrong)


@pytest.mark.parametrize("name", ["eth0", "ppp*", "br-lan.100", "a" * 15])
def test_interfaces_that_linux_can_have_are_read(name: str) -> None:
    assert INTERFACE.read(name) == name


@pytest.mark.parametrize("name", ["", "*", "a" * 16, 'e"h', "a b", "et*h", "a/b", "eth0\n"])
def test_interfaces_that_nftables_could_not_quote_or_linux_not_have_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no interface"):
        INTERFACE.read(name)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2027-06-30", datetime(2027, 7, 1, tzinfo=UTC)),
        ("2027-12-31", datetime(2028, 1, 1, tzinfo=UTC)),
        ("2027-06-30T18:00Z", datetime(2027, 6, 30, 18, tzinfo=UTC)),
        ("2027-06-30T00:00Z", datetime(2027, 6, 30, tzinfo=UTC)),
        ("9998-12-31", datetime(9999, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_day_counts_to_its_end_and_a_moment_is_that_moment(text: str, moment: datetime) -> None:
    assert MOMENT.read(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "2027-02-29",
        "2027-6-30",
        "2027-06-30T18:00",
        "2027-06-30T18:00+02:00",
        "9999-12-31",
        "0001-01-01",
        "",
        "2027-06-30T24:00Z",
    ],
)
def test_no_other_day_or_moment_is_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"does not exist|is no day|is not in the years"):
        MOMENT.read(text)


def test_a_range_of_ports_is_two_ports_in_order() -> None:
    assert PORT_SPAN.read("20000-24999") == (20000, 24999)
    for wrong in ("5-4", "0-9", "1-65536"):
        with pytest.raises(ValueError, match=r"is not in|ends before"):
            PORT_SPAN.read(wrong)
    for wrong in ("20000", "1-2-3", "a-b", "-"):
        with pytest.raises(ValueError, match="is no range of ports"):
            PORT_SPAN.read(wrong)


@pytest.mark.parametrize("text", ["9s", "1h1s", "10s500ms", "x"])
def test_a_duration_with_a_range_is_in_it_and_in_whole_seconds(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not in 10s\.\.1h|is no duration"):
        MAX_AGE.read(text)


def test_each_spelling_that_is_explained_is_used() -> None:
    used = kinds()
    assert all(kind in used for kind, _ in SPELLINGS)
