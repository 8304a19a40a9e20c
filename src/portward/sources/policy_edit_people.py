"""Changes of people in the text of a policy file that keep all the rest byte for byte.

Pure: text in, text out. Each change is proved as those of `policy_edit` are.
"""

import re
from typing import Any

from portward.policy.notation import write_duration
from portward.policy.people import AddressRule, Person
from portward.policy.policy import EVERYTHING
from portward.sources.policy_edit import beside, line_end, proved, read_text
from portward.sources.policy_text import quote, write_moment
from portward.sources.toml_text import locate


_HEADER = re.compile(r"[ \t]*\[")


def add_person(text: str, person: Person, *, open_for: bool = True) -> str:
    """Add a table `[people.NAME]` at the end; without `open_for`, what `[defaults]` says holds.

    Raises:
        ValueError: the text is no TOML, has that person, or is written so that it cannot be done.
    """
    data = read_text(text)
    if person.name in data.get("people", {}):
        msg = f"there is a person {person.name} already"
        raise ValueError(msg)
    end, values = line_end(text), _values(person)
    if not open_for:
        del values["open_for"]
    lines = [f"[people.{person.name}]", *(f"{key} = {_spelled(value)}" for key, value in values.items())]
    blank = "" if not text else end if text.endswith("\n") else end + end
    new = text + blank + "".join(f"{line}{end}" for line in lines)
    return proved(text, new, lambda wanted: wanted.setdefault("people", {}).__setitem__(person.name, values))


def _values(person: Person) -> dict[str, Any]:
    """What the table says."""
    values: dict[str, Any] = {
        "opens": EVERYTHING if person.opens == (EVERYTHING,) else list(person.opens),
        "open_for": write_duration(person.open_for),
    }
    if person.networks:
        values["from"] = list(map(str, person.networks))
    if person.until:
        values["until"] = write_moment(person.until)
    if person.address is not AddressRule.AS_SEEN:
        values["address"] = str(person.address)
    return values


def _spelled(value: str | list[str]) -> str:
    return quote(value) if isinstance(value, str) else f"[{', '.join(map(quote, value))}]"


def revoke_person(text: str, name: str) -> str:
    """Say `revoked = true` of a person.

    Raises:
        ValueError: there is no such person in this text, or it cannot be done.
    """
    table = read_text(text).get("people", {}).get(name)
    if not isinstance(table, dict) or "opens" not in table:
        msg = f"there is no person {name} in this file"
        raise ValueError(msg)
    path = ("people", name)
    if table.get("revoked") is True:
        return text
    if "revoked" in table:
        start, end = locate(text).values[(*path, "revoked")]
        new = f"{text[:start]}true{text[end:]}"
    else:
        new = beside(text, (*path, "opens"), "revoked = true")
    return proved(text, new, lambda wanted: wanted["people"][name].update(revoked=True))


def remove_person(text: str, name: str) -> str:
    """Take a table `[people.NAME]` out, with the comments in it; those above it stay.

    Raises:
        ValueError: there is no such person in this text, or it is written so that it cannot be done.
    """
    if name not in read_text(text).get("people", {}):
        msg = f"there is no person {name} in this file"
        raise ValueError(msg)
    heading = re.compile(rf"""[ \t]*\[[ \t]*people[ \t]*\.[ \t]*["']?{re.escape(name)}["']?[ \t]*\]""")
    kept, inside = [], False
    for line in text.splitlines(keepends=True):
        if _HEADER.match(line):
            inside = heading.match(line) is not None
        if not inside:
            kept.append(line)
    new = "".join(kept)
    try:
        return proved(text, new, lambda wanted: wanted["people"].pop(name))
    except ValueError:
        return proved(text, new, lambda wanted: wanted.pop("people"))
