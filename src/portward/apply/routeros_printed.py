"""What an audit reads from a router: menu by menu, printing only; nothing is ever set."""

from portward.apply.ros_link import Link, Row
from portward.apply.routeros_items import is_dynamic
from portward.apply.routeros_state import ABSENT
from portward.errors import TargetError
from portward.exposure.router_live import MENUS, Printed, lists_asked


def read_printed(link: Link) -> Printed:
    """Read all menus that an audit looks at; of address lists those that rules ask for, without what rules filled in.

    Raises:
        PeerError: the connection is lost.
    """
    rows: dict[str, tuple[Row, ...]] = {}
    refused: dict[str, str] = {}
    for menu in MENUS:
        try:
            rows[menu] = link.show(menu)
        except TargetError as error:
            if ABSENT not in str(error):
                refused[menu] = str(error)
    entries: dict[str, tuple[Row, ...]] = {}
    for family, name in lists_asked(rows):
        menu = f"/{family}/firewall/address-list"
        try:
            found = [row for row in link.show(menu, {"list": name}) if not is_dynamic(row)]
        except TargetError as error:
            refused[menu] = str(error)
        else:
            entries[family] = (*entries.get(family, ()), *found)
    return Printed(rows, entries, refused)
