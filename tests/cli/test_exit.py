"""The exit codes."""

from portward.cli.exit import ExitStatus


def test_the_numbers_are_fixed_and_every_one_is_explained() -> None:
    assert {status.name: int(status) for status in ExitStatus} == {
        "OK": 0,
        "FINDINGS": 1,
        "USAGE": 2,
        "REFUSED": 3,
        "HOST": 4,
        "INTERRUPTED": 130,
    }
    assert all(status.meaning.endswith(".") for status in ExitStatus)
    assert ExitStatus(3) is ExitStatus.REFUSED
