"""fwknopd, the peer, in a gate of its own: started, waited for, stopped.

It gets the best that we know: one stanza with HMAC, grants that outlast the run (it would otherwise list its rules at
every turn), and a firewall with nothing else in it. It hears by libpcap, as Debian ships it, or by a UDP socket.
"""

import contextlib
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

from lab.bench_daemon import FWKNOP_PORT, Daemon, keys, started, wait_for
from lab.bench_place import Site
from lab.bench_rules import DOOR


REFUSED = "Error creating fko context"
"""Stands in the one line that fwknopd writes for each packet whose HMAC is wrong."""


def access() -> str:
    """Write access.conf."""
    key = keys().fwknop
    return (
        "SOURCE ANY\n"
        f"OPEN_PORTS tcp/{DOOR}\n"
        f"KEY_BASE64 {b64encode(key.key).decode()}\n"
        f"HMAC_KEY_BASE64 {b64encode(key.hmac_key).decode()}\n"
        "FW_ACCESS_TIMEOUT 3600\n"
        "MAX_FW_TIMEOUT 3600\n"
    )


def config(folder: str, *, by_socket: bool) -> str:
    """Write fwknopd.conf; all else is as fwknopd has it."""
    return (
        f"PCAP_INTF eth0;\nFWKNOP_RUN_DIR {folder};\nENABLE_UDP_SERVER {'Y' if by_socket else 'N'};\n"
        f"UDPSERV_PORT {FWKNOP_PORT};\nPCAP_FILTER udp port {FWKNOP_PORT};\n"
    )


def firewall(*, by_socket: bool) -> list[list[str]]:
    """The host's rules: closed but for what fwknopd opens, and for its own socket if it has one."""
    heard = [["-A", "INPUT", "-p", "udp", "--dport", str(FWKNOP_PORT), "-j", "ACCEPT"]] if by_socket else []
    return [
        ["-A", "INPUT", "-m", "state", "--state", "ESTABLISHED", "-j", "ACCEPT"],
        *heard,
        ["-P", "INPUT", "DROP"],
    ]


@contextlib.contextmanager
def fwknopd(where: Site, *, by_socket: bool) -> Iterator[Daemon]:
    """Run fwknopd in a gate.

    Raises:
        RuntimeError: it does not start.
    """
    for rule in firewall(by_socket=by_socket):
        where.gate.run("iptables", *rule)
    with tempfile.TemporaryDirectory(prefix="portward-bench-") as folder:
        files = {"fwknopd.conf": config(folder, by_socket=by_socket), "access.conf": access()}
        for name, text in files.items():
            Path(folder, name).write_text(text)
            Path(folder, name).chmod(0o600)
        log = Path(folder, "log")
        command = ("fwknopd", "-f", "-c", f"{folder}/fwknopd.conf", "-a", f"{folder}/access.conf")
        with started(where.gate, log, *command) as daemon:
            wait_for("UDP server to listen" if by_socket else "Starting fwknopd main event loop", daemon, log)
            yield Daemon(daemon.pid, FWKNOP_PORT, log)


def refused(log: Path) -> int:
    """Count the packets that fwknopd has judged and refused."""
    return log.read_text(errors="replace").count(REFUSED)
