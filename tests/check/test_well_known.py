import re
import subprocess

import pytest

from portward.check.well_known import BROWSERS_REFUSE, PRINTED, SCANNED_FIRST
from portward.policy.net import Protocol


@pytest.mark.peer("nmap")
@pytest.mark.parametrize(("protocol", "option"), [(Protocol.TCP, "-sS"), (Protocol.UDP, "-sU")])
def test_the_first_ports_are_those_that_nmap_names(protocol: Protocol, option: str) -> None:
    said = subprocess.run(
        ["nmap", option, "--top-ports", "20", "-v", "-oG", "-"], capture_output=True, text=True, check=True
    ).stdout
    listed = re.search(rf"{protocol.upper()}\(20;([0-9,-]+)\)", said)
    assert listed
    ports = set()
    for piece in listed[1].split(","):
        first, _, last = piece.partition("-")
        ports |= set(range(int(first), int(last or first) + 1))
    assert ports == SCANNED_FIRST[protocol]


def test_the_tables_hold_ports() -> None:
    assert all(0 < port < 65536 for order in PRINTED for port in order)
    assert all(0 < port < 65536 for port in BROWSERS_REFUSE)
