"""The reference machine and the kernel agree on people: passes, rolling sequences, and the daemon's ports.

Windows are an hour long, so that none begins or ends while a trace runs; near such a moment the test waits for it.
"""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import attrs
import keyed_traces as keyed
import pytest
from gate import Gate, gate, pause, source
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from keyed_rights import entitled
from traces import LONGEST_BURST, PAUSE, Send, dispatch, imagined

from portward.apply.libnft import Libnft
from portward.apply.transition import OURS, time_span
from portward.compile import names
from portward.compile.names import IpFamily
from portward.compile.nft import compile_policy
from portward.compile.people import with_tokens
from portward.daemon.elements import spell_loads, spell_windows, spell_words
from portward.policy.net import Address, Network
from portward.policy.policy import EVERYTHING, Policy
from portward.simulate.judgement import Judgement, Verdict
from portward.simulate.machine import Machine
from portward.simulate.state import State
from portward.simulate.visit import network_at, network_of
from portward.spa.loaded import loaded
from portward.spa.windows import window_at


pytestmark = pytest.mark.net

LONGEST_TRACE = 0.9
"""Seconds in which no bucket of one datagram a second gets a whole one back."""

UNSURE = 0.05
"""Seconds around an end in which nobody says whether a grant is alive."""

GUARDED = {("tcp", 22): "ssh", ("tcp", 8080): "web", ("gre", 0): "vpn"}


@attrs.frozen
class Bench:
    """A gate, and the library's way into its kernel."""

    gate: Gate
    nft: Libnft

    def load(self, policy: Policy, moment: datetime) -> None:
        """Put a policy in place of what was there, with its people's keys loaded ahead."""
        lines = [f"table {OURS}", f"delete table {OURS}", compile_policy(policy).text]
        if with_tokens(policy):
            lines += spell_loads(keyed.loads_of(policy, moment), moment)
            window = window_at(moment, keyed.LENGTH)
            lines += spell_windows(range(window - 1, window + 2), keyed.LENGTH, moment)
        if policy.ways.sealed:
            lines += spell_words(keyed.words_of(moment), moment)
        self.nft.run("\n".join(lines) + "\n")

    def grant(self, policy: Policy, each: keyed.Granted) -> None:
        """Let a visitor in as the daemon does: the newer end replaces the older one."""
        visitor = source(each.visitor.number, each.visitor.version)
        name = names.grants(each.service, IpFamily.of(visitor))
        key = network_of(visitor, prefix_of(policy, visitor)).network_address
        self.nft.run(
            f"add element {OURS} {name} {{ {key} }}\n"
            f"delete element {OURS} {name} {{ {key} }}\n"
            f"add element {OURS} {name} {{ {key} timeout {time_span(each.length)} }}\n"
        )

    def granted(self, policy: Policy) -> set[tuple[str, Network]]:
        """Who has a grant for what."""
        return {
            (service, network_of(ip_address(key), prefix_of(policy, ip_address(key))))
            for service in (EVERYTHING, *(each.name for each in policy.services))
            for family in IpFamily
            for key in re.findall(
                r"([0-9a-f.:]+) timeout", self.nft.run(f"list set {OURS} {names.grants(service, family)}\n")
            )
        }


def prefix_of(policy: Policy, address: Address) -> int:
    """How many bits a grant covers."""
    return policy.grant_prefix_v4 if address.version == 4 else policy.grant_prefix_v6


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """One gate for all examples; each loads its own policy."""
    with gate() as made:
        with made.here.entered():
            nft = Libnft()
        yield Bench(made, nft)
        nft.close()


@attrs.define
class Course:
    """What happened: each packet with its number and its time, the grants in between, and the end."""

    sent: list[tuple[Send | keyed.Granted, int, float]] = attrs.field(factory=list)
    left: set[int] = attrs.field(factory=set)
    granted: set[tuple[str, Network]] = attrs.field(factory=set)
    end: float = 0.0


def run(bench: Bench, policy: Policy, trace: list[Send | keyed.Granted]) -> Course:
    """Send a trace for real; it is not judged if the machine was too slow."""
    course = Course()
    bench.gate.left()
    start = burst = time.monotonic()
    for each in trace:
        if each.late if isinstance(each, Send) else each.visitor.late:
            pause(PAUSE)
            burst = time.monotonic()
        number = 0
        if isinstance(each, Send):
            number = dispatch(bench.gate, each)
        else:
            bench.grant(policy, each)
        course.sent.append((each, number, time.monotonic()))
        assume(course.sent[-1][2] - burst < LONGEST_BURST)
    assume(time.monotonic() - start < LONGEST_TRACE)
    course.granted = bench.granted(policy)
    course.end = time.monotonic()
    course.left = bench.gate.left()
    return course


def imagine(machine: Machine, course: Course) -> tuple[list[Judgement | None], State]:
    """The same for the reference machine; None for grants."""
    state = machine.start()
    judgements: list[Judgement | None] = []
    for each, _, now in course.sent:
        if isinstance(each, Send):
            judgements.append(machine.advance(state, imagined(each), now))
        else:
            visitor = source(each.visitor.number, each.visitor.version)
            until = now + each.length.total_seconds()
            state = machine.grant(state, each.service, visitor, now, until)
            judgements.append(None)
    return judgements, state


def sure_grants(policy: Policy, state: State, now: float) -> tuple[set[tuple[str, Network]], ...]:
    """Who certainly has a grant, and who may have one."""
    found = [
        ((service, network_at(bits, version, prefix_of(policy, source(1, version)))), end - now)
        for (service, version), table in state.grants.items()
        for bits, end in table.ends.items()
    ]
    return {who for who, left in found if left > UNSURE}, {who for who, left in found if left > -UNSURE}


cases = keyed.policies.flatmap(lambda policy: st.tuples(st.just(policy), keyed.traces(policy)))


@given(cases)
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
def test_the_machine_and_the_kernel_agree(bench: Bench, case: tuple[Policy, list[keyed.Action]]) -> None:
    """Packet by packet the same are left alone, the same people are let in, and nobody who may not be."""
    policy, actions = case
    pause(keyed.safe_moment(datetime.now(UTC)).total_seconds())
    moment = datetime.now(UTC)
    zero = moment - timedelta(seconds=time.monotonic())
    bench.load(policy, moment)
    trace = keyed.resolved([*actions, *keyed.doors()], policy, moment)
    course = run(bench, policy, trace)
    machine = Machine(policy, loaded=loaded(keyed.loads_of(policy, moment), zero, keyed.words_of(moment)))
    judgements, state = imagine(machine, course)
    for (each, number, _), judgement in zip(course.sent, judgements, strict=True):
        if judgement:
            wrong = (each, judgement.reasons)
            assert (judgement.verdict is Verdict.LEAVE) == (number in course.left), wrong
    certain, possible = sure_grants(policy, state, course.end)
    assert certain <= course.granted <= possible
    nobody_else_is_in(policy, course, entitled(policy, trace, moment))
    note_what_happened(judgements)


def nobody_else_is_in(policy: Policy, course: Course, entitled: set[tuple[str, Address]]) -> None:
    """Whoever has a grant, or was let in by a door, has sent what opens it, or was let in from outside."""
    allowed = {(service, network_of(who, prefix_of(policy, who))) for service, who in entitled}
    assert course.granted <= allowed
    for each, number, _ in course.sent:
        if isinstance(each, Send) and number in course.left:
            service, who = GUARDED.get((each.kind, each.number)), source(each.visitor, each.version)
            if service and not any(who in network for network in policy.always):
                network = network_of(who, prefix_of(policy, who))
                assert (service, network) in allowed or (EVERYTHING, network) in allowed


def note_what_happened(judgements: list[Judgement | None]) -> None:
    """Count for hypothesis's statistics that the traces reach what they should."""
    judged = [each for each in judgements if each]
    opened = [grant for each in judged for grant in each.granted]
    event("a key opened" if any(each.person for each in opened) else "no key opened")
    event("a sequence opened" if any(each.sequence for each in opened) else "no sequence opened")
    event("a penalty" if any(each.penalised for each in judged) else "no penalty")
