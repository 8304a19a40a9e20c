"""The exit codes, all of them. Nothing else lives here."""

import enum


TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self


class ExitStatus(enum.IntEnum):
    """What the caller learns from the exit code; the man page prints each member's `meaning`."""

    meaning: str

    OK = 0, "Done, or nothing to say."
    FINDINGS = 1, "The user's file has mistakes, a check has findings, or a door stayed shut."
    USAGE = (
        2,
        "The command line asks for what cannot be done; for plan --detailed-exitcode: there are changes.",
    )
    REFUSED = 3, "The kernel or the router refused; nothing was changed."
    HOST = 4, "This machine lacks a program, a permission or a file."
    INTERRUPTED = 130, "Ctrl-C."

    def __new__(cls, value: int, meaning: str = "") -> "Self":
        """Keep the sentence beside the number."""
        status = int.__new__(cls, value)
        status._value_ = value
        status.meaning = meaning
        return status
