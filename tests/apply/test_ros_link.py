from portward.apply.ros_link import without_secrets


def test_a_routers_words_never_repeat_a_secret() -> None:
    message = 'invalid value "geheim" for content\r\nsecond line\x1b'
    assert (
        without_secrets(message, {"content": "geheim", "chain": "x"})
        == 'invalid value "…" for content  second line '
    )
    assert without_secrets("x" * 999, {"content": ""}) == "x" * 300
