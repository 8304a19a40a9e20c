"""Small changes in a policy's text: all else stays byte for byte, and the new text means just the change."""

import difflib
import tomllib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.policy.net import PortRange, Protocol
from portward.policy.policy import Service
from portward.sources.policy_edit import add_port, add_service, open_by, publish


SSH = Service("ssh", (PortRange(Protocol.TCP, 22, 22),))
OTHER = (PortRange(Protocol.TCP, 20022, 20022),)

TEXT = """# mine
schema = 1

[services.web]   # the web
ports   = [ "tcp/80", "tcp/443" ]  # both

[sequences.admin]
knocks = ["tcp/5", "udp/7"]
opens = [
    "web",  # the web
]
"""


def added(old: str, new: str) -> list[str]:
    """The lines that are new; none may be gone or moved."""
    changes = [line for line in difflib.ndiff(old.splitlines(), new.splitlines()) if line[0] in "+-"]
    assert not any(line.startswith("-") for line in changes), new
    return [line[2:] for line in changes]


def test_a_service_is_added_at_the_end() -> None:
    assert add_service(TEXT, SSH) == TEXT + '\n[services.ssh]\nports = ["tcp/22"]\n'


def test_a_text_without_a_last_line_end_gets_one() -> None:
    new = add_service("schema = 1  # x", SSH)
    assert new == 'schema = 1  # x\n\n[services.ssh]\nports = ["tcp/22"]\n'


def test_a_services_table_in_braces_grows_within_them() -> None:
    text = 'services = { web = { ports = ["tcp/80"] } }  # x\n'
    new = 'services = { web = { ports = ["tcp/80"] }, ssh = { ports = ["tcp/22"] } }  # x\n'
    assert add_service(text, SSH) == new
    assert add_service("services = {}\n", SSH) == 'services = { ssh = { ports = ["tcp/22"] }}\n'


def test_a_service_that_is_there_is_not_added() -> None:
    with pytest.raises(ValueError, match="already"):
        add_service(add_service(TEXT, SSH), SSH)


def test_published_stands_below_the_ports() -> None:
    new = publish(TEXT, "web", (*OTHER, PortRange(Protocol.TCP, 20443, 20443)))
    assert added(TEXT, new) == ['published = ["tcp/20022", "tcp/20443"]']
    assert new.index("# both") < new.index("published") < new.index("[sequences")


@pytest.mark.parametrize(
    ("text", "new"),
    [
        (
            'services.a.ports = ["tcp/1"]',
            'services.a.ports = ["tcp/1"]\nservices.a.published = ["tcp/20022"]',
        ),
        (
            '[services]\n  a . ports = ["tcp/1"]\n',
            '[services]\n  a . ports = ["tcp/1"]\n  a . published = ["tcp/20022"]\n',
        ),
        (
            '[services]\na = { ports = ["tcp/1"] }\n',
            '[services]\na = { ports = ["tcp/1"], published = ["tcp/20022"] }\n',
        ),
        (
            '[services.a]\r\nports = ["tcp/1"]\r\n',
            '[services.a]\r\nports = ["tcp/1"]\r\npublished = ["tcp/20022"]\r\n',
        ),
    ],
)
def test_published_is_spelled_as_the_ports_are(text: str, new: str) -> None:
    assert publish(text, "a", OTHER) == new


def test_what_is_published_stays() -> None:
    with pytest.raises(ValueError, match="published already"):
        publish('[services.a]\nports=["tcp/1"]\npublished=["tcp/2"]\n', "a", OTHER)


def test_a_list_over_several_lines_grows_by_a_line_and_comments_stay_where_they_are() -> None:
    new = open_by(TEXT, "admin", "ssh")
    assert added(TEXT, new) == ['    "ssh",']
    assert new.endswith('    "web",  # the web\n    "ssh",\n]\n')


@pytest.mark.parametrize(
    ("opens", "new"),
    [
        ('"web"', '["web", "ssh"]'),
        ('["web"]', '["web", "ssh"]'),
        ('[ "web" , ]', '[ "web", "ssh" , ]'),
        ('["web", "mail"] # x', '["web", "mail", "ssh"] # x'),
        ("[]", '["ssh"]'),
        ('[\n  "web" # x, y\n]', '[\n  "web", # x, y\n  "ssh",\n]'),
        ('[\n"web",\n  "mail"]', '[\n"web",\n  "mail", "ssh"]'),
    ],
)
def test_every_way_to_write_a_list_is_kept(opens: str, new: str) -> None:
    assert open_by(f"[sequences.a]\nopens = {opens}\n", "a", "ssh") == f"[sequences.a]\nopens = {new}\n"


def test_a_port_is_added_behind_the_others() -> None:
    assert '[ "tcp/80", "tcp/443", "tcp/20022" ]  # both' in add_port(TEXT, "web", OTHER[0])


def test_what_is_not_in_the_file_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="in this file"):
        publish(TEXT, "no", OTHER)
    with pytest.raises(ValueError, match="in this file"):
        open_by(TEXT, "no", "ssh")


blanks = st.text(" \t", max_size=3)
comments = st.sampled_from(["", "# x", '# "a", [b] ', "#"])
ends = st.sampled_from(["\n", "\r\n"])


@st.composite
def lists(draw: st.DrawFn, *words: str) -> str:
    """A list of these words in any layout."""
    if draw(st.booleans()):
        between = f"{draw(blanks)},{draw(blanks)}"
        inner = between.join(f'"{each}"' for each in words)
        return f"[{draw(blanks)}{inner}{draw(blanks)}{draw(st.sampled_from(['', ',']))}{draw(blanks)}]"
    lines = []
    for place, each in enumerate(words):
        comma = "," if place + 1 < len(words) or draw(st.booleans()) else ""
        lines.append(f'{draw(blanks)}"{each}"{draw(blanks)}{comma}{draw(blanks)}{draw(comments)}')
    joined = "\n".join(lines)
    return f"[{draw(comments)}\n{joined}\n{draw(blanks)}]"


@st.composite
def policies(draw: st.DrawFn) -> str:
    """A policy's text in any layout, with comments anywhere."""
    end = draw(ends)
    first = draw(st.sampled_from(["tcp", "udp"]))
    text = (
        f"{draw(comments)}\nschema{draw(blanks)}={draw(blanks)}1 {draw(comments)}\n"
        f"[services.web]{draw(blanks)}{draw(comments)}\n"
        f"{draw(blanks)}ports{draw(blanks)}={draw(blanks)}{draw(lists(first + '/80', 'tcp/81'))} {draw(comments)}\n\n"
        f'[sequences."admin"]\nknocks = {draw(lists("tcp/5", "udp/7=#word, ]"))}\n'
        f"opens = {draw(lists('web'))}{draw(blanks)}{draw(comments)}"
    )
    return (text + draw(st.sampled_from(["", "\n", "\n\n", "\n# end"]))).replace("\n", end)


CHANGES: tuple[Callable[[str], str], ...] = (
    lambda text: add_service(text, SSH),
    lambda text: publish(text, "web", (*OTHER, PortRange(Protocol.TCP, 20443, 20443))),
    lambda text: add_port(text, "web", OTHER[0]),
    lambda text: open_by(text, "admin", "ssh"),
)


@given(policies(), st.sampled_from(CHANGES))
def test_nothing_that_was_there_is_lost_or_moved(text: str, change: Callable[[str], str]) -> None:
    """The old text is the new one with pieces taken out: no character of it is gone, none changed its order."""
    new = change(text)
    left = iter(new)
    assert all(character in left for character in text)
    assert len(new) > len(text)
    tomllib.loads(new)
    assert ("\r\n" in new) is ("\r\n" in text) or "\n" not in text
    assert new.replace("\r\n", "").count("\n") == text.replace("\r\n", "").count("\n") or "\r\n" not in text
