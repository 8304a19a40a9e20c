import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.sources.did_you_mean import nearest, shape, spelling, where_key_belongs
from portward.sources.policy_keys import (
    DURATION,
    FLAG,
    KNOCK,
    MODE,
    PORTS,
    SEQUENCES,
    SERVICES,
    SIZE,
    SIZES,
    TOP,
    Listing,
)


def test_the_nearest_candidate_is_asked_for_and_far_ones_are_not() -> None:
    assert nearest("shh", ["ssh", "web"]) == "did you mean ssh?"
    assert nearest("SSH", ["ssh"]) == "did you mean ssh?"
    assert not nearest("banana", ["ssh", "web"])


@pytest.mark.parametrize(
    ("key", "section", "hint"),
    [
        ("knoks", SEQUENCES, "did you mean knocks?"),
        ("penalty", SERVICES, "penalty belongs in [defaults]"),
        ("public", SIZES, "public belongs at the top, before the first [table]"),
        ("ports", TOP, "ports belongs in [services.NAME]"),
        ("sequence", TOP, "did you mean sequences?"),
        ("zzz", TOP, ""),
    ],
)
def test_a_misplaced_key_is_sent_where_it_belongs(key: str, section: object, hint: str) -> None:
    assert where_key_belongs(key, section) == hint  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "value", "hint"),
    [
        (PORTS, 22, 'write "tcp/22"'),
        (KNOCK, 7000, 'write "tcp/7000"'),
        (DURATION, 60, 'write "60s"'),
        (PORTS, "22", 'did you mean "tcp/22"?'),
        (PORTS, "22/tcp", 'did you mean "tcp/22"?'),
        (PORTS, "8000-8010/UDP", 'did you mean "udp/8000-8010"?'),
        (PORTS, "tpc/22", 'did you mean "tcp/22"?'),
        (PORTS, "tcp:22", 'did you mean "tcp/22"?'),
        (PORTS, "upd 53", 'did you mean "udp/53"?'),
        (PORTS, "tcp/99999", ""),
        (MODE, "lokdown", "did you mean lockdown?"),
        (FLAG, "true", "write true without quotes"),
        (SIZE, "1024", "write 1024 without quotes"),
    ],
)
def test_usual_slips_are_recognised(kind: object, value: object, hint: str) -> None:
    assert spelling(kind, value) == hint  # type: ignore[arg-type]


@given(st.text(), st.text(alphabet="tcpud/0123456789= :", max_size=12))
def test_a_hint_never_gives_away_what_follows_the_equals_sign(word: str, before: str) -> None:
    secret = f"<{word}>"
    assert secret not in spelling(KNOCK, f"{before}={secret}")
    assert secret not in shape(Listing(KNOCK, "a list of knocks"), f"{before}={secret}")


def test_a_lone_value_is_shown_in_its_brackets() -> None:
    assert shape(Listing(PORTS, "a list of ports"), "udp/53") == 'write ["udp/53"]'
    assert shape(Listing(PORTS, "a list of ports"), 22) == 'a list stands in brackets: ["tcp/22"]'
