"""The simulator of RouterOS and the exact ruleset in the kernel agree, for random scripts and random packets.

Times are chosen so that no packet comes near an end: short timeouts are 500 ms, and each visitor's packets come in
three bursts, 300 ms apart: what was set in the first is over in the third, unless the second renewed it. Bursts that
the machine was too slow for are not judged.
"""

import os
import random
import time
from collections.abc import Iterator

import pytest
from exact_gate import V4, ExactGate, content_of, exact_gate, visitor
from exact_scripts import VISITORS, Sent, scripts, trace_of
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from tests.compile.exact_cases import cases

from lab import frames
from portward.compile.exact import Exact
from portward.compile.exact_page import ACTION_ROWS, MATCHER_ROWS, Level, Row
from portward.simulate.packet import datagram
from portward.simulate.passage import Passage
from portward.simulate.routeros import Ending, Judgement, Router
from portward.simulate.routeros_memory import Memory
from portward.sources.routeros_rules import Script
from portward.sources.routeros_script import read_source


pytestmark = pytest.mark.net

APART, LONGEST_BURST = 0.3, 0.06
MARGIN = 0.05
SCRIPTS = 26
BURSTS = 3
"""26 scripts with 2 families of 256 visitors each are 13,312 traces."""


@pytest.fixture(scope="module")
def here() -> Iterator[ExactGate]:
    """One router for all examples; each loads its own rules.

    All on one processor: on two, the kernel could judge two packets in another order than they were sent in.
    """
    processors = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(processors)})
    try:
        with exact_gate() as made:
            yield made
    finally:
        os.sched_setaffinity(0, processors)


def bursts_of(script: Script, seed: int) -> list[list[Sent]]:
    """The packets of all visitors, shuffled, each visitor's in their order, cut into bursts."""
    draw = random.Random(seed)
    traces = [trace_of(draw, visitor(number, version), script) for version in (4, 6) for number in VISITORS]
    bursts: list[list[Sent]] = []
    for burst in range(BURSTS):
        parts = [trace[len(trace) * burst // BURSTS : len(trace) * (burst + 1) // BURSTS] for trace in traces]
        turns = [place for place, part in enumerate(parts) for _ in part]
        draw.shuffle(turns)
        left = [iter(part) for part in parts]
        bursts.append([next(left[place]) for place in turns])
    return bursts


def send(here: ExactGate, burst: list[Sent], first: int) -> list[float]:
    """Send a burst as fast as it goes; the moments come back."""
    ready = [
        here.frame(each.source, each.goal, each.protocol, each.content, number)
        for number, each in enumerate(burst, first)
    ]
    moments = []
    for each in ready:
        here.wire.send(each)
        moments.append(time.monotonic())
    return moments


@given(scripts(), st.integers(0, 2**32 - 1))
@settings(
    max_examples=SCRIPTS,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
    ],
)
def test_the_simulator_and_the_kernel_agree(here: ExactGate, script: Script, seed: int) -> None:
    """Packet by packet the same are accepted, and at the end the same addresses are in the lists."""
    compiled = here.load(script)
    unexpected = [note for note in compiled.notes if "none-static" not in note.message]
    assert not unexpected, unexpected
    start = time.monotonic()
    router = Router(script)
    memory = router.start()
    first = 1
    begin = start
    for place, burst in enumerate(bursts_of(script, seed)):
        if place:
            time.sleep(max(0.0, begin + place * APART - time.monotonic()))
        moments = send(here, burst, first)
        begin = begin if place else moments[0]
        assume(moments[-1] - (begin + place * APART) < LONGEST_BURST)
        accepted = here.accepted(len(burst))
        assume(accepted is not None)
        assert accepted is not None
        for number, (moment, each) in enumerate(zip(moments, burst, strict=True), first):
            judgement = router.advance(memory, each.passage, moment - start)
            assert (judgement.ending is Ending.ACCEPT) == (number in accepted), told(
                each, judgement, compiled.text
            )
        first += len(burst)
        now = time.monotonic()
        same_lists(here, compiled, memory, now - start, moments[-1] - start)
    event("agreed")


def told(each: Sent, judgement: Judgement, text: str) -> str:
    """What to show of a packet that they do not agree about."""
    happened = [f"{each.text} by {each.rule}" for each in judgement.happened]
    return "\n".join([str(each.passage), str(judgement.ending), *happened, text])


def same_lists(here: ExactGate, compiled: Exact, memory: Memory, now: float, then: float) -> None:
    """Compare the members of every list, but for those whose end is near."""
    for (family, name), sets in compiled.lists.items():
        expected = memory.list(family, name).members(then)
        for each in filter(None, (sets.hosts, sets.kept)):
            found = here.members(each)
            there = memory.list(family, name)
            wanted = {
                address: end
                for address, end in expected.items()
                if (address in there.kept) == (each == sets.kept)
            }
            sure = {str(address) for address, end in wanted.items() if end > now + MARGIN}
            # An address that was made static may still be among those with an end, too.
            possible = {str(address) for address in (*wanted, *there.kept)}
            assert not sure - found, (family, name, "not in the kernel's list", sorted(sure - found))
            assert not found - possible, (family, name, "only there", sorted(found - possible))


ROWS = [row for row in (*MATCHER_ROWS, *ACTION_ROWS) if row.level is not Level.REFUSED and cases(row.name)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_kernel_does_to_the_packets_of_a_row_what_the_row_says(here: ExactGate, row: Row) -> None:
    here.load(read_source(row.script.encode(), "example.rsc").script)
    packets = [each.passage.packet for each in cases(row.name)]
    for number, packet in enumerate(packets, 1):
        content = content_of(packet)
        here.wire.send(here.frame(packet.source, packet.destination, packet.protocol, content, number))
    accepted = here.accepted(len(packets))
    expected = {number for number, each in enumerate(cases(row.name), 1) if each.ending == "accept"}
    assert accepted == expected


def test_random_fits_its_share_of_the_packets(here: ExactGate) -> None:
    """Of 2000 packets 30 % are 600; 6 standard deviations are 123."""
    here.load(read_source(b"/ip firewall filter\nadd chain=input random=30 action=drop\n", "x.rsc").script)
    content = frames.udp(visitor(9), V4, (40000, 53))
    for number in range(1, 2001):
        here.wire.send(here.frame(visitor(9), V4, 17, content, number))
    accepted = here.accepted(2000)
    assert accepted is not None
    assert 1277 < len(accepted) < 1523


def test_a_translated_connection_is_known_as_such(here: ExactGate) -> None:
    rules = b"/ip firewall filter\nadd chain=input connection-nat-state=!dstnat action=drop\n"
    here.load(read_source(rules, "x.rsc").script)
    here.here.nft(
        "table ip turn { chain c { type nat hook prerouting priority -100; udp dport 99 redirect to :53; }\n}\n"
    )
    for number, port in ((1, 99), (2, 53)):
        content = frames.udp(visitor(9), V4, (40000, port))
        here.wire.send(here.frame(visitor(9), V4, 17, content, number))
    accepted = here.accepted(2)
    here.here.nft("delete table ip turn\n")
    assert accepted == {1}


RETURNS = """add chain=input action=jump jump-target=more
add chain=input action=drop
add chain=more protocol=udp port=7 limit=1/1h,2:packet action=return
add chain=more src-address-list=seen protocol=udp nth=2,1 action=return
add chain=more protocol=udp action=accept
/ip firewall address-list add list=seen address=198.51.0.9
/ip firewall address-list add list=seen address=198.51.0.8 timeout=1h"""


def test_a_return_that_keeps_a_state_leaves_the_chain_of_its_rule(here: ExactGate) -> None:
    """Whichever side of `port` fits, and whichever part of the list holds the source."""
    script = read_source(f"/ip firewall filter\n{RETURNS}\n".encode(), "x.rsc").script
    here.load(script)
    router, draw = Router(script), random.Random(7)
    memory, expected = router.start(), set()
    for number in range(1, 61):
        who, ports = visitor(draw.choice([8, 9, 10])), (draw.choice([7, 70]), draw.choice([7, 71]))
        here.wire.send(here.frame(who, V4, 17, frames.udp(who, V4, ports), number))
        passage = Passage(datagram(who, V4, ports[1], source_port=ports[0]))
        if router.advance(memory, passage, 0.0).ending is Ending.ACCEPT:
            expected.add(number)
    assert here.accepted(60) == expected
    assert 10 < len(expected) < 59
