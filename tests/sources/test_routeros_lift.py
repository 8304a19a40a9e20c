import pytest
from tests.sources.routeros_texts import fates, lifted

from portward.policy.net import Protocol
from portward.policy.notation import write_duration, write_knock
from portward.policy.policy import EVERYTHING, Mode
from portward.sources.policy_text import write_policy
from portward.sources.routeros_lift import lift
from portward.sources.routeros_script import read_source


KNOCKS = """/ip firewall filter
add chain=input action=accept connection-state=established,related
add chain=input action=accept src-address-list=guests
add chain=input action=add-src-to-address-list address-list=guests address-list-timeout=2h src-address-list=s2 \
protocol=tcp dst-port=4103
add chain=input action=add-src-to-address-list address-list=s2 address-list-timeout=10s src-address-list=s1 \
protocol=udp dst-port=9102
add chain=input action=add-src-to-address-list address-list=s1 address-list-timeout=20s protocol=icmp packet-size=301
"""


def sequences(text: str) -> list[str]:
    """Each as one line: knocks, step timeouts, what it opens, for how long."""
    return [
        f"{' '.join(map(write_knock, each.knocks))} in {','.join(map(write_duration, each.step_timeouts))} "
        f"opens {','.join(each.opens)} for {write_duration(each.open_for)}"
        for each in lifted(text).policy.sequences
    ]


def codes(text: str) -> set[str]:
    return {each.code for each in lifted(text).mistakes}


def test_chain_of_lists_becomes_a_sequence() -> None:
    """Any names, any order of the rules; ICMP by its size."""
    assert sequences(KNOCKS) == ["icmp/301 udp/9102 tcp/4103 in 20s,10s opens * for 2h"]


def test_trusted_without_any_drop_becomes_lockdown_and_is_told() -> None:
    """The rules close nothing; lockdown makes true what they are for."""
    found = lifted(KNOCKS)
    assert found.policy.mode is Mode.LOCKDOWN
    assert found.policy.strict
    assert "PW523" in {each.code for each in found.mistakes}
    assert "drop nothing" in found.comments["defaults", "mode"]


def test_drop_at_the_end_becomes_lockdown() -> None:
    """And the author's mistake is gone."""
    found = lifted(KNOCKS + "add chain=input action=drop\n")
    assert found.policy.mode is Mode.LOCKDOWN
    assert "PW523" not in {each.code for each in found.mistakes}
    assert "line 7" in found.comments["defaults", "mode"]


def test_exact_meaning_is_not_strict() -> None:
    """RouterOS's rules pass over strays."""
    assert not lifted(KNOCKS, exact=True).policy.strict


def test_accepted_ports_become_services_and_guard_mode() -> None:
    """With the usual names; comments name the lines."""
    text = KNOCKS.replace(
        "src-address-list=guests\n", "src-address-list=guests protocol=tcp dst-port=22,8291\n", 1
    )
    found = lifted(text)
    assert found.policy.mode is Mode.GUARD
    assert [each.name for each in found.policy.services] == ["ssh", "winbox"]
    assert found.policy.sequences[0].opens == ("ssh", "winbox")
    assert found.comments["services", "ssh"] == "Line 3."
    assert "lines 6, 5, 4" in found.comments["sequences", "guests"]


def test_drop_of_all_who_are_not_on_the_list_opens_too() -> None:
    """As scripts in raw have it."""
    text = """/ip firewall raw
add chain=prerouting action=add-src-to-address-list address-list=a address-list-timeout=30s protocol=icmp \
packet-size=428
add chain=prerouting action=add-src-to-address-list address-list=b address-list-timeout=1h protocol=icmp \
packet-size=599 src-address-list=a
add chain=prerouting action=drop protocol=tcp dst-port=22 src-address-list=!b
"""
    assert sequences(text) == ["icmp/428 icmp/599 in 30s opens ssh for 1h"]
    assert "PW530" in {each.code for each in lifted(text).differences}


def test_jump_chain_with_a_return() -> None:
    """The knock among the rules of a chain of its own."""
    text = """/ip firewall filter
add chain=input action=jump jump-target=door protocol=tcp dst-port=22,4101,4107
add chain=input action=drop
add chain=door action=accept protocol=tcp dst-port=22 src-address-list=ok
add chain=door action=add-src-to-address-list address-list=ok address-list-timeout=1m protocol=tcp dst-port=4101 \
src-address-list=half
add chain=door action=add-src-to-address-list address-list=half address-list-timeout=5s protocol=tcp dst-port=4107
add chain=door action=return
"""
    assert sequences(text) == ["tcp/4107 tcp/4101 in 5s opens ssh for 1m"]
    assert all(
        each in {"lockdown", "the way to the rules of its chain", "the end of its chain"} or "ok" in each
        for each in fates(text).values()
    )


def test_wrong_ports_that_lead_to_a_blacklist_become_strict() -> None:
    """The shortest time of the blacklist is the penalty."""
    text = KNOCKS.replace(
        "/ip firewall filter\n",
        "/ip firewall filter\nadd chain=input action=drop src-address-list=bad\n",
    ) + (
        "add chain=input action=add-src-to-address-list address-list=bad address-list-timeout=9m protocol=tcp "
        "dst-port=!4103 src-address-list=s2\n"
    )
    found = lifted(text, exact=True)
    assert found.policy.strict
    assert write_duration(found.policy.penalty) == "9m"
    assert "PW530" in {each.code for each in found.differences}


def test_alternatives_become_sequences_of_their_own() -> None:
    """A port list is a choice."""
    text = KNOCKS.replace("dst-port=9102", "dst-port=9102,9105")
    assert [each.split(" in ")[0] for each in sequences(text)] == [
        "icmp/301 udp/9102 tcp/4103",
        "icmp/301 udp/9105 tcp/4103",
    ]


def test_ipv6_rules_are_lifted_and_equal_ones_merged() -> None:
    """One sequence for both families."""
    six = KNOCKS.replace("/ip firewall", "/ipv6 firewall").replace("protocol=icmp", "protocol=icmpv6")
    assert sequences(six) == sequences(KNOCKS)
    assert len(sequences(KNOCKS + six)) == 1


def test_secret_text_becomes_a_word_and_the_difference_is_told() -> None:
    """`content` finds it anywhere, portward at the beginning."""
    text = KNOCKS.replace("dst-port=9102", 'dst-port=9102 content="apple tree"')
    (sequence,) = lifted(text).policy.sequences
    assert (sequence.knocks[1].protocol, sequence.knocks[1].word) == (Protocol.UDP, b"apple tree")
    assert "PW530" in {each.code for each in lifted(text).differences}


def test_public_ports_and_trusted_networks_of_a_lockdown() -> None:
    """Above the drop; what only some interface may do is listed."""
    text = KNOCKS + (
        "add chain=input action=accept protocol=udp dst-port=51820\n"
        "add chain=input action=accept src-address=192.0.2.0/24\n"
        "add chain=input action=accept in-interface-list=LAN\n"
        "add chain=input action=drop\nadd chain=input action=accept protocol=tcp dst-port=443\n"
    )
    found = lifted(text)
    assert [str(each.first) for each in found.policy.public] == ["51820"]
    assert [str(each) for each in found.policy.always] == ["192.0.2.0/24"]
    told = fates(text)
    assert "by in-interface-list=LAN only" in told[9]
    assert told[11] == "it stands below the drop in line 10"


def test_published_host_behind_the_router() -> None:
    """dst-nat for those on the list."""
    text = KNOCKS + (
        "/ip firewall nat add chain=dstnat action=dst-nat protocol=tcp dst-port=8443 src-address-list=guests "
        "to-addresses=192.0.2.20 to-ports=443\n"
    )
    text = text.replace("add chain=input action=accept src-address-list=guests\n", "")
    (service,) = lifted(text).policy.services
    assert (service.name, [str(each) for each in service.hosts]) == ("https", ["192.0.2.20"])


def test_counting_attempts_is_no_knock() -> None:
    """One port again and again, with a blacklist at the end."""
    text = """/ip firewall filter
add chain=input action=drop protocol=tcp dst-port=22 src-address-list=bad
add chain=input action=add-src-to-address-list address-list=bad address-list-timeout=1d protocol=tcp \
dst-port=22 src-address-list=t2
add chain=input action=add-src-to-address-list address-list=t2 address-list-timeout=1m protocol=tcp \
dst-port=22 src-address-list=t1
add chain=input action=add-src-to-address-list address-list=t1 address-list-timeout=1m protocol=tcp dst-port=22
"""
    assert sequences(text) == []
    assert all("it puts its source on" in each or "single sources" in each for each in fates(text).values())


def test_list_that_no_rule_uses_is_assumed_to_open_everything_and_told() -> None:
    """Not with the exact meaning, and not when anything that packets depend on was not read."""
    text = KNOCKS.replace("add chain=input action=accept src-address-list=guests\n", "")
    found = lifted(text)
    assert found.policy.sequences[0].opens == ("*",)
    assert "assumption" in found.comments["sequences", "guests"]
    assert "PW525" in codes(text)
    assert lifted(text, exact=True).policy.sequences == ()
    assert lifted(text + "add chain=input action=accept src-address-lst=guests\n").policy.sequences == ()


def test_disabled_knocks_are_not_lifted() -> None:
    """They do nothing on the router."""
    text = KNOCKS.replace("packet-size=301", "packet-size=301 disabled=yes")
    assert sequences(text) == []
    assert "PW529" in codes(text)


def test_lists_without_a_time_are_held_as_long_as_a_policy_can() -> None:
    """And the difference is told."""
    text = KNOCKS.replace("address-list-timeout=2h ", "")
    assert sequences(text)[0].endswith("for 35w3d13h13m56s")
    assert "PW530" in {each.code for each in lifted(text).differences}


def test_policy_text_is_written() -> None:
    """With its comments."""
    found = lifted(KNOCKS)
    text = write_policy(found.policy, found.comments)
    assert "# List 'guests': lines 6, 5, 4, in the order of the knocks.\n[sequences.guests]" in text


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        (
            "action=accept protocol=tcp dst-port=443 src-mac-address=02:00:00:00:00:01",
            "only under conditions",
        ),
        ("action=accept protocol=tcp dst-port=443 src-address-list=!bad", "only under conditions"),
        ("action=accept protocol=tcp dst-port=443 in-interface=lan1", "by in-interface=lan1 only"),
        ("action=accept protocol=tcp dst-port=443 limit=5,5", "only under conditions"),
        ("action=accept protocol=tcp dst-port=443 src-address=192.0.2.1", "some ports only"),
        ("action=accept protocol=tcp dst-port=443 dst-address=192.0.2.1", "one address of the router only"),
        ("action=accept src-address=192.0.2.1 in-interface=lan1", "by one interface only"),
        ("action=accept src-mac-address=02:00:00:00:00:01", "only under conditions"),
        ("action=accept protocol=udp dst-port=9102", "a port that is also a knock"),
        ("action=accept", "it accepts everything"),
    ],
)
def test_nothing_is_opened_wider_than_the_rule_opens_it(rule: str, why: str) -> None:
    """What a policy cannot say is listed, never approximated by more."""
    text = KNOCKS + f"add chain=input {rule}\nadd chain=input action=drop\n"
    found = lifted(text)
    assert (found.policy.public, found.policy.always) == ((), ())
    assert why in fates(text)[7]


def test_accept_below_a_drop_for_some_interfaces_is_not_public() -> None:
    """It is for the other interfaces only."""
    text = KNOCKS + (
        "add chain=input action=drop in-interface-list=WAN\nadd chain=input action=accept protocol=tcp dst-port=443\n"
    )
    assert lifted(text).policy.public == ()


def test_conditions_that_a_knock_loses_are_differences() -> None:
    """A MAC address, a list that must not hold the source."""
    text = KNOCKS.replace(
        "packet-size=301", "packet-size=301 src-mac-address=02:00:00:00:00:01 src-address-list=!bad"
    )
    messages = [each.message for each in lifted(text).differences]
    assert "the router also asks for the MAC address 02:00:00:00:00:01, a policy does not" in messages
    assert "on the router this is not for whoever is on 'bad'" in messages


def test_drops_of_the_two_families_are_kept_apart() -> None:
    """An accept of IPv6 is above its own drop."""
    text = KNOCKS + (
        "add chain=input action=drop\n/ipv6 firewall filter\nadd chain=input action=passthrough\n"
        + "add chain=input action=passthrough\n" * 9
        + "add chain=input action=accept protocol=tcp dst-port=443\nadd chain=input action=drop\n"
    )
    assert [each.first for each in lifted(text).policy.public] == [443]


DROPS_SSH = """/ip firewall filter
add chain=input action=accept src-address-list=safe
add chain=input action=add-src-to-address-list address-list=one address-list-timeout=10s protocol=tcp dst-port=4021
add chain=input action=add-src-to-address-list address-list=safe address-list-timeout=1h protocol=tcp dst-port=917 \\
    src-address-list=one
add chain=input action=drop protocol=tcp dst-port=22,8291
"""


def test_a_drop_of_some_ports_guards_these_and_leaves_the_rest_open() -> None:
    """Not lockdown: the router does not shut what the rule does not name. Nothing is said to be open to all."""
    found = lift(read_source(DROPS_SSH.encode(), "x").script)
    assert found.policy.mode is Mode.GUARD
    assert [each.ports[0].first for each in found.policy.services] == [22, 8291]
    assert [each.opens for each in found.policy.sequences] == [(EVERYTHING,)]
    assert "PW523" not in {each.code for each in found.mistakes}


def test_a_drop_of_the_knocks_own_ports_is_lockdown() -> None:
    """A port cannot be guarded and a knock."""
    found = lift(read_source(DROPS_SSH.replace("22,8291", "1-5000").encode(), "x").script)
    assert found.policy.mode is Mode.LOCKDOWN
    assert not found.policy.services
