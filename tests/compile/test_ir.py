"""The values that a table is made of."""

import attrs
import pytest

from portward.compile.ir import PayloadBegins, Rule, Selector
from portward.compile.names import IpFamily


def test_selectors_of_a_family() -> None:
    """Source and destination by family."""
    assert Selector.source(IpFamily.V4) is Selector.SOURCE_V4
    assert Selector.destination(IpFamily.V6) is Selector.DESTINATION_V6


def test_values_do_not_change() -> None:
    """A rule that was checked stays as it was."""
    rule = Rule((PayloadBegins(b"x"),))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        rule.comment = "else"  # type: ignore[misc]


def test_a_word_is_not_shown() -> None:
    """Not even when a rule lands in a traceback."""
    assert "sesame" not in repr(Rule((PayloadBegins(b"sesame"),)))
