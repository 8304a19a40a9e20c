from tests.sources.routeros_texts import commands, mends, reading


def test_printed_rules_become_commands_of_the_menu_that_was_printed() -> None:
    """Comments, wrapped properties, disabled and dynamic items."""
    text = (
        "[admin@R] > /ip firewall raw print\nFlags: X - disabled, I - invalid; D - dynamic\n"
        " 0  D ;;; special dummy\n      chain=prerouting action=passthrough\n\n"
        ' 1 X  ;;; drop "bad" $ ones\n      chain=prerouting action=drop log=no\n'
        '      log-prefix="" src-address-list=bad\n'
        " 2    chain=prerouting action=accept protocol=tcp dst-port=80\n"
    )
    assert commands(text) == [
        (
            '/ip firewall raw add disabled=yes comment=drop "bad" $ ones chain=prerouting action=drop log=no '
            "log-prefix= src-address-list=bad"
        ),
        "/ip firewall raw add chain=prerouting action=accept protocol=tcp dst-port=80",
    ]
    (left,) = reading(text).left
    assert left.reason == "a dynamic item, which the router makes by itself"


def test_bare_properties_with_list_numbers_are_a_print_too() -> None:
    """As a paste site shows them."""
    text = "  1. chain=input action=jump jump-target=ping protocol=icmp\n  2. chain=ping action=drop log=no\n"
    assert commands(text) == [
        "/ip firewall filter add chain=input action=jump jump-target=ping protocol=icmp",
        "/ip firewall filter add chain=ping action=drop log=no",
    ]
    assert "print output" in [each[0] for each in mends(text)]


def test_printed_address_list_is_read() -> None:
    """The table of `print`."""
    text = (
        "/ip firewall address-list print\nColumns: LIST, ADDRESS, CREATION-TIME\n"
        "#   LIST     ADDRESS       CREATION-TIME\n"
        " 0 D trusted  192.0.2.7  2024-01-01 10:00:00\n 1   office   192.0.2.0/24 2024-01-01\n 2 X old 192.0.2.9\n"
    )
    assert commands(text) == [
        "/ip firewall address-list add list=office address=192.0.2.0/24",
        "/ip firewall address-list add list=old address=192.0.2.9 disabled=yes",
    ]
