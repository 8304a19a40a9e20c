"""The reader of RouterOS text takes any bytes: it gives a report, or our one error; never another exception."""

import contextlib
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portward.errors import PolicyError
from portward.sources.policy_text import write_policy
from portward.sources.routeros_lift import lift
from portward.sources.routeros_script import read_source


SEEDS = (
    (
        "/ip firewall filter add comment=”One”chain=input action=add-src-to-address-list protocol=tcp "
        "address-list=s1 address-list-timeout=1m dst-port=4711\n"
    ),
    (
        "# jun/09/2022 09:55:01 by RouterOS 6.49.1\r\n/ip firewall filter\r\nadd action=drop chain=input comment=\\\r\n"
        '    "a long text that wra\\\r\n    ps" dst-port=\\\r\n    !80,443 protocol=tcp src-address-list=!good\r\n'
    ),
    (
        "/ip/firewall/raw add chain=prerouting action=add-src-to-address-list protocol=icmp packet-size=428 "
        'address-list=k1 address-list-timeout=00:00:30 place-before=[find comment~"^de(f|g)conf"]\n'
    ),
    ":foreach p in={1001;2002} do={ /ip firewall filter add chain=input protocol=udp dst-port=$p action=accept }\n",
    (
        ":local port 99\n:do { /ip firewall filter add chain=k dst-port=$port protocol=tcp action=jump "
        'jump-target="a b" } on-error={}\n'
    ),
    (
        "/ipv6 firewall {\n  filter add chain=input action=accept protocol=icmpv6 icmp-options=128:0-255 "
        "hop-limit=equal:1\n  address-list add list=x address=2001:db8::/32 timeout=35w3d13:13:56\n}\n"
    ),
    "<p>1. <code>/ip service set telnet disabled=yes</code><br>• /ip service disable ftp,www</p>&nbsp;&quot;\n",
    ' 0 X ;;; from print\n     chain=input action=accept connection-state=established,related log=no log-prefix=""\n',
    (
        "[admin@Router] /ip firewall filter> add chain=input psd=21,3s,3,1 limit=50/1m,5:packet "
        "dst-limit=1,2,src-address/1s\n"
    ),
    "addaction=accept chain=inputin-interface=wan1addaction=drop chain=input dst-port=log=yes\n",
    (
        '/ip firewall layer7-protocol add name=w regexp="^word\\$" comment="\\D0\\9F\\_\\0A"\n'
        '/system script add source={\n  :if ($x > 1) do={ :put "}" } else={ # a "comment\n }\n}\n'
    ),
    '/ip fi fi ad chain=input src-address=10.0.0.1-10.0.0.9 tcp-flags=syn,!ack content="abc\\\\" ttl=equal:64\n',
    '/ip firewall filter set [find where comment="x" and !disabled] disabled=yes; remove [find chain=input]\n',
    "#   LIST   ADDRESS\n 0 D trusted 192.0.2.7\n 1   trusted 192.0.2.0/24\n",
)
"""Re-typed pieces of every dialect and every kind of damage that the reader knows."""

PIECES = tuple(
    {piece for seed in SEEDS for piece in re.split(r"([\s=\"\\{}\[\]();,!$:<>&#])", seed) if piece}
)


def survives(data: bytes) -> None:
    """Go the whole way from bytes to the text of a policy."""
    try:
        source = read_source(data, "fuzzed")
        lifted = lift(source.script)
    except PolicyError:
        return
    for told in source.script.told:
        assert told.span.line >= 1
        assert told.last >= told.span.line
    for mend in source.mends:
        assert mend.span.column >= 1
    for rule in source.script.rules:
        lifted.fates.of(rule)
    with contextlib.suppress(ValueError):  # a word that is not UTF-8, which TOML cannot hold
        write_policy(lifted.policy, lifted.comments)


def mutate(chance: random.Random) -> bytes:
    """Some seeds, cut, mixed and broken."""
    text = "".join(chance.choices(SEEDS, k=chance.randint(1, 5)))
    for _ in range(chance.randint(0, 12)):
        at = chance.randrange(len(text) + 1)
        match chance.randrange(5):
            case 0:
                text = text[:at] + chance.choice(PIECES) + text[at:]
            case 1:
                text = text[:at] + text[at + chance.randint(1, 9) :]
            case 2:
                text = (
                    text[:at]
                    + chr(chance.choice((0, 9, 10, 13, 34, 92, 0xA0, 0x201D, 0x202E, 0xDCFF)))
                    + text[at:]
                )
            case 3:
                text = text[:at] + text[: chance.randint(0, 60)] + text[at:]
            case _:
                text = text[:at] + "".join(chance.choices(PIECES, k=6)) + text[at:]
    data = bytearray(text.encode(errors="surrogateescape"))
    for _ in range(chance.choice((0, 0, 0, 1, 5))):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def test_mutated_scripts_are_survived() -> None:
    """Ten million bytes of broken scripts make no exception."""
    chance = random.Random(5011)
    count = 0
    while count < 10_000_000:
        data = mutate(chance)
        count += len(data)
        survives(data)


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_survived(data: bytes) -> None:
    """No bytes at all make an exception."""
    survives(data)


@given(st.lists(st.sampled_from(PIECES), max_size=60))
@settings(max_examples=400, deadline=None)
def test_any_order_of_known_pieces_is_survived(pieces: list[str]) -> None:
    """Nor do the words and signs of the grammar in any order."""
    survives("".join(pieces).encode(errors="surrogateescape"))


@pytest.mark.parametrize(
    "text",
    [
        "{" * 50_000,
        "[" * 50_000,
        "{\n" * 20_000,
        'add comment="' * 5_000,
        "add a=\\\n" * 20_000,
        "add x=" + "chain=" * 5_000,
        "/ip firewall filter add comment=" + "”" * 20_000,
        "(" * 3_000 + "\n" + ")" * 3_000,
        "add chain=a action=jump jump-target=a\n" * 2_000,
        "&" * 100_000 + ";",
        "1. " * 30_000 + "add chain=x",
        "/ip firewall filter add chain=input " + "add chain=input " * 4_000,
        "/ip firewall filter\n" + "add chain=c\\\n    omment=x " * 5_000,
        'add comment~"(a+)+$"' * 100,
        ":foreach a in={1;2;3;4;5;6;7;8;9} do={" * 30 + "}" * 30,
        "\\" * 100_000,
        '"' * 100_000,
        " " * 200_000 + "add",
        "-" * 100_000,
        "/" * 100_000,
        "add " + "a=b " * 30_000,
        'add x="' + " " * 100_000,
        "add a=b" + " " * 100_000 + "\\ x",
        "add a=b " + "\\ " * 30_000,
        ": " * 50_000,
        "<" * 100_000,
        "add <a " * 20_000,
        "[a@b" * 30_000,
        "set a=" * 20_000,
        "remove x " * 20_000,
        "add comment=“a " * 10_000,
        "add chain=x\n  dst-" * 5_000,
        "#add chain=" * 20_000,
        "/ip firewall filter\nadd chain=input action=add-src-to-address-list protocol=tcp "
        + "dst-port=1,2,3,4,5 " * 9,
        ";" * 100_000,
        "\n" * 200_000,
        " 0 X ;;; a\n" * 10_000,
        "$a" * 50_000,
        "a=b\n" * 20_000,
        "Chain: input\nx\n" * 5_000,
        "add chain=input address=" + "1.2.3.4," * 20_000,
    ],
)
@pytest.mark.timeout(30)
def test_hostile_shapes_end_in_time(text: str) -> None:
    """Deep nesting and long repetitions neither overflow the stack nor take long."""
    survives(text.encode(errors="surrogateescape"))
