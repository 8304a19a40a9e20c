from datetime import timedelta

import pytest
from tests.check.findings import gate

from portward.check.rules import check
from portward.policy.notation import read_knock
from portward.policy.policy import Policy, Sequence


@pytest.mark.parametrize(
    ("knocks", "expected"),
    [
        ("tcp/41733 udp/9121 icmp/777 tcp/17021", []),
        ("tcp/41733 udp/9121 icmp/777", ["PW202 5:10"]),
        ("udp/9121", ["PW202 5:10"]),
        ("tcp/9121 udp/17021 icmp/777 tcp/41733", ["PW203 5:10"]),
        ("tcp/41733 udp/17021 tcp/9121 icmp/777", ["PW203 5:10"]),
        ("tcp/9121 icmp/777 tcp/8888 udp/9000", []),
        ("tcp/41733 udp/9121 tcp/9100 tcp/9200", ["PW204 5:48"]),
        ("tcp/41733 udp/9121 tcp/9100 tcp/9201", []),
        ("tcp/41733 tcp/9121 udp/9122 tcp/17021", []),
        ("tcp/41733 tcp/9121 tcp/2777 tcp/17021", ["PW205 5:10"]),
        ("icmp/100 icmp/300 icmp/200 icmp/500", ["PW205 5:10"]),
        ("tcp/33333 udp/22222 icmp/128 tcp/11111", ["PW203 5:10", "PW206 5:10"]),
        ("tcp/41733 udp/9121 tcp/41733 icmp/777", ["PW208 5:36"]),
        ("tcp/41733 udp/9121 icmp/47 tcp/17021", ["PW209 5:36"]),
        ("tcp/41733 udp/9121 icmp/48 tcp/17021", []),
        ("tcp/41733 udp/9121 icmp/50=abc tcp/17021", ["PW209 5:36"]),
        ("tcp/41733 udp/9121 icmp/777 tcp/10080", ["PW210 5:48"]),
        ("tcp/41733 udp/6000 icmp/777 tcp/17021", []),
        ("tcp/41733 udp/123 icmp/777 tcp/17021", ["PW211 5:24"]),
        ("tcp/41733 udp/123=word icmp/777 tcp/17021", []),
        ("tcp/443 udp/9121 icmp/777 tcp/1702", ["PW211 5:11"]),
    ],
)
def test_what_is_advised_about_a_sequence(knocks: str, expected: list[str]) -> None:
    assert gate(knocks) == expected


def test_a_word_is_never_part_of_advice() -> None:
    order = tuple(map(read_knock, ["icmp/40=hush", "udp/53", "udp/54=hush", "udp/55=hush", "udp/54=hush"]))
    step = timedelta(seconds=1)
    policy = Policy(sequences=tuple(Sequence(name, order, (step,) * 4, ("*",), step) for name in "ab"))
    found = check(policy)
    assert {"PW208", "PW209", "PW204", "PW321"} <= {each.code for each in found}
    assert not any("hush" in each.message + each.hint for each in found)
