import pytest

from portward.apply.routeros_alike import canonical, essence


@pytest.mark.parametrize(
    ("name", "ours", "theirs"),
    [
        ("address-list-timeout", "7d", "1w"),
        ("address-list-timeout", "90s", "00:01:30"),
        ("connection-state", "established,related", "related,established"),
        ("src-address", "2001:db8::1", "2001:db8::1/128"),
        ("dst-address", "!ff00::/8", "!ff00::/8"),
        ("address", "10.0.0.0/8,192.168.0.1", "192.168.0.1/32,10.0.0.0/8"),
        ("protocol", "tcp", "6"),
        ("icmp-options", "8:0-255", "8"),
        ("limit", "10,5", "10/1s,5:packet"),
        ("log", "no", "false"),
    ],
)
def test_one_value_in_two_spellings(name: str, ours: str, theirs: str) -> None:
    assert canonical(name, ours) == canonical(name, theirs)


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("address-list-timeout", "7d", "8d"),
        ("src-address", "!10.0.0.0/8", "10.0.0.0/8"),
        ("dst-port", "22", "2222"),
        ("address-list-timeout", "none-dynamic", "none-static"),
        ("tcp-flags", "syn,!ack", "syn,ack"),
    ],
)
def test_two_values_are_two(name: str, one: str, other: str) -> None:
    assert canonical(name, one) != canonical(name, other)


def test_what_the_router_counts_and_marks_does_not_matter() -> None:
    ours = {"chain": "portward", "comment": "portward: x"}
    row = {
        ".id": "*1",
        "chain": "portward",
        "action": "accept",
        "bytes": "7",
        "invalid": "false",
        "dynamic": "false",
        "disabled": "false",
        "log": "false",
        "log-prefix": "",
        "comment": "portward: NEW x",
    }
    assert essence(ours) == essence(row)


def test_a_matcher_that_somebody_added_matters() -> None:
    assert essence({"chain": "a"}) != essence({"chain": "a", "src-address": "10.0.0.1"})
