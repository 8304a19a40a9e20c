"""A router's own services switched off: the lines to import, spelled as the article spells them, and those that undo.

Pure. Knows RouterOS's defaults (manual, services): telnet, ftp, www, ssh, api, winbox and api-ssl run on a router
whose export does not name them; www-ssl does not.
"""

from collections.abc import Iterable

import attrs

from portward.sources.routeros_rules import ServiceSetting


CLEAR_TEXT = ("telnet", "www", "ftp", "api")
"""What sends passwords as they are; in the order of the article, which leaves out `api`."""

PRINTED = CLEAR_TEXT[:3]
"""What the article switches off."""

USUALLY_ON = frozenset({"telnet", "ftp", "www", "ssh", "api", "winbox", "api-ssl"})


@attrs.frozen
class RouterMend:
    """What to import.

    Attributes:
        lines: that switch off, in the order of the article.
        undo: that bring back what the text says now.
        off: services that are off in the text already.
    """

    lines: tuple[str, ...]
    undo: tuple[str, ...]
    off: tuple[str, ...]


def mend_services(settings: Iterable[ServiceSetting], wanted: Iterable[str] = CLEAR_TEXT) -> RouterMend:
    """Switch services off.

    Args:
        settings: what the router's text says, in its order: of one service the last word counts.
        wanted: the services to switch off.
    """
    now = {name: name not in USUALLY_ON for name in wanted}
    for each in settings:
        if each.name in now and each.disabled is not None:
            now[each.name] = each.disabled
    return RouterMend(
        tuple(spelled(name, off=True) for name in now),
        tuple(spelled(name, off=off) for name, off in now.items()),
        tuple(name for name, off in now.items() if off),
    )


def spelled(name: str, *, off: bool) -> str:
    """`/ip service set telnet disabled=yes`."""
    return f"/ip service set {name} disabled={'yes' if off else 'no'}"
