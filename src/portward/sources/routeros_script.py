"""From a file to its `Script`: read, resolved, typed, with the fate of every statement.

The one way in for all who want to know what a RouterOS text says about packets. Nothing is dropped: what is not
typed is told, with the reason and whether packets depend on it.
"""

from collections.abc import Mapping

import attrs

from portward.errors import Diagnostic, PolicyError, Severity, Span
from portward.sources import (
    routeros_items,
    routeros_read_action,
    routeros_read_matchers,
    rsc_menu,
    rsc_reader,
    rsc_text,
)
from portward.sources import routeros_values as values
from portward.sources.routeros_items import Item, Menus
from portward.sources.routeros_matchers import Matcher, OtherMatcher
from portward.sources.routeros_rules import (
    Family,
    Fate,
    InterfaceList,
    Layer7Pattern,
    ListEntry,
    OtherAction,
    Rule,
    Script,
    ServiceSetting,
    Table,
    Told,
)
from portward.sources.rsc_menu import Menu
from portward.sources.rsc_text import Mend
from portward.sources.rsc_walk import Command, Left, Reading
from portward.sources.rsc_words import readable


@attrs.frozen
class Source:
    """A file of RouterOS text, read.

    Attributes:
        file: its name.
        text: decoded, not mended.
        script: what it says.
        mends: what was repaired, by place.
        prose: first and last lines of what is no script.
        comments: how many comments there are.
        quiet: how many statements say nothing about the configuration.
    """

    file: str
    text: str
    script: Script
    mends: tuple[Mend, ...]
    prose: tuple[tuple[int, int], ...]
    comments: int
    quiet: int


def read_source(data: bytes, file: str) -> Source:
    """Read the bytes of a file, whatever they are.

    Raises:
        PolicyError: they are no text at all.
    """
    if not rsc_text.is_text(data):
        message = "this is no text: a backup or another binary file? Give what /export prints"
        raise PolicyError((Diagnostic("PW500", Severity.ERROR, message, Span(file, 1, 1)),))
    text, mends = rsc_text.decode(data, file)
    reading = rsc_reader.read(text, file, mends)
    script = make_script(reading, file)
    return Source(file, text, script, reading.mends, reading.prose, reading.comments, reading.quiet)


def make_script(reading: Reading, file: str) -> Script:
    """Give the commands of a file their meaning."""
    menus = Menus()
    for command in reading.commands:
        if command.menu in rsc_menu.PROPERTIES:
            routeros_items.run(menus, command, file)
        else:
            _other_menu(menus, command)
    rules = tuple(
        rule
        for family, table, menu in _RULE_MENUS
        for item in menus.items.get(menu, ())
        if (rule := _rule(menus, item, family, table, file)) is not None
    )
    entries, services = _entries(menus, file), _services(menus, file)
    told = sorted(
        [*menus.told, *(_told(each) for each in reading.left)],
        key=lambda each: (each.span.line, each.span.column),
    )
    return Script(
        rules,
        entries,
        _interface_lists(menus),
        _patterns(menus, file),
        services,
        tuple(told),
        reading.version,
    )


_RULE_MENUS: tuple[tuple[Family, Table, Menu], ...] = tuple(
    (family, table, (str(family), "firewall", str(table))) for family in Family for table in Table
)


def _told(left: Left) -> Told:
    fate = Fate.REFUSED if left.refused else Fate.LISTED
    return Told(left.span, left.last, "", fate, left.reason, left.decides, left.hint)


def _other_menu(menus: Menus, command: Command) -> None:
    decides = rsc_menu.decides_packets(command.menu)
    menu = rsc_menu.spell(command.menu)
    reason = f"{menu} is not read" if decides else f"{menu} does not decide which packets get through"
    if command.menu in _SCRIPTS and "firewall" in command.statement.text:
        reason, decides = (
            "a script changes the firewall while the router runs",
            command.verb in {"add", "set"},
        )
    menus.tell(command, Fate.LISTED, reason, decides=decides)


_SCRIPTS = {("system", "script"), ("system", "scheduler"), ("tool", "netwatch")}


def _problem(  # noqa: PLR0913 - what a refusal says
    menus: Menus, item: Item, name: str, message: str, file: str, *, hint: str = ""
) -> None:
    """A router refuses the item for this property."""
    old = menus.told[item.told]
    span = routeros_items.where(item, name, file)
    menus.told[item.told] = attrs.evolve(
        old,
        span=span,
        last=max(old.last, span.line),
        fate=Fate.REFUSED,
        reason=message,
        decides=True,
        hint=hint,
    )


def _rule(menus: Menus, item: Item, family: Family, table: Table, file: str) -> Rule | None:
    properties = item.properties
    if not properties.get("chain"):
        _problem(menus, item, "", "missing value of argument chain", file)
        return None
    found: list[Matcher] = []
    name = ""
    try:
        for name, text in properties.items():
            if name in rsc_menu.MATCHERS:
                matcher = routeros_read_matchers.read_matcher(name, text, family)
                if matcher is not None:
                    found.append(matcher)
        name = "disabled"
        disabled = values.read_yes(properties.get("disabled") or "no")
        name = "log"
        log = values.read_yes(properties.get("log") or "no")
        name = _action_property(properties)
        action = routeros_read_action.read_action(
            properties.get("action") or "accept", properties, family, table
        )
    except ValueError as error:
        _problem(menus, item, name, str(error), file, hint=_hint(name, properties))
        return None
    matchers = routeros_read_matchers.in_test_order(found)
    wrong = routeros_read_matchers.contradiction(matchers, family, table)
    if wrong is not None:
        _problem(menus, item, *wrong, file)
        return None
    rule = Rule(
        family,
        table,
        properties["chain"],
        action,
        matchers,
        disabled,
        log,
        readable(properties.get("log-prefix", "")),
        readable(properties.get("comment", "")),
        item.command.span,
        item.command.last,
    )
    if not rule.understood:
        _tell_other(menus, item, rule)
    return rule


def _action_property(properties: Mapping[str, str]) -> str:
    """Where to point when an action cannot be read."""
    action = properties.get("action", "")
    if action.startswith("add-") and "address-list-timeout" in properties:
        return "address-list-timeout"
    if action in {"dst-nat", "netmap", "redirect", "src-nat"}:
        return "to-addresses" if "to-addresses" in properties else "to-ports"
    return "action"


def _hint(name: str, properties: Mapping[str, str]) -> str:
    if name.endswith("-port") and not properties.get(name):
        return "a number was lost here, perhaps taken out before publishing"
    return ""


def _tell_other(menus: Menus, item: Item, rule: Rule) -> None:
    """Say what in a rule nobody here interprets."""
    if isinstance(rule.action, OtherAction):
        reason, decides = f"{rule.action.name} does not decide which packets get through", False
    else:
        others = ", ".join(each.property for each in rule.matchers if isinstance(each, OtherMatcher))
        reason, decides = f"portward does not know what {others} means for a packet", not rule.disabled
    old = menus.told[item.told]
    menus.told[item.told] = attrs.evolve(old, fate=Fate.LISTED, reason=reason, decides=decides)


def _entries(menus: Menus, file: str) -> tuple[ListEntry, ...]:
    found = []
    for family in Family:
        seen: set[tuple[str, object]] = set()
        for item in menus.items.get((str(family), "firewall", "address-list"), ()):
            entry = _entry(menus, item, family, file)
            if entry is None:
                continue
            key = (entry.list, entry.addresses or entry.name)
            if key in seen:
                _problem(menus, item, "address", "already have such entry: an /import stops here", file)
                continue
            seen.add(key)
            found.append(entry)
    return tuple(found)


def _entry(menus: Menus, item: Item, family: Family, file: str) -> ListEntry | None:
    properties = item.properties
    missing = [each for each in ("list", "address") if not properties.get(each)]
    if missing:
        _problem(menus, item, "", f"missing value of argument {missing[0]}", file)
        return None
    name, address = "timeout", properties["address"]
    try:
        text = properties.get("timeout", "")
        timeout = values.read_timeout(text) if text else None
        name = "disabled"
        disabled = values.read_yes(properties.get("disabled") or "no")
        name = "address"
        values.refuse_placeholder(address)
        addresses = None if _is_name(address) else values.read_addresses(address, family)
    except ValueError as error:
        _problem(menus, item, name, str(error), file)
        return None
    if addresses is None:
        old = menus.told[item.told]
        reason = f"{address} is a name, which only the router resolves"
        menus.told[item.told] = attrs.evolve(old, fate=Fate.LISTED, reason=reason, decides=True)
    return ListEntry(
        family,
        properties["list"],
        addresses,
        address if addresses is None else "",
        timeout,
        disabled,
        readable(properties.get("comment", "")),
        item.command.span,
    )


def _is_name(address: str) -> bool:
    """Whether it is a DNS name: it has a letter that no address has, and no colon."""
    return ":" not in address and any(each.isalpha() for each in address) and "/" not in address


def _interface_lists(menus: Menus) -> tuple[InterfaceList, ...]:
    members: dict[str, list[str]] = {}
    for item in menus.items.get(("interface", "list", "member"), ()):
        if item.properties.get("disabled") in {"yes", "true"}:
            continue
        members.setdefault(item.properties.get("list", ""), []).append(item.properties.get("interface", ""))
    found = {name: InterfaceList(name, tuple(each)) for name, each in members.items() if name}
    for item in menus.items.get(("interface", "list"), ()):
        name = item.properties.get("name", "")
        include, exclude = (_split(item.properties.get(each, "")) for each in ("include", "exclude"))
        found[name] = InterfaceList(name, found[name].members if name in found else (), include, exclude)
    return tuple(found.values())


def _split(text: str) -> tuple[str, ...]:
    return tuple(each for each in text.split(",") if each)


def _patterns(menus: Menus, file: str) -> tuple[Layer7Pattern, ...]:
    items = menus.items.get(("ip", "firewall", "layer7-protocol"), ())
    return tuple(
        Layer7Pattern(
            each.properties.get("name", ""),
            each.properties.get("regexp", ""),
            routeros_items.where(each, "regexp", file),
        )
        for each in items
    )


def _services(menus: Menus, file: str) -> tuple[ServiceSetting, ...]:
    found = []
    for item in menus.items.get(("ip", "service"), ()):
        properties = item.properties
        if len(properties) == 1:
            continue
        if properties["name"] not in rsc_menu.SERVICES and properties["name"] != "reverse-proxy":
            _problem(menus, item, "", f"there is no service {properties['name']!r}", file)
            continue
        setting = _service(menus, item, file)
        if setting is not None:
            found.append(setting)
    return tuple(found)


def _service(menus: Menus, item: Item, file: str) -> ServiceSetting | None:
    properties, name = item.properties, "disabled"
    try:
        disabled = values.read_yes(properties[name]) if name in properties else None
        name = "port"
        port = values.read_number(properties[name], 1, 65535, "port") if name in properties else None
    except ValueError as error:
        _problem(menus, item, name, str(error), file)
        return None
    addresses = _split(properties.get("address") or properties.get("available-from") or "")
    return ServiceSetting(properties["name"], disabled, port, addresses, item.command.span)
