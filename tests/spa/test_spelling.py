from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.spa.spelling import (
    read_base64,
    read_flag,
    read_key,
    read_moment,
    read_text,
    read_whole,
    write_base64,
    write_moment,
)


@given(st.binary(max_size=64))
def test_bytes_that_are_written_read_back(content: bytes) -> None:
    assert read_base64(write_base64(content), 0, 64) == content


@given(st.datetimes(datetime(1000, 1, 1), datetime(9999, 1, 1)))  # noqa: DTZ001 - the zone comes next
def test_moments_that_are_written_read_back(moment: datetime) -> None:
    whole = moment.replace(microsecond=0, tzinfo=UTC)
    assert read_moment(write_moment(whole)) == whole


def test_a_moment_is_written_in_utc() -> None:
    moment = datetime(2026, 11, 27, 13, tzinfo=timezone(timedelta(hours=1)))
    assert write_moment(moment) == "2026-11-27T12:00:00Z"


@pytest.mark.parametrize("text", ["", "2026-11-27", "2026-11-27T12:00Z", "2026-02-30T12:00:00Z", 7, None])
def test_no_other_moment_is_read(text: object) -> None:
    with pytest.raises(ValueError, match=r"must be|does not exist"):
        read_moment(text)


@pytest.mark.parametrize("text", ["hush", "c2VjcmV0", "ü" * 43, "A" * 43, "A" * 48, 7, b"AAAA"])
def test_what_is_no_key_is_refused_and_not_shown(text: object) -> None:
    with pytest.raises(ValueError, match=r"must be base64 of 32 bytes") as caught:
        read_key(text)
    assert str(text) not in str(caught.value) or text == 7


def test_texts_numbers_and_flags_are_just_that() -> None:
    assert (read_text("a"), read_whole(3, 1, 3), read_flag(True)) == ("a", 3, True)  # noqa: FBT003 - a value
    for read in (read_text, read_flag):
        with pytest.raises(ValueError, match="must be"):
            read(1)
    for wrong in (0, 4, True, "3"):
        with pytest.raises(ValueError, match="must be a whole number, 1 to 3"):
            read_whole(wrong, 1, 3)
