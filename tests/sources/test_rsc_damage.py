import pytest
from tests.sources.routeros_texts import commands, mends

from portward.sources.rsc_damage import is_clean


RULE = "/ip firewall filter add chain=input"


@pytest.mark.parametrize(
    ("damaged", "read", "kind"),
    [
        (f"{RULE} comment=”Two words”", f"{RULE} comment=Two words", "curly or single quotes"),
        (f"{RULE} comment=„Zwei Worte“", f"{RULE} comment=Zwei Worte", "curly or single quotes"),
        (f"{RULE} in-interface=«wan»", f"{RULE} in-interface=wan", "curly or single quotes"),
        (f'{RULE} comment=“a b" log=yes', f"{RULE} comment=a b log=yes", "curly or single quotes"),
        (
            f'{RULE} comment="a b” log-prefix="x"',
            f"{RULE} comment=a b log-prefix=x",
            "curly or single quotes",
        ),
        (f"{RULE} comment='a b'", f"{RULE} comment=a b", "curly or single quotes"),
        (f'{RULE} comment="don\u2019t"', f"{RULE} comment=don't", "curly apostrophe"),
        (f"  3) {RULE}", RULE, "list number or mark"),
        (f"• {RULE}", RULE, "list number or mark"),
        (f"17 {RULE}", RULE, "list number or mark"),
        (f"| {RULE} | |", RULE, "Markdown"),
        (f"{RULE}\u00a0log=yes", f"{RULE} log=yes", "space that is not ASCII"),
        (f'{RULE} comment="a\u202fb"', f"{RULE} comment=a b", "space that is not ASCII, in quotes"),
        ("/ip firewall filter add ch\u200bain=input", RULE, "invisible characters"),
        (f"\x1b[1m{RULE}\x1b[0m", RULE, "invisible characters"),
        (
            f'{RULE} comment="a\u202eb"',
            f"{RULE} comment=ab",
            "characters that turn the direction of writing and hide text",
        ),
        (
            f"{RULE} src\u2010address=10.0.0.1\u201310.0.0.9",
            f"{RULE} src-address=10.0.0.1-10.0.0.9",
            "typographic dash",
        ),
        (f"{RULE} src--address=10.0.0.1", f"{RULE} src-address=10.0.0.1", "typographic dash"),
        (f"{RULE} comment=&quot;a b&quot;", f"{RULE} comment=a b", "HTML entity"),
        (f"<code>{RULE}</code>", RULE, "HTML tag"),
        (f"`{RULE}`", RULE, "Markdown"),
        (f"{RULE} address\\-list=a\\_b", f"{RULE} address-list=a_b", "Markdown"),
        (f"[admin@Router] > {RULE}", RULE, "prompt"),
        ("[admin@Router] <SAFE> /ip/firewall/filter> add chain=input", RULE, "prompt"),
        (f"{RULE} \\ log=yes", f"{RULE} log=yes", "continuation backslash in mid-line"),
        (f"{RULE} log=\\ yes", f"{RULE} log=yes", "continuation backslash in mid-line"),
        (f"{RULE} \\  \n   log=yes", f"{RULE} log=yes", "spaces behind a continuation backslash"),
        (f"{RULE} comment=â€œa bâ€\x9d", f"{RULE} comment=a b", "UTF-8 read as code page 1252"),
    ],
)
def test_damage_is_mended_and_told(damaged: str, read: str, kind: str) -> None:
    """Each kind of damage that pages do to characters."""
    assert commands(damaged) == [read]
    assert kind in [each[0] for each in mends(damaged)]


@pytest.mark.parametrize(
    "line",
    [
        f'{RULE} comment="say “hi” \u2013 ok"',
        f'{RULE} comment="a & b < c"',
        f'{RULE} comment="50% `x` | y"',
        f'{RULE} comment="#1: /ip firewall"',
        f"{RULE} comment=été",
    ],
)
def test_what_an_author_may_mean_is_left_alone(line: str) -> None:
    """Within ASCII quotes the signs are the author's."""
    assert mends(line) == []


def test_mend_tells_place_before_and_after() -> None:
    """Line and column of the damaged characters."""
    text = f"prose\n  4. {RULE} comment=”Knock 2”log=yes\n"
    assert mends(text) == [
        ("list number or mark", 2, 1, "  4. ", ""),
        ("curly or single quotes", 2, 50, "”Knock 2”", '"Knock 2"'),
        ("missing space", 2, 59, "log=", " log="),
    ]


def test_html_breaks_end_a_command() -> None:
    """One line of a page holds several commands."""
    text = "<pre>/ip firewall filter<br>add chain=a<br/>add chain=b</pre>"
    assert commands(text) == ["/ip firewall filter add chain=a", "/ip firewall filter add chain=b"]


def test_prompt_without_a_menu_goes_back_to_the_root() -> None:
    """What stands behind it is read from there."""
    text = "/ip firewall filter\n[a@b] > ip service disable ftp"
    assert commands(text) == ["/ip service disable ftp"]


def test_line_of_an_export_is_clean() -> None:
    """So that a long export costs little."""
    assert is_clean(
        'add action=drop chain=input comment="a b" dst-port=!80,443 protocol=tcp src-address-list=!good \\'
    )
