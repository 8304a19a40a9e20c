import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.spa.derive import derive


FIELDS = st.lists(st.binary(max_size=9), max_size=4)


def test_what_is_keyed_is_label_and_fields_each_behind_its_length() -> None:
    text = b"\x00\x05label" + b"\x00\x02ab" + b"\x00\x08" + b"\xff" * 8
    assert derive(b"secret", "label", b"ab", -1) == hmac.digest(b"secret", text, "sha256")


@given(FIELDS, FIELDS)
def test_other_fields_give_other_bytes(one: list[bytes], other: list[bytes]) -> None:
    assert (derive(b"k", "l", *one) == derive(b"k", "l", *other)) == (one == other)


def test_label_and_secret_count() -> None:
    assert len({derive(b"k", "l", 7), derive(b"k", "m", 7), derive(b"j", "l", 7)}) == 3


@pytest.mark.parametrize("field", [2**63, bytes(2**16)])
def test_what_does_not_fit_its_length_is_refused(field: bytes | int) -> None:
    with pytest.raises(OverflowError):
        derive(b"k", "l", field)
