import pytest

from lab.routeros_device import Device
from lab.routeros_jobs import ScriptError, run_script, unescape


FILTER = "/ip/firewall/filter"


@pytest.fixture
def device() -> Device:
    device = Device(lambda: 0.0)
    for comment in ("portward: NEW a", "portward: OLD b", "about portward: NEW"):
        device.add(FILTER, {"chain": "input", "comment": comment})
    return device


def test_items_are_found_by_equality_and_by_expression(device: Device) -> None:
    run_script(device, '/ip firewall filter remove [find where comment~"^portward: NEW "]')
    assert [row["comment"] for row in device.menus[FILTER]] == ["portward: OLD b", "about portward: NEW"]


def test_a_condition_decides(device: Device) -> None:
    inner = '/ip firewall filter disable [find where comment~"OLD"]'
    script = ':if ([:len [/system scheduler find where name="x"]] > 0) do={\n' + inner + "\n}"
    run_script(device, script)
    assert device.menus[FILTER][1]["disabled"] == "false"
    device.add("/system/scheduler", {"name": "x"})
    run_script(device, script)
    assert device.menus[FILTER][1]["disabled"] == "true"


@pytest.mark.parametrize(
    "line",
    [
        "enable",
        "/ip firewall filter enable",
        '/ip nothing enable [find where a="b"]',
        ":put 1",
        "/ip firewall filter enable [find where x]",
    ],
)
def test_a_mistake_stops_the_script_and_what_was_done_stays(device: Device, line: str) -> None:
    with pytest.raises(ScriptError):
        run_script(device, f'/ip service set ssh port="2200"\n{line}\n/ip service set ssh port="22"')
    assert next(row for row in device.menus["/ip/service"] if row["name"] == "ssh")["port"] == "2200"


def test_escapes_are_those_of_the_manual() -> None:
    assert unescape('a\\"b\\\\c\\$d\\3A') == 'a"b\\c$d:'
