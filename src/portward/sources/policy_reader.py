"""Text to policy, purely: the main file and its parts are read, added up, and built into a `Policy`.

What cannot be read is reported and left out, so that one run tells every mistake. Here ends what needs the text; what
fits together in a policy that is whole is judged by `check`.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Sequence as Several
from datetime import timedelta
from typing import Any

import attrs

from portward.errors import Diagnostic, Severity, Span
from portward.policy.notation import read_duration
from portward.policy.people import AddressRule, Fwknop, Passes, Person, Rolling, Sealed, Ways, Windows
from portward.policy.policy import (
    EVERYTHING,
    Expiry,
    Mode,
    PlacePath,
    Places,
    Policy,
    Sequence,
    Service,
    Sizes,
)
from portward.sources.did_you_mean import nearest
from portward.sources.policy_keys import (
    DEFAULTS,
    FWKNOP,
    NAME,
    PASSES,
    PEOPLE,
    ROLLING,
    SCHEMA,
    SEALED,
    SECTIONS,
    SEQUENCES,
    SERVICES,
    SIZES,
    TOP,
    Section,
)
from portward.sources.policy_values import Table, lacks, missing_keys, mistake, read_name, read_table
from portward.sources.toml_text import TomlText, read_toml


ADDED_UP = ("public", "always", "interfaces")
"""The lists that all files give together."""


@attrs.frozen
class Reading:
    """What became of a text.

    Attributes:
        policy: what could be read; the whole of what is meant only if there is no mistake.
        diagnostics: mistakes, in the order of the text.
    """

    policy: Policy
    diagnostics: tuple[Diagnostic, ...]

    @property
    def whole(self) -> bool:
        """Whether nothing had to be left out."""
        return not any(each.severity is Severity.ERROR for each in self.diagnostics)


@attrs.define
class _Draft:
    """The tables of all files, as they come in."""

    settings: dict[str, Table] = attrs.field(factory=dict)
    added_up: dict[str, list[Any]] = attrs.field(factory=lambda: {name: [] for name in ADDED_UP})
    named: dict[str, dict[str, Table]] = attrs.field(
        factory=lambda: {"services": {}, "sequences": {}, "people": {}}
    )
    places: dict[PlacePath, Span] = attrs.field(factory=dict)
    found: list[Diagnostic] = attrs.field(factory=list)
    unread: bool = False
    """Whether a whole file could not be read, so that what seems to be missing may be there."""


def read_policy(
    text: str, file: str, parts: Iterable[tuple[str, str]] = ()
) -> tuple[Policy | None, tuple[Diagnostic, ...]]:
    """Read a policy from its text.

    Args:
        text: the main file's.
        file: its name, for the diagnostics.
        parts: name and text of each file of the directory of parts, in order.

    Returns:
        The policy, or None if there is a mistake; and all mistakes, in the order of the text.
    """
    reading = read_what_can_be_read(text, file, parts)
    return (reading.policy if reading.whole else None), reading.diagnostics


def read_what_can_be_read(text: str, file: str, parts: Iterable[tuple[str, str]] = ()) -> Reading:
    """Read a policy as `read_policy` does, but keep what is whole of a text with mistakes."""
    draft = _Draft()
    draft.places[()] = Span(file, 1, 1)
    files = [file]
    _add_file(draft, text, file, main=True)
    for name, content in parts:
        files.append(name)
        _add_file(draft, content, name, main=False)
    policy = _build(draft)
    rank = {name: place for place, name in enumerate(files)}
    order = sorted(draft.found, key=lambda each: _order(each, rank))
    return Reading(policy, tuple(order))


def _order(diagnostic: Diagnostic, rank: Mapping[str, int]) -> tuple[int, int, int, str]:
    span = diagnostic.span
    return (rank.get(span.file, 0), span.line, span.column, diagnostic.code) if span else (0, 0, 0, "")


def _add_file(draft: _Draft, text: str, file: str, *, main: bool) -> None:
    """Read one file and add what is in it to the draft."""
    toml = read_toml(text, file)
    if isinstance(toml, Diagnostic):
        draft.found.append(toml)
        draft.unread = True
        return
    if not _schema_fits(draft, toml, file, main=main):
        return
    _place(draft, toml)
    sections = {each.name: each for each in SECTIONS if each.name}
    loose = {name: value for name, value in toml.data.items() if name not in sections}
    top = read_table(TOP, loose, (), toml, draft.found)
    for name in ADDED_UP:
        draft.added_up[name] += top.values.get(name, ())
    for name, raw in toml.data.items():
        if section := sections.get(name):
            _add_section(draft, section, raw, toml, main=main)


def _schema_fits(draft: _Draft, toml: TomlText, file: str, *, main: bool) -> bool:
    """Judge the version of a file's form; nothing else is said about a file of a version that we do not know."""
    if "schema" not in toml.data:
        if main:
            hint = f"add schema = {SCHEMA} before the first [table]"
            draft.found.append(mistake("PW105", "the file lacks schema", Span(file, 1, 1), hint))
        return True
    version = toml.data["schema"]
    if type(version) is int and version != SCHEMA:
        sentence = f"schema {version} is unknown; this portward reads schema {SCHEMA}"
        draft.found.append(mistake("PW108", sentence, toml.value(("schema",))))
        draft.unread = True
        return False
    return True


def _place(draft: _Draft, toml: TomlText) -> None:
    """Keep the places of a file; those of the lists that add up move behind the elements that are there."""
    moved = {name: len(draft.added_up[name]) for name in ADDED_UP}
    for path in (*toml.keys, *toml.values):
        place = path
        if len(path) == 2 and path[0] in moved and isinstance(path[1], int):
            place = (path[0], path[1] + moved[path[0]])
        draft.places.setdefault(
            place, toml.value(path) if not isinstance(_at(toml, path), dict) else toml.key(path)
        )


def _at(toml: TomlText, path: PlacePath) -> Any:
    value: Any = toml.data
    for step in path:
        value = value[step]
    return value


def _add_section(draft: _Draft, section: Section, raw: Any, toml: TomlText, *, main: bool) -> None:
    """Add what stands in one section of one file."""
    span = toml.key((section.name,))
    if not isinstance(raw, dict):
        sentence = f"{section.name} is a table, written {section.header}"
        draft.found.append(mistake("PW103", sentence, span))
    elif not main and not section.in_parts:
        sentence = f"[{section.name}] stands only in the main file"
        draft.found.append(mistake("PW109", sentence, span, "move it there"))
    elif not section.named:
        table = read_table(section, raw, (section.name,), toml, draft.found)
        draft.found += missing_keys(section, table, span)
        draft.settings[section.name] = table
    else:
        for name, inner in raw.items():
            _add_named(draft, section, name, inner, toml)


def _add_named(draft: _Draft, section: Section, name: str, raw: Any, toml: TomlText) -> None:
    """Add one service or sequence."""
    path = (section.name, name)
    span = toml.key(path)
    if not isinstance(raw, dict):
        hint = f"name it: [{section.name}.some-name]" if section.key(name) else ""
        draft.found.append(
            mistake("PW103", f"{section.name}.{name} is a table, written {section.header}", span, hint)
        )
        return
    read_name(name, section, span, draft.found)
    table = read_table(section, raw, path, toml, draft.found)
    draft.found += missing_keys(section, table, span)
    earlier = draft.named[section.name].get(name)
    if earlier:
        sentence = f"{section.name}.{name} is defined twice"
        draft.found.append(mistake("PW110", sentence, span, f"it is also at {earlier.span()}"))
    else:
        draft.named[section.name][name] = table


def _build(draft: _Draft) -> Policy:
    """Make the policy of all tables; a service or sequence that lacks something is left out."""
    nothing: Mapping[str, Any] = {}
    defaults = draft.settings["defaults"].values if "defaults" in draft.settings else nothing
    sizes = draft.settings["sizes"].values if "sizes" in draft.settings else nothing
    services = draft.named["services"].items()
    sequences = [_sequence(name, table, defaults, draft) for name, table in draft.named["sequences"].items()]
    people = [_person(name, table, defaults, draft) for name, table in draft.named["people"].items()]
    return Policy(
        services=tuple(_service(name, table) for name, table in services if _complete(SERVICES, name, table)),
        sequences=tuple(each for each in sequences if each),
        mode=defaults.get("mode", Mode.GUARD),
        strict=defaults.get("strict", True),
        penalty=defaults.get("penalty", _default("penalty")),
        public=tuple(draft.added_up["public"]),
        always=tuple(draft.added_up["always"]),
        interfaces=tuple(draft.added_up["interfaces"]),
        grant_prefix_v4=defaults.get("grant_prefix_v4", 32),
        grant_prefix_v6=defaults.get("grant_prefix_v6", 128),
        sizes=Sizes(**{key.name: sizes.get(key.name, int(key.default)) for key in SIZES.keys}),
        people=tuple(each for each in people if each),
        ways=_ways(draft),
        places=Places(draft.places),
    )


def _default(name: str) -> timedelta:
    """The default of a duration of `[defaults]`, as the description of the keys has it."""
    key = DEFAULTS.key(name)
    return read_duration(key.default.strip('"')) if key else timedelta()


def _complete(section: Section, name: str, table: Table) -> bool:
    """Whether the name is good, nothing that the table must have is missing, and nothing that it has is broken."""
    return (
        bool(NAME.fullmatch(name)) and not table.broken and not any(lacks(table, key) for key in section.keys)
    )


def _service(name: str, table: Table) -> Service:
    values = table.values
    return Service(
        name,
        values["ports"] if "ports" in values else values["kind"].usual_ports,
        values.get("published", ()),
        _several(values.get("host", ())),
        values.get("kind"),
        values.get("on_expiry", Expiry.KEEP),
    )


def _sequence(name: str, table: Table, defaults: Mapping[str, Any], draft: _Draft) -> Sequence | None:
    """Build a sequence and judge what hangs together in it; None if it lacks something."""
    opens = _several(table.values.get("opens", ()))
    if not draft.unread:
        draft.found += _wrong_services(table, opens, draft.named["services"])
    steps = table.values.get("step_timeout", defaults.get("step_timeout", _default("step_timeout")))
    between = max(0, _knocks_written(table) - 1)
    if not isinstance(steps, tuple):
        steps = (steps,) * between
    elif len(steps) != between and "knocks" in table.values.keys() | table.broken:
        draft.found.append(_wrong_steps(table, between, len(steps)))
        return None
    if not _complete(SEQUENCES, name, table):
        return None
    return Sequence(
        name,
        table.values["knocks"],
        steps,
        tuple(each for each in opens if each == EVERYTHING or each in draft.named["services"]),
        table.values.get("open_for", defaults.get("open_for", _default("open_for"))),
        table.values.get("once", False),
    )


def _person(name: str, table: Table, defaults: Mapping[str, Any], draft: _Draft) -> Person | None:
    """Build a person and judge what they may open; None if something is lacking."""
    opens = _several(table.values.get("opens", ()))
    if not draft.unread:
        draft.found += _wrong_services(table, opens, draft.named["services"])
    if not _complete(PEOPLE, name, table):
        return None
    until = table.values.get("until")
    return Person(
        name,
        tuple(each for each in opens if each == EVERYTHING or each in draft.named["services"]),
        table.values.get("open_for", defaults.get("open_for", _default("open_for"))),
        _several(table.values.get("from", ())),
        until,
        table.values.get("revoked", False),
        table.values.get("address", AddressRule.AS_SEEN),
    )


def _ways(draft: _Draft) -> Ways:
    """Build what is said of the stronger knocks; a section that lacks something is left out."""
    windows = draft.settings.get("windows")
    rolling = _settings(draft, ROLLING)
    if rolling is not None:
        rolling["first"], rolling["last"] = rolling.pop("ports")
    ways = {
        "passes": (Passes, _settings(draft, PASSES)),
        "rolling": (Rolling, rolling),
        "sealed": (Sealed, _settings(draft, SEALED)),
        "fwknop": (Fwknop, _settings(draft, FWKNOP)),
    }
    return Ways(
        Windows(**windows.values) if windows else Windows(),
        **{name: make(**values) for name, (make, values) in ways.items() if values is not None},
    )


def _settings(draft: _Draft, section: Section) -> dict[str, Any] | None:
    """The values of a section that has no names and may be missing; None if it is, or is not whole."""
    table = draft.settings.get(section.name)
    if table is None:
        return None
    whole = not table.broken and not any(lacks(table, key) for key in section.keys)
    return dict(table.values) if whole else None


def _knocks_written(table: Table) -> int:
    """How many knocks a sequence has in the file, those that cannot be read included."""
    written = table.toml.data["sequences"][table.path[-1]].get("knocks")
    return len(written) if isinstance(written, list) else 0


def _wrong_services(table: Table, opens: Several[str], services: Mapping[str, Table]) -> Iterable[Diagnostic]:
    """Tell the services that a sequence opens but that do not exist, and a `*` beside others."""
    if EVERYTHING in opens and len(opens) > 1:
        place = table.span("opens", opens.index(EVERYTHING))
        yield mistake("PW302", '"*" opens everything and stands alone', place, 'write opens = "*"')
    bare = isinstance(table.values.get("opens"), str)
    for index, name in enumerate(opens):
        if name != EVERYTHING and name not in services:
            span = table.span("opens") if bare else table.span("opens", index)
            hint = nearest(name, services) or (
                f"there are {', '.join(services)}" if 0 < len(services) <= 10 else f"add [services.{name}]"
            )
            yield mistake("PW301", f"there is no service {name!r}", span, hint)


def _wrong_steps(table: Table, wanted: int, given: int) -> Diagnostic:
    sentence = (
        f"{wanted + 1} knock{'s have' if wanted else ' has'} {wanted} step{'' if wanted == 1 else 's'} between them, "
        f"but step_timeout lists {given}"
    )
    return mistake(
        "PW303", sentence, table.span("step_timeout"), "list one for each step, or give one for all"
    )


def _several(value: Any) -> tuple[Any, ...]:
    """A tuple of what stands alone, or the tuple itself."""
    return value if isinstance(value, tuple) else (value,)
