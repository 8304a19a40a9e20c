from portward.sources.rsc_damage import Desk
from portward.sources.rsc_text import physical_line
from portward.sources.rsc_walk import FIREWALL, Walk, leave, place
from portward.sources.rsc_words import Statement


def test_statement_that_is_left_keeps_its_place() -> None:
    """And whether packets depend on it is told by its text, unless it is known."""
    walk = Walk(Desk("f"))
    line = physical_line(4, "/ip firewall x; /ip dns y")
    leave(walk, Statement(line, (), 0, 14), "why")
    leave(walk, Statement(line, (), 16, 25), "why", hint="do")
    assert [(each.span.column, each.decides, each.hint) for each in walk.left] == [
        (1, True, ""),
        (17, False, "do"),
    ]
    assert place(walk, Statement(line, (), 0, 14))[1] == 4
    assert FIREWALL.search("/interface list member")
