"""QR codes of invitations: in the terminal, or as an SVG or PNG file that its owner alone may read."""

import io
from pathlib import Path
from typing import Any, Final

from portward.cli.environment import Environment
from portward.cli.output import write_output
from portward.errors import HostError, UsageError


TERMINAL: Final = "terminal"
FILES: Final = (".svg", ".png")
PIXELS: Final = 4
"""A module's side in a file."""


def read_target(text: str) -> str:
    """Judge where a code is to go.

    Raises:
        UsageError: neither `terminal` nor a file whose name ends in .svg or .png.
        HostError: the library that draws codes is not installed.
    """
    if text != TERMINAL and Path(text).suffix.lower() not in FILES:
        raise UsageError(f"--qr takes {TERMINAL}, or a file that ends in {' or '.join(FILES)}, not {text!r}")
    _library()
    return text


def show(text: str, target: str, environment: Environment, *, replace: bool) -> None:
    """Draw the code of a text.

    Raises:
        UsageError: the text is too long for a code, or the file is there already.
        HostError: the library is not installed, or the file cannot be written.
    """
    library = _library()
    try:
        code = library.make(text, error="l", micro=False)
    except library.DataOverflowError:
        raise UsageError("the invitation is too long for a QR code; hand over the file instead") from None
    if target == TERMINAL:
        code.terminal(out=environment.stderr, compact=True)
        return
    drawn = io.BytesIO()
    code.save(drawn, kind=Path(target).suffix.lower().removeprefix("."), scale=PIXELS)
    write_output(target, drawn.getvalue(), replace=replace)


def _library() -> Any:
    try:
        import segno  # noqa: PLC0415 - optional
    except ImportError:
        raise HostError("QR codes need the library segno: pip install 'portward[qr]'") from None
    return segno
