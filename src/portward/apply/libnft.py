"""nft in this process: a binding of the six functions of libnftables that are needed (libnftables(3)).

A transaction by the program takes 2 ms, by the library 0.2 ms, and the daemon lets in a thousand visitors a second.
Text goes in as it does for the program; it may hold secrets, so what the library quotes of it never becomes part of an
error.
"""

import ctypes
from collections.abc import Callable
from typing import Any, Final

from portward.apply.run import Places, refusal
from portward.errors import HostError, TargetError


LIBRARY: Final = "libnftables.so.1"
"""Debian's package libnftables1, which nftables needs itself."""


class Libnft:
    """One context of the library: commands in, what it printed out. Not for several threads at once."""

    def __init__(self) -> None:
        """Open the library.

        Raises:
            HostError: it is missing, or too old.
        """
        try:
            library = ctypes.CDLL(LIBRARY)
            self._run = _declared(library.nft_run_cmd_from_buffer, ctypes.c_int, [ctypes.c_char_p])
            self._error = _declared(library.nft_ctx_get_error_buffer, ctypes.c_char_p, [])
            self._output = _declared(library.nft_ctx_get_output_buffer, ctypes.c_char_p, [])
            self._free = _declared(library.nft_ctx_free, None, [])
            new = library.nft_ctx_new
            new.restype, new.argtypes = ctypes.c_void_p, [ctypes.c_uint32]
            buffers = [
                _declared(each, ctypes.c_int, [])
                for each in (library.nft_ctx_buffer_error, library.nft_ctx_buffer_output)
            ]
        except (OSError, AttributeError):
            raise HostError(f"{LIBRARY} is missing; install the package libnftables1") from None
        self._context = new(0)
        if not self._context or any(buffer(self._context) for buffer in buffers):
            raise HostError(f"{LIBRARY} refuses to start")

    def run(self, text: str) -> str:
        """Carry out commands in one transaction and give what was printed.

        Raises:
            HostError: the library may not touch the firewall.
            TargetError: it or the kernel refused; nothing was changed.
        """
        if self._run(self._context, text.encode()) == 0:
            return _text(self._output(self._context))
        said = _text(self._error(self._context))
        if "peration not permitted" in said:
            raise HostError(
                "the firewall may not be touched: run as root, or with the capability CAP_NET_ADMIN"
            )
        raise TargetError(refusal(said, Places()))

    def close(self) -> None:
        """Give the context back."""
        if self._context:
            self._free(self._context)
            self._context = None


def _text(said: bytes | None) -> str:
    return (said or b"").decode(errors="replace")


def _declared(function: Any, result: Any, arguments: list[Any]) -> Callable[..., Any]:
    """Tell ctypes the types of a function whose first argument is the context."""
    function.restype = result
    function.argtypes = [ctypes.c_void_p, *arguments]
    declared: Callable[..., Any] = function
    return declared
