"""Policies with people, and the compiled text of their chains."""

from datetime import timedelta
from typing import Any

from portward.compile.nft import compile_policy
from portward.policy.notation import read_ports
from portward.policy.people import Person, Ways
from portward.policy.policy import Policy, Service


ALICE = Person("alice", ("ssh", "web"), timedelta(hours=8))
BOB = Person("bob", ("*",), timedelta(hours=1))
SERVICES = (Service("ssh", (read_ports("tcp/22"),)), Service("web", (read_ports("tcp/443"),)))


def policy(ways: Ways, *people: Person, **more: Any) -> Policy:
    """Two services; alice, if nobody is given."""
    return Policy(SERVICES, people=people or (ALICE,), ways=ways, **more)


def chain(kept: Policy, name: str) -> str:
    """The text of one chain, spaces made single."""
    text = compile_policy(kept).text
    start = text.index(f"\tchain {name} {{")
    return " ".join(text[start : text.index("\n\t}", start)].split())


def has_chain(kept: Policy, name: str) -> bool:
    """Whether there is such a chain."""
    return f"\tchain {name} {{" in compile_policy(kept).text
