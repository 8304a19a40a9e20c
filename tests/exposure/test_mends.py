"""Mends are values that show no secret."""

from portward.exposure.mends import MendPlan, Put


def test_the_text_of_a_file_is_not_shown() -> None:
    """It may be a policy's, with the words of its knocks."""
    assert "secret" not in repr(MendPlan(policy=(Put("/p", "udp/7=secret"),)))
