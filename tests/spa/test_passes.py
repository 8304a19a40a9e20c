from itertools import product

from portward.spa.passes import pass_of


def test_a_pass_is_the_same_on_both_sides_and_for_ever() -> None:
    """A change of this value would make every client's passes worthless: it would need another label."""
    assert pass_of(bytes(range(32)), bytes(32), 2_833_333, 3).hex() == "70b22fb6cc5f5e45863c51e5033962aa"


def test_no_two_passes_are_the_same() -> None:
    """Another person, gate, window or counter: another pass."""
    secrets, servers = (b"a" * 32, b"b" * 32), (b"x" * 32, b"y" * 32)
    passes = {pass_of(*each) for each in product(secrets, servers, range(50), range(8))}
    assert len(passes) == 2 * 2 * 50 * 8
    assert {len(each) for each in passes} == {16}
