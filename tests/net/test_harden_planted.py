"""Thirteen mistakes on one host: all are found, each mend closes one to a probe, and each undo is byte by byte."""

import json
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from debian_host import PROGRAMS, RUNNING, DebianHost, bare, debian_host, wait_for
from test_exposure import PLANTED


PEERS = ("in.rlogind", "in.rshd", "nginx", "memcached", "mosquitto", "rsync", "rpcbind")
pytestmark = [pytest.mark.net, pytest.mark.peer(*PROGRAMS, *PEERS)]

MORE = ("nginx", "memcached", "mosquitto", "rsync", "rpcbind", "snmpd")
MENDS = (
    ("telnet", "disable", ("tcp/23",)),
    ("rlogin", "disable", ("tcp/513",)),
    ("rsh", "disable", ("tcp/514",)),
    ("ftp", "disable", ("tcp/21",)),
    ("tftp", "disable", ("udp/69",)),
    ("sunrpc", "disable", ("tcp/111", "udp/111")),
    ("rsync", "guard", ("tcp/873",)),
    ("http", "guard", ("tcp/80",)),
    ("snmp", "guard", ("udp/161",)),
    ("mqtt", "guard", ("tcp/1883",)),
    ("redis", "guard", ("tcp/6379",)),
    ("memcached", "guard", ("tcp/11211",)),
    ("ssh", "guard", ("tcp/22",)),
)
"""Each service, the way that fits it, and where it shows."""
SHOWN = frozenset(port for _, _, ports in MENDS for port in ports)


def plant(root: Path) -> None:
    """Lay out the rest of the servers: Debian's units, and a configuration with a mistake each."""
    for name in MORE:
        unit = Path(f"/lib/systemd/system/{name}.service")
        (root / "units" / unit.name).write_text(bare(unit.read_text()))
    shutil.copy("/lib/systemd/system/rpcbind.socket", root / "units")
    for name in ("lib/nginx", "log/nginx"):
        (root / name).mkdir(mode=0o755)
    for name in ("lib", "log", "lib/snmp"):
        (root / name).chmod(0o755)
    shutil.chown(root / "lib/snmp", "Debian-snmp")
    with (root / "etc/inetd.conf").open("a") as file:
        file.write("shell\tstream\ttcp\tnowait\troot\t/usr/sbin/in.rshd\tin.rshd\n")
    for name, text in {
        "memcached.conf": "-l 0.0.0.0\n-u memcache\n",
        "mosquitto/mosquitto.conf": "listener 1883 0.0.0.0\nallow_anonymous true\n",
        "rsyncd.conf": "[all]\npath = /srv\n",
        "snmp/snmpd.conf": "rocommunity public\nagentaddress udp:0.0.0.0:161\n",
    }.items():
        (root / "etc" / name).write_text(text)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DebianHost]:
    """The host, with all its mistakes."""
    running = [each for each in RUNNING if each != "own.socket"]
    with debian_host(tmp_path_factory.mktemp("planted"), plant, [*running, *MORE, "rpcbind.socket"]) as made:
        if made is None:
            pytest.skip("systemd does not come up in a namespace here")
        assert wait_for(lambda: made.open_ports(*SHOWN) == SHOWN, 10), SHOWN - made.open_ports(*SHOWN)
        yield made


def audit(host: DebianHost) -> Any:
    """What the audit says in there."""
    done = host.run(sys.executable, "-m", "portward", "audit", "--json")
    return json.loads(done.stdout)["result"]


def test_all_are_found_and_no_other(host: DebianHost) -> None:
    assert {(each["code"], each["subject"]) for each in audit(host)["findings"]} == PLANTED


def test_each_mend_closes_its_service_and_undo_brings_everything_back(host: DebianHost) -> None:
    """One run each, by the way that fits it; at the end nothing is left to find; then all are undone.

    While the visitor still looks for one service, the next is mended: silence takes long to be sure of.
    """
    trees, seen = [], {}
    with ThreadPoolExecutor(4) as visitor:
        for name, way, ports in MENDS:
            trees.append(host.tree())
            (done,) = host.harden(name, "--yes")["result"]["mends"]
            assert done["way"] == way
            seen[name] = visitor.submit(host.open_ports, *ports)
    assert {name: found.result() for name, found in seen.items()} == {name: set() for name, _, _ in MENDS}
    assert audit(host)["findings"] == []
    host.harden("--undo")
    assert host.tree() == trees[-1], "one by one, the newest first"
    host.harden("--undo", "--all")
    assert host.tree() == trees[0]
    assert wait_for(lambda: host.open_ports(*SHOWN) == SHOWN, 10)
    assert host.run("nft", "list", "ruleset").stdout == ""


def test_what_may_be_meant_for_everybody_is_left_until_it_is_named(host: DebianHost) -> None:
    done = host.harden("--plan")["result"]
    assert {(each["service"], each["way"]) for each in done["mends"]} == {
        (name, way) for name, way, _ in MENDS if name != "http"
    }
    assert [each["service"] for each in done["left"]] == ["http"]


def test_a_guard_closes_each_of_them(host: DebianHost) -> None:
    before, active = host.tree(), host.active()
    done = host.harden(*(name for name, _, _ in MENDS), "--by", "guard", "--yes")["result"]
    assert (len(done["mends"]), done["left"]) == (len(MENDS), [])
    assert wait_for(lambda: host.open_ports(*SHOWN) == set(), 5)
    assert host.active() == active, "all go on running"
    host.harden("--undo")
    assert host.tree() == before
    assert host.open_ports(*SHOWN) == SHOWN
