from portward.exposure.router import read_router


def test_a_value_that_is_not_mentioned_is_none() -> None:
    router = read_router(b"/ip socks set enabled=yes\n", "r.rsc")
    found = router.setting("ip", "socks", "enabled")
    assert found is not None
    assert (found.on, found.span.line) == (True, 1)
    assert router.setting("ip", "proxy", "enabled") is None


def test_the_last_value_written_counts() -> None:
    router = read_router(b"/ip socks set enabled=yes\n/ip socks set enabled=no\n", "r.rsc")
    found = router.setting("ip", "socks", "enabled")
    assert found is not None
    assert not found.on
