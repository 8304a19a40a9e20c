"""The gate with people, and what is read of the processes that read datagrams."""

import pytest

from lab.bench_daemon import FWKNOP_PORT, PEOPLE, SEALED_PORT, keys, policy, ruleset, serving, snmp, sockets
from lab.bench_datagrams import Volley, forged, stranger, with_word
from lab.bench_grants import by_packets
from lab.bench_place import sites


SNMP = """\
Ip: Forwarding DefaultTTL
Ip: 1 64
Udp: InDatagrams NoPorts InErrors
Udp: 17 3 0
UdpLite: InDatagrams NoPorts InErrors
UdpLite: 1 1 1
"""

TABLE = """\
   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
 1053: 00000000:F2FB 00000000:0000 07 00000000:00000A00 00:00000000 00000000  0 0 45 2 0000000000000000 12
 1054: 00000000:0035 00000000:0000 07 00000000:00000001 00:00000000 00000000  0 0 46 2 0000000000000000 99
"""


def test_the_policy_has_people_and_all_ways() -> None:
    made = policy()
    assert len(made.people) == PEOPLE == len(keys().people)
    assert made.ways.passes
    assert made.ways.sealed
    assert made.ways.fwknop


def test_the_counters_of_udp_are_found() -> None:
    assert snmp(SNMP) == {"InDatagrams": 17, "NoPorts": 3, "InErrors": 0}


def test_a_socket_tells_what_waits_and_what_was_dropped() -> None:
    assert list(sockets(TABLE, 62203)) == [(0xA00, 12)]


@pytest.mark.net
def test_a_daemon_serves_and_is_counted() -> None:
    """Strangers' datagrams end in the kernel, those with the word in the daemon; good knocks open doors."""
    assert "words" in ruleset()
    with sites(1) as (where,), serving(where) as daemon:
        before = daemon.consumed()
        Volley(where, forged(SEALED_PORT, (stranger() for _ in range(20)))).send(20)
        Volley(where, forged(SEALED_PORT, (with_word(keys().word) for _ in range(30)))).send(30)
        daemon.settle()
        assert daemon.consumed() - before == 30
        assert (daemon.lost(), daemon.waiting(), daemon.at(FWKNOP_PORT).lost()) == (0, 0, 0)
        assert daemon.cpu() > 0
        found = by_packets(where, daemon, 5)
    assert [(each.sent, each.opened) for each in found.values()] == [(5, 5), (5, 5)]
