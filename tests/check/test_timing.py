import pytest
from tests.check.findings import gate


GOOD = "tcp/41733 udp/9121 icmp/777 tcp/17021"


@pytest.mark.parametrize(
    ("sequence", "defaults", "expected"),
    [
        ('step_timeout = "15s"', "", []),
        ('step_timeout = "16s"', "", ["PW201 7:16"]),
        ('step_timeout = ["5s", "60s", "30s"]', "", ["PW201 7:23", "PW201 7:30"]),
        ("", 'step_timeout = "20s"', ["PW201 9:16"]),
        ('open_for = "30d"', "", []),
        ('open_for = "31d"', "", ["PW212 7:12"]),
        ("", 'open_for = "5w"', ["PW212 9:12"]),
        ("", 'penalty = "10s"', []),
        ("", 'penalty = "9s"', ["PW404 9:11"]),
        ("", 'penalty = "9s"\nstrict = false', ["PW406 10:10"]),
        ("", 'penalty = "5m"', []),
        ("", 'penalty = "6m"', ["PW405 9:11"]),
        ("", "strict = false", ["PW406 9:10"]),
    ],
)
def test_what_is_advised_about_times(sequence: str, defaults: str, expected: list[str]) -> None:
    assert gate(GOOD, sequence=sequence, defaults=defaults) == expected


def test_a_slow_default_is_told_once_however_many_sequences_take_it() -> None:
    more = '[sequences.b]\nknocks = ["udp/1111", "tcp/2600", "icmp/99", "udp/800"]\nopens = "*"\n'
    assert gate(GOOD, more, defaults='step_timeout = "20s"\nopen_for = "9w"') == ["PW201 9:16", "PW212 10:12"]
