"""What knockd's log says."""

from lab.bench_knockd import openings


LOG = """\
[2026-11-23 13:18] starting up, listening on eth0
[2026-11-23 13:18] 10.32.0.1: door: Stage 1
[2026-11-23 13:18] 10.32.0.1: door: OPEN SESAME
[2026-11-23 13:18] door: running command: /usr/sbin/nft add element inet knockd open { 10.32.0.1 }

[2026-11-23 13:18] 10.64.0.9: door: Stage 3
[2026-11-23 13:18] 10.64.0.9: door: OPEN SESAME
[2026-11-23 13:19] 10.64.0.9: door: OPEN SESAME
"""


def test_openings_are_counted_by_who_knocked() -> None:
    assert openings(LOG, "10.64.") == 2
    assert openings(LOG, "10.32.") == 1
    assert openings(LOG, "10.3.") == 0
