from ipaddress import ip_address

import pytest

from portward.exposure.fitting import Value, fits
from portward.exposure.ruleset import Between, Part


@pytest.mark.parametrize(
    ("value", "part", "answer"),
    [
        (22, 22, True),
        (22, Between(20, 25), True),
        (26, Between(20, 25), False),
        ("eth0", "eth*", True),
        ("eth0", "eth", False),
        (("tcp", 6), 6, True),
        (("tcp", 6), "udp", False),
        (ip_address("10.0.0.5"), Between(ip_address("10.0.0.1"), ip_address("10.0.0.9")), True),
        (ip_address("::5"), Between(ip_address("0.0.0.1"), ip_address("0.0.0.9")), False),
        (22, Between("a", "b"), False),
        (None, Between(1, 2), False),
    ],
)
def test_a_value_fits_or_does_not(value: Value, part: Part, answer: bool) -> None:  # noqa: FBT001 - a column
    assert fits([value], (part,)) is answer


def test_all_parts_of_an_element_must_fit() -> None:
    assert fits(["tcp", 22], ("tcp", 22))
    assert not fits(["tcp", 22], ("tcp", 23))
