"""What the tests of the RouterOS reader share: a text in, its commands and mends out, spelled plainly."""

from portward.sources import rsc_reader, rsc_text
from portward.sources.routeros_lift import Lifted, lift
from portward.sources.routeros_rules import Fate, Rule, Script
from portward.sources.routeros_script import read_source
from portward.sources.rsc_walk import Reading


def reading(text: str) -> Reading:
    """Read a text as a file called f."""
    decoded, mends = rsc_text.decode(text.encode(), "f")
    return rsc_reader.read(decoded, "f", mends)


def commands(text: str) -> list[str]:
    """The commands of a text, one canonical line each."""
    found = []
    for each in reading(text).commands:
        words = " ".join(f"{word.name}={word.value}" if word.name else word.value for word in each.words)
        found.append(f"/{' '.join(each.menu)} {each.verb} {words}".strip())
    return found


def mends(text: str) -> list[tuple[str, int, int, str, str]]:
    """What was mended: kind, line, column, before, after."""
    found = reading(text).mends
    return [(each.kind, each.span.line, each.span.column, each.before, each.after) for each in found]


def script(text: str) -> Script:
    """What a text says."""
    return read_source(text.encode(), "f").script


def rules(text: str) -> tuple[Rule, ...]:
    """The rules of a text."""
    return script(text).rules


def only_rule(properties: str, menu: str = "/ip firewall filter", chain: str = "input") -> Rule:
    """The one rule that these properties make."""
    (rule,) = rules(f"{menu} add chain={chain} {properties}\n")
    return rule


def refusal(line: str) -> str:
    """Why a router refuses the one statement of a text."""
    (told,) = script(line).told
    assert told.fate is Fate.REFUSED
    return told.reason


def lifted(text: str, *, exact: bool = False) -> Lifted:
    """What a text is lifted to."""
    return lift(script(text), exact=exact)


def fates(text: str) -> dict[int, str]:
    """What became of the rule that begins in each line."""
    source = script(text)
    found = lift(source)
    return {rule.span.line: found.fates.of(rule).what for rule in source.rules}
