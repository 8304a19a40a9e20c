"""What is loaded ahead, as nft's commands; that the kernel takes them, tests/net shows."""

from datetime import UTC, datetime, timedelta

from portward.compile.names import person_number
from portward.daemon.elements import spell_epoch, spell_loads, spell_windows, spell_words
from portward.policy.notation import read_knock
from portward.spa.ahead import Load


NOW = datetime(2026, 11, 27, 12, 3, tzinfo=UTC)
END = NOW + timedelta(minutes=12)


def load(**more: object) -> Load:
    """One window of one key."""
    given = {
        "key": 77,
        "window": 2992980,
        "begins": NOW,
        "ends": END,
        "person": "alice",
        "passes": (bytes(range(16)),),
        "knocks": (read_knock("tcp/20001"), read_knock("udp/20065")),
        "sequence": 0x1230,
    }
    return Load(**(given | more))  # type: ignore[arg-type]


def test_a_window_is_one_transaction_with_its_marker() -> None:
    """Everything ends with the window; the marker a day later."""
    number = person_number("alice")
    ports = ("2992980 . tcp . 20001 timeout 720s : 4656", "2992980 . udp . 20065 timeout 720s : 4657")
    assert spell_loads([load()], NOW) == [
        "add element inet portward loaded { 77 . 2992980 timeout 1d720s }",
        "add element inet portward passes { 0x000102030405060708090a0b0c0d0e0f timeout 720s }",
        f"add element inet portward pass_owners {{ 2992980 . 0x{bytes(range(16)).hex()} timeout 720s : {number} }}",
        f"add element inet portward rolling_knocks {{ {', '.join(ports)} }}",
        f"add element inet portward rolling_owners {{ 4656 timeout 720s : {number} }}",
    ]


def test_what_there_is_not_is_not_spelled() -> None:
    text = "\n".join(spell_loads([load(knocks=(), passes=())], NOW))
    assert text == "add element inet portward loaded { 77 . 2992980 timeout 1d720s }"


def test_windows_go_to_the_map_of_their_parity() -> None:
    lines = spell_windows([10, 11], timedelta(minutes=10), datetime(1970, 1, 1, 1, tzinfo=UTC))
    assert [line.split()[4] for line in lines] == ["windows_even", "loaded", "windows_odd"]
    assert "5700-6899 timeout 1d3300s : 10" in lines[0]


def test_a_word_is_renewed() -> None:
    add, delete, again = spell_words([(b"\x01" * 8, NOW + timedelta(days=2))], NOW)
    assert add.startswith("add element inet portward words { 0x0101010101010101 }")
    assert delete.startswith("delete element")
    assert again.endswith("{ 0x0101010101010101 timeout 2d }")


def test_the_tables_own_number_has_no_end() -> None:
    assert spell_epoch(5) == "add element inet portward loaded { 0 . 5 }"
