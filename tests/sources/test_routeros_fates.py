import pytest
from tests.sources.routeros_texts import script

from portward.sources.routeros_lift import lift


KNOCK = (
    "/ip firewall filter\nadd chain=input action=add-src-to-address-list address-list=in address-list-timeout=1m "
    "protocol=tcp dst-port=4711\nadd chain=input action=accept src-address-list=in protocol=tcp dst-port=22\n"
)


@pytest.mark.parametrize(
    ("line", "what", "decides"),
    [
        ("/ip firewall filter add chain=input action=log", "it only counts or logs", False),
        ("/ip firewall filter add chain=input disabled=yes", "disabled: it does nothing", False),
        (
            "/ip firewall filter add chain=nowhere",
            "no packet from outside comes to the chain 'nowhere'",
            False,
        ),
        ("/ip firewall filter add chain=output action=drop", "packets that leave", True),
        (
            "/ip firewall filter add chain=forward action=drop",
            "a policy leaves packets through the host alone",
            True,
        ),
        (
            "/ip firewall filter add chain=forward action=fasttrack-connection",
            "known connections faster",
            False,
        ),
        ("/ip firewall nat add chain=srcnat action=masquerade", "packets that leave", False),
        ("/ip firewall raw add chain=prerouting action=notrack", "leaves connection tracking alone", True),
        (
            "/ip firewall filter add chain=input action=drop src-address-list=bad",
            "cannot shut out single sources",
            True,
        ),
        (
            "/ip firewall filter add chain=input action=drop protocol=tcp dst-port=9",
            "guard mode drops only",
            True,
        ),
        (
            "/ip firewall filter add chain=input action=add-dst-to-address-list address-list=x",
            "no lists of destinations",
            True,
        ),
        (
            "/ip firewall mangle add chain=prerouting action=mark-packet new-packet-mark=x",
            "does not decide which packets",
            False,
        ),
    ],
)
def test_rules_that_are_left_say_why_and_whether_packets_depend_on_it(
    line: str,
    what: str,
    decides: bool,  # noqa: FBT001 - a parameter
) -> None:
    """One rule beside a knock."""
    source = script(KNOCK + line)
    fates = lift(source).fates
    (rule,) = [each for each in source.rules if each.span.line == 4]
    assert what in fates.of(rule).what
    assert fates.of(rule).decides is decides
    assert not fates.of(rule).carried


def test_every_rule_has_a_fate() -> None:
    """Two rules that are spelled alike are two."""
    source = script(KNOCK + KNOCK)
    fates = lift(source).fates
    assert all(fates.of(rule).what for rule in source.rules)
