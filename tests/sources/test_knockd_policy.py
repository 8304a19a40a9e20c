from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from portward.check.rules import mistakes
from portward.policy.notation import read_knock, read_ports
from portward.policy.policy import Sequence, Service
from portward.sources.knockd_doors import read_knockd, read_one_time
from portward.sources.knockd_lift import Fate
from portward.sources.knockd_policy import KnockdPolicy, make_policy, summary
from portward.sources.policy_reader import read_policy
from portward.sources.policy_text import write_policy


def made(text: str, *, strict: bool = True, once: str = "") -> KnockdPolicy:
    """Make a policy of a file that knockd would take; `once` is in the file of one-time sequences."""
    knockd = read_knockd(text.encode(), "knockd.conf")
    assert not knockd.fatal
    return make_policy(knockd, one_time={"/x": read_one_time(once.encode(), "/x")[0]}, strict=strict)


def one_time_door(name: str, ports: str = "2022") -> str:
    """A door with a file."""
    return door(name, "", ports).replace("sequence=\n", "one_time_sequences=/x\n")


def door(name: str, sequence: str, ports: str = "2022", more: str = "") -> str:
    """A door that opens TCP ports."""
    command = f"ufw allow from %IP% to any port {ports} proto tcp"
    return f"[{name}]\nsequence={sequence}\ncommand={command}\n{more}\n"


def fates(policy: KnockdPolicy) -> list[str]:
    """What became of the doors."""
    return [str(each.fate) for each in policy.doors]


def test_a_door_becomes_a_sequence_and_a_service() -> None:
    """The whole policy of one door."""
    text = door(
        "Front Door",
        "1001,1002:udp,1003",
        more="seq_timeout=7\nstop_command=ufw delete allow from %IP% to any port 2022 proto tcp\ncmd_timeout=90",
    )
    policy = made(text).policy
    second = timedelta(seconds=1)
    knocks = tuple(map(read_knock, ("tcp/1001", "udp/1002", "tcp/1003")))
    assert policy.services == (Service("tcp-2022", (read_ports("tcp/2022"),)),)
    assert policy.sequences == (
        Sequence("front-door", knocks, (7 * second, 7 * second), ("tcp-2022",), 90 * second),
    )
    assert policy.strict
    assert policy.penalty == 60 * second


def test_exact_meaning_is_not_strict() -> None:
    """As knockd means it, and the text says which is which."""
    loose = made(door("a", "1,2"), strict=False)
    assert not loose.policy.strict
    assert "as knockd means it" in write_policy(loose.policy, loose.comments)


def test_the_penalty_is_not_shorter_than_a_step() -> None:
    """A stage would outlive it."""
    assert made(door("a", "1,2", more="seq_timeout=300")).policy.penalty == timedelta(minutes=5)


def test_doors_of_the_same_knocks_are_one_sequence() -> None:
    """It opens what both open, for the longer time."""
    policy = made(door("a", "1,2") + door("b", "1,2", "2023") + door("c", "1,3", "2024"))
    assert fates(policy) == ["sequence", "merged", "sequence"]
    assert [each.opens for each in policy.policy.sequences] == [("a-ports",), ("tcp-2024",)]
    assert policy.doors[1].name == "a"


def test_one_time_sequences_are_named_in_the_order_of_the_file() -> None:
    """By names that are free, and only the first says what differs."""
    policy = made(door("a-2", "7,8", "2023") + one_time_door("a"), once=" 1,2\n#9,9\n 3,4\n 5\n")
    assert [(each.name, each.once) for each in policy.policy.sequences] == [
        ("a-2", False),
        ("a-1", True),
        ("a-2-2", True),
        ("a-3", True),
    ]
    assert {each.opens for each in policy.policy.sequences[1:]} == {("tcp-2022",)}
    assert "not read any more" in policy.comments["sequences", "a-1"]
    assert policy.comments["sequences", "a-3"] == "one-time sequence 3 of [a], line 5"
    assert summary(policy.doors[1], policy.policy).endswith(", once")


def test_one_time_sequences_that_cannot_open_once() -> None:
    """A line that stands twice opens once; knocks that another door has always count always."""
    policy = made(one_time_door("a") + door("b", "3,4", "2023"), once=" 1,2\n 1,2\n 3,4\n")
    assert fates(policy) == ["sequence", "refused", "refused", "sequence"]
    assert policy.doors[1].reasons[0].text == (
        "it has the same knocks as one-time sequence 1 of [a], and they open once"
    )
    assert policy.doors[2].reasons[0].text == "it has the same knocks as [b], which count always"


def test_two_doors_with_one_file_open_together() -> None:
    """By one sequence, which opens once."""
    policy = made(one_time_door("a") + one_time_door("b", "2023"), once=" 1,2\n")
    assert fates(policy) == ["sequence", "merged"]
    assert [(each.name, each.opens, each.once) for each in policy.policy.sequences] == [
        ("a-1", ("a-1-ports",), True)
    ]


def test_a_sequence_within_another_is_refused() -> None:
    """Who knocks the longer one would open the shorter one on the way; its twin goes with it."""
    policy = made(door("a", "5,1,6,2") + door("b", "1,2") + door("c", "2,1") + door("d", "5,1,6,2"))
    assert fates(policy) == ["refused", "sequence", "sequence", "refused"]
    assert policy.doors[0].reasons[0].text == "who knocks it knocks all of [b] on the way"


def test_the_same_knock_twice_in_a_row() -> None:
    """Refused while repeats are tolerated, kept with the exact meaning."""
    text = door("a", "1,1,2")
    assert fates(made(text)) == ["refused"]
    assert fates(made(text, strict=False)) == ["sequence"]


def test_a_closing_door_is_told_and_not_lost() -> None:
    """Opening and closing doors, as printed everywhere."""
    policy = made(
        door("in", "1,2,3")
        + "[out]\nsequence=3,2,1\ncommand=ufw delete allow from %IP% to any port 2022 proto tcp\n"
    )
    assert fates(policy) == ["sequence", "closes"]
    text = write_policy(policy.policy, policy.comments)
    assert "# Not in here: [out], line 5: it only closes, and grants end by themselves" in text


def test_hooks_stand_in_the_text_as_what_is_not_run() -> None:
    """Nothing is lost: the command stands there, word by word."""
    policy = made(
        "[a]\nsequence=1,2\ncommand=ufw allow from %IP% to any port 2022; mail -s 'in: %IP%' root\n"
    )
    text = write_policy(policy.policy, policy.comments)
    assert "# not run by portward (it only tells somebody): mail -s 'in: %IP%' root" in text


def test_settings_of_knockd_stand_in_the_text() -> None:
    """They are not needed, and not lost either."""
    policy = made("[options]\nUseSyslog\nInterface = eth7\n" + door("a", "1,2"))
    text = write_policy(policy.policy, policy.comments)
    assert "not needed here: UseSyslog, Interface = eth7" in text
    assert "knockd listened on eth7 only" in text


def test_a_network_of_visitors() -> None:
    """One prefix for all doors is kept; else the whole address counts, and it is said."""
    wide = "[a]\nsequence=1,2\ncommand=iptables -A INPUT -s %IP%/24 -p tcp --dport 2022 -j ACCEPT\n"
    assert made(wide).policy.grant_prefix_v4 == 24
    six = "[a]\nsequence=1,2\ncommand_6=ip6tables -A INPUT -s %IP%/64 -p tcp --dport 2022 -j ACCEPT\n"
    assert (made(six).policy.grant_prefix_v4, made(six).policy.grant_prefix_v6) == (32, 64)
    mixed = made(wide + door("b", "3,4", "2023"))
    assert mixed.policy.grant_prefix_v4 == 32
    assert any("visitor's network" in remark for remark in mixed.doors[0].remarks)


def test_summaries() -> None:
    """One line for each door."""
    policy = made(door("a", "1,2") + door("b", "0,2", "2023") + "[c]\nsequence=5,6\n")
    assert [summary(each, policy.policy) for each in policy.doors] == [
        "[a]: the sequence a opens tcp-2022 for 35w3d13h13m56s",
        "[b]: left out: it has port 0",
        "[c]: left out: it runs nothing",
    ]


NUMBERS = st.integers(0, 8).map(str)
COMMANDS = st.sampled_from(
    [
        *(
            f"ufw allow from %IP% to any port {ports} proto tcp"
            for ports in ("4", "5:7", "6,22", "22", "1:3")
        ),
        "ufw allow from %IP%",
        "iptables -t nat -A PREROUTING -s %IP% -p tcp --dport 7 -j REDIRECT --to-ports 22",
        "iptables -t nat -A PREROUTING -s %IP% -p tcp --dport 8 -j DNAT --to-destination 192.0.2.9:22",
        "iptables -t nat -A PREROUTING -s %IP% -p tcp --dport 8 -j DNAT --to-destination 192.0.2.9:23",
        "iptables -A FORWARD -s %IP% -d 192.0.2.9 -p tcp --dport 22:25 -j ACCEPT",
        "iptables -A FORWARD -s %IP% -d 192.0.2.9 -p tcp -j ACCEPT",
        "ip6tables -A INPUT -s %IP%/64 -p esp -j ACCEPT",
        "nft add element inet f x { %IP% timeout 5s }",
        "ufw delete allow from %IP% to any port 22 proto tcp",
        "/root/x",
        "logger x",
        "",
    ]
)
DOORS = st.lists(
    st.tuples(st.lists(NUMBERS, min_size=1, max_size=4), COMMANDS, COMMANDS, COMMANDS), max_size=5
)


@given(DOORS, st.booleans())
def test_the_policy_of_any_doors_is_whole_and_good(
    doors: list[tuple[list[str], str, str, str]],
    strict: bool,  # noqa: FBT001 - drawn
) -> None:
    """It has no mistakes, comes back from its text, and every door is accounted for."""
    text = "".join(
        f"[door {number}]\nsequence={','.join(ports)}\ncommand={one};{two}\nstop_command={stop}\n".replace(
            "=;", "="
        ).replace(";\n", "\n")
        for number, (ports, one, two, stop) in enumerate(doors)
    )
    policy = made(text, strict=strict)
    assert mistakes(policy.policy) == ()
    read, found = read_policy(write_policy(policy.policy, policy.comments), "policy.toml")
    assert found == ()
    assert read == policy.policy
    assert len(policy.doors) == len(doors)
    for each in policy.doors:
        assert bool(each.reasons) == (each.fate is Fate.REFUSED)
        assert bool(each.name) == (each.fate in {Fate.SEQUENCE, Fate.MERGED})
