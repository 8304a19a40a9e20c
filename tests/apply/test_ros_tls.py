from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.apply.routeros_tls import Certificate, make_certificate

from lab.routeros_device import Device
from lab.routeros_server import serving
from portward.apply.ros_tls import Trust, open_stream
from portward.errors import HostError, PeerError


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def port(certificate: Certificate) -> Iterator[int]:
    """Where a router with that certificate answers."""
    with serving(Device(lambda: 0.0), "binary", context=certificate.context()) as port:
        yield port


def test_a_certificate_that_nobody_vouches_for_is_refused_with_what_to_do(
    port: int, certificate: Certificate
) -> None:
    with pytest.raises(PeerError, match="self-signed certificate") as raised:
        open_stream("127.0.0.1", port, Trust())
    assert certificate.fingerprint in str(raised.value)
    assert "routers.toml" in str(raised.value)


def test_an_authority_of_ones_own_counts_and_the_name_is_looked_at(
    port: int, certificate: Certificate
) -> None:
    trust = Trust(ca_file=str(certificate.cert))
    open_stream("127.0.0.1", port, trust).close()
    open_stream("127.0.0.1", port, Trust(ca_file=str(certificate.cert), name="router.lan")).close()
    with pytest.raises(PeerError, match=r"other\.lan"):
        open_stream("127.0.0.1", port, Trust(ca_file=str(certificate.cert), name="other.lan"))


def test_a_known_fingerprint_is_enough_and_another_is_not(port: int, certificate: Certificate) -> None:
    open_stream("127.0.0.1", port, Trust(fingerprint=certificate.fingerprint)).close()
    with pytest.raises(PeerError, match="another certificate than the known one"):
        open_stream("127.0.0.1", port, Trust(fingerprint="0" * 64))


def test_a_service_without_tls_is_refused() -> None:
    with serving(Device(lambda: 0.0), "rest") as port, pytest.raises(PeerError, match="no TLS"):
        open_stream("127.0.0.1", port, Trust())


def test_nobody_there_is_said_plainly(tmp_path: Path) -> None:
    with serving(Device(lambda: 0.0), "binary") as port:
        pass
    with pytest.raises(PeerError, match=f"no connection to 127.0.0.1, port {port}: Connection refused"):
        open_stream("127.0.0.1", port, Trust())
    with (
        serving(Device(lambda: 0.0), "binary") as port,
        pytest.raises(HostError, match="cannot read certificates"),
    ):
        open_stream("127.0.0.1", port, Trust(ca_file=str(tmp_path / "none.pem")))
