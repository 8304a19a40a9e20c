"""A router's services are switched off with the article's own lines, and on again as they were."""

from pathlib import Path

import lab
from portward.exposure.mend_routeros import mend_services
from portward.sources.routeros_rules import ServiceSetting
from portward.sources.routeros_script import read_source


def test_the_articles_lines_go_in_and_come_out() -> None:
    text = Path(lab.__file__).with_name("article.txt").read_bytes()
    settings = read_source(text, "article").script.services
    made = mend_services(settings, ("telnet", "www", "ftp"))
    assert made.lines == (
        "/ip service set telnet disabled=yes",
        "/ip service set www disabled=yes",
        "/ip service set ftp disabled=yes",
    )
    assert all(line in text.decode() for line in made.lines)
    assert made.off == ("telnet", "www", "ftp")


def test_undone_each_is_as_the_text_had_it_or_as_a_router_comes() -> None:
    settings = (
        ServiceSetting("telnet", disabled=True),
        ServiceSetting("ftp", disabled=True),
        ServiceSetting("ftp", port=2121),
    )
    made = mend_services(settings, ("telnet", "ftp", "api", "www-ssl"))
    assert made.undo == (
        "/ip service set telnet disabled=yes",
        "/ip service set ftp disabled=yes",
        "/ip service set api disabled=no",
        "/ip service set www-ssl disabled=yes",
    )
    assert made.off == ("telnet", "ftp", "www-ssl")


def test_the_last_word_counts() -> None:
    settings = (ServiceSetting("ftp", disabled=True), ServiceSetting("ftp", disabled=False))
    assert mend_services(settings, ("ftp",)).undo == ("/ip service set ftp disabled=no",)


def test_what_comes_out_reads_back_as_off() -> None:
    lines = "\n".join(mend_services((), ("telnet", "www", "ftp")).lines)
    again = read_source(lines.encode(), "off.rsc").script.services
    assert {each.name: each.disabled for each in again} == {"telnet": True, "www": True, "ftp": True}
