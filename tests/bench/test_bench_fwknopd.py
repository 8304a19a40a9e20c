"""fwknopd as the peer: its files, and that the real one opens for our packets and counts junk."""

import time

import pytest

from lab.bench_daemon import FWKNOP_PORT
from lab.bench_datagrams import Volley, forged, like_fwknop
from lab.bench_fwknopd import access, config, fwknopd, refused
from lab.bench_honour import BY_SOCKET, contestants, visit
from lab.bench_place import sites, welcome_visitors
from lab.bench_visits import open_service
from lab.namespaces import missing


def test_it_has_one_stanza_with_hmac() -> None:
    assert access().count("SOURCE") == 1
    assert "HMAC_KEY_BASE64 " in access()


@pytest.mark.parametrize(("by_socket", "word"), [(True, "Y"), (False, "N")])
def test_it_hears_as_it_is_told(*, by_socket: bool, word: str) -> None:
    assert f"ENABLE_UDP_SERVER {word};" in config("/x", by_socket=by_socket)


@pytest.mark.net
@pytest.mark.peer
@pytest.mark.skipif(bool(missing("fwknopd", "iptables")), reason="needs fwknop-server and iptables")
@pytest.mark.parametrize("by_socket", [True, False])
def test_the_real_one_opens_for_our_packet_and_refuses_junk(*, by_socket: bool) -> None:
    who = contestants(peer=True)[BY_SOCKET]
    with sites(1) as (where,), fwknopd(where, by_socket=by_socket) as daemon:
        welcome_visitors(where)
        with open_service(where):
            Volley(where, forged(FWKNOP_PORT, (like_fwknop() for _ in range(7)))).send(7)
            end = time.monotonic() + 5
            while refused(daemon.log) < 7 and time.monotonic() < end:
                time.sleep(0.05)
            assert refused(daemon.log) == 7
            with where.world.entered():
                assert visit(who, 3, patience=5.0)
