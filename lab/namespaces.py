"""Network namespaces that are made, wired and removed again; they are made where `portward attack` makes its own."""

from portward.attack.namespaces import (
    CLONE_NEWNET,
    GATE_V4,
    GATE_V6,
    Namespace,
    Town,
    address,
    cable,
    missing,
    namespaces,
    remove,
    town,
    visitor_v4,
    visitor_v6,
)


__all__ = [
    "CLONE_NEWNET",
    "GATE_V4",
    "GATE_V6",
    "Namespace",
    "Town",
    "address",
    "cable",
    "missing",
    "namespaces",
    "remove",
    "town",
    "visitor_v4",
    "visitor_v6",
]
