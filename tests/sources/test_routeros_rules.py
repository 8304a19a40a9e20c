from tests.sources.routeros_texts import script

from portward.sources.routeros_matchers import OtherMatcher
from portward.sources.routeros_rules import (
    BUILT_IN,
    TERMINATING,
    Family,
    OtherAction,
    Rule,
    Script,
    Table,
    Verdict,
)


def test_rules_of_one_menu_keep_their_order() -> None:
    """The order of a table is its meaning."""
    found = script(
        "/ip firewall filter add chain=b\n/ip firewall raw add chain=prerouting\n/ip firewall filter add chain=a\n"
        "/ipv6 firewall filter add chain=c\n"
    )
    assert [each.chain for each in found.table(Family.V4, Table.FILTER)] == ["b", "a"]
    assert [each.chain for each in found.table(Family.V6, Table.FILTER)] == ["c"]


def test_rule_tells_whether_every_part_is_understood() -> None:
    """Neither an unknown matcher nor an unknown action."""
    rule = Rule(Family.V4, Table.FILTER, "input", Verdict.ACCEPT)
    assert rule.understood
    assert not Rule(Family.V4, Table.FILTER, "input", Verdict.DROP, (OtherMatcher("p2p", "x"),)).understood
    assert not Rule(Family.V4, Table.MANGLE, "input", OtherAction("mark-packet", passthrough=True)).understood


def test_actions_that_end_the_walk() -> None:
    """Adding to a list does not, nor does a log."""
    assert Verdict.DROP in TERMINATING
    assert Verdict.LOG not in TERMINATING
    assert BUILT_IN[Table.RAW] == ("prerouting", "output")
    assert Script().table(Family.V4, Table.RAW) == ()
