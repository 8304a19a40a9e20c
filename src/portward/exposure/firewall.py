"""Reads the live firewall by the programs that know it: nft, and iptables-save where iptables wrote rules.

Changes nothing. A set that packets fill is not listed at all, since a set of a million elements takes 44 s.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import attrs

from portward.errors import HostError
from portward.exposure.iptables_save import read_save
from portward.exposure.nft_json import read_ruleset, sets_to_list, uses_iptables
from portward.exposure.processes import read_text
from portward.exposure.ruleset import Chain, Ruleset, Table


class Run(Protocol):
    """Runs a program and gives what it printed.

    Raises:
        HostError: it is missing, took too long, or ended with a failure.
    """

    def __call__(self, *arguments: str) -> str:
        """Run it."""


_SAVES = ((4, "iptables-save", "iptables-legacy-save"), (6, "ip6tables-save", "ip6tables-legacy-save"))


def read_firewall(run: Run, proc: Path) -> Ruleset:
    """Read all rules; what cannot be read is told in `unread`."""
    try:
        text = run("nft", "--json", "--terse", "list", "ruleset")
    except HostError as error:
        return Ruleset((), (f"the firewall was not read, so everything is taken as open: {error}",))
    listed, unread = _list_sets(run, sets_to_list(text))
    rules = read_ruleset(text, listed)
    tables = rules.tables
    if uses_iptables(text):
        saved, missing = _read_saves(run, 1)
        tables = merge(tables, saved)
        unread += missing
    if read_text(proc / "net/ip_tables_names").strip() or read_text(proc / "net/ip6_tables_names").strip():
        legacy, missing = _read_saves(run, 2)
        tables = (*tables, *(attrs.evolve(each, legacy=True) for each in legacy))
        unread += missing
    return Ruleset(tables, tuple(unread))


def _list_sets(run: Run, sets: Sequence[tuple[str, str, str, str]]) -> tuple[list[str], list[str]]:
    listed, unread = [], []
    for kind, family, table, name in sets:
        try:
            listed.append(run("nft", "--json", "list", kind, family, table, name))
        except HostError:
            unread.append(f"the {kind} {name} of the table {family} {table} was not read")
    return listed, unread


def _read_saves(run: Run, program: int) -> tuple[tuple[Table, ...], list[str]]:
    tables: list[Table] = []
    unread: list[str] = []
    for words in _SAVES:
        name = str(words[program])
        try:
            tables += read_save(run(name), int(words[0]))
        except HostError as error:
            unread.append(f"rules of iptables were read only in part: {error}")
    return tuple(tables), unread


def merge(tables: Sequence[Table], saved: Sequence[Table]) -> tuple[Table, ...]:
    """Put what iptables says of its tables in place of what nft says of them.

    A table that has the name of one of iptables', but chains of nft's own, is saved by neither in full: its chains
    that the save lacks are kept.
    """
    by_place = {(each.family, each.name): each for each in saved}
    found = []
    for table in tables:
        other = by_place.pop((table.family, table.name), None)
        found.append(
            table if other is None else attrs.evolve(table, chains={**table.chains, **_of_nft(table, other)})
        )
    return (*found, *by_place.values())


def _of_nft(table: Table, saved: Table) -> dict[str, Chain]:
    """The saved chains; base chains that the save invents (it prints all built-in ones) are left out."""
    return {name: chain for name, chain in saved.chains.items() if name in table.chains}
