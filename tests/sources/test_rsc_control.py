import pytest
from tests.sources.routeros_texts import commands, reading


@pytest.mark.parametrize(
    "text",
    [
        ":for i from=1 to=100000 do={ /ip firewall filter add chain=c }",
        ":foreach i in={$a;b} do={ /ip firewall filter add chain=c }",
        ":while (true) do={ /ip firewall filter add chain=c }",
        ":do { /ip firewall filter add chain=c } while=($x < 3)",
    ],
)
def test_loops_that_need_a_router_or_never_end_are_listed(text: str) -> None:
    """Not one round of them is read."""
    read = reading(text)
    assert read.commands == ()
    assert [each.decides for each in read.left] == [True]


def test_what_is_done_on_errors_is_listed() -> None:
    """The block itself is read."""
    text = ":do { /ip firewall filter add chain=c } on-error={ /ip firewall filter remove [find] }"
    assert commands(text) == ["/ip firewall filter add chain=c"]
    assert [each.reason for each in reading(text).left] == ["what is done on an error is not taken"]


def test_loop_variable_is_gone_behind_the_loop() -> None:
    """And an outer value comes back."""
    text = ":foreach p in={1;2} do={ }\n/ip firewall filter add chain=$p"
    (command,) = reading(text).commands
    assert not command.words[0].literal


def test_blocks_too_deep_are_listed() -> None:
    """Not followed for ever."""
    text = ":do { " * 30 + "/ip firewall filter add chain=c" + " }" * 30
    assert commands(text) == []
    assert len(reading(text).left) == 1
