"""The switch on the router that takes a push back when nobody confirms it: two jobs of its scheduler. Pure text.

The first job runs the script when the time is up, the second right after a start, if the first is still there. What
they run takes our new items away, lets the old ones in again and sets settings back, in commands that do no harm when
they run twice. Removing the first job is what confirms a push: one command, done or not done. A backup that is loaded
would take everything of the meantime back, and reboots; the router's safe mode belongs to a terminal, not to an API.

The script uses nothing but `find`, `enable`, `remove` and `set`, which 6 and 7 spell alike. Only menus that the push
has read stand in it, since one unknown menu would spoil the whole script. Source: RouterOS manual, scheduler (a job
with an interval does not run at a start, hence the second one) and scripting.
"""

from collections.abc import Iterable
from datetime import timedelta

from portward.apply.routeros_items import OWNED, SERVICES, Mark
from portward.apply.routeros_plan import Plan, SettingChange
from portward.compile.routeros_words import quote


SCHEDULER = "/system/scheduler"
TIMER = "portward-undo"
"""The job that undoes a push when its time is up. While it is there, a push is on trial."""
AT_START = "portward-undo-at-start"
"""The job that undoes a push when the router starts during the trial."""

_POLICY = "read,write"
"""What the jobs may do (RouterOS manual, user policies); a user cannot give a job more than he has."""


def timer_job(plan: Plan, fuse: timedelta) -> dict[str, str]:
    """The properties of the first job."""
    return {
        "name": TIMER,
        "interval": f"{int(fuse.total_seconds())}s",
        "on-event": script(plan.menus, plan.settings),
        "policy": _POLICY,
        "comment": f"{OWNED}takes back a push that nobody confirmed",
    }


def start_job(plan: Plan) -> dict[str, str]:
    """The properties of the second job."""
    undo = script(plan.menus, plan.settings)
    return {
        "name": AT_START,
        "start-time": "startup",
        "interval": "0s",
        "on-event": f':if ([:len [/system scheduler find where name="{TIMER}"]] > 0) do={{\n{undo}\n}}',
        "policy": _POLICY,
        "comment": f"{OWNED}takes back a push that nobody confirmed, after a start",
    }


def script(menus: Iterable[str], settings: Iterable[SettingChange]) -> str:
    """What takes a push back: old rules first, so that at no moment less is closed than before."""
    menus = tuple(menus)
    lines = [f"{spaced(menu)} enable {_where(Mark.OLD)}" for menu in menus]
    lines += [f"{spaced(menu)} remove {_where(Mark.NEW)}" for menu in reversed(menus)]
    for change in settings:
        values = " ".join(f"{name}={quoted(value)}" for name, value in change.before.items())
        lines.append(f"{spaced(SERVICES)} set {change.setting.name} {values}")
    lines += [f'/system scheduler remove [find where name="{name}"]' for name in (AT_START, TIMER)]
    return "\n".join(lines)


def _where(mark: Mark) -> str:
    return f'[find where comment~"^{OWNED}{mark}"]'


def spaced(menu: str) -> str:
    """The spelling of a menu that 6 and 7 take in scripts."""
    return menu.replace("/", " ").replace(" ", "/", 1)


def quoted(value: str) -> str:
    """Write a value in quotes, as scripts of a router do."""
    text = quote(value)
    return text if text.startswith('"') else f'"{text}"'
