import pytest
from tests.sources.routeros_texts import commands, mends, reading


RULE = "/ip firewall filter add chain=input"


@pytest.mark.parametrize(
    "text",
    [
        "/ip firewall filter add chain=input",
        "/ip/firewall/filter/add chain=input",
        "/ip/firewall/filter add chain=input",
        "/ip firewall filter\nadd chain=input",
        "/ip firewall\nfilter\nadd chain=input",
        "/ip firewall nat\n..\nfilter add chain=input",
        "/ip firewall filter\n/ip service print\nadd chain=input",
        "/ip firewall { filter { add chain=input } }",
        ":do { /ip firewall filter add chain=input } on-error={}",
        "/ip firewall filter\n:do { add chain=input } on-error={ :put x }",
        "ip firewall filter add chain=input",
    ],
)
def test_one_command_has_many_spellings(text: str) -> None:
    """A path without a command moves; an absolute command does not."""
    assert commands(text) == [RULE]


def test_bare_add_below_an_absolute_command_is_taken_and_told() -> None:
    """Blog posts have it; a router refuses it."""
    text = "/ip firewall raw add chain=prerouting\nadd chain=prerouting log=yes\n"
    assert commands(text)[1] == "/ip firewall raw add chain=prerouting log=yes"
    ((kind, line, column, before, after),) = mends(text)
    assert "a router refuses this line" in kind
    assert (line, column, before, after) == (2, 1, "add", "/ip firewall raw add")


@pytest.mark.parametrize(
    ("line", "menu"),
    [
        ("add chain=input action=drop", "/ip firewall filter"),
        ("add list=x address=192.0.2.1", "/ip firewall address-list"),
        ("add name=w regexp=x", "/ip firewall layer7-protocol"),
    ],
)
def test_bare_add_without_any_menu_goes_where_its_properties_belong(line: str, menu: str) -> None:
    """And is told."""
    assert commands(line) == [f"{menu} {line}"]
    assert mends(line)[0][0].startswith("no menu")


def test_bare_add_that_fits_nowhere_is_listed() -> None:
    """Nothing is guessed."""
    read = reading("add interface=ether1 bridge=b\n")
    assert read.commands == ()
    assert [each.reason for each in read.left] == ["add without a menu"]


def test_literal_variables_and_loops_are_written_out() -> None:
    """What stands there needs no router."""
    text = (
        ":local proto tcp\n"
        ":foreach p in={1001;2002} do={ /ip firewall filter add chain=k protocol=$proto dst-port=$p }\n"
        ':for i from=1 to=2 do={ /ip firewall filter add chain="c$i" }\n'
    )
    assert commands(text) == [
        "/ip firewall filter add chain=k protocol=tcp dst-port=1001",
        "/ip firewall filter add chain=k protocol=tcp dst-port=2002",
        "/ip firewall filter add chain=c1",
        "/ip firewall filter add chain=c2",
    ]


@pytest.mark.parametrize(
    ("text", "decides"),
    [
        (":if ($a = 1) do={ /ip firewall filter add chain=input }", True),
        (":foreach i in=[/interface find] do={ /ip firewall filter add in-interface=$i chain=input }", True),
        (":global f do={ /ip firewall address-list remove [find] }", True),
        (":if ($a = 1) do={ /system reboot }", False),
    ],
)
def test_what_only_a_running_script_knows_is_listed(text: str, decides: bool) -> None:  # noqa: FBT001 - a parameter
    """With whether packets depend on it."""
    (left,) = reading(text).left
    assert left.decides is decides


def test_variable_that_a_listed_block_may_set_is_forgotten() -> None:
    """Its value is not known any more."""
    text = ":local p 22\n:if ($x) do={ :set p 23 }\n/ip firewall filter add chain=input dst-port=$p protocol=tcp\n"
    (command,) = reading(text).commands
    assert not next(each for each in command.words if each.name == "dst-port").literal


@pytest.mark.parametrize(
    ("header", "version"),
    [
        ("# 2024-01-02 03:04:05 by RouterOS 7.13", "7.13"),
        ("# jun/09/2022 09:55:01 by RouterOS 6.49.1", "6.49.1"),
        ("# nov/ 5/2022 11:18:42 by RouterOS 7.6", "7.6"),
    ],
)
def test_header_of_an_export_tells_the_version(header: str, version: str) -> None:
    """Of both generations."""
    assert reading(header + "\n/ip firewall filter\n").version == version


def test_path_from_the_root_without_its_slash_is_mended() -> None:
    """In another menu a router would not find it."""
    text = "/ip firewall filter\nip service disable ftp\n"
    assert commands(text) == ["/ip service disable ftp"]
    assert mends(text)[0][0] == "no slash before a menu"
