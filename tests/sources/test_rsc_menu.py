import pytest

from portward.sources.rsc_menu import LEAVES, MATCHERS, PROPERTIES, decides_packets, expand, nearest, resolve


@pytest.mark.parametrize(
    ("base", "words", "menu", "verb"),
    [
        ((), ["ip", "firewall", "filter", "add"], ("ip", "firewall", "filter"), "add"),
        ((), ["ip", "fire", "fil", "ad"], ("ip", "firewall", "filter"), "add"),
        ((), ["ip", "fi", "fi"], ("ip", "firewall", "filter"), ""),
        (("ip", "firewall", "filter"), ["..", "raw", "print"], ("ip", "firewall", "raw"), "print"),
        (("ip", "firewall"), ["filter", "add"], ("ip", "firewall", "filter"), "add"),
        ((), ["system", "script", "run"], ("system", "script"), "run"),
        ((), ["unheard", "of", "set"], ("unheard", "of"), "set"),
        ((), ["interface", "list", "member", "add"], ("interface", "list", "member"), "add"),
    ],
)
def test_paths_lead_to_menus_and_commands(
    base: tuple[str, ...], words: list[str], menu: tuple[str, ...], verb: str
) -> None:
    """Whole, abbreviated, relative and unknown."""
    found = resolve(base, words)
    assert (found.menu, found.verb) == (menu, verb)


def test_abbreviation_must_be_the_beginning_of_all_that_fit() -> None:
    """`dst-addr` is dst-address; `src` is nothing."""
    names = PROPERTIES["ip", "firewall", "filter"]
    assert expand("dst-addr", names) == "dst-address"
    assert expand("src", names) == "src"


def test_misspelt_properties_have_a_nearest() -> None:
    """One letter lost."""
    assert nearest("n-interface", PROPERTIES["ip", "firewall", "filter"]) == "in-interface"


def test_menus_that_decide_about_packets() -> None:
    """The firewall and what it refers to."""
    assert decides_packets(("ip", "firewall", "connection", "tracking"))
    assert decides_packets(("interface", "list", "member"))
    assert not decides_packets(("ip", "dns"))


def test_every_menu_that_is_read_ends_the_path() -> None:
    """So that a word behind it is a command."""
    assert set(PROPERTIES) - {("interface", "list")} == set(LEAVES)
    assert "chain" not in MATCHERS
