import itertools
import re

from hypothesis import given
from hypothesis import strategies as st

from portward.policy.net import PortRange, Protocol
from portward.policy.notation import read_ports, write_ports
from portward.sources.knockd_doors import read_knockd
from portward.sources.knockd_lift import Fate, LiftedDoor, lift
from portward.sources.knockd_services import atoms, free_name, make_services, opens, without_collisions


def doors(*commands: str) -> list[LiftedDoor]:
    """Doors a, b, c … with knocks of their own and these commands."""
    text = "".join(
        f"[{chr(97 + number)}]\nsequence={60000 + 2 * number},{60001 + 2 * number}\ncommand={command}\n"
        for number, command in enumerate(commands)
    )
    return [lift(door, {}) for door in read_knockd(text.encode(), "knockd.conf").doors]


def ufw(ports: str) -> str:
    """A command that opens TCP ports."""
    return f"ufw allow from %IP% to any port {ports} proto tcp"


REDIRECT = "iptables -t nat -A PREROUTING -s %IP% -p tcp --dport 2022 -j REDIRECT --to-ports 22"
DNAT = "iptables -t nat -A PREROUTING -s %IP% -p tcp --dport 2443 -j DNAT --to-destination 192.0.2.9:443"


def services(*commands: str) -> dict[str, list[str]]:
    """Names and ports, published ones behind an arrow."""
    made = make_services(doors(*commands))
    return {
        each.name: [write_ports(ports) for ports in each.ports]
        + [f"<- {write_ports(ports)}" for ports in each.published]
        for each in made.values()
    }


def test_ports_of_the_same_doors_are_one_service() -> None:
    """And those of different doors are not."""
    kept = doors(ufw("22"), ufw("22,80"), ufw("443"))
    made = make_services(kept)
    assert [list(opens(door, made)) for door in kept] == [
        ["ssh"],
        ["ssh", "http"],
        ["https"],
    ]


def test_ranges_that_overlap_are_cut() -> None:
    """No port stands in two services, and neighbours stay together."""
    assert services(ufw("8000:8010"), ufw("8005:8020")) == {
        "ports": ["tcp/8000-8004"],
        "ports-2": ["tcp/8005-8010"],
        "ports-3": ["tcp/8011-8020"],
    }
    assert services(ufw("8000:8010"), ufw("443")) == {"ports": ["tcp/8000-8010"], "https": ["tcp/443"]}


def test_a_published_service() -> None:
    """The rule that lets translated packets pass is no service of its own."""
    let_in = "iptables -A INPUT -s %IP% -p tcp --dport 22 -j ACCEPT"
    assert services(f"{REDIRECT}; {let_in}") == {"ssh": ["tcp/22", "<- tcp/2022"]}
    passing = "iptables -A FORWARD -s %IP% -d 192.0.2.9 -p tcp --dport 443 -j ACCEPT"
    assert services(f"{DNAT}; {passing}") == {"https": ["tcp/443", "<- tcp/2443"]}


def test_a_port_that_is_led_to_two_places() -> None:
    """The later door is refused."""
    kept = without_collisions(doors(REDIRECT, ufw("22"), ufw("2022"), ufw("443")))
    assert [each.fate for each in kept] == [Fate.SEQUENCE, Fate.REFUSED, Fate.REFUSED, Fate.SEQUENCE]
    assert kept[1].reasons[0].text == "tcp/22 leads elsewhere than in [a]"


def test_a_knock_at_a_guarded_port() -> None:
    """The door that knocks there is refused, with the place of the knock."""
    kept = without_collisions(doors(ufw("22"), ufw("60001")))
    assert [each.fate for each in kept] == [Fate.REFUSED, Fate.SEQUENCE]
    assert kept[0].reasons[0].span == kept[0].door.knocks[1].word.span


def test_a_refused_door_guards_nothing() -> None:
    """So what only it stood in the way of is kept."""
    kept = without_collisions(doors(ufw("60002"), ufw("60000"), ufw("22")))
    assert [each.fate for each in kept].count(Fate.REFUSED) == 1


RANGES = st.tuples(st.sampled_from([Protocol.TCP, Protocol.UDP]), st.integers(1, 40), st.integers(0, 20)).map(
    lambda each: PortRange(each[0], each[1], each[1] + each[2])
)


@given(st.lists(RANGES, max_size=6))
def test_atoms_are_apart_and_cover_the_same(ranges: list[PortRange]) -> None:
    """Any two atoms are apart; each range is a union of atoms; no port is lost or made."""
    found = atoms(ranges)
    assert not any(one.overlaps(other) for one, other in itertools.combinations(found, 2))
    assert {(each.protocol, port) for each in ranges for port in each.ports} == {
        (each.protocol, port) for each in found for port in each.ports
    }
    for each in ranges:
        assert all(atom.first in each and atom.last in each for atom in found if atom.overlaps(each))


def test_protocols_without_ports_are_atoms() -> None:
    """Once each."""
    assert atoms([read_ports("esp"), read_ports("esp")]) == [read_ports("esp")]


@given(st.lists(st.text(max_size=40), max_size=8))
def test_names_are_good_and_free(names: list[str]) -> None:
    """Whatever a door is called."""
    taken: set[str] = set()
    found = [free_name(name, taken) for name in names]
    assert len(set(found)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9_-]{0,31}", name) for name in found)
