"""Rules about the firewall itself: what it was meant to close and does not."""

from collections.abc import Iterable, Iterator

from portward.errors import Severity
from portward.exposure.clear_text import held_by, label
from portward.exposure.facts import Facts
from portward.exposure.finding import Finding, command, guarded
from portward.exposure.headings import exposure_page
from portward.exposure.passage import Answer
from portward.exposure.reach import Shown
from portward.policy.policy import Service


ONE_FAMILY = exposure_page(
    "PX207",
    Severity.ERROR,
    "closed for one IP version, open for the other",
    what="The firewall closes a port to strangers over IPv4 but not over IPv6, or the other way round.",
    why="""A rule was written for one of the two: a table of family `ip` does not see IPv6, nor does `iptables` without
    `ip6tables`. Scanners of IPv6 know.""",
    example="tcp/8080 http is closed over IPv4, but open over IPv6",
    fix="write the rule into a table of family inet, or guard the port: portward closes both",
)
PAST_THE_RULES = exposure_page(
    "PX208",
    Severity.ERROR,
    "a container's port goes past the firewall",
    what="""The rules for this host would close a port, but address translation sends it to a container
    before they are met.""",
    why="""Published ports of containers are forwarded, not delivered: rules at `input`, such as ufw's, never see
    them.""",
    example="tcp/8080 http goes past the rules for this host to a container (docker-proxy)",
    fix="publish it for this host only (-p 127.0.0.1:8080:80), or guard it: portward judges before translation",
)
NOT_GUARDED = exposure_page(
    "PX401",
    Severity.ERROR,
    "the policy guards it, the firewall does not",
    what="A service of the policy is open to strangers: the policy is not applied, or something let its rules go.",
    why="Everybody believes that the door is shut.",
    example="tcp/22 of the service ssh is open although the policy guards it",
    fix="portward apply /etc/portward/policy.toml --trial 120s",
)
NOT_UNDERSTOOD = exposure_page(
    "PX402",
    Severity.NOTE,
    "the firewall was not understood in full",
    what="Whether a port is open depends on something in the rules that portward cannot judge.",
    why="It may be open or closed; the audit says so instead of guessing.",
    example="whether tcp/9999 is open depends on: iptables' set",
    fix="portward probe HOST --against audit.json  from outside tells for sure",
)

PAGES = (ONE_FAMILY, PAST_THE_RULES, NOT_GUARDED, NOT_UNDERSTOOD)


def closed_for_both(facts: Facts, shown: tuple[Shown, ...]) -> Iterable[Finding]:
    """What is closed over one IP version is closed over the other."""
    has = {
        version: any(
            address.version == version and not address.is_link_local
            for each in facts.interfaces
            if each.outside
            for address, _ in each.addresses
        )
        for version in (4, 6)
    }
    if not all(has.values()):
        return
    for group in _by_port(shown):
        answers = {version: answer for each in group for version, answer in each.reach.strangers.items()}
        if set(answers.values()) != {Answer.OPEN, Answer.CLOSED}:
            continue
        closed, opened = (
            next(v for v, a in answers.items() if a is wanted) for wanted in (Answer.CLOSED, Answer.OPEN)
        )
        sentence = (
            f"{label(group[0])} is closed over IPv{closed}, but open over IPv{opened}{held_by(group[0])}"
        )
        remedy = guarded(group[0].name, group[0].listener.spelled)
        yield Finding(
            ONE_FAMILY, ONE_FAMILY.severity, label(group[0]), sentence, (remedy,), group[0].listener
        )


def _by_port(shown: tuple[Shown, ...]) -> Iterator[list[Shown]]:
    """Listeners on every address, those on one port together."""
    groups: dict[str, list[Shown]] = {}
    for each in shown:
        if each.listener.address.is_unspecified:
            groups.setdefault(each.listener.spelled, []).append(each)
    yield from groups.values()


def past_the_rules(facts: Facts, shown: tuple[Shown, ...]) -> Iterable[Finding]:
    """No container's port is open that the rules for this host close."""
    del facts
    for each in shown:
        if each.bypass and each.open:
            sentence = f"{label(each)} goes past the rules for this host to a container{held_by(each)}"
            remedy = guarded(each.name, each.listener.spelled)
            yield Finding(
                PAST_THE_RULES, PAST_THE_RULES.severity, label(each), sentence, (remedy,), each.listener
            )


def really_guarded(facts: Facts, shown: tuple[Shown, ...]) -> Iterable[Finding]:
    """What the policy guards is closed to strangers."""
    for service in facts.policy.services if facts.policy else ():
        for each in shown:
            if not service.hosts and _is_of(service, each) and each.open:
                port = each.listener.spelled
                sentence = f"{port} of the service {service.name} is open although the policy guards it"
                remedy = command("portward apply --trial 120s")
                yield Finding(
                    NOT_GUARDED, NOT_GUARDED.severity, label(each), sentence, (remedy,), each.listener
                )


def _is_of(service: Service, shown: Shown) -> bool:
    return any(
        each.protocol is shown.listener.protocol and shown.listener.port in each
        for each in (*service.ports, *service.published)
    )


def understood(facts: Facts, shown: tuple[Shown, ...]) -> Iterable[Finding]:
    """Where the firewall's answer is not sure, that is said."""
    del facts
    for each in shown:
        if each.reach.any is Answer.UNSURE:
            sentence = f"whether {label(each)} is open depends on: {', '.join(each.reach.reasons[:3])}"
            remedy = command(
                "portward audit --json > audit.json; then, from outside: portward probe HOST --against audit.json"
            )
            yield Finding(
                NOT_UNDERSTOOD, NOT_UNDERSTOOD.severity, label(each), sentence, (remedy,), each.listener
            )


RULES = (closed_for_both, past_the_rules, really_guarded, understood)
