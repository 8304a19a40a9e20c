import re

from tests.apply.routeros_case import FIRST, FUSE, SECOND, Clock, new_device, only_v4, push_to, wanted

from lab.routeros_jobs import run_script
from portward.apply.routeros_deadman import AT_START, TIMER, quoted, script, spaced, start_job, timer_job
from portward.apply.routeros_items import MENUS
from portward.apply.routeros_plan import Plan, make_plan


def plan_for_second() -> Plan:
    clock = Clock()
    device = new_device(clock)
    push_to(device, only_v4(wanted(FIRST)), clock)
    return make_plan(only_v4(wanted(SECOND)), {menu: tuple(rows) for menu, rows in device.menus.items()})


def test_the_script_names_only_menus_that_the_push_changes() -> None:
    """One menu that a router does not know spoils its whole script."""
    text = script(["/ip/firewall/filter"], ())
    assert "ipv6" not in text
    assert "nat" not in text


def test_old_rules_come_back_before_new_ones_go_and_the_switch_goes_last() -> None:
    lines = timer_job(plan_for_second(), FUSE)["on-event"].splitlines()
    assert [re.sub(r".* (enable|remove|set) .*", r"\1", line) for line in lines] == [
        "enable",
        "remove",
        "set",
        "remove",
        "remove",
    ]
    assert lines[2] == '/ip service set ssh port="22"'
    assert lines[-1] == f'/system scheduler remove [find where name="{TIMER}"]'


def test_the_job_for_a_start_acts_only_while_a_push_is_on_trial() -> None:
    device = new_device(Clock())
    job = start_job(plan_for_second())
    device.add("/ip/firewall/filter", {"chain": "x", "comment": "portward: NEW x"})
    run_script(device, job["on-event"])
    assert len(device.menus["/ip/firewall/filter"]) == 4
    device.add("/system/scheduler", {"name": TIMER})
    device.add("/system/scheduler", dict(job))
    run_script(device, job["on-event"])
    assert len(device.menus["/ip/firewall/filter"]) == 3
    assert device.menus["/system/scheduler"] == []
    assert (job["name"], job["start-time"]) == (AT_START, "startup")


def test_jobs_may_do_no_more_than_they_must() -> None:
    assert timer_job(plan_for_second(), FUSE)["policy"] == "read,write"
    assert timer_job(plan_for_second(), FUSE)["interval"] == "120s"


def test_values_are_spelled_so_that_nothing_in_them_runs() -> None:
    assert quoted("22") == '"22"'
    assert quoted('a" $b ?\\') == '"a\\" \\$b \\?\\\\"'


def test_paths_are_spelled_as_both_versions_read_them() -> None:
    assert [spaced(menu) for menu in MENUS[:2]] == ["/ip firewall filter", "/ipv6 firewall filter"]
