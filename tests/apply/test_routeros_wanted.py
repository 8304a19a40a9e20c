from tests.apply.routeros_case import SECOND, policy_of, wanted

from portward.compile.routeros import Target, export
from portward.compile.routeros_words import quote


def test_what_is_pushed_is_what_an_export_writes() -> None:
    """Every rule of it, value for value, and no other."""
    for version in (6, 7):
        what = wanted(SECOND, version)
        lines = export(policy_of(SECOND), Target(version)).text.splitlines()
        written = [line for line in lines if " add " in line and 'comment="portward: place"' not in line]
        spelled = [
            f"{item.menu.replace('/', ' ').strip()} add "
            + " ".join(f"{name}={quote(value)}" for name, value in item.properties.items())
            for item in what.items
        ]
        assert sorted(line.partition(" place-before")[0].lstrip("/") for line in written) == sorted(spelled)


def test_services_of_the_router_move_to_their_published_ports() -> None:
    (setting,) = wanted(SECOND).settings
    assert (setting.name, setting.properties) == ("ssh", {"port": "12345"})


def test_version_6_translates_no_ipv6() -> None:
    text = SECOND.replace("tcp/22", "tcp/8081")
    assert "/ipv6/firewall/nat" in wanted(text, 7).menus
    assert "/ipv6/firewall/nat" not in wanted(text, 6).menus
