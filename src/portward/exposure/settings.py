"""The settings of servers that rules ask for: sshd's, by sshd itself, and whether SNMP takes communities.

Reads only. A community string, a key or a password is never kept.
"""

from collections.abc import Iterable
from pathlib import Path

from portward.errors import HostError
from portward.exposure.facts import Listener
from portward.exposure.firewall import Run
from portward.exposure.processes import options_of, read_text
from portward.policy.net import Protocol


SSHD_WANTED = frozenset(
    {
        "passwordauthentication",
        "kbdinteractiveauthentication",
        "permitrootlogin",
        "permitemptypasswords",
        "authenticationmethods",
        "usepam",
    }
)
_COMMUNITIES = ("rocommunity", "rwcommunity", "com2sec", "community")


def ask_sshd(
    run: Run, proc: Path, listeners: Iterable[Listener]
) -> tuple[dict[int, dict[str, str]], list[str]]:
    """Ask sshd what its settings are, for each port that one listens on; what failed is told."""
    found: dict[int, dict[str, str]] = {}
    failed: list[str] = []
    for each in listeners:
        command = _sshd_of(proc, each)
        if not command or each.port in found or each.protocol is not Protocol.TCP or each.address.is_loopback:
            continue
        try:
            found[each.port] = read_sshd(_tell(run, command))
        except HostError:
            failed.append(f"sshd on {each.spelled} would not tell its settings (sshd -T)")
    return found, failed


def _sshd_of(proc: Path, listener: Listener) -> list[str]:
    """The sshd that listens, with its options; or that systemd starts when somebody comes."""
    server = next((one for one in listener.programs if one.name == "sshd"), None)
    if server:
        return [server.path or "sshd", *options_of(proc, server.pid, "-f", "-o")]
    return ["sshd"] if listener.unit in _SSH_SOCKETS else []


def _tell(run: Run, command: list[str]) -> str:
    """Let sshd tell its settings; where systemd starts it, also while it does not run and its folder is not there."""
    try:
        return run(command[0], "-T", *command[1:])
    except HostError:
        if len(command) > 1 or command[0] != "sshd":
            raise
        return run("unshare", "--mount", "sh", "-c", _WITH_FOLDER)


_WITH_FOLDER = "mount -t tmpfs none /run && mkdir -m 755 /run/sshd && exec sshd -T"
"""sshd does not even tell without /run/sshd, which goes with its service: this is seen by nobody else."""

_SSH_SOCKETS = frozenset({"ssh.socket", "sshd.socket"})
"""What Debian, Ubuntu and others call the units that start sshd."""


def read_sshd(text: str) -> dict[str, str]:
    """Read `sshd -T`: the settings that rules ask for, names in lower case as it prints them."""
    lines = (line.partition(" ") for line in text.splitlines())
    return {name: value.strip().lower() for name, _, value in lines if name in SSHD_WANTED}


def takes_communities(proc: Path, root: Path, listeners: Iterable[Listener]) -> bool | None:
    """Whether the SNMP server here has community strings; None if there is none or its file cannot be read."""
    server = next((one for each in listeners for one in each.programs if one.name == "snmpd"), None)
    if server is None:
        return None
    options = options_of(proc, server.pid, "-c")
    files = [Path(value) for name, value in zip(options[::2], options[1::2], strict=True) if name == "-c"]
    texts = [read_text(each) for each in files or [root / "etc/snmp/snmpd.conf"]]
    return has_communities("\n".join(texts)) if any(texts) else None


def has_communities(text: str) -> bool:
    """Whether an snmpd.conf names a community (snmpd.conf(5), access control)."""
    return any(line.strip().lower().startswith(_COMMUNITIES) for line in text.splitlines())
