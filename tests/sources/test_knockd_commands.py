"""What becomes of each command: the cases of the corpus are also the table in docs/knockd.md, which a test makes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.errors import Span
from portward.policy.notation import write_duration, write_ports
from portward.sources.knockd_commands import Judged, Kind, bare, judge
from portward.sources.knockd_effect import Effect
from portward.sources.knockd_text import Word


PAGE = Path(__file__).parents[2] / "docs" / "knockd.md"
CORPUS = Path(__file__).parent / "corpus" / "knockd_commands.txt"
BEGIN, END = "<!-- commands: made by tests/sources/test_knockd_commands.py -->", "<!-- end of commands -->"


def judged(text: str) -> tuple[Judged, ...]:
    """Judge a command."""
    return judge(Word(text, Span("knockd.conf", 1, 1, max(1, len(text)))))


def tell(effect: Effect) -> str:
    """An effect in one line."""
    words = ["opens" if effect.opens else "closes"]
    words.append(", ".join(map(write_ports, effect.ports)) or effect.behind or "everything")
    if effect.published:
        words.append(f"published as {', '.join(map(write_ports, effect.published))}")
    if effect.host:
        words.append(f"of {effect.host}")
    if effect.families != {4, 6}:
        words.append(f"for IPv{next(iter(effect.families))}")
    if effect.prefix:
        words.append(f"for the visitor's /{effect.prefix}")
    if effect.to_all:
        words.append("to everybody")
    if effect.lasts:
        words.append(f"for {write_duration(effect.lasts)}")
    return " ".join(words)


def outcome(step: Judged) -> str:
    """What becomes of a step, in one line."""
    match step.kind:
        case Kind.FIREWALL:
            return "; ".join(map(tell, step.effects))
        case Kind.WAIT:
            return f"waits {step.seconds:g} s"
        case Kind.NOTHING:
            return "changes nothing"
        case Kind.HOOK:
            return f"hook: {list(step.words)}"
        case Kind.LISTED:
            return f"listed: {step.why}"


def grade(steps: tuple[Judged, ...]) -> str:
    """How well a command is kept."""
    if any(step.packets for step in steps):
        return "refused"
    effects = [effect for step in steps for effect in step.effects]
    if any(effect.behind for effect in effects):
        return "needs `--opens`"
    if not effects and any(step.kind in {Kind.HOOK, Kind.LISTED} for step in steps):
        return "not run"
    differs = any(effect.remarks or effect.to_all for effect in effects)
    return "approximated" if differs else "exact"


def cases() -> dict[str, list[str]]:
    """Each command of the corpus, and what is expected of its steps."""
    found: dict[str, list[str]] = {}
    command = ""
    for line in CORPUS.read_text().splitlines():
        if line.startswith("  -> "):
            found[command].append(line.removeprefix("  -> "))
        elif line and not line.startswith("#"):
            command = line
            found[command] = []
    return found


CASES = cases()


@pytest.mark.parametrize(("text", "expected"), CASES.items())
def test_what_becomes_of_a_command(text: str, expected: list[str]) -> None:
    """Each case by itself."""
    assert list(map(outcome, judged(text))) == expected


def table() -> str:
    """The cases as a table in Markdown."""
    rows = ["| command | what becomes of it | kept |", "| --- | --- | --- |"]
    for text in CASES:
        steps = judged(text)
        told = "; then ".join(map(outcome, steps)).replace("|", "\\|")
        remarks = [remark for step in steps for effect in step.effects for remark in effect.remarks]
        told += "".join(f" ({remark})" for remark in dict.fromkeys(remarks))
        rows.append(f"| `{text.replace('|', chr(92) + '|')}` | {told} | {grade(steps)} |")
    return "\n".join(rows)


def test_the_table_in_the_docs_is_made_from_these_cases() -> None:
    """To renew it, put what this test expects between the two marks of the page."""
    page = PAGE.read_text()
    assert page[page.index(BEGIN) + len(BEGIN) : page.index(END)].strip() == table()


def test_prefixes_are_taken_off() -> None:
    """Who runs it and how is not what it does."""
    assert bare(("sudo", "-n", "iptables", "-L")) == ("iptables", "-L")
    assert bare(("sudo", "-u", "root", "/sbin/x", "-u")) == ("/sbin/x", "-u")
    assert bare(("nohup", "nice", "-n", "5", "ufw", "status")) == ("ufw", "status")


def test_the_place_of_a_step_is_its_own() -> None:
    """A mistake points at the step, not at the whole line."""
    assert [(each.span.column, each.span.length) for each in judged("true;  frob x")] == [(1, 4), (8, 6)]


MORE = ("%IP%", ";", "&&", "{", "}", "'", '"', "-A", "port", "to", "timeout", "--dport", "!")
WORDS = st.sampled_from([*" ".join(CASES).split(), *MORE])


@given(st.lists(WORDS, max_size=12))
def test_no_command_raises(words: list[str]) -> None:
    """Whatever the words, each step is judged, and nothing that is not understood is lost."""
    text = " ".join(words)
    steps = judged(text)
    assert bool(steps) == bool(text) or text.startswith("#")
    for step in steps:
        assert step.effects if step.kind is Kind.FIREWALL else not step.effects
        assert step.why if step.kind in {Kind.HOOK, Kind.LISTED} else True
