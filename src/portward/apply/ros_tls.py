"""The TCP or TLS stream to a router: opened, and the router's certificate checked before a byte of ours is sent.

Three ways to know a router: a certificate that an authority of this system signed, one that an authority of the
user's own signed (`ca_file`), or one whose SHA-256 is known (`fingerprint`). There is no fourth: a stream without TLS
must be asked for by name. It knows nothing of logins and of what the stream carries.
"""

import hashlib
import hmac
import socket
import ssl
from datetime import timedelta

import attrs

from portward.errors import HostError, PeerError


LIMIT = timedelta(seconds=20)
"""How long a router may take to connect, and for each answer; REST itself allows 60 s (RouterOS manual)."""


@attrs.frozen
class Trust:
    """How a router proves who it is.

    Attributes:
        tls: whether there is TLS at all.
        ca_file: certificates (PEM) of the authorities that count; empty for the system's.
        fingerprint: SHA-256 of the certificate in hex; it alone counts then, name and authority do not.
        name: the name that the certificate must be for; empty for the host that is connected to.
    """

    tls: bool = True
    ca_file: str = ""
    fingerprint: str = ""
    name: str = ""


def open_stream(host: str, port: int, trust: Trust, limit: timedelta = LIMIT) -> socket.socket:
    """Connect, and check who answers.

    Raises:
        PeerError: nobody answers, or not the router that was meant.
        HostError: the file of authorities cannot be read.
    """
    where = f"{host}, port {port}"
    try:
        stream = socket.create_connection((host, port), limit.total_seconds())
    except OSError as error:
        raise PeerError(f"no connection to {where}: {error.strerror or error}") from error
    try:
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # many small requests, each waited for
        return _secured(stream, host, port, trust) if trust.tls else stream
    except BaseException:
        stream.close()
        raise


def _secured(stream: socket.socket, host: str, port: int, trust: Trust) -> socket.socket:
    where = f"{host}, port {port}"
    try:
        secured = _context(trust).wrap_socket(stream, server_hostname=trust.name or host)
    except ssl.SSLCertVerificationError as error:
        raise PeerError(f"{where}: {error.verify_message}; {_advice(host, port)}") from error
    except OSError as error:
        reason = getattr(error, "reason", None) or error.strerror or error
        raise PeerError(
            f"{where}: no TLS ({reason}); the router's service needs a certificate: /ip service print"
        ) from error
    if trust.fingerprint and not hmac.compare_digest(seen := fingerprint_of(secured), trust.fingerprint):
        secured.close()
        raise PeerError(f"{where} has another certificate than the known one: its SHA-256 is {seen}")
    return secured


def _context(trust: Trust) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=trust.ca_file or None)
    except OSError as error:
        raise HostError(
            f"cannot read certificates from {trust.ca_file}: {error.strerror or error}"
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if trust.fingerprint:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # the fingerprint is compared instead, before anything is sent
    return context


def fingerprint_of(stream: ssl.SSLSocket) -> str:
    """The SHA-256 of the other end's certificate, in lower-case hex, as `/certificate print` shows it."""
    return hashlib.sha256(stream.getpeercert(binary_form=True) or b"").hexdigest()


def _advice(host: str, port: int) -> str:
    """What to do about a certificate that nobody vouches for; the one that is shown is asked for once more."""
    told = "set ca_file or fingerprint in routers.toml"
    try:
        with (
            socket.create_connection((host, port), LIMIT.total_seconds()) as stream,
            _context(Trust(fingerprint="-")).wrap_socket(stream, server_hostname=host) as bare,
        ):
            seen = fingerprint_of(bare)
    except OSError:
        return told
    return f"{told}; what answers there shows the SHA-256 {seen}: compare it with /certificate print on the router"
