import pytest
from tests.sources.routeros_texts import commands, mends

from portward.sources.rsc_glue import mask


RULE = "/ip firewall filter add chain=input"


@pytest.mark.parametrize(
    ("damaged", "read"),
    [
        ('/ip firewall filter add comment="x"chain=input', ["/ip firewall filter add comment=x chain=input"]),
        (
            f"{RULE} address-list-timeout=1maction=add-src-to-address-list address-list=kdst-port=7protocol=tcp",
            [
                f"{RULE} address-list-timeout=1m action=add-src-to-address-list address-list=k dst-port=7 protocol=tcp"
            ],
        ),
        (f"{RULE}in-interface=wan1", [f"{RULE} in-interface=wan1"]),
        ("/ip firewall filteradd chain=input", [RULE]),
        (
            "/ip firewall filter\naddaction=accept chain=inputin-interface=wan1addaction=drop chain=input",
            [
                "/ip firewall filter add action=accept chain=input in-interface=wan1",
                "/ip firewall filter add action=drop chain=input",
            ],
        ),
        (
            f"{RULE} action=accept add chain=forward",
            [f"{RULE} action=accept", "/ip firewall filter add chain=forward"],
        ),
        (
            f"{RULE} /ip service set telnet disabled=yes set ftp disabled=yes :put x",
            [RULE, "/ip service set telnet disabled=yes", "/ip service set ftp disabled=yes"],
        ),
        (
            "/Ip Firewall Filter Add Chain=Input Action=Drop Protocol=TCP src-address-list=MyList",
            ["/ip firewall filter add chain=input action=drop protocol=tcp src-address-list=MyList"],
        ),
    ],
)
def test_grown_together_words_are_parted(damaged: str, read: list[str]) -> None:
    """Missing spaces, lost line ends, capitals."""
    assert commands(damaged) == read
    assert mends(damaged)


@pytest.mark.parametrize(
    "line",
    [
        f'{RULE} comment="add chain=x /ip firewall set a=b"',
        "/system script add name=s source={ add chain=x add chain=y }",
        "/tool fetch url=http://192.0.2.1/?a=1 keep-result=no",
        f"{RULE} src-address-list=Chain",
    ],
)
def test_quotes_and_brackets_are_not_looked_into(line: str) -> None:
    """And what no property explains is left as it is."""
    assert mends(line) == []


def test_mask_keeps_every_offset() -> None:
    """Blotted out, character for character."""
    text = 'a="x y" b=[find c="d"] e={f;{g}}'
    masked = mask(text)
    assert len(masked) == len(text)
    assert masked == 'a="___" b=[__________] e={_____}'
