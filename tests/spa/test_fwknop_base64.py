import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.spa.crypto import NotAuthenticError
from portward.spa.fwknop_base64 import ALPHABET, decoded, encoded, length_of


@given(st.binary(max_size=200))
def test_there_and_back(content: bytes) -> None:
    """What is written is read, and has the length that is told before."""
    text = encoded(content)
    assert decoded(text) == content
    assert len(text) == length_of(len(content))
    assert not text.translate(None, ALPHABET)


@pytest.mark.parametrize(
    "text",
    [b"YQ==", b"YQ=", b"YR", b"YWJ", b"Y", b"YWJj\n", b" YWJj", b"YW\nJj", b"YW-_", b"YWJjYQ==", b"\xff\xff"],
)
def test_one_spelling_only(text: bytes) -> None:
    """Padding, unused bits, blanks and other alphabets are refused."""
    with pytest.raises(NotAuthenticError):
        decoded(text)


@given(st.binary(max_size=12))
def test_two_texts_never_mean_the_same(text: bytes) -> None:
    """Whatever is read at all is what would be written."""
    try:
        content = decoded(text)
    except NotAuthenticError:
        return
    assert encoded(content) == text
