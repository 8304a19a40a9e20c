from datetime import timedelta
from ipaddress import IPv4Address

import pytest
from tests.simulate.router import script

from portward.compile.exact_lists import elements, is_host, overlapping, render_sets, span_of, survey
from portward.sources.routeros_matchers import AddressRange


def span(first: str, last: str) -> AddressRange:
    """A range of addresses."""
    return AddressRange(IPv4Address(first), IPv4Address(last))


@pytest.mark.parametrize(
    ("addresses", "spelled"),
    [
        (span("192.0.2.1", "192.0.2.1"), "192.0.2.1"),
        (span("192.0.2.0", "192.0.2.255"), "192.0.2.0/24"),
        (span("192.0.2.1", "192.0.2.9"), "192.0.2.1-192.0.2.9"),
    ],
    ids=str,
)
def test_addresses_are_spelled_as_short_as_they_can_be(addresses: AddressRange, spelled: str) -> None:
    assert span_of(addresses) == spelled


TEXT = """add chain=input src-address-list=a action=drop
add chain=input protocol=tcp action=add-src-to-address-list address-list=b address-list-timeout=none-static
add chain=input protocol=udp action=add-src-to-address-list address-list="b" address-list-timeout=1m
/ip firewall address-list
add list=a address=192.0.2.0/24
add list=a address=192.0.2.7 timeout=1h
add list=a address=198.51.100.0/24 timeout=2h
add list=a address=198.51.100.128/25 timeout=3h
add list=nobody-asks address=192.0.2.1
add list=a address=203.0.113.1 disabled=yes"""


def test_a_list_has_the_sets_that_it_needs() -> None:
    made = script(TEXT)
    found = {each.title: each for each in survey(made.rules, made.entries).values()}
    assert found["a"].parts == ("list_ip_a_hosts", "list_ip_a_static", "list_ip_a_lasting")
    assert found["b"].parts == ("list_ip_b_hosts", "list_ip_b_kept")
    assert found["b"].covering == ("list_ip_b_kept",)
    assert "nobody-asks" not in found


def test_networks_with_an_end_that_meet_are_found() -> None:
    made = script(TEXT)
    assert [each.timeout for each in overlapping(made.entries)] == [timedelta(hours=3)]
    assert not any(is_host(each) for each in overlapping(made.entries))


def test_a_big_list_still_has_room_for_what_packets_add() -> None:
    entries = "\n".join(f"add list=a address=10.1.{n >> 8}.{n & 255} timeout=1h" for n in range(200))
    made = script(f"add chain=input src-address-list=a action=drop\n/ip firewall address-list\n{entries}")
    ((name, lines),) = render_sets(survey(made.rules, made.entries))
    assert name == "list_ip_a_hosts"
    assert "size 65535" in lines
    assert sum(line.startswith("\t10.1.") for line in lines) == 200


def test_elements_are_laid_out_one_a_line() -> None:
    assert elements([]) == []
    assert elements(["a", "b"]) == ["elements = {", "\ta,", "\tb", "}"]
