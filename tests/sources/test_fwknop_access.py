from tests.sources.fwknop_files import STANZA, access, told


def values(text: str, files: dict[str, str] | None = None) -> list[list[str]]:
    """The entries of each stanza, SOURCE first."""
    found = access(text, files)
    assert not found.fatal
    return [[f"{each.name} {each.value.text}" for each in (s.source, *s.entries)] for s in found.stanzas]


def test_stanzas() -> None:
    """Each begins at SOURCE; the last value of a variable counts."""
    text = "SOURCE ANY\nKEY a\nKEY b\n\nSOURCE 10.0.0.1\nKEY_BASE64 YWJj\n"
    assert values(text) == [["SOURCE ANY", "KEY a", "KEY b"], ["SOURCE 10.0.0.1", "KEY_BASE64 YWJj"]]
    last = access(text).stanzas[0].last("KEY", "KEY_BASE64")
    assert last
    assert last.value.text == "b"


def test_includes_as_fwknopd_has_them() -> None:
    """A stanza goes on behind what is included in its middle; the included stanza stands behind it."""
    files = {"more.conf": "SOURCE 9.9.9.9\nKEY inc\n", "keys": "KEY fromkeys\nFOO x\nOPEN_PORTS tcp/9\n"}
    text = "SOURCE ANY\n%include more.conf\nKEY abc\n%include_keys keys\nOPEN_PORTS tcp/2\n"
    assert values(text, files) == [
        ["SOURCE ANY", "KEY abc", "KEY fromkeys", "OPEN_PORTS tcp/2"],
        ["SOURCE 9.9.9.9", "KEY inc"],
    ]
    assert told(access(text, files).quirks) == [
        "2: FOO in a file of keys is passed over",
        "3: OPEN_PORTS in a file of keys is passed over",
    ]


def test_folders() -> None:
    """Every file of the folder, each with its own text to show lines of."""
    files = {"d/a.conf": STANZA, "d/b.conf": STANZA}
    found = access("%include_folder d\n", files)
    assert [each.source.key.span.file for each in found.stanzas] == ["d/a.conf", "d/b.conf"]
    assert set(found.texts) == {"access.conf", "d/a.conf", "d/b.conf"}


def test_what_keeps_fwknopd_from_starting() -> None:
    """All at once: a missing file, a line without a value, files that include each other, no stanza."""
    assert told(access("%include nowhere\nSOURCE ANY\nKEY\n").fatal) == [
        "3: fwknopd does not start: a line must hold a variable and its value",
        "1: fwknopd does not start: nowhere cannot be read (it is not there)",
    ]
    assert "deep" in told(access("%include a\n", {"a": "%include a\n"}).fatal)[0]
    assert told(access("# nothing\n").fatal) == ["0: fwknopd does not start: access.conf has no stanza"]


def test_what_fwknopd_passes_over() -> None:
    """Variables it does not know, also for their case; what stands before the first SOURCE."""
    found = access("KEY a\nsource x\nSOURCE ANY\nkey b\n # remark\nOPEN_PORT tcp/1\n")
    assert told(found.quirks) == [
        "1: KEY before the first SOURCE is passed over",
        "2: source before the first SOURCE is passed over",
        "4: fwknopd does not know key and passes over it",
        "5: fwknopd does not know # and passes over it",
        "6: fwknopd does not know OPEN_PORT and passes over it",
    ]
    assert found.quirks[4].hint == "did you mean OPEN_PORTS?"


def test_secrets_are_blotted_out() -> None:
    """Columns stay."""
    found = access("SOURCE ANY\n KEY: horse 1\nHMAC_KEY_BASE64 aG9yc2U=\nGPG_DECRYPT_PW horse\n")
    assert found.texts["access.conf"] == (
        "SOURCE ANY\n KEY: *******\nHMAC_KEY_BASE64 ********\nGPG_DECRYPT_PW *****\n"
    )
