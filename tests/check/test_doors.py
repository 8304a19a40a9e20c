import pytest
from tests.check.findings import gate, told


GOOD = "tcp/41733 udp/9121 icmp/777 tcp/17021"


def mistakes(text: str) -> list[str]:
    return [each for each in told(text) if each.startswith("PW3")]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ('"192.168.1.10"', []),
        ('["192.168.1.10", "2001:db8::1"]', []),
        ('["192.168.1.10", "192.168.1.11"]', ["PW304 3:25"]),
        ('["2001:db8::1", "10.0.0.1", "2001:db8::2"]', ["PW304 3:36"]),
        ('"127.0.0.1"', ["PW304 3:8"]),
        ('"ff02::1"', ["PW304 3:8"]),
        ('"0.0.0.0"', ["PW304 3:8"]),
    ],
)
def test_a_host_is_one_machine(host: str, expected: list[str]) -> None:
    assert mistakes(f'[services.c]\nhost = {host}\nports = ["tcp/443"]\n') == expected


@pytest.mark.parametrize(
    ("ports", "published", "expected"),
    [
        ('"tcp/22"', '"tcp/12345"', []),
        ('"tcp/8000-8010"', '"tcp/18000-18010"', []),
        ('"tcp/22", "tcp/23"', '"tcp/12345"', ["PW305 4:13"]),
        ('"tcp/22"', '"udp/12345"', ["PW305 4:14"]),
        ('"tcp/8000-8010"', '"tcp/18000-18011"', ["PW305 4:14"]),
        ('"esp"', '"esp"', ["PW312 4:14"]),
    ],
)
def test_published_ports_are_one_for_one(ports: str, published: str, expected: list[str]) -> None:
    assert mistakes(f"[services.c]\nports = [{ports}]\npublished = [{published}]\n") == expected


def services(*texts: str) -> str:
    return "\n".join(f"[services.s{index}]\n{text}" for index, text in enumerate(texts))


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (['ports=["tcp/22"]', 'ports=["udp/22"]'], []),
        (['ports=["tcp/22"]', 'ports=["tcp/22"]'], ["PW311 5:8"]),
        (['ports=["tcp/1-100"]', 'ports=["tcp/2"]', 'ports=["tcp/50-150"]'], ["PW311 5:8", "PW311 7:8"]),
        (['ports=["tcp/22"]\npublished=["tcp/80"]', 'ports=["tcp/80"]'], ["PW311 6:8"]),
        (
            ['ports=["tcp/22"]\npublished=["tcp/80"]', 'ports=["tcp/23"]\npublished=["tcp/80"]'],
            ["PW311 7:12"],
        ),
        (['ports=["tcp/22"]', 'host="10.0.0.1"\nports=["tcp/22"]'], []),
        (['ports=["tcp/22"]', 'host="10.0.0.1"\nports=["tcp/22"]\npublished=["tcp/22"]'], ["PW311 7:12"]),
        (['host="10.0.0.1"\nports=["tcp/22"]', 'host="10.0.0.2"\nports=["tcp/22"]'], []),
        (
            ['host=["10.0.0.1","::2"]\nports=["tcp/22"]', 'host=["10.0.0.1","::2"]\nports=["tcp/20-30"]'],
            ["PW311 7:8"],
        ),
        (['host="10.0.0.1"\nports=["tcp/443"]\npublished=["tcp/443"]'], []),
        (['ports=["tcp/443"]\npublished=["tcp/443"]'], ["PW312 4:12"]),
        (['ports=["tcp/443", "tcp/400-500"]'], ["PW312 3:19"]),
        (['ports=["esp"]', 'ports=["esp"]'], ["PW311 5:8"]),
    ],
)
def test_one_port_of_one_machine_belongs_to_one_service(texts: list[str], expected: list[str]) -> None:
    assert mistakes(services(*texts)) == expected


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ('ports=["tcp/9121"]', []),
        ('ports=["udp/9121"]', ["PW313 5:24"]),
        ('ports=["udp/9000-9200"]', ["PW313 5:24"]),
        ('ports=["tcp/1"]\npublished=["tcp/17021"]', ["PW313 5:48"]),
        ('ports=["tcp/17021"]\npublished=["tcp/1"]', ["PW313 5:48"]),
        ('host="10.0.0.1"\nports=["udp/9121"]', []),
        ('ports=["icmp"]', ["PW313 5:36"]),
    ],
)
def test_a_knock_is_never_to_a_guarded_port(service: str, expected: list[str]) -> None:
    assert [each for each in gate(GOOD, f"[services.b]\n{service}") if each[:3] == "PW3"] == expected


@pytest.mark.parametrize(
    ("public", "expected"),
    [
        ('"tcp/41733"', ["PW314 6:11"]),
        ('"udp/1-10000"', ["PW314 6:24"]),
        ('"udp/41733"', []),
        ('"icmp"', []),
        ('"tcp/22"', ["PW315 2:11"]),
        ('"tcp/1-100"', ["PW315 2:11"]),
    ],
)
def test_a_public_port_is_neither_knocked_nor_guarded(public: str, expected: list[str]) -> None:
    knocks = ", ".join(f'"{each}"' for each in GOOD.split())
    text = f'public = [{public}]\n[services.ssh]\nports = ["tcp/22"]\n[sequences.a]\nknocks = [{knocks}]\nopens = "*"\n'
    assert mistakes(text) == expected
