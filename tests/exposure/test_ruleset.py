from portward.exposure.ruleset import Chain, Ruleset, Verdict


def test_a_chain_without_a_hook_accepts_nothing_by_itself() -> None:
    """Its policy is only asked for where a hook calls it."""
    assert Chain().hook == ""
    assert Chain().policy is Verdict.ACCEPT


def test_an_empty_ruleset_has_nothing_unread() -> None:
    assert Ruleset().unread == ()
