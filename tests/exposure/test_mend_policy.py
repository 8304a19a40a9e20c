"""Services put into the text of a policy, with a sequence that opens them."""

import pytest

from portward.errors import UsageError
from portward.exposure.mend_policy import PolicyTexts, free_name, guard, ports_of
from portward.policy.net import PortRange, Protocol
from portward.policy.policy import Policy, Service


MAIN, PART = "/etc/portward/policy.toml", "/etc/portward/policy.d/a.toml"
BASE = "schema = 1\n"
SEQUENCE = '[sequences.{name}]\nknocks = ["tcp/{port}", "udp/7777"]\nopens = {opens}\n'
WEB = '[services.web]\nports = ["tcp/80"]\n'
SSH = (PortRange(Protocol.TCP, 22, 22),)


def texts(main: str, part: str = "") -> PolicyTexts:
    """The texts of a main file and a part."""
    return PolicyTexts.of(MAIN, {MAIN: BASE + main} | ({PART: part} if part else {}))


def knocks() -> list[str]:
    """No randomness here."""
    return ["tcp/20001", "udp/20002"]


def test_the_only_sequence_opens_what_is_new() -> None:
    made, label = guard(texts(WEB + SEQUENCE.format(name="a", port=5, opens='"web"')), "ssh", SSH, "", knocks)
    assert label == "ssh"
    assert 'opens = ["web", "ssh"]' in made.puts()[0].text


def test_a_sequence_that_opens_everything_stays_as_it_is() -> None:
    made, _ = guard(texts(SEQUENCE.format(name="a", port=5, opens='"*"')), "ssh", SSH, "", knocks)
    assert made.puts()[0].text.endswith('opens = "*"\n\n[services.ssh]\nports = ["tcp/22"]\n')


def test_of_several_sequences_one_must_be_named() -> None:
    two = (
        WEB
        + SEQUENCE.format(name="a", port=5, opens='"web"')
        + SEQUENCE.format(name="b", port=6, opens='"web"')
    )
    with pytest.raises(UsageError, match="--opened-by which sequence opens ssh: a, b"):
        guard(texts(two), "ssh", SSH, "", knocks)
    made, _ = guard(texts(two), "ssh", SSH, "b", knocks)
    assert made.policy.sequences[1].opens == ("web", "ssh")
    with pytest.raises(UsageError, match="no sequence 'c'"):
        guard(texts(two), "ssh", SSH, "c", knocks)


def test_a_sequence_in_a_part_is_changed_there() -> None:
    made, _ = guard(texts(WEB, SEQUENCE.format(name="a", port=5, opens='["web"]')), "ssh", SSH, "", knocks)
    assert {put.path for put in made.puts()} == {MAIN, PART}
    assert 'opens = ["web", "ssh"]' in made.texts[PART]


def test_without_a_sequence_one_is_added() -> None:
    made, _ = guard(texts(WEB), "ssh", SSH, "", knocks)
    assert made.texts[MAIN].startswith(BASE + WEB)
    assert made.policy.sequences[0].opens_everything


def test_without_a_policy_one_is_made() -> None:
    made, _ = guard(PolicyTexts(MAIN), "ssh", SSH, "", knocks)
    assert made.policy.service("ssh").ports == SSH
    assert made.puts()[0].mode == 0o600


def test_a_service_that_is_there_is_not_made_twice() -> None:
    before = texts('[services.door]\nports = ["tcp/22"]\n' + SEQUENCE.format(name="a", port=5, opens='"*"'))
    made, label = guard(before, "ssh", SSH, "", knocks)
    assert label == "door"
    assert made.puts() == ()
    more = (*SSH, PortRange(Protocol.TCP, 2222, 2222))
    grown, _ = guard(before, "ssh", more, "", knocks)
    assert grown.policy.service("door").ports == more


def test_names_are_made_to_fit_and_are_free() -> None:
    taken = Policy(services=(Service("in-telnetd", SSH), Service("in-telnetd-2", SSH)))
    assert free_name(taken, "in.Telnetd") == "in-telnetd-3"
    assert free_name(Policy(), "tcp/99") == "tcp-99"
    assert free_name(Policy(), "9p") == "s-9p"


def test_all_ports_of_a_policy_are_known() -> None:
    policy = texts('public = ["udp/9-10"]\n' + WEB + SEQUENCE.format(name="a", port=5, opens='"web"')).policy
    assert {port for _, port in ports_of(policy)} == {9, 10, 80, 5, 7777}
