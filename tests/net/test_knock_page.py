"""The knock page in a real browser, against the real gate: what its button sends, and in which order."""

import contextlib
import json
import signal
import socket
import struct
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from lab.namespaces import Namespace, Town, address, town
from portward.check.well_known import BROWSERS_REFUSE
from portward.compile.nft import compile_policy
from portward.knock.invitation import invite
from portward.knock.page import browser_delay, page
from portward.policy.notation import read_knock, read_ports
from portward.policy.policy import Policy, Sequence, Service


pytestmark = [pytest.mark.net, pytest.mark.peer("chromium", "chromedriver", "openssl")]

PORTS = (40001, 20002, 30003)
POLICY = Policy(
    services=(Service("web", (read_ports("tcp/80"),)),),
    sequences=(
        Sequence(
            "web",
            tuple(read_knock(f"tcp/{port}") for port in PORTS),
            (timedelta(seconds=5),) * 2,
            ("web",),
            timedelta(hours=1),
        ),
    ),
)
HOME_ADDRESS = "192.168.77.1"
"""A private address, which browsers treat with more care than a public one."""

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
SERVICE_PAGE = "<!doctype html><title>behind the door</title>"


@pytest.fixture(scope="module")
def street() -> Iterator[Town]:
    """A gate with a web server behind its door, and a visitor."""
    with town("visitor", prefix="pwb") as made:
        address(made.gate, "eth0", f"{HOME_ADDRESS}/24")
        address(made.visitors["visitor"], "eth0", "192.168.77.2/24")
        server = made.gate.start("python3", "-c", SERVER, SERVICE_PAGE)
        try:
            yield made
        finally:
            server.kill()
            server.wait()


SERVER = """
import http.server, socket, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(sys.argv[1].encode())
    def log_message(self, *_): pass
class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
Server(("::", 80), Answer).serve_forever()
"""


HTTPS_SERVER = """
import functools, http.server, ssl, sys
class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("", 8443), functools.partial(Quiet, directory=sys.argv[1]))
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2])
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""


@attrs.frozen
class Browser:
    """A browser that obeys, by the WebDriver protocol (W3C)."""

    where: Namespace
    base: str

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Send one command and give its value."""
        data = None if method == "GET" else json.dumps(body or {}).encode()
        request = urllib.request.Request(self.base + path, data, method=method)  # noqa: S310 - our own driver
        with self.where.entered(), urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return json.load(answer)["value"]

    def open(self, url: str) -> None:
        """Go to a page."""
        self.ask("POST", "/url", {"url": url})

    def press(self, selector: str) -> None:
        """Click on what the selector finds."""
        found = self.ask("POST", "/element", {"using": "css selector", "value": selector})
        self.ask("POST", f"/element/{next(iter(found.values()))}/click")

    def run(self, script: str, *arguments: Any) -> Any:
        """Run a script in the page that calls its last argument with its result."""
        return self.ask("POST", "/execute/async", {"script": script, "args": list(arguments)})

    def wait_for_title(self, title: str, seconds: float = 15) -> str:
        """Wait until the page has that title, and give the last one that was seen."""
        end = time.monotonic() + seconds
        while (seen := str(self.ask("GET", "/title"))) != title and time.monotonic() < end:
            time.sleep(0.1)
        return seen


@pytest.fixture
def browser(street: Town, tmp_path: Path) -> Iterator[Browser]:
    """A fresh browser of the visitor's."""
    visitor = street.visitors["visitor"]
    options: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    driver = visitor.start("chromedriver", "--port=9515", process_group=0, **options)
    arguments = [*ARGUMENTS, f"--user-data-dir={tmp_path / 'profile'}"]
    wanted = {
        "capabilities": {
            "alwaysMatch": {"acceptInsecureCerts": True, "goog:chromeOptions": {"args": arguments}}
        }
    }
    service = Browser(visitor, "http://127.0.0.1:9515")
    try:
        for _ in range(100):
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                service.ask("GET", "/status")
                break
            time.sleep(0.1)
        number = service.ask("POST", "/session", wanted)["sessionId"]
        session = Browser(visitor, f"{service.base}/session/{number}")
        yield session
        session.ask("DELETE", "")
    finally:
        driver.send_signal(signal.SIGTERM)
        driver.wait()


class Sniffer:
    """Sees every SYN that reaches the gate."""

    def __init__(self, where: Namespace) -> None:
        self._wire = where.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
        self._wire.bind(("eth0", 0))
        self._wire.setblocking(False)  # noqa: FBT003 - the socket module's own signature

    def close(self) -> None:
        """Stop."""
        self._wire.close()

    def ports(self) -> list[int]:
        """The ports of the SYNs since the last call, in order."""
        found = []
        with contextlib.suppress(BlockingIOError):
            while True:
                packet, _ = self._wire.recvfrom(65536)
                if (port := syn_port(packet)) is not None:
                    found.append(port)
        return found


def syn_port(packet: bytes) -> int | None:
    """The port that an IP packet's SYN goes to; None if it is none."""
    version = packet[0] >> 4
    start = (packet[0] & 15) * 4 if version == 4 else 40
    protocol = packet[9] if version == 4 else packet[6]
    if version not in {4, 6} or protocol != 6 or packet[start + 13] & 0x17 != 0x02:
        return None
    return int(struct.unpack_from("!H", packet, start + 2)[0])


@pytest.fixture
def sniffer(street: Town) -> Iterator[Sniffer]:
    """Ears at the gate."""
    made = Sniffer(street.gate)
    yield made
    made.close()


def knock_page(host: str, link: str, path: Path) -> str:
    """Write the page for a host and give its URL."""
    sequence = POLICY.sequences[0]
    profile = invite(POLICY, sequence, host, "page")
    path.write_text(page(profile, browser_delay(sequence.step_timeouts), sequence.open_for, link))
    return path.as_uri()


def shut(street: Town) -> None:
    """Put the gate up afresh."""
    street.gate.nft(f"table inet portward\ndelete table inet portward\n{compile_policy(POLICY).text}")


@pytest.mark.parametrize("host", ["198.51.100.1", "2001:db8:0:1::1", HOME_ADDRESS])
def test_the_button_knocks_in_order_and_then_opens_the_service(
    street: Town, browser: Browser, sniffer: Sniffer, tmp_path: Path, host: str
) -> None:
    """From a file, at IPv4, IPv6 and private addresses: the door is shut, one click, and the service is there."""
    shut(street)
    in_url = f"[{host}]" if ":" in host else host
    browser.open(knock_page(host, f"http://{in_url}/", tmp_path / "knock.html"))
    browser.press("#knock")
    assert browser.wait_for_title("behind the door") == "behind the door"
    seen = sniffer.ports()
    assert list(dict.fromkeys(seen)) == [*PORTS, 80]


def test_a_page_that_came_by_https_knocks_too(
    street: Town, browser: Browser, sniffer: Sniffer, tmp_path: Path
) -> None:
    """It knocks by https then: an http request from it would be blocked as mixed content."""
    shut(street)
    knock_page("198.51.100.1", "", tmp_path / "knock.html")
    certificate = tmp_path / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    made += ["-subj", "/CN=gate", "-keyout", str(certificate), "-out", str(tmp_path / "public.pem")]
    subprocess.run(made, check=True, capture_output=True)
    certificate.write_text(certificate.read_text() + (tmp_path / "public.pem").read_text())
    server = street.gate.start("python3", "-c", HTTPS_SERVER, str(tmp_path), str(certificate))
    try:
        wait_for_listener(street.gate, 8443)
        browser.open("https://198.51.100.1:8443/knock.html")
        browser.press("#knock")
        wait_until_knocked(browser)
    finally:
        server.kill()
        server.wait()
    assert [port for port in dict.fromkeys(sniffer.ports()) if port in PORTS] == [*PORTS]


def wait_for_listener(where: Namespace, port: int) -> None:
    """Wait until something listens."""
    while f":{port} " not in where.run("ss", "-Hltn").stdout:
        time.sleep(0.05)


def wait_until_knocked(browser: Browser) -> None:
    """Wait until the button may be pressed again."""
    end = time.monotonic() + 15
    script = "arguments[0](document.getElementById('state').className)"
    while browser.run(script) != "good":
        assert time.monotonic() < end
        time.sleep(0.1)


def test_without_the_last_knock_the_service_stays_shut(
    street: Town, browser: Browser, sniffer: Sniffer, tmp_path: Path
) -> None:
    """The test before this one would see it if the gate let everybody in."""
    shut(street)
    url = knock_page("198.51.100.1", "", tmp_path / "knock.html")
    path = tmp_path / "knock.html"
    path.write_text(path.read_text().replace(", 30003]", "]"))
    browser.open(url)
    browser.press("#knock")
    reached = (
        "const tell = arguments[arguments.length - 1], stop = new AbortController();"
        "setTimeout(() => fetch('http://198.51.100.1/', {mode: 'no-cors', signal: stop.signal})"
        ".then(() => tell(true), () => tell(false)), 4000); setTimeout(() => stop.abort(), 6000);"
    )
    assert browser.run(reached) is False
    assert 30003 not in sniffer.ports()


def test_browsers_block_the_ports_that_the_page_refuses_and_no_others_below_1100(
    street: Town, browser: Browser, sniffer: Sniffer, tmp_path: Path
) -> None:
    """Every port of the list stays off the wire; the others come through."""
    street.gate.nft("table inet portward\ndelete table inet portward")
    browser.open(knock_page("198.51.100.1", "", tmp_path / "knock.html"))
    tried = sorted({*range(1, 1100), *BROWSERS_REFUSE, 50000} - {80})
    knock_each = (
        "const [host, ports, tell] = arguments;"
        "(async () => { for (const port of ports) {"
        " await fetch(`http://${host}:${port}/`, {mode: 'no-cors'}).catch(() => 0); } tell(true); })();"
    )
    seen: set[int] = set()
    for start in range(0, len(tried), 100):
        assert browser.run(knock_each, "198.51.100.1", tried[start : start + 100])
        seen.update(sniffer.ports())
    blocked = set(tried) - seen
    assert blocked <= BROWSERS_REFUSE
    assert BROWSERS_REFUSE - blocked <= {4190, 6679}, (
        "the standard blocks these two, Chromium 156 does not yet"
    )
