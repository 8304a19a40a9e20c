import json
import os
import socket
from pathlib import Path

import pytest

from portward.errors import HostError
from portward.exposure.gather import gather, gather_offline, read_interfaces
from portward.exposure.judge import audit


def run(*words: str) -> str:
    """What the programs of a plain host print."""
    answers = {"nft": json.dumps({"nftables": []}), "ip": "[]"}
    if words[0] not in answers:
        raise HostError(words[0])
    return answers[words[0]]


def test_a_socket_of_this_process_is_gathered_with_its_holder() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        facts = gather(run)
    (found,) = [each for each in facts.listeners if each.port == port]
    assert [each.pid for each in found.programs] == [os.getpid()]
    assert str(found.address) == "127.0.0.1"


def test_without_proc_nothing_can_be_seen(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="mounted"):
        gather(run, root=tmp_path)


ADDRESSES = json.dumps(
    [
        {"ifname": "lo", "flags": ["LOOPBACK", "UP"], "addr_info": [{"local": "127.0.0.1", "prefixlen": 8}]},
        {"ifname": "eth0", "flags": ["UP"], "addr_info": [{"local": "192.168.1.2", "prefixlen": 24}]},
        {"ifname": "docker0", "flags": ["UP"], "addr_info": [{"local": "172.17.0.1", "prefixlen": 16}]},
        {"ifname": "wan1", "flags": ["UP"], "addr_info": [{"local": "9.9.9.9", "prefixlen": 24}]},
        {"ifname": "eth9", "flags": [], "addr_info": [{"local": "192.168.9.2", "prefixlen": 24}]},
    ]
)


def test_strangers_come_by_the_default_route_and_by_public_addresses() -> None:
    found = {each.name: each.outside for each in read_interfaces(ADDRESSES, frozenset({"eth0"}))}
    assert found == {"eth0": True, "docker0": False, "wan1": True}


def test_without_a_default_route_they_come_from_everywhere() -> None:
    assert all(each.outside for each in read_interfaces(ADDRESSES, frozenset()))


def test_a_system_that_does_not_run_is_known_by_its_enabled_units(tmp_path: Path) -> None:
    wants = tmp_path / "etc/systemd/system/sockets.target.wants"
    units = tmp_path / "usr/lib/systemd/system"
    for folder in (wants, units):
        folder.mkdir(parents=True)
    (units / "telnet.socket").write_text("[Socket]\nListenStream=23\nAccept=yes\n")
    (units / "other.socket").write_text("[Socket]\nListenStream=79\n")
    (wants / "telnet.socket").symlink_to("/lib/systemd/system/telnet.socket")
    found = audit(gather_offline(tmp_path)).findings
    assert [(each.code, each.remedies[0].text) for each in found] == [
        ("PX101", "systemctl disable --now telnet.socket")
    ]


def test_a_directory_that_is_no_system_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="root of a system"):
        gather_offline(tmp_path)
