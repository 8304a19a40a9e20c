from tests.sources.routeros_texts import script

from portward.sources.routeros_matchers import Range, State
from portward.sources.routeros_paths import (
    Asked,
    Meeting,
    complement,
    covers,
    intersection,
    meetings,
    plain_word,
    within,
)
from portward.sources.routeros_rules import Family, Table


def met(text: str) -> tuple[Meeting, ...]:
    return meetings(script(text), Family.V4)


def test_packet_meets_tables_in_order_and_follows_jumps() -> None:
    """Raw before filter; behind the jumped-to chain it goes on."""
    found = met(
        "/ip firewall filter\nadd chain=input comment=1 action=jump jump-target=k protocol=tcp dst-port=1,2,3\n"
        "add chain=input comment=3\nadd chain=k comment=2 protocol=tcp dst-port=2-9\nadd chain=other comment=x\n"
        "add chain=input comment=off disabled=yes\n/ip firewall raw add chain=prerouting comment=0\n"
    )
    assert [(each.rule.comment, each.table) for each in found] == [
        ("0", Table.RAW),
        ("1", Table.FILTER),
        ("2", Table.FILTER),
        ("3", Table.FILTER),
    ]
    assert found[2].asked.ports == (Range(2, 2), Range(3, 3))
    assert found[2].via[0].comment == "1"


def test_rule_that_no_jump_lets_through_says_so() -> None:
    """Ports that the jump does not list, another protocol."""
    found = met(
        "/ip firewall filter\nadd chain=input action=jump jump-target=k protocol=tcp dst-port=475\n"
        "add chain=k protocol=tcp dst-port=457\nadd chain=k protocol=udp dst-port=475\n"
    )
    assert [each.asked.impossible for each in found] == [
        "",
        "the jump to it lets none of its ports through",
        "the jump to it asks for another protocol",
    ]


def test_jumps_in_a_circle_end() -> None:
    """As they do on a router."""
    text = "/ip firewall filter\nadd chain=input action=jump jump-target=a\nadd chain=a action=jump jump-target=a\n"
    assert len(met(text)) == 3


def test_what_is_asked() -> None:
    """Lists, states, interfaces; what cannot be boiled down is kept."""
    (meeting,) = met(
        "/ip firewall filter add chain=input connection-state=!established src-address-list=a in-interface-list=!LAN "
        "limit=1,1 protocol=tcp dst-port=!80 dst-address-type=local\n"
    )
    asked = meeting.asked
    assert asked.inside == {"a"}
    assert asked.states == frozenset(State) - {State.ESTABLISHED}
    assert asked.interfaces == {"in-interface-list=!LAN"}
    assert asked.ports == (Range(0, 79), Range(81, 65535))
    assert len(asked.rest) == 1


def test_ranges() -> None:
    """Complement, intersection, inclusion."""
    assert complement((Range(0, 5), Range(7, 65535))) == (Range(6, 6),)
    assert intersection((Range(1, 5),), (Range(4, 9), Range(0, 1))) == (Range(4, 5), Range(1, 1))
    assert within((Range(2, 3),), (Range(1, 5),))
    assert not within(None, (Range(1, 5),))


def test_covering_is_claimed_only_when_sure() -> None:
    """A rule with more conditions covers less."""
    narrow = Asked(protocol=6, ports=(Range(22, 22),), inside=frozenset({"a"}))
    assert covers(Asked(protocol=6), narrow)
    assert covers(Asked(ports=(Range(1, 100),)), narrow)
    assert not covers(Asked(inside=frozenset({"b"})), narrow)
    assert not covers(Asked(states=frozenset({State.ESTABLISHED})), narrow)
    assert not covers(Asked(interfaces=frozenset({"in-interface=e"})), narrow)


def test_plain_layer7_patterns_are_words() -> None:
    """An anchored literal; anything more is no word."""
    assert plain_word("^open sesame$") == b"open sesame"
    assert plain_word("^a\\.b") == b"a.b"
    assert plain_word("open") == b""
    assert plain_word("^a.b$") == b""
