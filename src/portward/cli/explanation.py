"""How a judgement is told: to people as lines, to programs as objects. Words only; nothing is judged here.

The way through the compiled ruleset is told by names of chains, which `portward.compile.names` spells.
"""

from collections import Counter
from datetime import timedelta
from typing import Any

from portward.compile import names
from portward.compile.people import with_tokens
from portward.policy.net import Knock, Protocol
from portward.policy.notation import write_duration
from portward.policy.policy import EVERYTHING, Policy
from portward.simulate.judgement import Judgement, Verdict
from portward.simulate.packet import Packet, TcpFlag
from portward.simulate.replay import Step
from portward.simulate.state import State
from portward.simulate.visit import network_at


def explain(step: Step, policy: Policy, chains: frozenset[str]) -> str:
    """Tell one packet: what it was, what became of it, why, and its way through the ruleset."""
    head = f"{step.sighting.time:.3f}  {describe(step.packet)}"
    judgement = step.judgement
    if judgement is None:
        return f"{head}: sent by this host"
    lines = [f"{head}: {judgement.verdict}"]
    for reason in judgement.reasons:
        place = f" ({reason.span})" if reason.span else ""
        lines.append(f"    {reason.line:<4} {reason.text}{place}")
    rule = knock_rule(judgement, policy)
    way = " > ".join(way_through(step.packet, judgement, policy, chains))
    lines.append(f"    chains: {way}" + (f'; rule "{rule}"' if rule else ""))
    return "\n".join(lines)


def describe(packet: Packet) -> str:
    """Write a packet in the words of a trace; of the payload only its length."""
    transport = packet.transport
    what = str(transport or packet.protocol)
    if transport is not None and transport.has_ports:
        what += f"/{packet.destination_port}"
    elif packet.is_echo_request:
        what += f"/{packet.length}"
    elif packet.icmp_type is not None:
        what += f" type {packet.icmp_type} code {packet.icmp_code}"
    if transport is Protocol.TCP:
        flags = [str(flag.name).lower() for flag in TcpFlag if flag in packet.tcp_flags]
        what += f" {','.join(flags)}" if flags else " without flags"
    elif packet.payload and not packet.is_echo_request:
        what += f" with {len(packet.payload)} bytes"
    return f"{packet.source} > {packet.destination} {what}"


def way_through(
    packet: Packet, judgement: Judgement, policy: Policy, chains: frozenset[str]
) -> tuple[str, ...]:
    """Name the chains that the packet went through, as far as the ruleset of this policy has them."""
    look = names.FIRST_LOOK if packet.is_new_tcp else names.SECOND_LOOK
    way = at_keys_port(packet, judgement, policy) or [look, *after_look(packet, judgement, policy)]
    return tuple(chain for chain in way if chain in chains)


def after_look(packet: Packet, judgement: Judgement, policy: Policy) -> list[str]:
    """Name the chains behind the first or second look, by the line that decided."""
    line, service = judgement.line, judgement.reasons[-1].service
    if line == "2" and service:
        return [names.CUT, names.door(service)]
    if line in {"1", "2", "3"}:
        return []
    if line == "4":
        return [names.STALE_TCP] if packet.protocol == Protocol.TCP.number else []
    if line in {"6", "7"}:
        hidden = service and policy.service(service).published
        last = names.UNASKED if line == "7" else names.HIDDEN if hidden else names.door(service)
        return [names.JUDGE, last]
    if judgement.reasons[0].line == "5.0":
        return [names.JUDGE, names.TO_US, names.PASS_ECHO, *used_pass(judgement), names.CLOSED]
    inner = {"5.1": [names.door(service)], "5.2": [names.HIDDEN], "5.4": []}.get(line)
    return [
        names.JUDGE,
        names.TO_US,
        *(at_closed_port(packet, judgement, policy) if inner is None else inner),
    ]


def at_keys_port(packet: Packet, judgement: Judgement, policy: Policy) -> list[str]:
    """Name the chains of a datagram to one of the keys' ports; none if it is to another, or was left before."""
    ways = policy.ways
    if packet.transport is not Protocol.UDP or not packet.local or judgement.line not in {"1.1", "5.6"}:
        return []
    if judgement.line == "5.6":
        at_passes = ways.passes and packet.destination_port == ways.passes.port and with_tokens(policy)
        return [names.FIRST_LOOK, names.PASS, *used_pass(judgement), names.CLOSED] if at_passes else []
    sealed = ways.sealed and packet.destination_port == ways.sealed.port
    return [names.FIRST_LOOK, names.SEALED if sealed else names.FWKNOP]


def used_pass(judgement: Judgement) -> list[str]:
    """Name the chains of a pass: the one that uses it up, and its person's."""
    if not judgement.reasons[0].person:
        return []
    opened = [names.person_chain(each.person) for each in judgement.granted[:1]]
    return [names.USE_PASS, *opened, *([names.AFTER_KEY] if opened else [])]


def at_closed_port(packet: Packet, judgement: Judgement, policy: Policy) -> list[str]:
    """Name the chains of a packet to no door: a knock's, perhaps, and a stray's."""
    way = []
    if rolling := next((reason for reason in judgement.reasons if reason.person), None):
        opened = [names.person_chain(each.person) for each in judgement.granted[:1]]
        after = [names.STRAY] if judgement.stray else [*opened, names.AFTER_KEY]
        return [names.ROLLING, names.rolling_chain(rolling.place - 1), *after, names.CLOSED]
    if knock := knock_at(packet, policy):
        way.append(names.knock_chain(knock))
    if judgement.stray:
        way.append(names.STRAY)
    elif any(reason.line == "5.3" for reason in judgement.reasons):
        way.append(names.AFTER_KNOCK)
    return [*way, names.CLOSED]


def knock_at(packet: Packet, policy: Policy) -> Knock | None:
    """A knock of the policy on the port or size of the packet, whatever its word."""
    number = packet.length if packet.transport is Protocol.ICMP else packet.destination_port
    for sequence in policy.sequences:
        for knock in sequence.knocks:
            if knock.number == number and knock.protocol is packet.transport:
                return knock
    return None


def knock_rule(judgement: Judgement, policy: Policy) -> str:
    """The comment of the rule that counted the knock; empty if none did."""
    for reason in judgement.reasons:
        if reason.sequence:
            length = next(len(each.knocks) for each in policy.sequences if each.name == reason.sequence)
            return f"{reason.sequence}: knock {reason.place} of {length}"
    return ""


def object_of(step: Step, policy: Policy, chains: frozenset[str]) -> dict[str, Any]:
    """Make the object of one packet."""
    found: dict[str, Any] = {
        "time": step.sighting.time,
        "packet": describe(step.packet),
        "place": str(step.sighting.span) if step.sighting.span else None,
        "state": str(step.packet.state),
        "outgoing": step.sighting.outgoing,
    }
    judgement = step.judgement
    if judgement is None:
        return found
    return found | {
        "verdict": str(judgement.verdict),
        "stray": judgement.stray,
        "penalised": judgement.penalised,
        "chains": way_through(step.packet, judgement, policy, chains),
        "rule": knock_rule(judgement, policy) or None,
        "reasons": [
            {
                "line": reason.line,
                "text": reason.text,
                "service": reason.service or None,
                "sequence": reason.sequence or None,
                "knock": reason.place or None,
                "person": reason.person or None,
                "place": str(reason.span) if reason.span else None,
            }
            for reason in judgement.reasons
        ],
        "granted": [
            {
                "service": grant.service,
                "network": str(grant.network),
                "until": grant.until,
                "person": grant.person or None,
            }
            for grant in judgement.granted
        ],
        "reached": [
            {
                "sequence": stage.sequence or None,
                "stage": stage.place,
                "until": stage.until,
                "person": stage.person or None,
            }
            for stage in judgement.reached
        ],
    }


def totals(steps: list[Step]) -> str:
    """Count what became of the packets."""
    judged = [step.judgement for step in steps if step.judgement]
    verdicts = Counter(each.verdict for each in judged)
    penalties = sum(each.penalised for each in judged)
    left, dropped = verdicts[Verdict.LEAVE], verdicts[Verdict.DROP]
    return f"\npackets judged: {len(judged)}; left alone: {left}, dropped: {dropped}, penalties: {penalties}"


def remembered(policy: Policy, steps: list[Step]) -> dict[str, Any]:
    """Say who is where when the last packet has been judged, until when."""
    state = next((step.judgement.state for step in reversed(steps) if step.judgement), None)
    now = steps[-1].sighting.time if steps else 0.0
    found: dict[str, Any] = {"time": now} | {
        name: [] for name in ("grants", "stages", "mid_sequence", "penalties", "spent")
    }
    if state is None:
        return found
    for (service, version), table in state.grants.items():
        prefix = policy.grant_prefix_v4 if version == 4 else policy.grant_prefix_v6
        found["grants"] += [
            {"service": service, "network": str(network_at(bits, version, prefix)), "until": until}
            for bits, until in table.living(now).items()
        ]
    return found | sources_of(state, now) | {"spent": [name for name, _ in state.spent.living(now)]}


def sources_of(state: State, now: float) -> dict[str, Any]:
    """Say which sources are on their way, and which under penalty."""
    return {
        "stages": [
            {"source": str(source), "sequence": sequence, "stage": stage, "until": until}
            for version in (4, 6)
            for (source, sequence, stage), until in state.stages[version].living(now).items()
        ],
        "rolling_stages": [
            {"source": str(source), "stage": place, "until": until}
            for version in (4, 6)
            for (source, _number, place), until in state.rolling_stages[version].living(now).items()
        ],
        "mid_sequence": [
            {"source": str(source), "until": until}
            for version in (4, 6)
            for source, until in state.midway[version].living(now).items()
        ],
        "penalties": [
            {"source": str(source), "until": until}
            for version in (4, 6)
            for source, until in state.penalties[version].living(now).items()
        ],
    }


def remembered_text(policy: Policy, steps: list[Step]) -> list[str]:
    """Write who is where at the end."""
    found = remembered(policy, steps)
    now = found["time"]
    lines = [
        f"{each['network']} may reach {'everything' if each['service'] == EVERYTHING else each['service']}"
        f" {until(each, now)}"
        for each in found["grants"]
    ]
    lines += [
        f"{each['source']} has reached stage {each['stage']} of {each['sequence']} {until(each, now)}"
        for each in found["stages"]
    ]
    lines += [
        f"{each['source']} has reached stage {each['stage']} of a rolling sequence {until(each, now)}"
        for each in found.get("rolling_stages", ())
    ]
    lines += [f"{each['source']} is in mid-sequence {until(each, now)}" for each in found["mid_sequence"]]
    lines += [f"{each['source']} is under penalty {until(each, now)}" for each in found["penalties"]]
    lines += [f"{each} opens once, and has opened" for each in found["spent"]]
    return [f"at the end ({now:.3f} s):", *(f"  {line}" for line in lines or ["nobody is in"])]


def until(each: dict[str, Any], now: float) -> str:
    """Write when something ends, by the clock of the packets and in time left."""
    left = write_duration(timedelta(milliseconds=round((each["until"] - now) * 1000)))
    return f"until {each['until']:.3f} s (for {left})"
