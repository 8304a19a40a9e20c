from datetime import timedelta

import pytest
from tests.sources.fwknop_files import told

from portward.policy.people import Fwknop
from portward.sources.fwknop_conf import read_conf


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("", Fwknop()),
        ("PCAP_FILTER udp port 4000;", Fwknop(4000)),
        ("PCAP_FILTER udp dst port 4000", Fwknop(4000)),
        ("PCAP_FILTER udp port 4000\nENABLE_UDP_SERVER Y\nUDPSERV_PORT 5000", Fwknop(5000)),
        ("ENABLE_UDP_SERVER Y", Fwknop(62201)),
        ("MAX_SPA_PACKET_AGE 60;", Fwknop(max_age=timedelta(minutes=1))),
        ("MAX_SPA_PACKET_AGE 5", Fwknop(max_age=timedelta(seconds=10))),
        ("MAX_SPA_PACKET_AGE 99999", Fwknop(max_age=timedelta(hours=1))),
    ],
)
def test_port_and_age(text: str, ways: Fwknop) -> None:
    """What the policy's section says."""
    found = read_conf(text.encode(), "f")
    assert (found.ways, found.fatal) == (ways, ())


def test_what_is_told() -> None:
    """Switches that matter, a filter of another kind, an age that is not judged."""
    found = read_conf(
        b"PCAP_FILTER udp portrange 10000-65535\nENABLE_SPA_OVER_HTTP Y\nENABLE_TCP_SERVER N\n"
        b"ENABLE_SPA_PACKET_AGING N\nMAX_SPA_PACKET_AGE 1\nPCAP_INTF eth1\n",
        "f",
    )
    assert [line.split(" ")[:2] for line in told(found.told)] == [
        ["1:", "PCAP_FILTER"],
        ["4:", "ENABLE_SPA_PACKET_AGING"],
        ["5:", "MAX_SPA_PACKET_AGE"],
        ["2:", "ENABLE_SPA_OVER_HTTP"],
    ]
    assert [each.name for each in found.settings] == ["PCAP_INTF"]


def test_what_fwknopd_refuses() -> None:
    """A line without a value, a number out of range."""
    found = read_conf(b"PCAP_INTF\nENABLE_UDP_SERVER Y\nUDPSERV_PORT 70000\n", "f")
    assert [each.code for each in found.fatal] == ["PW701", "PW701"]
