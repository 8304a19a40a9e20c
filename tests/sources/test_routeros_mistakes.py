import pytest
from tests.sources.routeros_texts import lifted


ADD = "add chain=input action=add-src-to-address-list address-list-timeout=9s"
GOOD = (
    f"{ADD} address-list=in src-address-list=two protocol=tcp dst-port=5003\n"
    f"{ADD} address-list=two src-address-list=one protocol=tcp dst-port=9002\n"
    f"{ADD} address-list=one protocol=tcp dst-port=7001\n"
    "add chain=input action=accept src-address-list=in\nadd chain=input action=drop\n"
)


def told(lines: str) -> list[tuple[str, int]]:
    """Codes of the author's mistakes, and their lines."""
    found = lifted("/ip firewall filter\n" + lines).mistakes
    return [(each.code, each.span.line) for each in found if each.span]


def test_good_rules_have_no_mistakes() -> None:
    """Reverse order, every step asks for the one before, the drop comes last."""
    assert told(GOOD) == []


@pytest.mark.parametrize(
    ("before", "after", "code", "line"),
    [
        (" src-address-list=two", "", "PW525", 3),
        ("src-address-list=two", "src-address-list=Two", "PW522", 2),
        ("add chain=input action=drop\n", "", "PW523", 5),
        ("add chain=input action=drop\n", "add chain=input action=drop disabled=yes\n", "PW523", 5),
        ("add chain=input action=accept src-address-list=in\n", "", "PW525", 2),
        ("dst-port=9002", "dst-port=6002", "PW526", 4),
        ("dst-port=7001", "dst-port=9002", "PW528", 5),
    ],
)
def test_each_mistake_is_pointed_out(before: str, after: str, code: str, line: int) -> None:
    """One change to good rules, one code, at the rule in question."""
    changed = GOOD.replace(before, after, 1)
    if code == "PW526":
        changed = changed.replace("dst-port=7001", "dst-port=7777")
    if code == "PW528":
        changed = (
            GOOD
            + f"add chain=input action=accept protocol=tcp\n{ADD} address-list=one protocol=tcp dst-port=3\n"
        )
        code, line = "PW524", 8
    assert (code, line) in told(changed)


def test_order_that_is_not_enforced() -> None:
    """Steps whose lists are only asked for at the door."""
    lines = (
        f"{ADD} address-list=a protocol=tcp dst-port=7001\n{ADD} address-list=b protocol=tcp dst-port=5002\n"
        "add chain=input action=drop protocol=tcp dst-port=6003 src-address-list=!a\n"
        f"{ADD} address-list=in src-address-list=b protocol=tcp dst-port=6003\n"
        "add chain=input action=accept src-address-list=in\nadd chain=input action=drop\n"
    )
    assert ("PW520", 3) in told(lines)


def test_stage_that_is_refreshed_by_accident() -> None:
    """By its own members, or by packets that are no knock."""
    own = GOOD + f"{ADD} address-list=two src-address-list=two protocol=tcp\n"
    assert ("PW521", 7) in told(own)
    broad = f"{ADD} address-list=one protocol=udp\n" + GOOD
    assert ("PW521", 2) in told(broad)


def test_rules_below_the_drop() -> None:
    """Knocks and the accept."""
    lines = GOOD.splitlines(keepends=True)
    assert {("PW524", each) for each in (3, 4, 5, 6)} <= set(told("".join([lines[-1], *lines[:-1]])))


def test_knock_that_is_accepted_first() -> None:
    """It never counts."""
    assert ("PW528", 3) in told("add chain=input action=accept protocol=tcp dst-port=5000-6000\n" + GOOD)


def test_rule_that_no_jump_lets_through() -> None:
    """475 in the jump, 457 in the rule."""
    lines = (
        "add chain=input action=jump jump-target=k protocol=tcp dst-port=475\n"
        "add chain=k action=accept protocol=tcp dst-port=457 src-address-list=in\n"
    )
    assert ("PW528", 3) in told(lines + GOOD)


def test_one_packet_that_passes_several_stages() -> None:
    """Forward order and the same knock: lists are filled at once."""
    lines = (
        f"{ADD} address-list=one protocol=tcp dst-port=7001\n"
        f"{ADD} address-list=two src-address-list=one protocol=tcp dst-port=7001,8001\n"
        "add chain=input action=accept src-address-list=two\nadd chain=input action=drop\n"
    )
    assert ("PW527", 3) in told(lines)


def test_similar_name_is_proposed() -> None:
    """A list that is filled and never asked for."""
    text = "/ip firewall filter\n" + GOOD.replace(
        "src-address-list=one", "src-address-list=stage-one"
    ).replace("address-list=one protocol", "address-list=stage_one protocol")
    hints = [each.hint for each in lifted(text).mistakes if each.code == "PW522"]
    assert any("did you mean stage_one?" in each for each in hints)
