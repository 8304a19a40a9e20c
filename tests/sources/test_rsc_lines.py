import pytest
from tests.sources.routeros_texts import commands, mends, reading


RULE = "/ip firewall filter add chain=input"


def test_export_wraps_after_equals_between_words_and_within_strings() -> None:
    """RouterOS's own way to wrap, with CRLF as Windows saves it."""
    text = (
        '/ip firewall filter\r\nadd action=drop chain=input comment="a long text that wra\\\r\n'
        '    ps in the middle, and keeps:\\\r\n    \\_this space" dst-port=\\\r\n    80,443 protocol=\\\r\n    tcp\r\n'
    )
    assert commands(text) == [
        (
            "/ip firewall filter add action=drop chain=input "
            "comment=a long text that wraps in the middle, and keeps: this space dst-port=80,443 protocol=tcp"
        )
    ]
    assert mends(text) == []


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (f"{RULE}\n   protocol=tcp dst-port=22\n   log=yes", f"{RULE} protocol=tcp dst-port=22 log=yes"),
        (f"{RULE} protocol=\ntcp", f"{RULE} protocol=tcp"),
        (f"{RULE} protocol=tcp dst-port=1,\n2,3", f"{RULE} protocol=tcp dst-port=1,2,3"),
        (f'{RULE} comment="wrapped in the\nmiddle" log=yes', f"{RULE} comment=wrapped in the middle log=yes"),
        (
            f"{RULE} action=add-src-to-\naddress-list log=yes",
            f"{RULE} action=add-src-to-address-list log=yes",
        ),
    ],
)
def test_lines_that_a_page_wrapped_are_joined(text: str, read: str) -> None:
    """And told."""
    assert commands(text) == [read]
    assert "wrapped line" in [each[0] for each in mends(text)]


def test_prose_around_commands_is_told_and_nothing_more() -> None:
    """Bullets and sentences that begin like commands are prose."""
    text = f"Add more knocks \u2013 each one helps.\n• Set it up well\n\n{RULE}\n1. This rule is fine.\nfind out more\n"
    read = reading(text)
    assert read.prose == ((1, 2), (5, 6))
    assert read.left == ()
    assert len(read.commands) == 1


def test_command_in_the_midst_of_a_sentence_is_not_lost() -> None:
    """It is named, since packets may depend on it."""
    (left,) = reading("Then type add chain=input action=drop and press Enter.\n").left
    assert left.decides
    assert left.span.line == 1


def test_comments_stand_only_where_a_statement_may() -> None:
    """A # in a value is data."""
    text = f"# add it\n{RULE} comment=a#b ; # done\n{RULE} comment=#c\n"
    assert commands(text) == [f"{RULE} comment=a#b", f"{RULE} comment=#c"]


def test_blocks_run_over_lines() -> None:
    """In the menu that opens them."""
    text = (
        "/ip firewall {\n  filter add chain=a ; # one }\n"
        "  address-list {\n    add list=x address=192.0.2.1\n  }\n}\n"
    )
    assert commands(text) == [
        "/ip firewall filter add chain=a",
        "/ip firewall address-list add list=x address=192.0.2.1",
    ]


def test_block_that_never_closes_costs_one_line() -> None:
    """The lines below are read."""
    text = f"/ip firewall {{\n{RULE}\n"
    assert commands(text) == [RULE]
    (left,) = reading(text).left
    assert "never closed" in left.reason


def test_quotes_that_never_close_cost_one_line() -> None:
    """The next line that begins a command is read."""
    text = f'{RULE} comment="never closed log=yes\n{RULE} action=drop\n'
    assert commands(text) == [f"{RULE} action=drop"]
    (left,) = reading(text).left
    assert left.refused
    assert left.reason == "the quotes are never closed"


def test_fields_of_a_window_are_named_as_such() -> None:
    """A description of WinBox is no command."""
    (left,) = reading("General\nChain: input\nDst. Port: 4711\nAction: drop\n").left
    assert "window of WinBox" in left.reason
    assert left.decides


def test_commands_in_comments_are_named() -> None:
    """A router does not run them, but the reader may want to know."""
    (left,) = reading("# /ip firewall filter add chain=input action=drop\n").left
    assert left.reason == "a firewall command in a comment, which a router does not run"
    assert not left.decides
