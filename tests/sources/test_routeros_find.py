import pytest

from portward.sources.routeros_find import read_conditions


ITEM = {"chain": "input", "comment": "gate: first", "disabled": "no", "dst-port": "22"}


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("", True),
        ("where chain=input", True),
        ('comment="gate: first"', True),
        ('chain=input and comment~"^gate"', True),
        ('comment~"first\\$"', True),
        ('comment~"first$"', True),
        ('comment~"^(door|gate: first)$"', True),
        ('comment~"et"', False),
        ("chain!=input", False),
        ("!disabled", True),
        ("disabled", False),
        ("disabled=no", True),
        ("dynamic=no", True),
        ("dst-port", True),
        ("!src-port", True),
        ("action=accept", True),
        ("chain=input && dst-port=23", False),
    ],
)
def test_conditions_are_answered(text: str, fits: bool) -> None:  # noqa: FBT001 - a parameter
    """As `find` answers them; the action is accept where none is set."""
    conditions = read_conditions(text)
    assert conditions is not None
    assert all(each.fits(ITEM) for each in conditions) is fits


@pytest.mark.parametrize(
    "text",
    [
        'comment~"(a+)+$"',
        "chain=a or chain=b",
        "chain=$x",
        'comment="$x"',
        "bytes>0",
        "(chain=input)",
        'comment~".*"',
    ],
)
def test_what_only_a_router_answers(text: str) -> None:
    """No expression of a stranger is ever run."""
    assert read_conditions(text) is None
