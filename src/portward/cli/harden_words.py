"""A plan of mends told to people and to programs. Pure; a policy's words and knocks are never shown."""

import difflib
from collections.abc import Iterable, Iterator

from portward.exposure.mend_policy import PolicyTexts
from portward.exposure.mends import Mend, MendPlan, Way
from portward.policy.net import PortRange
from portward.policy.notation import write_ports
from portward.sources.policy_file import without_words


def describe(plan: MendPlan, policy: PolicyTexts) -> str:
    """Tell the whole plan."""
    if not plan.mends and not plan.left:
        return "nothing to mend: no finding of portward audit is about a service that could be closed"
    lines = [line for each in plan.mends for line in _mend(each)]
    lines += [
        line for put in plan.policy for line in _policy(put.path, policy.before.get(put.path), put.text)
    ]
    if plan.left:
        lines.append("left as it is:")
        for each in plan.left:
            lines.append(f"  {each.name} {spelled(each.ports)}: {each.reason}")
            if each.advice:
                lines.append(f"      {each.advice}")
    return "\n".join(lines)


def told(plan: MendPlan) -> tuple[str, ...]:
    """What is done, one line for each mend."""
    return tuple(_head(each) for each in plan.mends)


def clients(plan: MendPlan) -> list[str]:
    """What clients have to write from now on."""
    lines = [line for each in plan.mends for line in each.clients]
    return (
        ["clients write, in ~/.ssh/config where it is ssh:", *(f"  {line}" for line in lines)]
        if lines
        else []
    )


def spelled(ports: Iterable[PortRange]) -> str:
    """`tcp/22, tcp/2222`."""
    return ", ".join(map(write_ports, ports))


def _head(mend: Mend) -> str:
    codes = f" ({', '.join(mend.codes)})" if mend.codes else ""
    outside = f" to {spelled(mend.outside)}" if mend.outside else ""
    place = f" {spelled(mend.ports)}" if mend.ports else ""
    return f"{mend.way} {mend.name}{place}{outside}{codes}"


def _mend(mend: Mend) -> Iterator[str]:
    yield _head(mend)
    if mend.units:
        yield f"    systemctl disable --now {' '.join(mend.units)}"
    if mend.mask:
        yield f"    systemctl mask --now {' '.join(mend.mask)}"
    for path in dict.fromkeys(put.path for put in (*mend.files, *mend.kept)):
        yield f"    write {path}"
    for each in mend.renew:
        yield f"    systemctl {each.verb} {each.unit}"
    for one in mend.hup:
        yield f"    let {one.program} ({one.pid}) read it again"
    if mend.way is Way.MOVE:
        yield "    on trial it listens on the old port as well, until it is confirmed by the new one"
    if mend.service:
        yield f"    the policy guards it as {mend.service}"
    yield from (f"    clients: {line}" for line in mend.clients)


def _policy(path: str, before: str | None, after: str) -> Iterator[str]:
    """The lines of the policy that change; of a new one none, since its knocks are secret."""
    if before is None:
        yield f"write {path}: a first policy; its sequence admin, with random knocks, opens everything"
        yield "    then, for whoever shall come in: portward invite admin --host NAME"
        return
    old, new = (without_words(each).splitlines() for each in (before, after))
    yield f"write {path}, then apply it:"
    changes = difflib.unified_diff(old, new, n=0, lineterm="")
    yield from (f"    {line}" for line in changes if not line.startswith(("---", "+++", "@@")))


def as_result(plan: MendPlan, policy: PolicyTexts) -> dict[str, object]:
    """Tell programs."""
    return {
        "mends": [_object(each) for each in plan.mends],
        "left": [
            {
                "service": each.name,
                "ports": list(map(write_ports, each.ports)),
                "reason": each.reason,
                "advice": each.advice,
            }
            for each in plan.left
        ],
        "policy": [{"file": put.path, "new": put.path not in policy.before} for put in plan.policy],
        "touches_session": plan.session,
    }


def _object(mend: Mend) -> dict[str, object]:
    return {
        "service": mend.name,
        "ports": list(map(write_ports, mend.ports)),
        "way": str(mend.way),
        "codes": list(mend.codes),
        "why": mend.why,
        "units": list(mend.units),
        "masked": list(mend.mask),
        "files": list(dict.fromkeys(put.path for put in (*mend.files, *mend.kept))),
        "guarded_as": mend.service or None,
        "outside": list(map(write_ports, mend.outside)),
        "clients": list(mend.clients),
    }
