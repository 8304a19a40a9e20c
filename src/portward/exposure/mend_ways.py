"""The four ways to mend one service: disable, guard, publish, move; or why a way is closed.

Pure. Each way takes the situation, the wish, a service and the draft of all files, and gives a mend and the next
draft, or `Left` with the reason. What this session came by is never switched off.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

import attrs

from portward.errors import UsageError
from portward.exposure import mend_inetd, mend_policy, mend_sshd
from portward.exposure.good_ports import choose_port
from portward.exposure.mend_policy import PolicyTexts
from portward.exposure.mend_situation import Exposed, Situation, Wish, exposed
from portward.exposure.mends import Hup, Left, Mend, Put, Renew, Way
from portward.policy.net import PortRange, Protocol
from portward.policy.notation import write_ports


@attrs.frozen
class Draft:
    """The texts as the mends so far leave them: the policy's, and those of /etc/inetd.conf and the like."""

    policy: PolicyTexts
    files: Mapping[str, str]


Done = tuple[Mend, Draft] | Left

BY_GUARD = "guard it instead: --by guard"
_UNIT_KINDS = (".service", ".socket")
_MASKED = frozenset({"static", "indirect", "alias"})
"""States of units that `systemctl disable` does not keep from starting (systemctl(1), is-enabled)."""


def is_unit(word: str) -> bool:
    """Whether a word names a unit that can be switched off."""
    return word.endswith(_UNIT_KINDS)


def disable(situation: Situation, _wish: Wish, service: Exposed, draft: Draft) -> Done:
    """Switch off the units of a service; of what inetd runs, its lines alone."""
    if situation.came_by(service):
        return _left(service, "this very session came by it, so it is not switched off", BY_GUARD)
    if any(program.name == "inetd" for each in service.shown for program in each.listener.programs):
        return _out_of_inetd(situation, service, draft)
    units = tuple(whole(situation, service.units))
    if not units:
        return _left(service, "no unit of systemd runs it", f"stop it by what started it, or {BY_GUARD}")
    others = [
        each.name
        for each in exposed(situation.audit)
        if each.name != service.name and set(units) & set(each.units)
    ]
    if others:
        advice = f"switch that whole unit off: portward harden {units[0]}, or {BY_GUARD}"
        return _left(service, f"its unit {units[0]} runs {', '.join(others)} as well", advice)
    return off(situation, service, units), draft


def off(situation: Situation, service: Exposed, units: Iterable[str]) -> Mend:
    """The mend that switches units off, sockets first, so that nobody starts the service again meanwhile."""
    every = tuple(sorted(units, key=lambda each: (not each.endswith(".socket"), each)))
    masked = tuple(each for each in every if situation.units[each].state in _MASKED)
    return Mend(
        service.name,
        service.ports,
        Way.DISABLE,
        service.reason,
        units=every,
        mask=masked,
        codes=service.codes,
    )


def whole(situation: Situation, units: Iterable[str]) -> Iterator[str]:
    """The units, with the sockets that start them and the services that they start, as far as systemd knows them."""
    todo, seen = list(units), set[str]()
    while todo:
        unit = todo.pop()
        if unit not in seen and unit in situation.units:
            seen.add(unit)
            yield unit
            todo += filter(is_unit, situation.units[unit].others)


def _out_of_inetd(situation: Situation, service: Exposed, draft: Draft) -> Done:
    text = draft.files.get(mend_inetd.PATH, "")
    known = situation.audit.facts.well_known
    names = {known.get((each.protocol, each.first), "") for each in service.ports} | {service.name}
    changed = mend_inetd.switched_off(text, service.ports, frozenset(filter(None, names)))
    if changed == text:
        return _left(service, f"{mend_inetd.PATH} has no line for it", BY_GUARD)
    renew, hup = _readers(situation, service, Renew(_first(service.units), "restart"))
    mend = Mend(
        service.name,
        service.ports,
        Way.DISABLE,
        service.reason,
        files=(Put(mend_inetd.PATH, changed),),
        renew=renew,
        hup=hup,
        codes=service.codes,
    )
    return mend, attrs.evolve(draft, files={**draft.files, mend_inetd.PATH: changed})


def _readers(
    situation: Situation, service: Exposed, renew: Renew
) -> tuple[tuple[Renew, ...], tuple[Hup, ...]]:
    """Who reads changed files again: the unit where systemd runs, else the process with the smallest number."""
    if renew.unit in situation.units:
        return (renew,), ()
    programs = [program for each in service.shown for program in each.listener.programs]
    first = min(programs, key=lambda each: each.pid, default=None)
    return (), (Hup(first.pid, first.name),) if first else ()


def _first(units: tuple[str, ...]) -> str:
    return units[0] if units else ""


def guard(situation: Situation, wish: Wish, service: Exposed, draft: Draft) -> Done:
    """Put the service behind a door of the policy."""
    if service.guarded:
        return _left(service, "it is guarded already")
    policy, label = mend_policy.guard(
        draft.policy, service.name, service.ports, wish.sequence, _knocks(situation, wish)
    )
    mend = Mend(service.name, service.ports, Way.GUARD, service.reason, service=label, codes=service.codes)
    return mend, attrs.evolve(draft, policy=policy)


def publish(situation: Situation, wish: Wish, service: Exposed, draft: Draft) -> Done:
    """Put the service behind a door that stands on another port."""
    policy, label = mend_policy.guard(
        draft.policy, service.name, service.ports, wish.sequence, _knocks(situation, wish)
    )
    ports = policy.policy.service(label).ports
    if policy.policy.service(label).published:
        return _left(service, "it is published on another port already")
    if any(len(each) > 1 for each in ports):
        return _left(service, "the policy gives it a range of ports", "publish it by hand")
    published: list[PortRange] = []
    for each in ports:
        port = _other_port(situation, wish, each.protocol, policy, published)
        published.append(PortRange(each.protocol, port, port))
    policy = mend_policy.publish(policy, label, tuple(published))
    mend = Mend(
        service.name,
        service.ports,
        Way.PUBLISH,
        service.reason,
        service=label,
        outside=tuple(published),
        clients=_clients(situation, service, published[0].first),
        codes=service.codes,
    )
    return mend, attrs.evolve(draft, policy=policy)


def move(situation: Situation, wish: Wish, service: Exposed, draft: Draft) -> Done:
    """Let the service itself listen on another port; during a trial on both."""
    if service.name != "ssh" or not any(
        program.name in {"sshd", "systemd"} for each in service.shown for program in each.listener.programs
    ):
        advice = (
            service.instead
            or f"change its own configuration, or: portward harden {service.name} --by publish"
        )
        return _left(service, "portward moves no other service than sshd itself", advice)
    if any(port.doors for port in service.shown) and any(
        each.published for each in draft.policy.policy.services if _has(each.ports, service.ports)
    ):
        return _left(service, "the policy publishes it on another port already")
    old = tuple(each.first for each in service.ports)
    new = _other_port(situation, wish, Protocol.TCP, draft.policy, [])
    policy = draft.policy
    for each in policy.policy.services:
        if not each.hosts and _has(each.ports, service.ports):
            ports = (*service.ports, PortRange(Protocol.TCP, new, new))
            policy, _ = mend_policy.guard(policy, each.name, ports, wish.sequence, _knocks(situation, wish))
    try:
        return _moved(situation, service, old, new), attrs.evolve(draft, policy=policy)
    except ValueError as error:
        return _left(service, str(error), f"or: portward harden {service.name} --by publish")


def _moved(situation: Situation, service: Exposed, old: tuple[int, ...], new: int) -> Mend:
    """The mend that moves sshd: by its socket unit where that listens, else by its configuration.

    Raises:
        ValueError: the configuration must be changed by hand.
    """
    socket = next((each for each in whole(situation, service.units) if each.endswith(".socket")), "")
    mend = Mend(
        service.name,
        service.ports,
        Way.MOVE,
        service.reason,
        outside=(PortRange(Protocol.TCP, new, new),),
        clients=_clients(situation, service, new),
        codes=service.codes,
    )
    if socket and situation.units[socket].active:
        served = next((each for each in situation.units[socket].others if each.endswith(".service")), "")
        stop = (Renew(served, "stop"),) if served in situation.units else ()
        return attrs.evolve(
            mend,
            files=(mend_sshd.moved_socket(socket, (*old, new)),),
            kept=(mend_sshd.moved_socket(socket, (new,)),),
            renew=(*stop, Renew(socket, "restart")),
        )
    renew, hup = _readers(situation, service, Renew(_first(service.units)))
    config = {
        path: text for path, text in situation.files.items() if path.startswith(f"{situation.ssh_folder}/")
    }
    return attrs.evolve(
        mend,
        files=mend_sshd.moved_config(config, situation.ssh_folder, (*old, new)),
        kept=mend_sshd.moved_config(config, situation.ssh_folder, (new,)),
        renew=renew,
        hup=hup,
        test_sshd=((*old, new), (new,)),
    )


def _has(ports: Iterable[PortRange], some: tuple[PortRange, ...]) -> bool:
    return any(one.overlaps(each) for one in ports for each in some)


def _clients(situation: Situation, service: Exposed, port: int) -> tuple[str, ...]:
    host = situation.audit.facts.host or "HOST"
    if service.name == "ssh":
        return mend_sshd.client_lines(host, port)
    return (f"{service.name}: {host} port {port}",)


def _other_port(
    situation: Situation, wish: Wish, protocol: Protocol, policy: PolicyTexts, more: Iterable[PortRange]
) -> int:
    facts = situation.audit.facts
    taken = {(each.protocol, each.port) for each in facts.listeners}
    taken |= mend_policy.ports_of(policy.policy) | set(facts.well_known)
    taken |= {(each.protocol, each.first) for each in more}
    return choose_port(protocol, wish.span, taken, wish.choose, situation.ephemeral)


def _knocks(situation: Situation, wish: Wish) -> Callable[[], list[str]]:
    """Four random knocks, no two on one port, neither protocol alone."""

    def made() -> list[str]:
        chosen: list[PortRange] = []
        for protocol in (Protocol.TCP, Protocol.UDP, Protocol.TCP, Protocol.UDP):
            port = _other_port(situation, wish, protocol, situation.policy, chosen)
            chosen.append(PortRange(protocol, port, port))
        order: list[str] = []
        while chosen:
            order.append(write_ports(chosen.pop(wish.choose(len(chosen)))))
        return order

    return made


def _left(service: Exposed, reason: str, advice: str = "") -> Left:
    return Left(service.name, service.ports, reason, advice)


WAYS: Mapping[Way, Callable[[Situation, Wish, Exposed, Draft], Done]] = {
    Way.DISABLE: disable,
    Way.GUARD: guard,
    Way.PUBLISH: publish,
    Way.MOVE: move,
}


def unit_alone(situation: Situation, name: str) -> Mend:
    """Switch off a unit that was named, whether it listens or not.

    Raises:
        UsageError: there is none of that name, or the session came by it.
    """
    if name not in situation.units:
        raise UsageError(f"there is no unit {name} here")
    units = tuple(whole(situation, (name,)))
    if situation.session.units & set(units):
        raise UsageError(f"this very session came by {name}, so it is not switched off")
    ports = [port for each in exposed(situation.audit) if set(each.units) & set(units) for port in each.ports]
    if any(each.protocol is Protocol.TCP and situation.session.port in each for each in ports):
        raise UsageError(f"this very session came by {name}, so it is not switched off")
    return off(situation, Exposed(name, tuple(ports), ()), units)
