"""A `Link` over REST (services `www-ssl` and `www`, RouterOS 7)."""

import base64
import http.client
import socket
from collections.abc import Callable, Mapping

from portward.apply import ros_rest
from portward.apply.ros_api_link import ends_of
from portward.apply.ros_link import Row, without_secrets
from portward.apply.ros_rest import LARGEST, Request
from portward.errors import PeerError, TargetError


class RestLink:
    """A connection that is kept open where the router allows it, and opened anew after it was closed or lost.

    A request is never sent twice: whether a lost one was carried out is for the caller to find out.
    """

    def __init__(self, host: str, user: str, password: str, connect: Callable[[], socket.socket]) -> None:
        self._connect = connect
        self._http = http.client.HTTPConnection(host)
        self._http.auto_open = 0
        self._http.sock = connect()
        self.ends = ends_of(self._http.sock)
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}

    def show(self, menu: str, where: Mapping[str, str] | None = None) -> tuple[Row, ...]:
        """See `Link`."""
        return ros_rest.read_rows(*self._ask(ros_rest.show(menu, where or {})))

    def add(self, menu: str, properties: Mapping[str, str]) -> str:
        """See `Link`."""
        answer = self._ask(ros_rest.add(menu, properties))
        try:
            return ros_rest.read_added(*answer)
        except TargetError as error:
            raise TargetError(without_secrets(str(error), properties)) from None

    def set(self, menu: str, ident: str, properties: Mapping[str, str]) -> None:
        """See `Link`."""
        answer = self._ask(ros_rest.change(menu, ident, properties))
        try:
            ros_rest.read_rows(*answer)
        except TargetError as error:
            raise TargetError(without_secrets(str(error), properties)) from None

    def remove(self, menu: str, ident: str) -> None:
        """See `Link`."""
        ros_rest.read_rows(*self._ask(ros_rest.remove(menu, ident)))

    def close(self) -> None:
        """See `Link`."""
        self._http.close()

    def _ask(self, request: Request) -> tuple[int, bytes]:
        if self._http.sock is None:
            self._http.sock = self._connect()
            self.ends = ends_of(self._http.sock)
        try:
            self._http.request(request.method, request.path, request.payload, self._headers)
            response = self._http.getresponse()
            data = response.read(LARGEST + 1)
        except (OSError, http.client.HTTPException) as error:
            self._http.close()
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise PeerError(f"the connection to the router was lost: {reason}") from None
        if len(data) > LARGEST:
            raise PeerError(f"the router's answer is larger than {LARGEST >> 20} MiB")
        return response.status, data
