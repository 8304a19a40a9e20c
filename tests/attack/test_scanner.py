"""The real nmap: where it is not installed, nothing is scanned and nothing is claimed."""

from typing import TYPE_CHECKING, cast

import pytest

from portward.attack import scanner
from portward.attack.sweeps import Bound


if TYPE_CHECKING:
    from portward.attack.place import Place


def test_without_nmap_there_is_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate is not even asked."""
    monkeypatch.setattr(scanner, "missing", lambda *_: ["nmap"])
    assert scanner.scan(cast("Place", None), Bound(1, 1)) is None
