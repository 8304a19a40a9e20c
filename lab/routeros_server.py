"""The wire of a `Device`: REST over HTTP and the binary API, with and without TLS, one thread for each connection.

Written from the RouterOS manual alone, and not with the client's code: what one side gets wrong, the other must not
forgive. A connection that the device's firewall does not admit is closed without a word.
"""

import base64
import contextlib
import http.server
import json
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlsplit

from lab.routeros_device import SETTINGS, Cut, Device, Refusal


STATUS = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 406: "Not Acceptable"}
_DEVICE_LOCK = threading.Lock()


class RestHandler(http.server.BaseHTTPRequestHandler):
    """REST, version 7."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    device: ClassVar[Device]

    def handle_one_request(self) -> None:
        """Answer one request, or end the connection where the line is cut."""
        try:
            super().handle_one_request()
        except (Cut, ConnectionError, ssl.SSLError):
            self.close_connection = True

    def do_GET(self) -> None:
        """Print."""
        menu, ident, query = self._place()
        found = [f"{name}={value}" for name, value in query if not name.startswith(".")]
        self._answer(lambda: self._print(menu, ident, found))

    def do_PUT(self) -> None:
        """Add; the new item comes back."""
        menu, _, _ = self._place()
        words = self._body()

        def add() -> Any:
            _, ident = self.device.command(f"{menu}/add", words)
            return next(row for row in self.device.menus[menu] if row[".id"] == ident)

        self._answer(add, 201)

    def do_PATCH(self) -> None:
        """Set; the changed item comes back."""
        menu, ident, _ = self._place()
        words = {**self._body(), ".id": ident}

        def change() -> Any:
            self.device.command(f"{menu}/set", words)
            return self.device.find(menu, ident)

        self._answer(change)

    def do_DELETE(self) -> None:
        """Remove; nothing comes back."""
        menu, ident, _ = self._place()
        self._answer(lambda: self.device.command(f"{menu}/remove", {".id": ident})[0], 204)

    def do_POST(self) -> None:
        """Any command, by its name at the end of the path."""
        path = unquote(urlsplit(self.path).path).removeprefix("/rest")
        body = self._body()
        queries = body.pop(".query", [])
        body.pop(".proplist", None)
        self._answer(lambda: self.device.command(path, body, queries)[0])

    def _place(self) -> tuple[str, str, list[tuple[str, str]]]:
        parts = urlsplit(self.path)
        path = unquote(parts.path).removeprefix("/rest")
        head, _, last = path.rpartition("/")
        by_id = last.startswith("*") or (head in self.device.menus and path not in self.device.menus)
        return (head, last, parse_qsl(parts.query)) if by_id else (path, "", parse_qsl(parts.query))

    def _print(self, menu: str, ident: str, queries: list[str]) -> Any:
        rows, _ = self.device.command(f"{menu}/print", {}, queries)
        if menu in SETTINGS:
            return rows[0]
        return next((row for row in rows if ident in {row[".id"], row.get("name")}), None) if ident else rows

    def _body(self) -> dict[str, Any]:
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        found: dict[str, Any] = json.loads(data) if data else {}
        return found

    def _answer(self, do: Any, status: int = 200) -> None:
        try:
            self._authorise()
            with _DEVICE_LOCK:
                result = do()
        except Refusal as refusal:
            status = refusal.status
            result = {"error": status, "message": STATUS[status], "detail": str(refusal)}
        data = b"" if status == 204 else json.dumps(result).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if status != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _authorise(self) -> None:
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        name, _, password = (
            base64.b64decode(token).decode().partition(":") if scheme == "Basic" else ("", "", "")
        )
        if self.device.users.get(name) != password or not name:
            raise Refusal(401, "")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class ApiHandler(socketserver.StreamRequestHandler):
    """The binary API, versions 6 and 7."""

    disable_nagle_algorithm = True
    device: ClassVar[Device]

    def handle(self) -> None:
        """Answer sentences until the line is cut."""
        with contextlib.suppress(Cut, ConnectionError, ssl.SSLError, EOFError):
            user = ""
            while True:
                words = self._sentence()
                path, rest = words[0], words[1:]
                if path == "/login":
                    user = self._login(pairs(rest))
                elif not user:
                    self._say("!fatal", "not logged in")
                    return
                else:
                    self._command(path, rest)

    def _login(self, words: dict[str, str]) -> str:
        if self.device.users.get(words.get("name", "")) == words.get("password"):
            self._say("!done")
            return words["name"]
        self._say("!trap", "=message=invalid user name or password (6)")
        self._say("!done")
        return ""

    def _command(self, path: str, words: list[str]) -> None:
        queries = [word[1:] for word in words if word.startswith("?")]
        try:
            with _DEVICE_LOCK:
                rows, ret = self.device.command(path, pairs(words), queries)
        except Refusal as refusal:
            self._say("!trap", "=category=2", f"=message={refusal}")
            self._say("!done")
            return
        for row in rows:
            self._say("!re", *(f"={name}={value}" for name, value in row.items()))
        if not rows and path.endswith("/print") and self.device.version == 7:
            self._say("!empty")
        self._say("!done", *([f"=ret={ret}"] if ret else []))

    def _sentence(self) -> list[str]:
        words = []
        while word := self._word():
            words.append(word)
        return words or self._sentence()

    def _word(self) -> str:
        first = self._exactly(1)[0]
        extra = next(count for count, limit in enumerate((0x80, 0xC0, 0xE0, 0xF0, 0xF8)) if first < limit)
        length = 0 if extra == 4 else first & (0x7F >> extra if extra else 0x7F)
        for byte in self._exactly(extra):
            length = length << 8 | byte
        return self._exactly(length).decode(errors="surrogateescape")

    def _exactly(self, count: int) -> bytes:
        data: bytes = self.rfile.read(count) if count else b""
        if len(data) < count:
            raise EOFError
        return data

    def _say(self, *words: str) -> None:
        data = b""
        for word in words:
            raw = word.encode(errors="surrogateescape")
            size = len(raw)
            if size < 0x80:
                data += bytes([size])
            elif size < 0x4000:
                data += (size | 0x8000).to_bytes(2, "big")
            else:
                data += (size | 0xC00000).to_bytes(3, "big")
            data += raw
        self.wfile.write(data + b"\0")


def pairs(words: list[str]) -> dict[str, str]:
    """The `=name=value` words of a sentence."""
    found = (word[1:].partition("=") for word in words if word.startswith("="))
    return {name: value for name, _, value in found}


class _Server(socketserver.ThreadingTCPServer):
    """Hands admitted connections to a handler."""

    allow_reuse_address = True
    daemon_threads = True
    device: Device
    context: ssl.SSLContext | None = None
    judged_port: int = 0
    listens_on: str = ""

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept, and secure."""
        stream, address = super().get_request()
        stream.settimeout(10)
        return stream, address

    def verify_request(self, _request: Any, client_address: Any) -> bool:
        """Ask the device's firewall about whoever connects."""
        with _DEVICE_LOCK:
            port = self.judged_port or self.server_address[1]
            return self.device.admits(client_address[0], port)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Speak TLS, if it is spoken here, and go on."""
        stream = request
        if self.context is not None:
            try:
                stream = self.context.wrap_socket(request, server_side=True)
            except OSError:
                return
        try:
            with self._tracked(client_address):
                super().finish_request(stream, client_address)
        finally:
            with contextlib.suppress(OSError):
                stream.close()

    @contextlib.contextmanager
    def _tracked(self, client: Any) -> Iterator[None]:
        """Keep the connection in the device's connection table as long as it lasts."""
        row = {
            ".id": f"*{client[1]:X}",
            "protocol": "tcp",
            "src-address": f"{client[0]}:{client[1]}",
            "dst-address": f"{self.listens_on}:{self.server_address[1]}",
        }
        rows = self.device.menus["/ip/firewall/connection"]
        rows.append(row)
        try:
            yield
        finally:
            rows.remove(row)

    def handle_error(self, _request: Any, _client_address: Any) -> None:
        """Say nothing: lines are cut on purpose here."""


@contextlib.contextmanager
def serving(
    device: Device,
    api: str,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    context: ssl.SSLContext | None = None,
    judged_port: int = 0,
) -> Iterator[int]:
    """Serve a device by `rest` or `binary`; gives the TCP port.

    Args:
        device: what is served.
        api: the protocol.
        host: the address to listen on.
        port: its port; 0 for any.
        context: with a certificate, for TLS; None for plain.
        judged_port: the port that the firewall is asked about; 0 for the real one.
    """
    base = RestHandler if api == "rest" else ApiHandler
    handler = type("Handler", (base,), {"device": device})
    server = _Server((host, port), handler)
    server.device, server.context, server.judged_port = device, context, judged_port
    server.listens_on = host
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
