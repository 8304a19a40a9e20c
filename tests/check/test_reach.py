import pytest
from tests.check.findings import gate, told


GOOD = "tcp/41733 udp/9121 icmp/777 tcp/17021"
SEQUENCE = '[sequences.a]\nknocks = ["tcp/41733", "udp/9121", "icmp/777", "tcp/17021"]\n'
SSH = '[services.ssh]\nports = ["tcp/22"]\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["PW408 1:1"]),
        (SSH, ["PW407 1:1"]),
        (SSH + SEQUENCE + 'opens = "*"\n', []),
        (SEQUENCE + 'opens = "*"\n', ["PW408 1:1"]),
        (f'always = ["10.0.0.0/8"]\n{SEQUENCE}opens = "*"\n[defaults]\nmode = "lockdown"\n', []),
        (f'public = ["tcp/80"]\n{SEQUENCE}opens = "*"\n[defaults]\nmode = "lockdown"\n', []),
        (f'{SEQUENCE}opens = "*"\n[defaults]\nmode = "lockdown"\n', ["PW402 6:8"]),
        ('always = ["10.0.0.0/8"]\n[defaults]\nmode = "lockdown"\n', ["PW407 1:1"]),
        (f'{SSH}[services.web]\nports = ["tcp/443"]\n{SEQUENCE}opens = ["ssh"]\n', ["PW409 4:11"]),
        (f'public = ["udp/51000-52000"]\n{SSH}{SEQUENCE}opens = "*"\n', ["PW403 2:11"]),
        (f'public = ["tcp/1723", "udp/1"]\n{SSH}{SEQUENCE}opens = "*"\n', ["PW403 2:11"]),
        (f'public = ["tcp/51820"]\n{SSH}{SEQUENCE}opens = "*"\n', []),
        (
            f'public = ["tcp/80", "tcp/70-90", "tcp/80"]\n{SSH}{SEQUENCE}opens = "*"\n',
            ["PW410 2:11", "PW410 2:34"],
        ),
        (
            f'always = ["10.1.2.3", "10.0.0.0/8", "10.9.9.9/32", "::1"]\n{SSH}{SEQUENCE}opens="*"\n',
            ["PW410 2:11", "PW410 2:37"],
        ),
        (f'public = ["tcp/80", "tcp/80"]\n{SSH}{SEQUENCE}opens = "*"\n', ["PW410 2:21"]),
        (f'always = ["::/0"]\n{SSH}{SEQUENCE}opens = "*"\n', ["PW413 2:11"]),
    ],
)
def test_what_is_advised_about_who_gets_in(text: str, expected: list[str]) -> None:
    assert told(text) == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("grant_prefix_v4 = 24", []),
        ("grant_prefix_v4 = 23", ["PW414 9:19"]),
        ("grant_prefix_v6 = 64", []),
        ("grant_prefix_v6 = 47", ["PW414 9:19"]),
    ],
)
def test_a_grant_for_many_is_told(key: str, expected: list[str]) -> None:
    assert gate(GOOD, defaults=key) == expected


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ('kind = "ipsec"', []),
        ('kind = "ipsec"\nports = ["udp/500", "udp/4500"]', ["PW415 7:9"]),
        ('kind = "l2tp"\nports = ["udp/1701"]\n[services.ike]\nkind = "ipsec"', []),
        ('kind = "l2tp"\nports = ["udp/1701"]', ["PW415 7:9"]),
        ('kind = "wireguard"\nports = ["udp/5000"]', []),
    ],
)
def test_a_vpn_of_several_parts_is_guarded_whole(service: str, expected: list[str]) -> None:
    assert told(f'{SEQUENCE}opens = "*"\n[services.office]\n{service}\n') == expected
