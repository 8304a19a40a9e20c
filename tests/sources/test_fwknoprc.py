import pytest
from tests.sources.fwknop_files import told

from portward.sources.fwknoprc import Rc, read_rc


def rc(text: str) -> Rc:
    """Read a .fwknoprc."""
    return read_rc(text.encode(), "rc")


def test_default_is_in_every_stanza() -> None:
    """And is none itself, unless it is alone."""
    found = rc("[default]\nKEY abc\nSPA_SERVER a\n[one]\nACCESS tcp/1\n[two]\nSPA_SERVER b\n")
    assert [(each.name, each.server, each.secrets.key) for each in found.stanzas] == [
        ("one", "a", b"abc"),
        ("two", "b", b"abc"),
    ]
    assert [each.name for each in rc("[default]\nKEY abc\n").stanzas] == ["default"]


def test_a_value_is_one_word() -> None:
    """It ends at a blank, a semicolon or a #, passphrases too."""
    (stanza,) = rc("[x]\nKEY correct horse 1\nHMAC_KEY: abc;def\nSPA_SERVER host#1\n").stanzas
    assert (stanza.secrets.key, stanza.secrets.hmac_key, stanza.server) == (b"correct", b"abc", "host")


def test_a_later_value_counts() -> None:
    """Also in a section that comes again."""
    (stanza,) = rc("[x]\nKEY a\nSPA_SERVER one\n[x]\nSPA_SERVER two\n").stanzas
    assert (stanza.secrets.key, stanza.server) == (b"a", "two")


def test_mistakes() -> None:
    """All at once, each at its line."""
    found = rc("KEY x\n[x]\nKEY=abc\nFOO bar\nFW_TIMEOUTS 1\n\n# fine\n")
    assert told(found.mistakes) == [
        "1: KEY stands before the first [stanza]",
        "3: a line must hold a variable and its value, with a blank between",
        "4: fwknop does not know FOO",
        "5: fwknop does not know FW_TIMEOUTS",
    ]
    assert found.mistakes[3].hint == "did you mean FW_TIMEOUT?"


@pytest.mark.parametrize("name", ["KEY", "KEY_BASE64", "HMAC_KEY", "HMAC_KEY_BASE64", "GPG_SIGNING_PW"])
def test_secrets_are_blotted_out(name: str) -> None:
    """To the end of the line, since a passphrase with blanks was cut."""
    assert "horse" not in rc(f"[x]\n{name} correct horse 1\n").text
