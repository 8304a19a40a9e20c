"""`portward status`: laid out for people, whole for programs."""

from datetime import UTC, datetime, timedelta

from portward.apply.grants import Grant
from portward.apply.overview import Overview, Penalised, Visitor
from portward.apply.wanted import Door, StageName
from portward.cli.status import as_result, describe, rounded


NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SEEN = Overview(
    doors=(Door("ssh", ("tcp/22",), (), ("admin",)), Door("cam", ("tcp/443",), ("192.168.1.10",), ())),
    grants=tuple(Grant("ssh", f"192.0.2.{n}", 32, timedelta(seconds=3599.5)) for n in range(3)),
    visitors=(
        Visitor("192.0.2.8", 17, StageName("admin", 2, 4), timedelta(seconds=9)),
        Visitor("192.0.2.9", 18, None, None),
    ),
    penalised=(Penalised("192.0.2.66", timedelta(seconds=30)),),
    counters={"strays": 5, "knocks": 7},
    unlisted=(),
)


def test_people_see_tables() -> None:
    text = describe(SEEN, None, NOON, 50)
    assert "  ssh      tcp/22                   admin\n" in text
    assert "  cam      tcp/443 of 192.168.1.10  -\n" in text
    assert "who is in (3):" in text
    assert "  192.0.2.8  admin, 2 of 4     9s\n" in text
    assert "  192.0.2.9  stage 0x00000012  -\n" in text
    assert text.index("knocks") < text.index("strays")


def test_a_long_table_is_cut_and_says_so() -> None:
    text = describe(SEEN, None, NOON, 2)
    assert "192.0.2.2" not in text
    assert "… and 1 more; --all shows them" in text
    assert as_result(SEEN, None, NOON, 2)["totals"]["grants"] == 3


def test_programs_see_when_a_grant_ends() -> None:
    result = as_result(SEEN, None, NOON, None)
    assert result["grants"][0] == {
        "service": "ssh",
        "address": "192.0.2.0",
        "until": "2026-11-23T12:59:59+00:00",
        "left": 3599,
    }
    assert result["mid_sequence"][1] == {
        "address": "192.0.2.9",
        "sequence": None,
        "stage": None,
        "knocks": None,
        "left": None,
    }


def test_nobody_is_nobody() -> None:
    empty = Overview((), (), (), (), {}, ())
    assert "who is in (0): nobody" in describe(empty, None, NOON, None)


def test_a_length_is_told_in_whole_seconds() -> None:
    assert (rounded(timedelta(seconds=61.7)), rounded(None)) == ("1m1s", "-")
