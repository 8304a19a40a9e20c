"""sshd on another port: the changed configuration files, the socket unit's drop-in, and the clients' lines.

Pure: texts in, texts out (sshd_config(5), systemd.socket(5)). `Port` adds up over all files of sshd, so each that
stands anywhere is commented out, and one drop-in of ours names the port.
"""

import re
from collections.abc import Mapping

from portward.exposure.mends import Put


DROP_IN = "sshd_config.d/00-portward.conf"
MAIN = "sshd_config"
SOCKET_DROP_IN = "/etc/systemd/system/{unit}.d/portward.conf"

_PORT = re.compile(r"^[ \t]*port[ \t=]+\"?(\d+)\"?[ \t]*(?:#.*)?$", re.IGNORECASE)
_MATCH = re.compile(r"^[ \t]*match[ \t]", re.IGNORECASE)
_INCLUDE = re.compile(r"^[ \t]*include[ \t=]+.*sshd_config\.d/\*\.conf", re.IGNORECASE)
_LISTEN = re.compile(r"^[ \t]*listenaddress[ \t=]+\"?(?:\[[^\]]+\]:\d+|[^\s:\"]+:\d+)\"?", re.IGNORECASE)


def moved_config(texts: Mapping[str, str], folder: str, ports: tuple[int, ...]) -> tuple[Put, ...]:
    """The files that make sshd listen on these ports and no others.

    Args:
        texts: by path, `sshd_config` and the files of `sshd_config.d` as they are.
        folder: where they are, such as `/etc/ssh`.
        ports: one or two.

    Raises:
        ValueError: a `ListenAddress` names a port of its own, or there is no `sshd_config`; one sentence.
    """
    main = f"{folder}/{MAIN}"
    if main not in texts:
        msg = f"there is no {main}"
        raise ValueError(msg)
    for path, text in texts.items():
        if any(_LISTEN.match(line) for line in text.splitlines()):
            msg = f"{path} has a ListenAddress with a port: change that line by hand"
            raise ValueError(msg)
    drop_in = f"{folder}/{DROP_IN}"
    changed = {path: without_ports(text) for path, text in texts.items() if path != drop_in}
    lines = "".join(f"Port {port}\n" for port in ports)
    if any(_INCLUDE.match(line) for line in _global(texts[main])):
        changed[drop_in] = f"# written by portward harden; portward harden --undo removes it\n{lines}"
    else:
        changed[main] = lines + changed[main]
    return tuple(Put(path, text) for path, text in sorted(changed.items()) if texts.get(path) != text)


def without_ports(text: str) -> str:
    """The text with every `Port` line commented out; the line ends stay."""
    lines = text.splitlines(keepends=True)
    return "".join(f"#portward# {line}" if _PORT.match(line.rstrip("\r\n")) else line for line in lines)


def _global(text: str) -> list[str]:
    """The lines before the first `Match`."""
    lines = text.splitlines()
    end = next((at for at, line in enumerate(lines) if _MATCH.match(line)), len(lines))
    return lines[:end]


def moved_socket(unit: str, ports: tuple[int, ...]) -> Put:
    """The drop-in that makes the socket unit listen on these ports and no others: an empty one clears the list."""
    lines = "".join(f"ListenStream={port}\n" for port in ports)
    return Put(
        SOCKET_DROP_IN.format(unit=unit), f"# written by portward harden\n[Socket]\nListenStream=\n{lines}"
    )


def client_lines(host: str, port: int) -> tuple[str, ...]:
    """What clients write into `~/.ssh/config` (ssh_config(5))."""
    return (f"Host {host}", f"    Port {port}")
