from portward.sources import routeros_matchers
from portward.sources.routeros_matchers import (
    TEST_ORDER,
    Content,
    Layer7,
    Limit,
    Matcher,
    PortIs,
    Random,
    Range,
)


def test_every_matcher_has_its_place_in_the_order_of_tests() -> None:
    """The order is the manual's; matchers that keep a state come last."""
    assert set(TEST_ORDER) == set(Matcher.__args__)
    assert (
        TEST_ORDER.index(PortIs)
        < TEST_ORDER.index(Content)
        < TEST_ORDER.index(Random)
        < TEST_ORDER.index(Limit)
    )


def test_secrets_are_not_shown() -> None:
    """The content of a knock is its secret."""
    assert "word" not in repr(Content(b"word"))
    assert Layer7("name").name == "name"


def test_range() -> None:
    """Both ends included."""
    assert 5 in Range(5, 5)
    assert len(routeros_matchers.Range(1, 10)) == 10
