"""What only REST has; the contract of links is tried in `test_ros_api_link`."""

import http.server
import threading
from typing import Any

import pytest

from lab.routeros_device import Device
from lab.routeros_server import serving
from portward.apply.routeros_inventory import Password, Router, connect
from portward.errors import PeerError


def test_a_router_that_closes_after_each_answer_is_connected_to_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.routeros_server.RestHandler.protocol_version", "HTTP/1.0")
    with serving(Device(lambda: 0.0), "rest") as port:
        link = connect(Router("edge", "127.0.0.1", "portward", port=port), Password("s3cret"), plain=True)
        ports = set()
        for _ in range(3):
            assert link.show("/ip/firewall/filter") == ()
            ports.add(link.ends.our_port)
        link.close()
    assert len(ports) == 3


def test_what_is_no_router_is_said_to_be_none() -> None:
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>")

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        router = Router("edge", "127.0.0.1", "portward", port=server.server_address[1])
        with pytest.raises(PeerError, match="no RouterOS REST interface"):
            connect(router, Password("s3cret"), plain=True)
        thread.join()
