from portward.errors import Severity
from portward.policy.policy import Mode
from portward.sources.routeros_draft import Draft, explain, finish
from portward.sources.routeros_fates import Fates
from portward.sources.routeros_rules import Script


def test_comments_are_said_once() -> None:
    """And in the order they came."""
    draft = Draft(exact=False, fates=Fates(Script()), may_assume=True)
    draft.say((), "b")
    draft.say((), "a")
    draft.say((), "b")
    assert draft.comments[()] == ["b", "a"]


def test_interfaces_that_the_rules_ask_for_are_a_difference() -> None:
    """Advice, or a mistake when the exact meaning is wanted."""
    for exact, severity in ((False, Severity.ADVICE), (True, Severity.ERROR)):
        draft = Draft(exact=exact, fates=Fates(Script()), may_assume=True)
        draft.interfaces = {"in-interface-list=WAN"}
        explain(draft, Script(), finish(draft, Mode.GUARD))
        assert [each.severity for each in draft.differences] == [severity]
        assert "in-interface-list=WAN" in draft.comments[()][0]
