"""A `Link` straight to a `Device`, without a wire: for tests that cut the line at every command."""

from collections.abc import Mapping

from lab.routeros_device import Cut, Device, Refusal
from portward.apply.ros_link import Ends, Row
from portward.errors import PeerError, TargetError


class DirectLink:
    """One connection; once cut, it stays cut."""

    def __init__(self, device: Device, source: str = "198.51.100.7", *, judged: bool = True) -> None:
        """Connect; `judged` is whether the device's firewall is asked."""
        if judged and not device.admits(source, 443):
            raise PeerError("no connection: timed out")
        self._device = device
        self._open = True
        self.ends = Ends(source, 40000, "192.0.2.1", 443)

    def show(self, menu: str, where: Mapping[str, str] | None = None) -> tuple[Row, ...]:
        """See `Link`."""
        return tuple(self._do(f"{menu}/print", {}, [f"{k}={v}" for k, v in (where or {}).items()])[0])

    def add(self, menu: str, properties: Mapping[str, str]) -> str:
        """See `Link`."""
        return self._do(f"{menu}/add", properties)[1]

    def set(self, menu: str, ident: str, properties: Mapping[str, str]) -> None:
        """See `Link`."""
        self._do(f"{menu}/set", {".id": ident, **properties})

    def remove(self, menu: str, ident: str) -> None:
        """See `Link`."""
        self._do(f"{menu}/remove", {".id": ident})

    def close(self) -> None:
        """See `Link`."""
        self._open = False

    def _do(
        self, path: str, words: Mapping[str, str], queries: list[str] | None = None
    ) -> tuple[list[Row], str]:
        if not self._open:
            raise PeerError("the connection to the router was lost")
        try:
            rows, ret = self._device.command(path, words, queries or [])
        except Refusal as refusal:
            raise TargetError(f"the router refused: {refusal}") from None
        except Cut:
            self._open = False
            raise PeerError("the connection to the router was lost") from None
        return list(rows), ret
