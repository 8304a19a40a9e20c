"""Both links keep one contract: each test runs over REST and over the binary API, with and without TLS."""

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.apply.routeros_tls import make_certificate

from lab.routeros_device import Cut, Device, Refusal
from lab.routeros_server import serving
from portward.apply.ros_api_link import ApiLink
from portward.apply.ros_link import Link
from portward.apply.routeros_inventory import Password, Router, connect
from portward.errors import PeerError, TargetError


LIST = "/ip/firewall/address-list"


@pytest.fixture
def device() -> Device:
    return Device(lambda: 0.0)


@pytest.fixture(params=["rest", "binary", "rest-tls", "binary-tls"])
def link(request: pytest.FixtureRequest, device: Device, tmp_path: Path) -> Iterator[Link]:
    api, _, tls = request.param.partition("-")
    certificate = make_certificate(tmp_path) if tls else None
    context = certificate.context() if certificate else None
    with serving(device, api, context=context) as port:
        fingerprint = certificate.fingerprint if certificate else ""
        router = Router("edge", "127.0.0.1", "portward", api=api, port=port, fingerprint=fingerprint)
        link = connect(router, Password("s3cret"), plain=not tls)
        yield link
        link.close()


def test_what_is_added_is_shown_in_order_and_can_be_changed_and_removed(link: Link) -> None:
    menu = "/ip/firewall/filter"
    last = link.add(menu, {"chain": "input", "action": "drop"})
    first = link.add(menu, {"chain": "input", "comment": "über = 1", "place-before": last})
    assert [row[".id"] for row in link.show(menu)] == [first, last]
    link.set(menu, first, {"disabled": "yes"})
    assert link.show(menu)[0]["disabled"] == "true"
    assert link.show(menu)[0]["comment"] == "über = 1"
    link.remove(menu, last)
    assert [row[".id"] for row in link.show(menu)] == [first]


def test_rows_are_chosen_by_values(link: Link) -> None:
    for name in ("a", "b"):
        link.add(LIST, {"list": name, "address": "192.0.2.1", "timeout": "1h"})
    (row,) = link.show(LIST, {"list": "b"})
    assert (row["list"], row["timeout"], row["dynamic"]) == ("b", "1h", "true")
    assert link.show(LIST, {"list": "c"}) == ()


def test_a_refusal_leaves_the_connection_open(link: Link) -> None:
    link.add(LIST, {"list": "a", "address": "192.0.2.1"})
    with pytest.raises(TargetError, match="failure: already have such entry"):
        link.add(LIST, {"list": "a", "address": "192.0.2.1"})
    with pytest.raises(TargetError, match="no such item"):
        link.remove(LIST, "*FFFF")
    with pytest.raises(TargetError, match="no such command"):
        link.show("/ip/nothing")
    assert len(link.show(LIST)) == 1


def test_a_refusal_does_not_repeat_a_secret(link: Link, device: Device) -> None:
    def hook(_count: int, path: str, _phase: str) -> None:
        if path.endswith("/add"):
            raise Refusal(400, "value geheim of content is odd")

    device.hook = hook
    with pytest.raises(TargetError, match="value … of content"):
        link.add("/ip/firewall/filter", {"chain": "input", "content": "geheim"})


def test_a_line_that_is_cut_is_said_to_be_lost(link: Link, device: Device) -> None:
    def hook(_count: int, _path: str, _phase: str) -> None:
        raise Cut

    device.hook = hook
    with pytest.raises(PeerError, match="connection to the router was lost"):
        link.show(LIST)


def test_long_values_arrive_whole(link: Link) -> None:
    for size in (127, 128, 16383, 16384, 70000):
        link.add(LIST, {"list": f"l{size}", "address": "192.0.2.1", "comment": "x" * size})
        (row,) = link.show(LIST, {"list": f"l{size}"})
        assert row["comment"] == "x" * size


def test_both_ends_are_known(link: Link) -> None:
    assert (link.ends.ours, link.ends.theirs) == ("127.0.0.1", "127.0.0.1")
    assert link.ends.our_port != link.ends.their_port


@pytest.mark.parametrize("api", ["rest", "binary"])
@pytest.mark.parametrize("password", ["wrong", ""])
def test_a_wrong_password_is_said_without_it(device: Device, api: str, password: str) -> None:
    with serving(device, api) as port:
        router = Router("edge", "127.0.0.1", "portward", api=api, port=port)
        with pytest.raises(PeerError, match=r"refused the user name or the password$"):
            connect(router, Password(password), plain=True)


@pytest.mark.parametrize(
    "answer", [b"SSH-2.0-OpenSSH_9.2\r\n", b"\xff\xff\xff", b"", b"\x05!done\x09=ret=abcd\x00"]
)
def test_what_is_no_router_that_we_can_talk_to_is_one_error(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname())
        theirs, _ = server.accept()
        with ours, theirs:
            theirs.sendall(answer)
            theirs.shutdown(socket.SHUT_WR)
            with pytest.raises(PeerError):
                ApiLink(ours).login("portward", "s3cret")


def test_an_answer_that_was_not_awaited_is_never_taken_for_another(device: Device) -> None:
    """Ctrl-C between a command and its answer: the connection is of no more use."""

    def hook(_count: int, path: str, phase: str) -> None:
        if path.endswith("/add") and phase == "before":
            signal.raise_signal(signal.SIGINT)

    device.hook = hook
    with serving(device, "binary") as port:
        router = Router("edge", "127.0.0.1", "portward", api="binary", port=port)
        link = connect(router, Password("s3cret"), plain=True)
        with pytest.raises(KeyboardInterrupt):
            link.add(LIST, {"list": "a", "address": "192.0.2.1"})
        with pytest.raises(PeerError, match="in the middle of an answer"):
            link.show(LIST)
        link.close()
