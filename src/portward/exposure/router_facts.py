"""What a RouterOS script, or a router that was asked, says about the router itself, for rules to judge. Pure data."""

from collections.abc import Mapping

import attrs

from portward.errors import Span
from portward.exposure.ruleset import Ruleset
from portward.sources.routeros_rules import Script, ServiceSetting
from portward.sources.rsc_menu import Menu


@attrs.frozen
class Setting:
    """The value of one property, as it is written, and where."""

    value: str = attrs.field(repr=False)
    span: Span

    @property
    def on(self) -> bool:
        """Whether it is switched on."""
        return self.value in {"yes", "true", "auto"}


@attrs.frozen
class User:
    """A user that the script names; `gone` if it disables, removes or renames him."""

    name: str
    gone: bool
    span: Span


@attrs.frozen
class Router:
    """A router as its script, or it itself, tells.

    Attributes:
        file: the script's name, or the router's.
        whole: whether it is a whole export, in which what is not mentioned has its default.
        script: rules, lists, services.
        services: `/ip service` by name, as far as mentioned.
        settings: by menu and property; the last one written.
        users: that are named.
        rules: the filter and raw rules, ready to be walked.
        communities: the words by which SNMP may be read.
        shown: menus that the router itself has shown, in which nothing else is.
    """

    file: str
    whole: bool
    script: Script
    services: Mapping[str, ServiceSetting]
    settings: Mapping[Menu, Mapping[str, Setting]]
    users: tuple[User, ...]
    rules: Ruleset
    communities: tuple[str, ...] = attrs.field(default=(), repr=False)
    shown: frozenset[Menu] = frozenset()

    def setting(self, *path: str) -> Setting | None:
        """The value of a property, by its menu and name; None if it is not mentioned."""
        return self.settings.get(path[:-1], {}).get(path[-1])

    @property
    def start(self) -> Span:
        """The place of what is not mentioned."""
        return Span(self.file, 1, 1)
