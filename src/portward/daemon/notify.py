"""Telling systemd how the daemon is: sd_notify(3) by its protocol, one datagram to `$NOTIFY_SOCKET`."""

import os
import socket
from collections.abc import Mapping
from datetime import timedelta


class Notifier:
    """Speaks to systemd if it listens, else says nothing."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        """Find out whether systemd listens, and how often it wants to hear of us (sd_watchdog_enabled(3))."""
        self._address = variables.get("NOTIFY_SOCKET", "")
        wanted = variables.get("WATCHDOG_USEC", "")
        mine = variables.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self.watchdog: timedelta | None = (
            timedelta(microseconds=int(wanted)) if wanted.isdigit() and int(wanted) and mine else None
        )

    def say(self, *assignments: str) -> None:
        """Send assignments such as `READY=1`; nobody listening is no error."""
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
                out.sendto("\n".join(assignments).encode(), address)
        except OSError:
            return

    def ready(self, status: str) -> None:
        """Say that we serve."""
        self.say("READY=1", f"STATUS={status}")

    def alive(self, status: str) -> None:
        """Say that we still do."""
        self.say("WATCHDOG=1", f"STATUS={status}")
