"""Findings as one self-contained web page: no script, no font, no picture from elsewhere; light and dark.

Pure. Every text from a host or router is escaped.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape

from portward.errors import Severity
from portward.exposure.finding import Finding
from portward.exposure.passage import Answer
from portward.exposure.reach import Scope, Shown


_STYLE = """
:root { color-scheme: light dark; --ink: #1c2330; --soft: #5c6678; --paper: #f6f7f9; --card: #fff; --line: #dfe3ea;
  --error: #c0322b; --advice: #b06a00; --note: #2767b3; --good: #23804a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #9aa4b5; --paper: #14171d; --card: #1c2129;
  --line: #313844; --error: #ff7a70; --advice: #f0b04c; --note: #7db4f5; --good: #62c98d; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 68rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.7rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .8rem; }
.soft { color: var(--soft); } .sum { display: flex; gap: .8rem; flex-wrap: wrap; margin: 1.4rem 0; }
.sum div { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .7rem 1.2rem;
  min-width: 8rem; }
.sum b { display: block; font-size: 1.6rem; line-height: 1.2; }
article { background: var(--card); border: 1px solid var(--line); border-left: .3rem solid var(--tone);
  border-radius: .5rem; padding: 1rem 1.2rem; margin: .8rem 0; }
article h3 { margin: 0 0 .2rem; font-size: 1.02rem; overflow-wrap: anywhere; }
article p { margin: .35rem 0; overflow-wrap: anywhere; }
.tag { color: var(--tone); font-weight: 600; font-size: .85rem; } .error { --tone: var(--error); }
.advice { --tone: var(--advice); } .note { --tone: var(--note); } .good { --tone: var(--good); }
pre { background: var(--paper); border: 1px solid var(--line); border-radius: .4rem; padding: .55rem .8rem;
  margin: .4rem 0; font: .87rem/1.45 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
.mend { font-size: .8rem; color: var(--soft); margin-top: .6rem; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; } th { color: var(--soft); font-weight: 600; }
th, td { text-align: left; padding: .5rem .9rem; border-top: 1px solid var(--line); vertical-align: top; }
tr:first-child th { border-top: 0; } td.reach { color: var(--tone); font-weight: 600; white-space: nowrap; }
"""


def page(title: str, findings: Sequence[Finding], shown: Sequence[Shown], remarks: Sequence[str]) -> str:
    """Write the page: a summary, the findings with their remedies, and all ports.

    Args:
        title: the host's name or the router's file.
        findings: the worst first.
        shown: the listeners; empty for a router's script.
        remarks: what could not be looked at.
    """
    parts = [
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>What {escape(title)} shows</title><style>{_STYLE}</style></head><body><main>",
        f"<h1>What {escape(title)} shows</h1>",
        _summary(findings, shown),
        "<h2>Findings</h2>",
        *(_article(each) for each in findings),
        ""
        if findings
        else '<article class="good"><h3>Nothing is wrong</h3><p>No rule found anything.</p></article>',
        _table(shown),
        *(f'<p class="soft">Not looked at: {escape(each)}.</p>' for each in remarks),
        "</main></body></html>\n",
    ]
    return "\n".join(each for each in parts if each)


def _summary(findings: Sequence[Finding], shown: Sequence[Shown]) -> str:
    counted = Counter(each.severity for each in findings)
    boxes = [
        (counted[Severity.ERROR], "to mend", "error"),
        (counted[Severity.ADVICE], "advice", "advice"),
        (counted[Severity.NOTE], "notes", "note"),
    ]
    if shown:
        boxes.append((sum(each.open for each in shown), "ports open to all", "soft"))
    cells = "".join(
        f'<div class="{tone}"><b class="tag" style="font-size:1.6rem">{count}</b>{label}</div>'
        for count, label, tone in boxes
    )
    return f'<div class="sum">{cells}</div>'


def _article(finding: Finding) -> str:
    place = f" · {escape(str(finding.span))}" if finding.span else ""
    remedies = "".join(
        f'<div class="mend">{_REMEDIES[each.kind]}</div><pre>{escape(each.text)}</pre>'
        for each in finding.remedies
    )
    return (
        f'<article class="{finding.severity}"><span class="tag">{finding.code} · {finding.severity}</span>'
        f"<h3>{escape(finding.page.title)}: {escape(finding.subject)}</h3><p>{escape(sentence(finding.message))}</p>"
        f'<p class="soft">{escape(finding.page.why)}{place}</p>{remedies}</article>'
    )


_REMEDIES = {"command": "Run", "policy": "In the policy", "setting": "In the service itself"}


def sentence(message: str) -> str:
    """A message as a whole sentence."""
    return f"{message}." if message[-1:] not in {".", "!", "?"} else message


def _table(shown: Iterable[Shown]) -> str:
    rows = "".join(_row(each) for each in shown)
    if not rows:
        return ""
    heads = "".join(
        f"<th>{each}</th>"
        for each in ("Port", "Address", "Service", "Program", "Unit", "User", "Reached by", "Door")
    )
    return f'<h2>All ports</h2><div class="scroll"><table><tr>{heads}</tr>{rows}</table></div>'


def _row(shown: Shown) -> str:
    listener = shown.listener
    programs = ", ".join(dict.fromkeys(each.name for each in listener.programs))
    cells = (listener.spelled, str(listener.address), shown.name, programs, listener.unit, listener.user)
    tone = "good" if shown.reach.any is Answer.CLOSED else "advice" if shown.reach.sure else "note"
    reach = f'<td class="reach {tone}">{escape(scope_words(shown))}</td>'
    known = "".join(f"<td>{escape(each)}</td>" for each in cells)
    return f"<tr>{known}{reach}<td>{escape(', '.join(shown.doors))}</td></tr>"


def scope_words(shown: Shown) -> str:
    """Who reaches a listener, in a word or two."""
    reach = shown.reach
    words = {
        Scope.ANY: "anybody" if reach.any is Answer.OPEN else "unsure",
        Scope.SOME: ", ".join(map(str, reach.networks[:3])),
        Scope.PRIVATE: "private addresses",
        Scope.LOOPBACK: "this host",
        Scope.NOBODY: "nobody" if not shown.doors else "who has knocked",
    }
    return words[reach.scope]
