"""Read packets that nftables logs with `log group N`: NETLINK_NETFILTER by hand, in a namespace of ours.

Layouts: linux/netlink.h, linux/netfilter/nfnetlink.h, linux/netfilter/nfnetlink_log.h.
"""

import socket
import struct
from collections.abc import Iterator

from lab.namespaces import Namespace


NETLINK_NETFILTER = 12
NFNL_SUBSYS_ULOG = 4
NFULNL_MSG_PACKET = 0
NFULNL_MSG_CONFIG = 1
NFULA_PAYLOAD = 9
NFULA_CFG_CMD = 1
NFULA_CFG_MODE = 2
NFULA_CFG_QTHRESH = 5
NFULNL_CFG_CMD_BIND = 1
NFULNL_COPY_PACKET = 2
NLM_F_REQUEST, NLM_F_ACK = 1, 4


def attribute(kind: int, value: bytes) -> bytes:
    """A netlink attribute, padded to 4 bytes."""
    size = 4 + len(value)
    return struct.pack("=HH", size, kind) + value + b"\0" * (-size % 4)


def message(group: int, *attributes: bytes) -> bytes:
    """A configuration message for a log group."""
    body = struct.pack("!BBH", 0, 0, group) + b"".join(attributes)
    kind = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG
    return struct.pack("=IHHII", 16 + len(body), kind, NLM_F_REQUEST | NLM_F_ACK, 1, 0) + body


class Watch:
    """A log group that is listened to, each packet at once."""

    def __init__(self, where: Namespace, group: int) -> None:
        self._socket = where.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self._socket.bind((0, 0))
        for part in (
            attribute(NFULA_CFG_CMD, bytes([NFULNL_CFG_CMD_BIND])),
            attribute(NFULA_CFG_MODE, struct.pack("!IBB", 0xFFFF, NFULNL_COPY_PACKET, 0)),
            attribute(NFULA_CFG_QTHRESH, struct.pack("!I", 1)),
        ):
            self._socket.send(message(group, part))
            self._socket.recv(8192)

    def packets(self, patience: float = 0.0) -> Iterator[bytes]:
        """Give the IP packets that were logged so far; wait up to `patience` seconds for each next one."""
        self._socket.settimeout(patience or 0.000001)
        while True:
            try:
                data = self._socket.recv(1 << 17)
            except (TimeoutError, BlockingIOError):
                return
            yield from payloads(data)

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()


def payloads(data: bytes) -> Iterator[bytes]:
    """Cut the packets out of what one read gave."""
    while len(data) >= 16:
        size, kind = struct.unpack_from("=IH", data)
        if kind == NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET:
            yield from payload(data[20:size])
        data = data[(size + 3) & ~3 :]


def payload(attributes: bytes) -> Iterator[bytes]:
    """Find the packet among a message's attributes."""
    while len(attributes) >= 4:
        size, kind = struct.unpack_from("=HH", attributes)
        if kind == NFULA_PAYLOAD:
            yield attributes[4:size]
        attributes = attributes[(size + 3) & ~3 :] if size else b""
