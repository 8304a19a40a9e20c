from datetime import timedelta
from ipaddress import ip_address

from tests.sources.fwknop_files import STANZA, access, policy

from portward.check.rules import mistakes
from portward.policy.notation import read_ports
from portward.policy.people import AddressRule, Fwknop, Person
from portward.policy.policy import Service
from portward.sources.fwknop_conf import read_conf
from portward.sources.fwknop_policy import Fate, make_policy, summary
from portward.sources.policy_reader import read_policy
from portward.sources.policy_text import write_policy


NAMELESS = STANZA.replace("OPEN_PORTS tcp/22\n", "")


def test_a_person_and_a_service() -> None:
    """One stanza."""
    made = policy(STANZA + "REQUIRE_USERNAME Alice\nREQUIRE_SOURCE_ADDRESS Y\nFW_ACCESS_TIMEOUT 60\n")
    assert made.policy.services == (Service("ssh", (read_ports("tcp/22"),)),)
    assert made.policy.people == (
        Person("alice", ("ssh",), timedelta(minutes=1), address=AddressRule.MUST_MATCH),
    )
    assert made.policy.ways.fwknop == Fwknop()
    assert summary(made.stanzas[0]) == "stanza 1: the person alice opens tcp/22 for 1m"


def test_names() -> None:
    """After the username, else by number; each once."""
    text = "".join(
        STANZA + line
        for line in ("", "REQUIRE_USERNAME bob\n", "REQUIRE_USERNAME bob\n", "REQUIRE_USERNAME 7\n")
    )
    assert [each.name for each in policy(text).policy.people] == ["fwknop-1", "bob", "bob-2", "fwknop-4"]


def test_each_port_is_a_service() -> None:
    """A packet asks for ports one by one; people share services."""
    made = policy(STANZA.replace("tcp/22", "tcp/22,udp/53") + STANZA.replace("tcp/22", "udp/53,tcp/4000"))
    assert [each.name for each in made.policy.services] == ["ssh", "domain", "tcp-4000"]
    assert [each.opens for each in made.policy.people] == [("ssh", "domain"), ("domain", "tcp-4000")]


def test_force_nat_is_a_service_with_a_host() -> None:
    """The port that is asked for is published, and leads to the machine behind."""
    made = policy(STANZA.replace("tcp/22", "tcp/80") + "FORCE_NAT 10.0.0.2 8080\n")
    (service,) = made.policy.services
    assert (service.ports, service.published) == ((read_ports("tcp/8080"),), (read_ports("tcp/80"),))
    assert service.hosts == (ip_address("10.0.0.2"),)
    assert mistakes(made.policy) == ()


def test_a_port_that_leads_to_two_places() -> None:
    """The later stanza is left out."""
    made = policy(STANZA + STANZA + "FORCE_NAT 10.0.0.2 8022\n")
    assert [each.fate for each in made.stanzas] == [Fate.PERSON, Fate.REFUSED]
    assert "tcp/22 leads elsewhere than in stanza 1" in summary(made.stanzas[1])


def test_stanzas_with_the_same_keys() -> None:
    """A packet can be one person's only, which is told; another username makes it another key."""
    made = policy(STANZA + STANZA)
    assert "it has the keys of stanza 1" in made.stanzas[1].told[-1].message
    made = policy(STANZA + STANZA + "REQUIRE_USERNAME bob\n")
    assert not any("the keys of stanza" in each.message for each in made.stanzas[1].told)


def test_a_stanza_that_opens_anything() -> None:
    """It is left out until somebody says what it opens."""
    (stanza,) = policy(NAMELESS).stanzas
    assert stanza.fate is Fate.REFUSED
    assert "fwknop-1=tcp/22" in stanza.told[0].hint
    made = policy(NAMELESS, {"fwknop-1": (read_ports("tcp/22"),)})
    assert made.policy.people[0].opens == ("ssh",)
    made = policy(STANZA + NAMELESS, {"fwknop-2": None})
    assert made.policy.people[1].opens == ("*",)


def test_restricted_ports() -> None:
    """They are taken off; with nothing left, so is the stanza."""
    made = policy(STANZA.replace("tcp/22", "tcp/22,tcp/25") + "RESTRICT_PORTS tcp/25\n")
    assert made.stanzas[0].ports == (read_ports("tcp/22"),)
    made = policy(STANZA + "RESTRICT_PORTS tcp/22\n")
    assert "leaves nothing" in summary(made.stanzas[0])
    made = policy(STANZA + NAMELESS + "RESTRICT_PORTS tcp/22\n", {"fwknop-2": None})
    assert any("RESTRICT_PORTS is not in the policy" in each.message for each in made.stanzas[1].told)


def test_a_command_that_opens() -> None:
    """The user says what it opens, or it is left out."""
    text = STANZA + "CMD_CYCLE_OPEN /bin/x $IP\n"
    assert "runs a command" in summary(policy(text).stanzas[0])
    assert policy(text, {"fwknop-1": (read_ports("tcp/80"),)}).policy.services[0].name == "http"


def test_weak_packets() -> None:
    """Without an HMAC or in legacy mode a stanza is left out, unless somebody takes it as it is."""
    text = "SOURCE ANY\nOPEN_PORTS tcp/22\nKEY abc\nENCRYPTION_MODE legacy\n"
    (stanza,) = policy(text).stanzas
    assert [each.code for each in stanza.told[:2]] == ["PW706", "PW706"]
    assert stanza.fate is Fate.REFUSED
    assert policy(text, weaker=True).stanzas[0].fate is Fate.PERSON


def test_what_fwknopd_refuses_makes_no_policy() -> None:
    """All mistakes of both files are told."""
    conf = read_conf(b"PCAP_INTF\n", "fwknopd.conf")
    made = make_policy(access("SOURCE x\nKEY a\n"), conf)
    assert [each.span.file for each in made.fatal if each.span] == ["fwknopd.conf", "access.conf"]
    assert not made.stanzas


def test_the_text_can_be_read_back() -> None:
    """Comments and all, and nothing of a secret."""
    made = policy(STANZA + "ACCESS_EXPIRE 01/02/2030\nENABLE_CMD_EXEC Y\n" + NAMELESS)
    text = write_policy(made.policy, made.comments)
    assert read_policy(text, "policy.toml") == (made.policy, ())
    assert "Not in here: stanza 2, line 7" in text
    assert "ENABLE_CMD_EXEC is not in the policy" in text
    assert "horse" not in text
