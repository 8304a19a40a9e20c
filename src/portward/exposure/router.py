"""Audits a RouterOS script: reads it, and runs all rules about routers. Pure: bytes in, findings out."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from portward.exposure import router_open, router_settings
from portward.exposure.finding import Finding
from portward.exposure.judge import in_order
from portward.exposure.router_facts import Router, Setting, User
from portward.exposure.router_filter import as_ruleset
from portward.sources import rsc_reader, rsc_text
from portward.sources.routeros_rules import Fate
from portward.sources.routeros_script import make_script
from portward.sources.rsc_menu import Menu
from portward.sources.rsc_walk import Command


class Rule(Protocol):
    """What a rule is: it looks at a router, and tells what is wrong. It does not raise."""

    def __call__(self, router: Router, /) -> Iterable[Finding]:
        """Judge a router."""


RULES: tuple[Rule, ...] = (*router_settings.RULES, *router_open.RULES)


_EVERYWHERE = (("interface",), ("system",))
"""Menus that no whole export lacks; an export of one menu has the same first line."""


def audit_script(data: bytes, file: str) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """Audit the bytes of a script or export: findings, the worst first, and what could not be looked at."""
    router = read_router(data, file)
    return judge(router), tuple(_unseen(router))


def judge(router: Router) -> tuple[Finding, ...]:
    """Run all rules: findings, the worst first."""
    found = {(each.code, each.subject): each for rule in RULES for each in rule(router)}
    return in_order(found.values())


def read_router(data: bytes, file: str) -> Router:
    """Read the bytes of a script; nothing is raised, whatever they are."""
    text, mends = rsc_text.decode(data, file)
    reading = rsc_reader.read(text, file, mends)
    script = make_script(reading, file)
    return Router(
        file=file,
        whole=bool(reading.version) and any(each.menu[:1] in _EVERYWHERE for each in reading.commands),
        script=script,
        services={each.name: each for each in script.services},
        settings=_settings(reading.commands),
        users=tuple(_users(reading.commands)),
        communities=_communities(reading.commands),
        rules=as_ruleset(script),
    )


def _settings(commands: Iterable[Command]) -> Mapping[Menu, Mapping[str, Setting]]:
    """What `set` sets in menus without items; the last one counts."""
    found: dict[Menu, dict[str, Setting]] = {}
    for command in commands:
        if command.verb != "set":
            continue
        for word in command.words:
            if word.name and word.literal:
                found.setdefault(command.menu, {})[word.name] = Setting(word.value, command.span)
    return found


def _communities(commands: Iterable[Command]) -> tuple[str, ...]:
    """The communities of SNMP: the one that is there from the start, which `set` may rename, and those added."""
    first, more = "public", list[str]()
    for command in commands:
        if command.menu != ("snmp", "community"):
            continue
        name = next((word.value for word in command.words if word.name == "name" and word.literal), "")
        if command.verb == "add" and name:
            more.append(name)
        elif command.verb == "set" and name:
            first = name
    return (first, *more)


def _users(commands: Iterable[Command]) -> Iterator[User]:
    """The users that a script adds, changes or removes."""
    for command in commands:
        if command.menu != ("user",) or command.verb not in {"add", "set", "disable", "remove"}:
            continue
        named = {word.name: word.value for word in command.words if word.name}
        bare = next((word.value for word in command.words if not word.name), "")
        name = named.get("name") or bare
        gone = command.verb in {"disable", "remove"} or named.get("disabled") == "yes"
        if "admin" in (name, bare) or "admin" in bare:
            renamed = command.verb == "set" and named.get("name", "admin") != "admin"
            yield User("admin", gone or renamed, command.span)
        elif name:
            yield User(name, gone, command.span)


def _unseen(router: Router) -> Iterator[str]:
    if not router.whole:
        yield "this is no whole export (its first line does not say so), so what it does not mention was not judged"
    elif not router.users:
        yield "an export holds no users: look for `admin` with  /user print"
    refused = [each for each in router.script.told if each.fate is Fate.REFUSED and each.decides]
    if refused:
        lines = ", ".join(str(each.span.line) for each in refused[:5])
        yield f"{len(refused)} lines that decide about packets cannot be read (line {lines})"
