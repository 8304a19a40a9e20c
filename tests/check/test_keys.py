import pytest
from tests.check.findings import told


ALICE = '[services.ssh]\nports = ["tcp/22"]\n[people.alice]\nopens = ["ssh"]\n'
SEALED = "[sealed]\nport = 62203\n"
ROLLING = '[rolling]\nports = "20000-24999"\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ALICE + SEALED, []),
        (ALICE + SEALED + ROLLING + "[passes]\nport = 62202\n[fwknop]\n", []),
        (ALICE + SEALED + "[passes]\nport = 62203\n", ["PW331 7:8"]),
        (ALICE + "[passes]\nport = 62201\n[fwknop]\n", ["PW331 8:2"]),
    ],
)
def test_each_stronger_knock_has_a_port_of_its_own(text: str, expected: list[str]) -> None:
    assert told(text) == expected


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ('[services.a]\nports = ["udp/62203"]\n', ["PW332 7:8", "PW409 8:11"]),
        ('[services.a]\nports = ["tcp/62203"]\n', ["PW409 8:11"]),
        ('[services.a]\nhost = "10.0.0.1"\nports = ["udp/62203"]\n', ["PW409 8:11"]),
    ],
)
def test_the_port_of_a_stronger_knock_is_no_services(extra: str, expected: list[str]) -> None:
    assert told(ALICE + SEALED + extra) == expected


def test_the_port_of_a_stronger_knock_is_no_other_knocks_and_not_public() -> None:
    sequence = '[sequences.a]\nknocks = ["tcp/41733", "udp/62203", "icmp/777", "tcp/17021"]\nopens = "*"\n'
    assert told(ALICE + SEALED + sequence) == ["PW332 7:8"]
    assert told('public = ["udp/62000-62500"]\n' + ALICE + SEALED) == ["PW332 8:8"]
    assert told('public = ["tcp/62203", "icmp"]\n' + ALICE + SEALED) == []


@pytest.mark.parametrize(
    ("extra", "count"),
    [
        ('[services.a]\nports = ["tcp/20443"]\n', 1),
        ('[services.a]\nports = ["tcp/20443", "udp/19000-21000"]\n', 2),
        ('[services.a]\nports = ["tcp/25000"]\n', 0),
        ('[sequences.s]\nknocks = ["tcp/41733", "udp/24999", "icmp/777", "tcp/17021"]\nopens = "ssh"\n', 1),
        ("[passes]\nport = 20001\n", 1),
    ],
)
def test_nothing_lies_within_the_range_of_rolling_sequences(extra: str, count: int) -> None:
    assert [each for each in told(ALICE + ROLLING + extra) if each[:3] == "PW3"] == ["PW333 7:9"] * count


def test_a_public_port_does_not_lie_in_the_range_of_rolling_sequences() -> None:
    assert told('public = ["udp/20000"]\n' + ALICE + ROLLING) == ["PW333 8:9"]


@pytest.mark.parametrize(
    ("rolling", "expected"),
    [
        ('ports = "1024-9999"', []),
        ('ports = "1023-9999"', ["PW334 7:9"]),
        ('ports = "20000-20319"', []),
        ('ports = "20000-20318"', ["PW335 7:9"]),
        ('ports = "20000-20009"\nslots = 1', []),
        ('ports = "20000-20009"\nslots = 1\nknocks = 6', ["PW335 7:9"]),
    ],
)
def test_the_range_of_rolling_sequences_is_above_the_systems_and_wide_enough(
    rolling: str, expected: list[str]
) -> None:
    assert told(f"{ALICE}[rolling]\n{rolling}\n") == expected


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        ('length = "20m"\nahead = "1h"', []),
        ('length = "21m"\nahead = "1h"', ["PW336 8:2"]),
        ('length = "1h"', []),
    ],
)
def test_three_windows_are_loaded_ahead(windows: str, expected: list[str]) -> None:
    assert told(f"{ALICE}{SEALED}[windows]\n{windows}\n") == expected


def test_a_person_opens_something() -> None:
    text = f'[people.alice]\nopens = "*"\n{SEALED}'
    assert told(text) == ["PW337 3:9", "PW408 1:1"]
    assert told(f'always = ["10.0.0.0/8"]\n{text}[defaults]\nmode = "lockdown"\n') == []


def test_nobody_has_the_name_of_the_gates_own_key() -> None:
    assert told(ALICE.replace("alice", "server") + SEALED) == ["PW338 4:9"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ALICE, ["PW407 1:1", "PW431 4:9"]),
        (f'[services.ssh]\nports = ["tcp/22"]\n{SEALED}', ["PW407 1:1", "PW432 4:2"]),
        (f"{ALICE}revoked = true\n{SEALED}", ["PW407 1:1", "PW432 7:2"]),
        (f"{ALICE}[sealed]\nport = 40000\n", ["PW433 7:8"]),
        (f'{ALICE}[rolling]\nports = "30000-34999"\n', ["PW433 7:9"]),
        (f'{ALICE}address = "given"\n{SEALED}', ["PW434 6:11"]),
        (f'{ALICE}address = "must-match"\n{SEALED}', []),
        (f'{ALICE}address = "given"\nrevoked = true\n[people.bob]\nopens = "*"\n{SEALED}', []),
        (f'{ALICE}[people.bob]\nopens = "ssh"\n{ROLLING}slots = 1\n', ["PW435 10:9"]),
        (f'{ALICE}[people.bob]\nopens = "ssh"\nrevoked = true\n{ROLLING}slots = 1\n', []),
    ],
)
def test_what_is_advised_about_people_and_their_knocks(text: str, expected: list[str]) -> None:
    assert told(text) == expected
