"""The pages of all codes in one table, and how they are laid out as text."""

from textwrap import fill, indent

from portward.check import doors, form, fwknop_imports, guessing, imports, keys, order, reach, session, timing
from portward.check.page import Page


PAGES: dict[str, Page] = {
    each.code: each
    for each in sorted(
        (
            *form.PAGES,
            *doors.PAGES,
            *order.PAGES,
            *guessing.PAGES,
            *timing.PAGES,
            *reach.PAGES,
            *keys.PAGES,
            *session.PAGES,
            *imports.PAGES,
            *fwknop_imports.PAGES,
        ),
        key=lambda each: each.code,
    )
}
"""By code, in order."""

GROUPS = {
    "1": "Mistakes in the form of the file",
    "2": "Advice about sequences",
    "3": "Mistakes of meaning",
    "4": "Advice about the gate",
    "5": "RouterOS, read and written",
    "6": "knockd.conf, read",
    "7": "fwknop, read",
}
"""By the first digit of the code."""


def overview() -> str:
    """List all codes with their titles."""
    lines = []
    for digit, heading in GROUPS.items():
        lines.append(f"{heading}:")
        lines += [f"  {code}  {each.title}" for code, each in PAGES.items() if code[2] == digit]
        lines.append("")
    return "\n".join([*lines, "portward explain CODE tells more about one of them."])


def explanation(page: Page, width: int = 88) -> str:
    """Lay out a page for the terminal."""
    blocks = [
        f"{page.code} ({page.severity}): {page.title}",
        f"What\n{indent(fill(page.what, width - 4), '    ')}",
        f"Why\n{indent(fill(page.why, width - 4), '    ')}",
        f"Example\n{indent(_files(page.example, page.example_part), '    ')}",
        f"Fix\n{indent(_files(page.fix, page.fix_part), '    ')}",
    ]
    return "\n\n".join(blocks)


def codes_page() -> str:
    """Write the reference of all codes, as Markdown."""
    blocks = [
        "# Codes",
        (
            "What `portward check` can say, and what to do about it. `portward explain CODE` prints the same. "
            "This page is made from the rules themselves."
        ),
    ]
    for digit, heading in GROUPS.items():
        blocks.append(f"## {heading}")
        for page in PAGES.values():
            if page.code[2] == digit:
                blocks += _markdown(page)
    return "\n\n".join(blocks) + "\n"


def _markdown(page: Page) -> list[str]:
    language = "text" if page.by_hand else "toml"
    return [
        f"### {page.code}: {page.title}",
        f"**What** ({page.severity}): {page.what}",
        f"**Why:** {page.why}",
        f"**Example**\n\n```{language}\n{_files(page.example, page.example_part)}\n```",
        f"**Fix**\n\n```{language}\n{_files(page.fix, page.fix_part)}\n```",
    ]


def _files(main: str, part: str) -> str:
    """A file, and the part beside it if there is one."""
    return f"{main}\n\n# policy.d/more.toml\n{part}" if part else main
