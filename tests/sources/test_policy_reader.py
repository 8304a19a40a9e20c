import tomllib
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.errors import Diagnostic, Severity, Span
from portward.policy.net import Knock, PortRange, Protocol
from portward.policy.people import AddressRule, Fwknop, Passes, Person, Rolling, Sealed, Ways, Windows
from portward.policy.policy import Expiry, Mode, Policy, Sequence, Service, Sizes
from portward.policy.vpn import VpnKind
from portward.sources.policy_reader import read_policy, read_what_can_be_read


WHOLE = """\
schema = 1
public = ["tcp/80", "icmp"]
always = ["192.0.2.0/24", "2001:db8::/32"]
interfaces = ["eth0", "ppp*"]

[defaults]
step_timeout = "5s"
open_for     = "2h"
penalty      = "30s"
strict       = false
mode         = "lockdown"
grant_prefix_v4 = 24
grant_prefix_v6 = 64

[sizes]
stages = 1024

[services.ssh]
ports     = ["tcp/22"]
published = ["tcp/12345"]
[services.cameras]
host  = ["192.168.1.10", "2001:db8::10"]
ports = ["tcp/443", "tcp/8000-8010"]

[sequences.admin]
knocks   = ["tcp/33333", "udp/22222=open sesame", "icmp/128", "tcp/11111"]
opens    = ["ssh", "cameras"]
open_for = "7d"
step_timeout = ["60s", "10s", "10s"]
[sequences.all]
knocks = ["udp/4747", "tcp/911"]
opens  = "*"
"""


def read(text: str, *parts: tuple[str, str]) -> Policy:
    policy, found = read_policy(text, "policy.toml", parts)
    assert policy is not None, found
    return policy


def told(text: str, *parts: tuple[str, str]) -> list[str]:
    """Code and place of every mistake."""
    policy, found = read_policy(text, "policy.toml", parts)
    assert policy is None
    assert all(each.severity is Severity.ERROR for each in found)
    return [f"{each.span} {each.code}" for each in found]


def one(text: str, *parts: tuple[str, str]) -> Diagnostic:
    """The only mistake."""
    _, found = read_policy(text, "policy.toml", parts)
    (only,) = found
    return only


def test_everything_that_a_file_can_say_is_in_the_policy() -> None:
    assert read(WHOLE) == Policy(
        services=(
            Service("ssh", (PortRange(Protocol.TCP, 22, 22),), (PortRange(Protocol.TCP, 12345, 12345),)),
            Service(
                "cameras",
                (PortRange(Protocol.TCP, 443, 443), PortRange(Protocol.TCP, 8000, 8010)),
                hosts=(ip_address("192.168.1.10"), ip_address("2001:db8::10")),
            ),
        ),
        sequences=(
            Sequence(
                "admin",
                (
                    Knock(Protocol.TCP, 33333),
                    Knock(Protocol.UDP, 22222, b"open sesame"),
                    Knock(Protocol.ICMP, 128),
                    Knock(Protocol.TCP, 11111),
                ),
                (timedelta(seconds=60), timedelta(seconds=10), timedelta(seconds=10)),
                ("ssh", "cameras"),
                timedelta(days=7),
            ),
            Sequence(
                "all",
                (Knock(Protocol.UDP, 4747), Knock(Protocol.TCP, 911)),
                (timedelta(seconds=5),),
                ("*",),
                timedelta(hours=2),
            ),
        ),
        mode=Mode.LOCKDOWN,
        strict=False,
        penalty=timedelta(seconds=30),
        public=(PortRange(Protocol.TCP, 80, 80), PortRange(Protocol.ICMP)),
        always=(ip_network("192.0.2.0/24"), ip_network("2001:db8::/32")),
        interfaces=("eth0", "ppp*"),
        grant_prefix_v4=24,
        grant_prefix_v6=64,
        sizes=Sizes(stages=1024),
    )


def test_without_defaults_the_documented_ones_hold() -> None:
    policy = read('schema=1\n[sequences.a]\nknocks=["tcp/1","tcp/2","tcp/3"]\nopens="*"\n')
    assert policy.sequences[0].step_timeouts == (timedelta(seconds=10),) * 2
    assert policy.sequences[0].open_for == timedelta(hours=1)
    assert (policy.penalty, policy.strict, policy.mode) == (timedelta(minutes=1), True, Mode.GUARD)


def test_one_step_timeout_holds_for_all_steps() -> None:
    policy = read('schema=1\n[sequences.a]\nknocks=["tcp/1","tcp/2","tcp/3"]\nopens="*"\nstep_timeout="2s"\n')
    assert policy.sequences[0].step_timeouts == (timedelta(seconds=2),) * 2


def test_a_sequence_opens_once_only_where_it_says_so() -> None:
    knocks = 'knocks = ["tcp/1"]\nopens = "*"\n'
    policy = read(f"schema = 1\n[sequences.a]\n{knocks}once = true\n[sequences.b]\n{knocks}")
    assert [each.once for each in policy.sequences] == [True, False]


@pytest.mark.parametrize("opens", ['"*"', '["*"]'])
def test_everything_may_be_opened_with_and_without_brackets(opens: str) -> None:
    assert read(f'schema=1\n[sequences.a]\nknocks=["tcp/1"]\nopens={opens}\n').sequences[0].opens_everything


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("services", "ssh", "ports", 0), "19:14"),
        (("services", "ssh"), "18:11"),
        (("services", "cameras", "ports", 1), "23:21"),
        (("sequences", "admin"), "25:12"),
        (("sequences", "admin", "knocks", 2), "26:51"),
        (("sequences", "admin", "knocks"), "26:12"),
        (("sequences", "all", "opens"), "32:10"),
        (("defaults", "penalty"), "9:16"),
        (("defaults",), "6:2"),
        (("public", 1), "2:21"),
        (("always", 0), "3:11"),
        (("sizes", "stages"), "16:10"),
        ((), "1:1"),
    ],
)
def test_every_value_keeps_its_place(path: tuple[str | int, ...], place: str) -> None:
    assert str(read(WHOLE).places[path]) == f"policy.toml:{place}"


def test_a_table_in_braces_has_the_place_of_its_key() -> None:
    policy = read('schema = 1\nservices = { ssh = { ports = ["tcp/22"] } }\n')
    assert policy.places["services", "ssh"] == Span("policy.toml", 2, 14, 3)
    assert policy.places["services", "ssh", "ports", 0] == Span("policy.toml", 2, 31, 8)


def test_parts_add_up_and_their_values_keep_their_places() -> None:
    policy = read(
        'schema=1\npublic=["tcp/80"]\n[services.ssh]\nports=["tcp/22"]\n',
        ("a.toml", 'public=["udp/53"]\n[sequences.s]\nknocks=["tcp/1"]\nopens=["ssh", "web"]\n'),
        ("b.toml", 'schema=1\npublic=["tcp/81"]\n[services.web]\nports=["tcp/443"]\n'),
    )
    assert [each.first for each in policy.public] == [80, 53, 81]
    assert [each.name for each in policy.services] == ["ssh", "web"]
    assert str(policy.places["public", 2]) == "b.toml:2:9"
    assert str(policy.places["sequences", "s"]) == "a.toml:2:12"


def test_all_mistakes_of_all_files_are_told_in_the_order_of_the_text() -> None:
    text = """\
schema = 1
always = ["192.0.2.1/24"]
[defaults]
step_timout = "10s"
penalty = 60
[services.ssh]
ports = [22, "tcp/70000"]
[sequences.admin]
knocks = ["tcp/1", "tcp/2", "icmp/12"]
opens = ["shh"]
step_timeout = ["1s"]
open_for = "99y"
[sequences.Bad]
"""
    assert told(text, ("p.toml", "[sizes]\n"), ("q.toml", "x = \n")) == [
        "policy.toml:2:11 PW104",
        "policy.toml:4:1 PW102",
        "policy.toml:5:11 PW103",
        "policy.toml:7:10 PW103",
        "policy.toml:7:14 PW104",
        "policy.toml:9:29 PW104",
        "policy.toml:11:16 PW303",
        "policy.toml:12:12 PW104",
        "policy.toml:13:12 PW105",
        "policy.toml:13:12 PW105",
        "policy.toml:13:12 PW107",
        "p.toml:1:2 PW109",
        "q.toml:1:5 PW101",
    ]


def test_an_unknown_service_gets_a_hint() -> None:
    found = one(
        'schema=1\n[services.ssh]\nports=["tcp/22"]\n[sequences.a]\nknocks=["tcp/1"]\nopens=["shh"]\n'
    )
    assert (found.code, found.hint, str(found.span)) == ("PW301", "did you mean ssh?", "policy.toml:6:8")


def test_a_service_with_a_mistake_of_its_own_is_not_also_unknown() -> None:
    assert told('schema=1\n[services.ssh]\nports=[]\n[sequences.a]\nknocks=["tcp/1"]\nopens=["ssh"]\n') == [
        "policy.toml:3:7 PW106"
    ]


def test_a_service_that_may_stand_in_a_file_that_cannot_be_read_is_not_called_unknown() -> None:
    assert told('schema=1\n[sequences.a]\nknocks=["tcp/1"]\nopens=["ssh"]\n', ("p.toml", "!")) == [
        "p.toml:1:1 PW101"
    ]


def test_a_name_defined_in_two_files_names_both_places() -> None:
    found = one(
        'schema=1\n[services.ssh]\nports=["tcp/22"]\n',
        ("policy.d/x.toml", '[services.ssh]\nports=["tcp/23"]\n'),
    )
    assert (found.code, str(found.span)) == ("PW110", "policy.d/x.toml:1:11")
    assert "policy.toml:2:11" in found.hint


def test_a_table_that_stands_twice_in_one_file_names_both_places() -> None:
    found = one('schema=1\n[services.ssh]\nports=["tcp/22"]\n[services.ssh]\n')
    assert found.code == "PW101"
    assert found.span is not None
    assert found.span.line == 4
    assert "policy.toml:2:11" in found.hint


def test_a_file_without_schema_is_told_so_and_read_all_the_same() -> None:
    assert told("[services.ssh]\n") == ["policy.toml:1:1 PW105", "policy.toml:1:11 PW105"]


def test_of_an_unknown_schema_nothing_else_is_said() -> None:
    assert told("schema = 2\nfoo = 1\n[bar]\n") == ["policy.toml:1:10 PW108"]


@pytest.mark.parametrize("value", ['"1"', "true", "1.0"])
def test_a_schema_that_is_no_number_is_a_mistake(value: str) -> None:
    assert told(f"schema = {value}\n") == ["policy.toml:1:10 PW103"]


def test_a_forgotten_name_is_asked_for() -> None:
    found = one('schema=1\n[services]\nports=["tcp/22"]\n')
    assert (found.code, found.hint) == ("PW103", "name it: [services.some-name]")


@pytest.mark.parametrize(
    "text", ["schema=1\nservices=1\n", "schema=1\n[[defaults]]\n", "schema=1\n[[services.ssh]]\n"]
)
def test_a_section_that_is_no_table_is_a_mistake(text: str) -> None:
    assert [each.split()[1] for each in told(text)] == ["PW103"]


def test_everything_stands_alone() -> None:
    text = 'schema=1\n[services.ssh]\nports=["tcp/22"]\n[sequences.a]\nknocks=["tcp/1"]\nopens=["ssh", "*"]\n'
    assert told(text) == ["policy.toml:6:15 PW302"]


@pytest.mark.parametrize(
    ("knocks", "steps"), [('"tcp/1"', 1), ('"tcp/1","tcp/2"', 0), ('"tcp/1","tcp/2"', 2)]
)
def test_a_list_of_step_timeouts_has_one_for_each_step(knocks: str, steps: int) -> None:
    times = ",".join(['"1s"'] * steps)
    text = f'schema=1\n[sequences.a]\nknocks=[{knocks}]\nopens="*"\nstep_timeout=[{times}]\n'
    assert told(text) == ["policy.toml:5:14 PW303"]


def test_what_is_whole_is_kept_of_a_text_with_mistakes() -> None:
    reading = read_what_can_be_read(
        'schema=1\nfoo=1\n[services.a]\nports=["tcp/1"]\n[services.b]\nports=1\n', "f"
    )
    assert not reading.whole
    assert [each.name for each in reading.policy.services] == ["a"]


def test_no_mistake_gives_away_a_word() -> None:
    text = 'schema=1\n[sequences.a]\nknocks=["tcp/1=hush", "udp/99999=hush", "upd/1=hush", "udp/1=%s"]\n' % (
        "hush" * 20
    )
    _, found = read_policy(text, "f")
    assert len(found) == 5
    assert not any("hush" in str(each) + each.hint for each in found)


pieces = st.sampled_from(
    [
        "schema = 1",
        "schema = 2",
        "[defaults]",
        "[sizes]",
        "[services.a]",
        "[services.b]",
        "[services.Ü]",
        "[sequences.a]",
        "[sequences.b]",
        "[[sequences.c]]",
        "[sequences]",
        'ports = ["tcp/1"]',
        'published = ["tcp/2", 3]',
        'knocks = ["tcp/1", "udp/2=x", "icmp/100"]',
        'opens = ["a"]',
        'opens = "*"',
        'opens = ["*", "b", "b"]',
        'step_timeout = ["1s"]',
        'step_timeout = "1s"',
        "step_timeout = []",
        'host = "::1"',
        'host = ["192.0.2.1", "192.0.2.2"]',
        "strict = false",
        'mode = "lock"',
        "stages = 1",
        "public = [{}, []]",
        "x = 1979-05-27",
        "a.b.c = 1",
        "[people.a]",
        "[people.b]",
        "[passes]",
        "[rolling]",
        "[sealed]",
        "port = 7",
        'ports = "7-9"',
        'until = "2027-06-30"',
    ]
)


@given(st.lists(pieces, max_size=12), st.lists(pieces, max_size=6))
def test_any_file_gives_a_policy_or_at_least_one_mistake_with_its_place(
    main: list[str], part: list[str]
) -> None:
    policy, found = read_policy("\n".join(main), "main", [("part", "\n".join(part))])
    assert (policy is None) == any(each.severity is Severity.ERROR for each in found)
    assert all(each.span for each in found)
    if policy:
        for sequence in policy.sequences:
            assert len(sequence.step_timeouts) == len(sequence.knocks) - 1
            policy.opened_by(sequence)
        for person in policy.people:
            policy.open_to(person)


@given(st.text())
def test_any_text_is_a_policy_or_has_mistakes(text: str) -> None:
    policy, found = read_policy(text, "f")
    assert policy is not None or found


def test_the_example_is_toml_that_the_reader_and_tomllib_agree_about() -> None:
    assert len(tomllib.loads(WHOLE)["services"]) == len(read(WHOLE).services)


def test_a_kind_of_vpn_gives_its_usual_ports() -> None:
    """Unless the service has its own; and without either, something is missing."""
    first = 'schema = 1\n[services.a]\nkind = "ipsec"\non_expiry = "cut"\n'
    second = '[services.b]\nkind = "openvpn"\nports = ["tcp/443"]\n'
    policy, _ = read_policy(first + second, "f")
    assert policy
    office, road = policy.services
    assert office.ports == VpnKind.IPSEC.usual_ports
    assert (office.kind, office.on_expiry) == (VpnKind.IPSEC, Expiry.CUT)
    assert (road.ports, road.kind) == ((PortRange(Protocol.TCP, 443, 443),), VpnKind.OPENVPN)
    assert road.on_expiry is Expiry.KEEP
    _, found = read_policy('schema = 1\n[services.a]\non_expiry = "cut"\n', "f")
    assert [(each.code, each.message) for each in found] == [("PW105", "services.a lacks ports")]
    assert "or kind" in found[0].hint


def test_a_kind_that_cannot_be_read_is_told_once() -> None:
    _, found = read_policy('schema = 1\n[services.a]\nkind = "wiregard"\n', "f")
    assert [(each.code, each.hint) for each in found] == [("PW104", "did you mean wireguard?")]


PEOPLE = """\
schema = 1
[defaults]
open_for = "2h"
[services.ssh]
ports = ["tcp/22"]
[people.alice]
opens = "ssh"
open_for = "8h"
from = ["198.51.100.0/24", "2001:db8::/32"]
until = "2027-06-30"
address = "must-match"
[people.bob]
opens = "*"
from = "192.0.2.7"
revoked = true
[windows]
length = "5m"
ahead = "2d"
[passes]
port = 62202
per_window = 8
echo = true
[rolling]
ports = "20000-24999"
slots = 16
knocks = 4
step_timeout = "3s"
once = true
[sealed]
port = 62203
max_age = "1m"
per_second = 9
[fwknop]
"""


def test_people_and_the_stronger_knocks_are_in_the_policy() -> None:
    policy = read(PEOPLE)
    assert policy.people == (
        Person(
            "alice",
            ("ssh",),
            timedelta(hours=8),
            (ip_network("198.51.100.0/24"), ip_network("2001:db8::/32")),
            datetime(2027, 7, 1, tzinfo=UTC),
            address=AddressRule.MUST_MATCH,
        ),
        Person("bob", ("*",), timedelta(hours=2), (ip_network("192.0.2.7"),), revoked=True),
    )
    assert policy.ways == Ways(
        Windows(timedelta(minutes=5), timedelta(days=2)),
        Passes(62202, 8, echo=True),
        Rolling(20000, 24999, 16, 4, timedelta(seconds=3), once=True),
        Sealed(62203, timedelta(minutes=1), 9),
        Fwknop(),
    )
    assert policy.open_to(policy.person("bob")) == policy.services
    assert str(policy.places["people", "alice", "until"]) == "policy.toml:10:9"
    assert str(policy.places["sealed", "port"]) == "policy.toml:30:8"


def test_without_their_sections_there_are_no_stronger_knocks() -> None:
    assert read("schema = 1\n").ways == Ways()


@pytest.mark.parametrize(
    ("wrong", "codes"),
    [
        ('[people.alice]\nopen_for = "1h"', ["PW105"]),
        ('[people.alice]\nopens = "shh"', ["PW301"]),
        ('[people.alice]\nopens = ["ssh", "*"]', ["PW302"]),
        ('[people.alice]\nopens = "ssh"\nuntil = "tomorrow"', ["PW104"]),
        ('[people.alice]\nopens = "ssh"\nuntil = 2027-06-30', ["PW103"]),
        ('[people.alice]\nopens = "ssh"\nfrom = "here"', ["PW104"]),
        ('[people.alice]\nopens = "ssh"\naddress = "seen"', ["PW104"]),
        ('[people.alice]\nopens = "ssh"\nrevoked = "yes"', ["PW103"]),
        ('[people.Alice]\nopens = "ssh"', ["PW107"]),
        ('[people]\nopens = "ssh"', ["PW103"]),
        ("[passes]", ["PW105"]),
        ("[passes]\nport = 0", ["PW104"]),
        ("[passes]\nport = 1\nper_window = 33", ["PW104"]),
        ("[rolling]", ["PW105"]),
        ('[rolling]\nports = "20000"', ["PW104"]),
        ('[rolling]\nports = "20000-70000"', ["PW104"]),
        ('[rolling]\nports = "2-9"\nslots = 257\nknocks = 2', ["PW104", "PW104"]),
        ('[sealed]\nport = 1\nmax_age = "9s"', ["PW104"]),
        ('[fwknop]\nper_second = 0\nmax_age = "2h"\nprot = 1', ["PW104", "PW104", "PW102"]),
        ('[windows]\nlength = "1m"\nahead = "8d"', ["PW104", "PW104"]),
    ],
)
def test_what_is_wrong_with_people_and_their_knocks_is_told(wrong: str, codes: list[str]) -> None:
    text = f'schema = 1\n[services.ssh]\nports = ["tcp/22"]\n{wrong}\n'
    assert [each.split()[1] for each in told(text)] == codes


def test_people_may_stand_in_parts_and_the_stronger_knocks_not() -> None:
    main = 'schema=1\n[services.ssh]\nports=["tcp/22"]\n[sealed]\nport=62203\n'
    policy = read(main, ("p.toml", '[people.alice]\nopens="ssh"\n'), ("q.toml", '[people.bob]\nopens="*"\n'))
    assert [each.name for each in policy.people] == ["alice", "bob"]
    sections = '[windows]\n[passes]\nport=1\n[rolling]\nports="2-3"\n[sealed]\nport=2\n[fwknop]\n'
    found = told(main, ("p.toml", sections + '[people.alice]\nopens="ssh"\n[people.alice.x]\n'))
    assert found == [*(f"p.toml:{line}:2 PW109" for line in (1, 2, 4, 6, 8)), "p.toml:11:15 PW102"]
