"""What systemd socket units listen on: from `systemctl list-sockets`, and from unit files where systemd does not run.

Pure: text in, values out (systemd.socket(5)).
"""

import json
from collections.abc import Iterator
from ipaddress import ip_address

from portward.exposure.facts import Listener, Origin
from portward.policy.net import Address, Protocol


Place = tuple[Address, int]


def read_list_sockets(text: str) -> dict[Place, str]:
    """Read `systemctl list-sockets --all --output=json`: the unit of each address and port.

    Gives nothing for text that has another form: older versions of systemd print a table.
    """
    try:
        rows = json.loads(text)
        found = {place: str(row["unit"]) for row in rows if (place := _place(str(row["listen"])))}
    except (ValueError, KeyError, TypeError):
        return {}
    return found


def read_socket_unit(text: str, unit: str) -> Iterator[Listener]:
    """Read a `.socket` file: a listener for each ListenStream and ListenDatagram that is an IP port."""
    only = any(_key(line) == ("BindIPv6Only", "ipv6-only") for line in text.splitlines())
    for line in text.splitlines():
        key, value = _key(line)
        if key not in {"ListenStream", "ListenDatagram"}:
            continue
        place = (ip_address("::"), int(value)) if value.isdecimal() else _place(value)
        if place and 0 < place[1] <= 65535:
            protocol = Protocol.TCP if key == "ListenStream" else Protocol.UDP
            both = place[0] == ip_address("::") and not only
            yield Listener(protocol, *place, both=both, user="root", unit=unit, origin=Origin.UNIT)


def _key(line: str) -> tuple[str, str]:
    name, _, value = line.strip().partition("=")
    return name.strip(), value.strip()


def _place(text: str) -> Place | None:
    """`0.0.0.0:22`, `[::]:22`; None for paths and the like."""
    host, _, port = text.rpartition(":")
    try:
        return ip_address(host.strip("[]").partition("%")[0]), int(port)
    except ValueError:
        return None
