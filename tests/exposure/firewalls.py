"""What the tests of exposure share: firewalls and hosts that are written down in a few words."""

from ipaddress import ip_address, ip_interface
from typing import Any

from portward.exposure.facts import Facts, Interface, Listener, Program
from portward.exposure.iptables_save import read_save
from portward.exposure.ruleset import Ruleset
from portward.policy.net import Protocol


V4, V6 = "198.51.100.1/24", "2001:db8::1/64"


def iptables(*rules: str, policy: str = "ACCEPT", table: str = "filter", version: int = 4) -> Ruleset:
    """A firewall of one table, from rules as iptables-save prints them."""
    chain = "PREROUTING" if table == "nat" else "INPUT"
    lines = [f"*{table}", f":{chain} {policy} [0:0]", ":FORWARD ACCEPT [0:0]", *rules, "COMMIT"]
    return Ruleset(read_save("\n".join(lines), version))


def both(*rulesets: Ruleset) -> Ruleset:
    """Several firewalls as one."""
    return Ruleset(tuple(table for each in rulesets for table in each.tables))


def interface(name: str = "eth0", *addresses: str, outside: bool = True) -> Interface:
    """An interface; by default with one address of each family."""
    found = [ip_interface(each) for each in addresses or (V4, V6)]
    return Interface(name, tuple((each.ip, each.network) for each in found), outside)


def listener(port: str, address: str = "0.0.0.0", program: str = "", unit: str = "", **more: Any) -> Listener:
    """`tcp/22` on an address, held by a program."""
    protocol, _, number = port.partition("/")
    programs = (Program(7, program, f"/usr/sbin/{program}", "root", unit),) if program else ()
    place = (Protocol(protocol), ip_address(address), int(number))
    return Listener(*place, programs=programs, unit=unit, **more)


def host(*listeners: Listener, rules: Ruleset | None = None, **more: Any) -> Facts:
    """A host with one interface."""
    return Facts("gate", listeners, rules=rules or Ruleset(), **{"interfaces": (interface(),), **more})
