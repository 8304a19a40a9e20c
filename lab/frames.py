"""Ethernet frames of any kind, byte by byte; they are made where `portward attack` makes its own."""

from portward.attack.frames import (
    ACK,
    FIN,
    PSH,
    RST,
    SYN,
    Address,
    Road,
    checksum,
    echo,
    frame,
    number_of,
    pseudo_header,
    tcp,
    udp,
)


__all__ = [
    "ACK",
    "FIN",
    "PSH",
    "RST",
    "SYN",
    "Address",
    "Road",
    "checksum",
    "echo",
    "frame",
    "number_of",
    "pseudo_header",
    "tcp",
    "udp",
]
