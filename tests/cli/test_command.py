from portward.cli.command import argument


def test_an_argument_is_spelled_as_argparse_spells_it() -> None:
    made = argument("--output", "-o", help="where", metavar="FILE")
    assert (made.names, made.help, made.settings) == (("--output", "-o"), "where", {"metavar": "FILE"})
