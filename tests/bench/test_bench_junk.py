"""How refused junk is told."""

from lab.bench_junk import BY_PCAP, FWKNOP, SEALED, Refused, rows


FOUND = {
    SEALED: Refused(sent=900_000, rate=300_000.0, count=600_000, cpu=3.0),
    FWKNOP: Refused(sent=900_000, rate=300_000.0, count=300_000, cpu=3.0),
    BY_PCAP: Refused(sent=900_000, rate=300_000.0, count=3000, cpu=0.06),
}


def test_refused_junk_is_told_by_cpu_second() -> None:
    sealed, fwknop, peer = rows(FOUND)
    assert (sealed.value, sealed.against) == (200_000, "")
    assert (fwknop.value, fwknop.against) == (100_000, "")
    assert (peer.value, peer.ratio, peer.against) == (50_000, 0.5, FWKNOP)


def test_a_daemon_that_sleeps_between_packets_does_not_look_fast() -> None:
    assert list(rows(FOUND))[2].note == "a CPU second; took 3,000 of 900,000, sent at 300,000 a second"


def test_a_daemon_that_used_no_time_refused_nothing() -> None:
    assert Refused(10, 1.0, 0, 0.0).by_cpu == 0
