"""What the tests of rules share: a policy's text in, codes with their places out."""

from portward.check.rules import check
from portward.sources.policy_reader import read_policy


def told(text: str) -> list[str]:
    """Every code with line and column, in the order of `check`."""
    policy, found = read_policy(f"schema = 1\n{text}", "f")
    assert policy is not None, found
    return [
        f"{each.code} {each.span.line}:{each.span.column}" if each.span else each.code
        for each in check(policy)
    ]


def gate(knocks: str, extra: str = "", sequence: str = "", defaults: str = "") -> list[str]:
    """Every code of a gate with one service and one sequence, whose knocks stand in line 5."""
    words = ", ".join(f'"{each}"' for each in knocks.split())
    return told(
        f'[services.ssh]\nports = ["tcp/22"]\n[sequences.a]\nknocks = [{words}]\nopens = "*"\n{sequence}\n'
        f"[defaults]\n{defaults}\n{extra}"
    )
