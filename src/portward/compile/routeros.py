"""Policy → the script that makes a router keep it, and the one that takes it back.

The order of the script is its safety: new rules are whole before packets come to them, they come into force above all
others, and only then the earlier ones go; a script that stops in the middle leaves the old gate standing. Lists of
grants are never touched. Pure text; knows no files.
"""

from collections.abc import Iterator

import attrs

from portward.compile import routeros_chains as chains
from portward.compile import routeros_doors as doors
from portward.compile import routeros_names as names
from portward.compile import routeros_words as words
from portward.compile.names import IpFamily
from portward.compile.routeros_limits import Difference, Kind, differences
from portward.policy.policy import Policy
from portward.sources.policy_text import write_policy


FORM = 1
"""The version of the form of our exports."""

HEAD = f"# portward export {FORM}, RouterOS "
CARRIED = "#| "
"""What a line of the policy itself begins with."""


@attrs.frozen
class Target:
    """For what router a script is.

    Attributes:
        version: 6 or 7.
        off: services of the router's own to switch off, by the names of `/ip service`.
    """

    version: int = 7
    off: tuple[str, ...] = ()


@attrs.frozen
class Export:
    """A script.

    Attributes:
        text: ASCII, lines end with LF.
        differences: what it does not do as the policy says; with one that is impossible the text is worth nothing.
    """

    text: str
    differences: tuple[Difference, ...]


def export(policy: Policy, target: Target) -> Export:
    """Make the script that puts a policy without mistakes into a router."""
    found = differences(policy, target.version)
    lines = [*head(target), *told(found), ""]
    lines += preflight(policy)
    for family in IpFamily:
        lines += [
            "",
            f"# {'IPv4' if family is IpFamily.V4 else 'IPv6'}",
            *family_lines(policy, family, target),
        ]
    lines += ["", *own_services(policy, target), *carried(policy)]
    return Export("\n".join(lines) + "\n", found)


def head(target: Target) -> Iterator[str]:
    """Say what the file is and for which router."""
    off = "".join(f" -{name}" for name in target.off)
    yield f"{HEAD}{target.version}{off}"
    yield "# Upload it, then: /import file-name=FILE; once more whenever the policy changes. Open doors stay open."
    yield "# The rules are named portward: in their comments, lists and chains portward-; all else is left alone."


def told(found: tuple[Difference, ...]) -> Iterator[str]:
    """Name the differences in the script itself."""
    for each in found:
        if each.kind is not Kind.IMPOSSIBLE:
            yield f"# {each.kind.value}: {ascii_only(each.message)}"


def ascii_only(text: str) -> str:
    """Leave out what an old router would show as rubbish."""
    return text.encode("ascii", "replace").decode()


def preflight(policy: Policy) -> Iterator[str]:
    """Stop before anything is changed where the router is not the one that is meant."""
    for name in policy.interfaces:
        message = f"portward: this router has no interface {name}; nothing was changed"
        yield (
            f":if ([:len [/interface find where name={words.quote(name)}]] = 0)"
            f" do={{:error {words.quote(message)}}}"
        )


def family_lines(policy: Policy, family: IpFamily, target: Target) -> Iterator[str]:
    """Make the filter of a family, then its translations: nothing is led to a service that is not guarded yet."""
    menu = f"{names.menu(family)} filter"
    entrances = chains.ways_in(policy, family)
    yield words.retire(menu)
    yield from (words.add(menu, row) for row in chains.own_chains(policy, family))
    yield from come_first(menu, entrances)
    yield words.remove_old(menu)
    for prefix in (names.STAGES, names.MIDWAY):
        yield words.forget(f"{names.menu(family)} address-list", prefix)
    if family is IpFamily.V4 or target.version >= 7:
        nat = f"{names.menu(family)} nat"
        yield words.retire(nat)
        yield from come_first(nat, tuple(doors.translations(policy, family)))
        yield words.remove_old(nat)


def come_first(menu: str, rows: tuple[words.Row, ...]) -> Iterator[str]:
    """Add rules above all others of their built-in chains."""
    if not rows:
        return
    for chain in dict.fromkeys(row.chain for row in rows):
        yield words.anchor(menu, chain)
    yield from (words.add(menu, row, first=True) for row in rows)
    yield words.weigh_anchor(menu)


def own_services(policy: Policy, target: Target) -> Iterator[str]:
    """Move the router's own services to their published ports, and switch off those that are not wanted."""
    found = [f"/ip service set {name} port={port}" for name, _, port in doors.moves(policy)]
    found += [f"/ip service set {name} disabled=yes" for name in target.off]
    if found:
        yield from ("# The router's own services", *found, "")


def carried(policy: Policy) -> Iterator[str]:
    """Write the policy itself, as comments: `import routeros` takes it from there if the rules are still its own."""
    yield "# The policy that these rules keep"
    for line in write_policy(policy).rstrip("\n").split("\n"):
        yield (CARRIED + toml_ascii(line)).rstrip()


def toml_ascii(line: str) -> str:
    r"""Spell what is not ASCII as TOML's \u; outside of strings there is none."""
    return "".join(
        each if each.isascii() else f"\\u{ord(each):04X}" if ord(each) < 0x10000 else f"\\U{ord(each):08X}"
        for each in line
    )


def removal(policy: Policy, target: Target) -> str:
    """Make the script that takes away everything of ours, open doors included; what is not ours stays."""
    lines = [
        f"# portward removal {FORM}, RouterOS {target.version}",
        "# Takes away every rule and list that portward made: what they guarded is as open as without them.",
    ]
    for family in IpFamily:
        menu = names.menu(family)
        tables = ("nat", "filter") if family is IpFamily.V4 or target.version >= 7 else ("filter",)
        lines += ["", f"# {'IPv4' if family is IpFamily.V4 else 'IPv6'}"]
        for table in tables:
            lines += [words.remove_own(f"{menu} {table}"), words.remove_old(f"{menu} {table}")]
        lines.append(words.forget(f"{menu} address-list", names.LISTS))
    back = [
        f"/ip service set [find where name={name} and port={port}] port={usual}"
        for name, usual, port in doors.moves(policy)
    ]
    if back:
        lines += ["", "# Back to the usual ports, where they are still ours", *back]
    return "\n".join(lines) + "\n"
