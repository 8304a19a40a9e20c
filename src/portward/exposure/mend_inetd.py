"""A line of /etc/inetd.conf switched off, as `update-inetd --disable` does it, so that a service leaves inetd.

Pure: text in, text out (inetd.conf(5): service, socket type, protocol, wait, user, program, arguments).
"""

from portward.policy.net import PortRange


PATH = "/etc/inetd.conf"
MARK = "#<off># "
"""What update-inetd(8) writes before a line that it disables."""


def switched_off(text: str, ports: tuple[PortRange, ...], names: frozenset[str]) -> str:
    """The text without the lines of these ports; the same text if there are none.

    Args:
        text: of the file.
        ports: where the service listens.
        names: what /etc/services calls these ports, aliases included.
    """
    return "".join(
        f"{MARK}{line}" if _is_about(line, ports, names) else line for line in text.splitlines(keepends=True)
    )


def _is_about(line: str, ports: tuple[PortRange, ...], names: frozenset[str]) -> bool:
    words = line.split()
    if len(words) < 6 or words[0].startswith("#"):
        return False
    service = words[0].rpartition(":")[2]
    protocol = words[2].rstrip("46")
    return any(
        protocol == each.protocol and (service in names or (service.isdecimal() and int(service) in each))
        for each in ports
    )
