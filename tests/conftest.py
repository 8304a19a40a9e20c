"""What all tests share: tests that need root or a program say so, and are skipped by name where it is missing.

With `CI` set in the environment nothing may be missing: such a test then fails instead of being skipped.
"""

import os

import pytest

from lab.namespaces import missing


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what cannot run here."""
    for item in items:
        reason = unmet(item)
        if reason and not os.environ.get("CI"):
            item.add_marker(pytest.mark.skip(reason=reason))


def unmet(item: pytest.Item) -> str:
    """Say what a test lacks on this machine; empty if nothing."""
    wanted: list[str] = ["ip", "nft"] if item.get_closest_marker("net") else []
    for marker in item.iter_markers("peer"):
        wanted += marker.args
    lacking = missing(*wanted)
    if lacking:
        return f"needs {', '.join(lacking)}"
    if wanted and os.geteuid() != 0:
        return "needs root, for network namespaces"
    return ""
