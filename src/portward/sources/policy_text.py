"""Policy to text: the TOML that `policy_reader` reads back to the same policy, for importers and people.

Pure; knows nothing of files. Everything is written out, defaults included, so that a reader need not know them.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

import attrs

from portward.policy.net import Knock
from portward.policy.notation import write_duration, write_knock, write_ports
from portward.policy.people import AddressRule, Person, Ways, Windows
from portward.policy.policy import EVERYTHING, Expiry, PlacePath, Policy, Sequence, Service, Sizes
from portward.sources.policy_keys import SCHEMA


Comments = Mapping[PlacePath, str]
"""What to say above the thing at a path; `()` is the head of the file. Several lines are several comments."""


def write_policy(policy: Policy, comments: Comments | None = None) -> str:
    """Write a policy file.

    Args:
        policy: what to write.
        comments: lines to print above the thing at a path: `()`, `("defaults",)`, `("services", "ssh")`,
            `("sequences", "admin", "knocks")`, `("sequences", "admin", "knocks", 2)`.

    Raises:
        ValueError: a knock's word is not UTF-8, which TOML cannot hold.
    """
    comments = comments or {}
    blocks = [list(_top(policy, comments)), list(_defaults(policy, comments))]
    if policy.sizes != Sizes():
        blocks.append(list(_sizes(policy.sizes, comments)))
    blocks += [list(_service(each, comments)) for each in policy.services]
    blocks += [list(_sequence(each, comments)) for each in policy.sequences]
    blocks += [list(_person(each, comments)) for each in policy.people]
    blocks += _ways(policy.ways, comments)
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def quote(text: str) -> str:
    """Write a TOML string: JSON's escapes are all TOML's too, but for DEL, which TOML wants escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _top(policy: Policy, comments: Comments) -> Iterator[str]:
    yield from _said(comments, ())
    yield from _pair(("schema",), str(SCHEMA), comments)
    if policy.public:
        yield from _list(("public",), map(write_ports, policy.public), comments)
    if policy.always:
        yield from _list(("always",), map(str, policy.always), comments)
    if policy.interfaces:
        yield from _list(("interfaces",), policy.interfaces, comments)


def _defaults(policy: Policy, comments: Comments) -> Iterator[str]:
    yield from _header(("defaults",), comments)
    yield from _pair(("defaults", "mode"), quote(policy.mode), comments)
    yield from _pair(("defaults", "strict"), "true" if policy.strict else "false", comments)
    yield from _pair(("defaults", "penalty"), quote(write_duration(policy.penalty)), comments)
    if policy.grant_prefix_v4 != Policy().grant_prefix_v4:
        yield from _pair(("defaults", "grant_prefix_v4"), str(policy.grant_prefix_v4), comments)
    if policy.grant_prefix_v6 != Policy().grant_prefix_v6:
        yield from _pair(("defaults", "grant_prefix_v6"), str(policy.grant_prefix_v6), comments)


def _sizes(sizes: Sizes, comments: Comments) -> Iterator[str]:
    yield from _header(("sizes",), comments)
    for name in ("stages", "penalties", "grants"):
        yield from _pair(("sizes", name), str(getattr(sizes, name)), comments)


def _service(service: Service, comments: Comments) -> Iterator[str]:
    path = ("services", service.name)
    yield from _header(path, comments)
    yield from _list((*path, "ports"), map(write_ports, service.ports), comments)
    if service.published:
        yield from _list((*path, "published"), map(write_ports, service.published), comments)
    if service.hosts:
        yield from _one_or_list((*path, "host"), [str(each) for each in service.hosts], comments)
    if service.kind:
        yield from _pair((*path, "kind"), quote(service.kind), comments)
    if service.on_expiry is not Expiry.KEEP:
        yield from _pair((*path, "on_expiry"), quote(service.on_expiry), comments)


def _sequence(sequence: Sequence, comments: Comments) -> Iterator[str]:
    path = ("sequences", sequence.name)
    yield from _header(path, comments)
    yield from _list((*path, "knocks"), map(_knock, sequence.knocks), comments)
    yield from _opens((*path, "opens"), sequence.opens, comments)
    yield from _pair((*path, "open_for"), quote(write_duration(sequence.open_for)), comments)
    if sequence.step_timeouts:
        steps = [write_duration(each) for each in sequence.step_timeouts]
        yield from _one_or_list(
            (*path, "step_timeout"), steps[:1] if len(set(steps)) == 1 else steps, comments
        )
    if sequence.once:
        yield from _pair((*path, "once"), "true", comments)


def _person(person: Person, comments: Comments) -> Iterator[str]:
    path = ("people", person.name)
    yield from _header(path, comments)
    yield from _opens((*path, "opens"), person.opens, comments)
    yield from _pair((*path, "open_for"), quote(write_duration(person.open_for)), comments)
    if person.networks:
        yield from _list((*path, "from"), map(str, person.networks), comments)
    if person.until:
        yield from _pair((*path, "until"), quote(write_moment(person.until)), comments)
    if person.revoked:
        yield from _pair((*path, "revoked"), "true", comments)
    if person.address is not AddressRule.AS_SEEN:
        yield from _pair((*path, "address"), quote(person.address), comments)


def write_moment(moment: datetime) -> str:
    """Write the end of a day as that day, any other moment to the minute."""
    if moment.hour or moment.minute:
        return moment.strftime("%Y-%m-%dT%H:%MZ")
    return (moment - timedelta(days=1)).strftime("%Y-%m-%d")


def _ways(ways: Ways, comments: Comments) -> Iterator[list[str]]:
    """Write a section for each of the stronger knocks that there is, and for windows that are not as usual."""
    settings: dict[str, dict[str, object]] = {}
    if ways.windows != Windows():
        settings["windows"] = attrs.asdict(ways.windows)
    if ways.passes:
        settings["passes"] = attrs.asdict(ways.passes)
    if ways.rolling:
        values = attrs.asdict(ways.rolling)
        settings["rolling"] = {"ports": f"{values.pop('first')}-{values.pop('last')}", **values}
    if ways.sealed:
        settings["sealed"] = attrs.asdict(ways.sealed)
    if ways.fwknop:
        settings["fwknop"] = attrs.asdict(ways.fwknop)
    for section, pairs in settings.items():
        lines = list(_header((section,), comments))
        for key, value in pairs.items():
            lines += _pair((section, key), _plain(value), comments)
        yield lines


def _plain(value: object) -> str:
    """Write a setting: a number, true or false, a duration, a text."""
    match value:
        case bool():
            return "true" if value else "false"
        case timedelta():
            return quote(write_duration(value))
        case int():
            return str(value)
        case _:
            return quote(str(value))


def _opens(path: PlacePath, opens: tuple[str, ...], comments: Comments) -> Iterator[str]:
    """Write what somebody or something opens: everything, or a list."""
    if opens == (EVERYTHING,):
        yield from _pair(path, quote(EVERYTHING), comments)
    else:
        yield from _list(path, opens, comments)


def _knock(knock: Knock) -> str:
    """Write a knock with its word.

    Raises:
        ValueError: the word is not UTF-8.
    """
    try:
        knock.word.decode()
    except UnicodeDecodeError:
        msg = f"the word of {write_knock(knock, secret=False)} is not UTF-8, which TOML cannot hold"
        raise ValueError(msg) from None
    return write_knock(knock)


def _said(comments: Comments, path: PlacePath, indent: str = "") -> list[str]:
    """The comment at a path, line by line, without the control characters that TOML forbids."""
    if path not in comments:
        return []
    printable = "".join(char if char in "\t\n" or char.isprintable() else " " for char in comments[path])
    return [f"{indent}# {line}".rstrip() for line in printable.split("\n")]


def _header(path: tuple[str, ...], comments: Comments) -> Iterator[str]:
    yield from _said(comments, path)
    yield f"[{'.'.join(path)}]"


def _pair(path: PlacePath, value: str, comments: Comments) -> Iterator[str]:
    yield from _said(comments, path)
    yield f"{path[-1]} = {value}"


def _one_or_list(path: PlacePath, texts: list[str], comments: Comments) -> Iterator[str]:
    if len(texts) == 1:
        yield from _pair(path, quote(texts[0]), comments)
    else:
        yield from _list(path, texts, comments)


def _list(path: PlacePath, texts: Iterable[str], comments: Comments) -> Iterator[str]:
    """Write a list on one line, or over several where an element has a comment."""
    elements = [quote(each) for each in texts]
    if not any((*path, place) in comments for place in range(len(elements))):
        yield from _pair(path, f"[{', '.join(elements)}]", comments)
        return
    yield from _said(comments, path)
    yield f"{path[-1]} = ["
    for place, element in enumerate(elements):
        yield from _said(comments, (*path, place), "    ")
        yield f"    {element},"
    yield "]"
