"""A router to try pushes on: RouterOS's menus, scheduler and firewall in plain Python, written from its manual.

It is no router. It answers as the manual says a router does: items with ids in evaluation order, `place-before`,
refusals in the router's words, list entries that end, jobs that really run, and a firewall that judges those who
connect. Time is whatever clock it is given. The wire is `routeros_server`'s, the script of jobs `routeros_jobs`'s.
"""

import itertools
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from ipaddress import ip_address, ip_network

import attrs

from lab.routeros_jobs import run_script
from portward.policy.notation import write_duration
from portward.simulate.packet import ConnectionState, Packet, TcpFlag
from portward.simulate.passage import Passage
from portward.simulate.routeros import Ending, Router
from portward.sources.routeros_script import read_source
from portward.sources.routeros_values import LONGEST_TIMEOUT, read_time
from portward.sources.rsc_menu import PROPERTIES


class Refusal(Exception):  # noqa: N818 - a router refuses, which is no error of ours
    """What a router refuses: an HTTP status, and what a trap says."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


class Cut(Exception):  # noqa: N818 - an event
    """The line is cut here: the command was not carried out, or nobody hears that it was."""


Row = dict[str, str]
Hook = Callable[[int, str, str], None]
"""Called with the number of a command, its path, and `before` or `after`; may raise `Refusal` or `Cut`."""

TABLES = tuple(
    f"/{family}/firewall/{table}" for family in ("ip", "ipv6") for table in ("raw", "mangle", "nat", "filter")
)
LISTS = ("/ip/firewall/address-list", "/ipv6/firewall/address-list")
SCHEDULER = "/system/scheduler"
_PLAIN = (
    "/ip/address",
    "/ipv6/address",
    "/ip/route",
    "/interface/list/member",
    "/user/active",
    "/system/identity",
)
_CONNECTIONS = ("/ip/firewall/connection",)
_OTHERS = ("/interface/list", "/snmp/community", "/user")
SETTINGS: Mapping[str, Row] = {
    "/tool/mac-server": {"allowed-interface-list": "all"},
    "/tool/mac-server/mac-winbox": {"allowed-interface-list": "all"},
    "/tool/mac-server/ping": {"enabled": "true"},
    "/tool/bandwidth-server": {"enabled": "true", "authenticate": "true", "max-sessions": "100"},
    "/ip/neighbor/discovery-settings": {"discover-interface-list": "static", "protocol": "cdp,lldp,mndp"},
    "/ip/proxy": {"enabled": "false", "port": "8080"},
    "/ip/socks": {"enabled": "false", "port": "1080", "version": "4"},
    "/ip/dns": {"servers": "", "allow-remote-requests": "false", "cache-size": "2048KiB"},
    "/ip/cloud": {"ddns-enabled": "no", "update-time": "true"},
    "/ip/ssh": {"strong-crypto": "false", "host-key-size": "2048"},
    "/ip/upnp": {"enabled": "false", "allow-disable-external-interface": "false"},
    "/snmp": {"enabled": "false", "contact": "", "location": ""},
    "/ipv6/settings": {"disable-ipv6": "false", "forward": "true"},
}
"""Menus of settings, which are one row without an id, with their defaults."""
_USUAL = {
    "telnet": 23,
    "ftp": 21,
    "www": 80,
    "ssh": 22,
    "www-ssl": 443,
    "api": 8728,
    "winbox": 8291,
    "api-ssl": 8729,
}
_STATES = ("invalid", "established", "related", "new", "untracked")


@attrs.define
class Device:
    """One router.

    Attributes:
        clock: seconds.
        version: 6 or 7; 6 has no `/ipv6/firewall/nat`.
        ipv6: whether it has the menus of IPv6.
        users: names and passwords.
        menus: the rows of each menu, in order.
        ends: when a row goes, by its id.
        due: when a job runs next, by its id.
        hook: see `Hook`.
        count: how many commands were given.
    """

    clock: Callable[[], float]
    version: int = 7
    ipv6: bool = True
    users: dict[str, str] = attrs.field(factory=lambda: {"portward": "s3cret"})
    menus: dict[str, list[Row]] = attrs.field(factory=dict)
    ends: dict[str, float] = attrs.field(factory=dict)
    due: dict[str, float] = attrs.field(factory=dict)
    hook: Hook = attrs.field(default=lambda _number, _path, _phase: None)
    count: int = 0
    log: list[str] = attrs.field(factory=list)
    _ids: "itertools.count[int]" = attrs.field(factory=lambda: itertools.count(1))

    def __attrs_post_init__(self) -> None:
        for menu in (*TABLES, *LISTS, SCHEDULER, *_PLAIN, *_OTHERS, *_CONNECTIONS, "/ip/service"):
            missing = menu.startswith("/ipv6") and (
                not self.ipv6 or (self.version == 6 and menu.endswith("/nat"))
            )
            if not missing:
                self.menus[menu] = []
        for menu, row in SETTINGS.items():
            if self.ipv6 or not menu.startswith("/ipv6"):
                self.menus[menu] = [dict(row)]
        for name, port in _USUAL.items():
            self._keep(
                "/ip/service", {"name": name, "port": str(port), "disabled": "false", self.available: ""}
            )
        self._keep("/system/identity", {"name": "double"})
        there = {".id": "*F0", "disabled": "false", "dynamic": "false"}
        self.menus["/snmp/community"].append({**there, "name": "public", "addresses": "::/0"})
        for number, name in enumerate(("admin", *self.users), 1):
            self.menus["/user"].append({**there, ".id": f"*F{number}", "name": name, "group": "full"})

    @property
    def available(self) -> str:
        """What this version calls the addresses that a service answers."""
        return "available-from" if self.version == 7 else "address"

    # --- commands -----------------------------------------------------------------------------------------------------

    def command(
        self, path: str, words: Mapping[str, str], queries: Iterable[str] = ()
    ) -> tuple[list[Row], str]:
        """Carry out one command; give its rows, and what `!done` returns.

        Raises:
            Refusal: as a router refuses.
            Cut: the hook says so.
        """
        self.count += 1
        number = self.count
        self.hook(number, path, "before")
        self.tick()
        menu, _, verb = path.rpartition("/")
        try:
            return self._do(menu, verb, dict(words), list(queries))
        finally:
            self.hook(number, path, "after")

    def _do(self, menu: str, verb: str, words: Row, queries: list[str]) -> tuple[list[Row], str]:
        if menu not in self.menus:
            raise Refusal(
                400, "no such command prefix" if self.version == 6 else "no such command or directory"
            )
        match verb:
            case "print" | "getall":
                return [dict(row) for row in self._shown(menu) if fits(row, queries)], ""
            case "add":
                return [], self.add(menu, words)
            case "set" if menu in SETTINGS:
                self.menus[menu][0].update({name: truth(value) for name, value in words.items()})
            case "set":
                self.change(menu, self.find(menu, words.pop(".id", words.pop("numbers", ""))), words)
            case "remove":
                self.menus[menu].remove(self.find(menu, words[".id"]))
            case "enable" | "disable":
                self.change(
                    menu, self.find(menu, words[".id"]), {"disabled": "yes" if verb == "disable" else "no"}
                )
            case "move":
                self._move(menu, words)
            case _:
                raise Refusal(400, f"no such command or directory ({verb})")
        return [], ""

    def _shown(self, menu: str) -> Iterable[Row]:
        now = self.clock()
        for row in self.menus[menu]:
            left = self.ends.get(row.get(".id", ""))
            yield (
                row
                if left is None
                else {**row, "timeout": write_duration(timedelta(seconds=int(left - now)))}
            )

    def find(self, menu: str, ident: str) -> Row:
        """The row of that id, or of that name in menus whose items have names.

        Raises:
            Refusal: there is none.
        """
        for row in self.menus[menu]:
            if ident and ident in {row[".id"], row.get("name")} and row.get("dynamic") != "true":
                return row
            if ident == row[".id"]:
                return row
        raise Refusal(404, "no such item")

    def add(self, menu: str, words: Row) -> str:
        """Add a row.

        Raises:
            Refusal: the router would not take it.
        """
        if menu == "/ip/service":
            raise Refusal(400, "no such command or directory (add)")
        before = words.pop("place-before", None)
        check(menu, words)
        rows = self.menus[menu]
        if menu in LISTS and any(
            (row["list"], row["address"]) == (words["list"], words["address"]) for row in rows
        ):
            raise Refusal(400, "failure: already have such entry")
        if menu == SCHEDULER and any(row["name"] == words["name"] for row in rows):
            raise Refusal(400, "failure: item with such name already exists")
        at = rows.index(self.find(menu, before)) if before is not None else len(rows)
        return self._keep(menu, words, at)

    def _keep(self, menu: str, words: Mapping[str, str], at: int | None = None) -> str:
        ident = f"*{next(self._ids):X}"
        row = {
            ".id": ident,
            "disabled": "false",
            "dynamic": "false",
            **{k: spell(k, v) for k, v in words.items()},
        }
        if menu in TABLES:
            row = {
                **row,
                "action": row.get("action", "accept"),
                "invalid": "false",
                "bytes": "0",
                "packets": "0",
            }
        if menu in LISTS and "timeout" in words:
            self.ends[ident] = self.clock() + read_time(row.pop("timeout")).total_seconds()
            row["dynamic"] = "true"
        if menu == SCHEDULER and read_time(words.get("interval", "0s")):
            self.due[ident] = self.clock() + read_time(words["interval"]).total_seconds()
        rows = self.menus[menu]
        rows.insert(len(rows) if at is None else at, row)
        return ident

    def change(self, menu: str, row: Row, words: Row) -> None:
        """Set properties of a row.

        Raises:
            Refusal: the router would not take them.
        """
        check(menu, {**row, **words})
        row.update({name: spell(name, value) for name, value in words.items()})

    def _move(self, menu: str, words: Row) -> None:
        row = self.find(menu, words.get("numbers") or words[".id"])
        goal = self.find(menu, words["destination"])
        rows = self.menus[menu]
        rows.remove(row)
        rows.insert(rows.index(goal), row)

    # --- time ---------------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Let end what has ended, and run the jobs that are due."""
        now = self.clock()
        for menu in LISTS:
            rows = self.menus.get(menu, [])
            rows[:] = [row for row in rows if self.ends.get(row[".id"], now + 1) > now]
        for row in list(self.menus[SCHEDULER]):
            if self.due.get(row[".id"], now + 1) <= now and row["disabled"] == "false":
                self.due[row[".id"]] = now + read_time(row["interval"]).total_seconds()
                run_script(self, row["on-event"])

    def boot(self) -> None:
        """Start anew: what was dynamic is gone, jobs for the start run."""
        for menu in LISTS:
            rows = self.menus.get(menu, [])
            rows[:] = [row for row in rows if row["dynamic"] == "false"]
        for row in list(self.menus[SCHEDULER]):
            if row.get("start-time") == "startup" and row["disabled"] == "false":
                run_script(self, row["on-event"])

    # --- packets ------------------------------------------------------------------------------------------------------

    def admits(self, source: str, port: int, state: str = "new", destination: str = "192.0.2.1") -> bool:
        """Whether the firewall lets a TCP packet to the router itself in; the in-interface is `ether1`."""
        self.tick()
        packet = Packet(
            source=ip_address(source),
            destination=ip_address(destination),
            protocol=6,
            source_port=40000,
            destination_port=port,
            tcp_flags=TcpFlag.SYN if state == "new" else TcpFlag.ACK,
            length=60,
            interface="ether1",
            state=ConnectionState(state),
            local=True,
        )
        router = Router(read_source(self.export().encode(), "device").script)
        _, judgement = router.judge(router.start(), Passage(packet), 0.0)
        return judgement.ending is Ending.ACCEPT

    def export(self) -> str:
        """What decides about packets, as a script; list entries as lasting ones."""
        lines = []
        for menu in (*LISTS, *TABLES, "/interface/list/member"):
            for row in self.menus.get(menu, []):
                if row["disabled"] == "false":
                    known = PROPERTIES[tuple(menu.strip("/").split("/"))] - {"dynamic", "comment", "timeout"}
                    words = " ".join(
                        f'{name}="{value}"' for name, value in row.items() if name in known and value
                    )
                    lines.append(f"{menu.replace('/', ' ').replace(' ', '/', 1)} add {words}")
        return "\n".join(lines) + "\n"

    def rules(self) -> dict[str, list[Row]]:
        """What packets meet: rules that are enabled, in order, without ids and counters; and the services."""
        left_out = {".id", "bytes", "packets", "invalid", "dynamic", "comment"}
        return {
            menu: [
                {name: value for name, value in row.items() if name not in left_out}
                for row in rows
                if row["disabled"] == "false" or menu == "/ip/service"
            ]
            for menu, rows in self.menus.items()
            if menu in TABLES or menu == "/ip/service"
        }


def fits(row: Row, queries: Iterable[str]) -> bool:
    """Whether a row has all these values (`name=value`)."""
    return all(row.get(name, "") == value for name, _, value in (each.partition("=") for each in queries))


def check(menu: str, words: Mapping[str, str]) -> None:
    """Look at properties as a router does.

    Raises:
        Refusal: one of them is wrong or missing.
    """
    known = PROPERTIES.get(tuple(menu.strip("/").split("/")))
    extra = {".id", "dynamic", "invalid", "bytes", "packets"}
    if known is not None and (strange := words.keys() - known - extra):
        raise Refusal(400, f"unknown parameter {min(strange)}")
    if menu in TABLES:
        _check_rule(words)
    elif menu in LISTS:
        _check_entry(words)
    elif menu == SCHEDULER and "name" not in words:
        raise Refusal(400, "missing value(s) of argument(s) name")


def _check_rule(words: Mapping[str, str]) -> None:
    if not words.get("chain"):
        raise Refusal(400, "missing value(s) of argument(s) chain")
    for name in ("dst-port", "src-port"):
        if not words.get(name):
            continue
        if words.get("protocol") not in {"tcp", "udp", "6", "17"}:
            raise Refusal(400, "failure: ports can be specified if proto is tcp, udp, udp-lite, dccp, sctp")
        if any(int(each) > 65535 for each in re.findall(r"\d+", words[name])):
            raise Refusal(400, f"value of {name} is out of range (0..65535)")
    if words.get("address-list-timeout", "") not in {"", "none-dynamic", "none-static"}:
        _check_time(words["address-list-timeout"])


def _check_entry(words: Mapping[str, str]) -> None:
    for name in ("list", "address"):
        if not words.get(name):
            raise Refusal(400, f"missing value(s) of argument(s) {name}")
    if "timeout" in words:
        _check_time(words["timeout"])


def _check_time(text: str) -> None:
    try:
        length = read_time(text)
    except ValueError:
        raise Refusal(400, "invalid time value") from None
    if length > LONGEST_TIMEOUT:
        raise Refusal(400, "value of timeout is out of range (00:00:00 .. 35w3d13:13:56)")


def truth(value: str) -> str:
    """Write yes and no as a router gives them back."""
    return {"yes": "true", "no": "false"}.get(value, value)


def spell(name: str, value: str) -> str:
    """Write a value as a router gives it back."""
    if name == "disabled":
        return truth(value)
    if name in {"address-list-timeout", "interval"} and value not in {"none-dynamic", "none-static"}:
        return write_duration(read_time(value))
    if name == "connection-state":
        bang = "!" if value.startswith("!") else ""
        return bang + ",".join(sorted(value.removeprefix("!").split(","), key=_STATES.index))
    if name in {"src-address", "dst-address", "address"} and ":" in value and "%" not in value:
        return _network(value)
    return value


def _network(value: str) -> str:
    bang = "!" if value.startswith("!") else ""
    try:
        return bang + str(ip_network(value.removeprefix("!"), strict=False))
    except ValueError:
        return value
