"""A certificate for routers that are tried on loopback, made by openssl."""

import hashlib
import ssl
import subprocess
from pathlib import Path

import attrs


@attrs.frozen
class Certificate:
    """One certificate for `router.lan` and 127.0.0.1, which vouches for itself."""

    cert: Path
    key: Path

    @property
    def fingerprint(self) -> str:
        """Its SHA-256 in hex."""
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(self.cert.read_text())).hexdigest()

    def context(self) -> ssl.SSLContext:
        """What a server needs to show it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, self.key)
        return context


def make_certificate(directory: Path) -> Certificate:
    """Make one in a directory."""
    made = Certificate(directory / "cert.pem", directory / "key.pem")
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "2",
            ),
            *("-subj", "/CN=router.lan", "-addext", "subjectAltName=DNS:router.lan,IP:127.0.0.1"),
            *("-keyout", str(made.key), "-out", str(made.cert)),
        ],
        check=True,
        capture_output=True,
    )
    return made
