"""A `Link` over the binary API (services `api` and `api-ssl`, RouterOS 6.43 and later, and 7)."""

import socket
from collections.abc import Iterable, Mapping

from portward.apply.ros_link import Ends, Row, without_secrets
from portward.apply.ros_words import Kind, Reply, ReplyReader, encode_command
from portward.errors import PeerError, TargetError


class ApiLink:
    """One connection; commands are sent one by one, each after the answer to the last."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        self._reader = ReplyReader()
        self._in_step = True
        self.ends = ends_of(stream)

    def login(self, user: str, password: str) -> None:
        """Log in, with name and password as all versions since 6.43 take them.

        Raises:
            PeerError: refused, or a router older than 6.43.
        """
        try:
            _, done = self._ask("/login", {"name": user, "password": password})
        except TargetError:
            raise PeerError("the router refused the user name or the password") from None
        if "ret" in done:
            raise PeerError("this router's version is older than 6.43: its login is not safe; upgrade it")

    def show(self, menu: str, where: Mapping[str, str] | None = None) -> tuple[Row, ...]:
        """See `Link`."""
        queries = [f"{name}={value}" for name, value in (where or {}).items()]
        return self._ask(f"{menu}/print", {}, queries)[0]

    def add(self, menu: str, properties: Mapping[str, str]) -> str:
        """See `Link`."""
        _, done = self._ask(f"{menu}/add", properties)
        if "ret" not in done:
            raise PeerError("the router did not say which row it added")
        return done["ret"]

    def set(self, menu: str, ident: str, properties: Mapping[str, str]) -> None:
        """See `Link`."""
        self._ask(f"{menu}/set", {".id": ident, **properties})

    def remove(self, menu: str, ident: str) -> None:
        """See `Link`."""
        self._ask(f"{menu}/remove", {".id": ident})

    def close(self) -> None:
        """See `Link`."""
        self._stream.close()

    def _ask(
        self, path: str, attributes: Mapping[str, str], queries: Iterable[str] = ()
    ) -> tuple[tuple[Row, ...], dict[str, str]]:
        """Send a command; give its rows and what `!done` carries.

        A command whose answer was not awaited (Ctrl-C) leaves the answer on the way: it must never be taken for that
        to the next command, so there is none on this connection.
        """
        if not self._in_step:
            raise PeerError("the connection to the router was left in the middle of an answer")
        self._in_step = False
        rows: list[Row] = []
        trap: Reply | None = None
        for reply in self._exchange(encode_command(path, attributes, queries)):
            match reply.kind:
                case Kind.ROW:
                    rows.append(reply.attributes)
                case Kind.TRAP:
                    trap = trap or reply
                case Kind.DONE:
                    self._in_step = True
                    if trap is not None:
                        raise TargetError(f"the router refused: {without_secrets(trap.message, attributes)}")
                    return tuple(rows), reply.attributes
                case Kind.FATAL:
                    raise PeerError(
                        f"the router ended the connection: {without_secrets(reply.message, attributes)}"
                    )
                case Kind.EMPTY:
                    pass
        raise PeerError("the connection to the router was lost")

    def _exchange(self, data: bytes) -> Iterable[Reply]:
        try:
            self._stream.sendall(data)
            while received := self._stream.recv(65536):
                yield from self._reader.feed(received)
        except OSError as error:
            raise PeerError(f"the connection to the router was lost: {error.strerror or error}") from error


def ends_of(stream: socket.socket) -> Ends:
    """Where a stream begins and ends; IPv4 addresses mapped into IPv6 are IPv4."""
    ours, theirs = stream.getsockname(), stream.getpeername()
    return Ends(_bare(ours[0]), ours[1], _bare(theirs[0]), theirs[1])


def _bare(address: str) -> str:
    return address.partition("%")[0].removeprefix("::ffff:")
