"""From what an audit found to what is done about it: one mend for each service, by the way that fits it or is wished.

Pure. What fits: remote shells and what nobody has needed for decades are switched off; what may be meant for
everybody (web, mail) is left until it is named; all else is guarded.
"""

from collections.abc import Iterable

import attrs

from portward.errors import UsageError
from portward.exposure.mend_situation import Exposed, Situation, Wish, exposed
from portward.exposure.mend_ways import BY_GUARD, WAYS, Done, Draft, is_unit, unit_alone
from portward.exposure.mends import Left, Mend, MendPlan, Way
from portward.exposure.registry import Risk, is_best_off
from portward.policy.notation import write_ports


_FOR_ALL = frozenset({Risk.WEB, Risk.MAIL, Risk.NONE, None})


def plan(situation: Situation, wish: Wish) -> MendPlan:
    """Make the plan.

    Raises:
        UsageError: a target means nothing here, or what was asked for cannot be done.
    """
    services = exposed(situation.audit)
    units = [each for each in wish.targets if is_unit(each) and wish.way in {None, Way.DISABLE}]
    targets = tuple(each for each in wish.targets if each not in units)
    _refuse_unknown(targets, services)
    made = MendPlan(mends=tuple(unit_alone(situation, name) for name in units))
    off = {unit for each in made.mends for unit in each.units}
    draft = Draft(situation.policy, situation.files)
    for each in services:
        if not _chosen(each, attrs.evolve(wish, targets=targets), only_units=bool(units)) or off & set(
            each.units
        ):
            continue
        done = mend(situation, wish, each, draft)
        if isinstance(done, Left):
            made = attrs.evolve(made, left=(*made.left, done))
        else:
            made, draft = noting(made, done[0], situation, each), done[1]
    return attrs.evolve(made, policy=draft.policy.puts())


def mend(situation: Situation, wish: Wish, service: Exposed, draft: Draft) -> Done:
    """Try the ways that fit a service in turn; if none is open, say why the last one is not."""
    if service.contained and wish.way is not Way.GUARD:
        advice = f"publish it on 127.0.0.1 only: -p 127.0.0.1:PORT:PORT, or {BY_GUARD}"
        return Left(service.name, service.ports, "a container publishes it", advice)
    if wish.way is None and not wish.targets and service.risk in _FOR_ALL:
        doubt = "portward does not know it" if service.risk is None else "it may be meant for everybody"
        reason = f"{doubt}; to close it: portward harden {service.name} --by guard"
        return Left(service.name, service.ports, reason, service.instead)
    done: Done = Left(service.name, service.ports, "no way fits it")
    for way in ways(wish, service):
        done = WAYS[way](situation, wish, service, draft)
        if not isinstance(done, Left):
            return done
    return done


def ways(wish: Wish, service: Exposed) -> tuple[Way, ...]:
    """The ways to try, best first."""
    if wish.way:
        return (wish.way,)
    if is_best_off(service.name, service.risk):
        return (Way.DISABLE, Way.GUARD)
    return (Way.GUARD,)


def noting(made: MendPlan, done: Mend, situation: Situation, service: Exposed) -> MendPlan:
    """Add a mend, and note whether it touches what this session came by."""
    made = attrs.evolve(made, mends=(*made.mends, done))
    if not situation.came_by(service) or (situation.session.welcome and done.way is not Way.MOVE):
        return made
    port = done.outside[0].first if done.outside else 0
    return attrs.evolve(made, session=True, new_port=port)


def _chosen(service: Exposed, wish: Wish, *, only_units: bool) -> bool:
    if any(service.meant(each) for each in wish.spared):
        return False
    if wish.targets or only_units:
        return any(service.meant(each) for each in wish.targets)
    return bool(service.codes)


def _refuse_unknown(targets: Iterable[str], services: tuple[Exposed, ...]) -> None:
    for target in targets:
        if not any(each.meant(target) for each in services):
            known = ", ".join(f"{each.name} ({', '.join(map(write_ports, each.ports))})" for each in services)
            raise UsageError(f"nothing that others reach here is {target!r}; there is: {known or 'nothing'}")
