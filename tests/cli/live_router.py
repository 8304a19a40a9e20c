"""A router that answers on loopback with TLS, in the `routers.toml` of a user who runs command lines."""

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

import attrs
from tests.apply.routeros_tls import make_certificate

from lab.routeros_device import Device
from lab.routeros_server import serving
from portward.cli.environment import Environment
from portward.cli.main import main


@attrs.frozen
class Desk:
    """The user."""

    device: Device
    directory: Path

    def run(self, *words: str) -> tuple[int, str, str]:
        """Run one command line: its exit code, its answer, its talk."""
        out, err = io.StringIO(), io.StringIO()
        code = main(words, Environment(io.StringIO(), out, err, {"XDG_CONFIG_HOME": str(self.directory)}))
        assert "s3cret" not in out.getvalue() + err.getvalue()
        return code, out.getvalue(), err.getvalue()

    def off(self) -> set[str]:
        """The services of the router that are off."""
        return {row["name"] for row in self.device.menus["/ip/service"] if row["disabled"] == "true"}


@contextlib.contextmanager
def desk(device: Device, api: str, directory: Path) -> Iterator[Desk]:
    """Serve a router called `edge` by `rest` or `binary`."""
    home = directory / "portward"
    home.mkdir(mode=0o700)
    certificate = make_certificate(directory)
    with serving(device, api, context=certificate.context()) as port:
        texts = {
            "password": "s3cret\n",
            "routers.toml": (
                f'schema = 1\n[routers.edge]\nhost = "127.0.0.1"\nuser = "portward"\nversion = {device.version}\n'
                f'api = "{api}"\nport = {port}\nfingerprint = "{certificate.fingerprint}"\n'
                f'password_file = "{home}/password"\n'
            ),
        }
        for name, text in texts.items():
            (home / name).write_text(text)
            (home / name).chmod(0o600)
        yield Desk(device, directory)
