"""`portward compile` prints the text, or the map from its lines to the policy's."""

import io
import json
from pathlib import Path

from portward.cli.environment import Environment
from portward.cli.main import main


PLAIN = Path(__file__).parents[1] / "compile/corpus/plain.toml"


def portward(*words: str) -> tuple[int, str]:
    """Run it; exit code and stdout."""
    out = io.StringIO()
    return main(["compile", *words], Environment(io.StringIO(), out, io.StringIO(), {})), out.getvalue()


def test_the_text_is_printed() -> None:
    """As the golden file has it."""
    assert portward(str(PLAIN)) == (0, PLAIN.with_suffix(".nft").read_text())


def test_the_map_names_the_policys_lines() -> None:
    """A line of the text, a place in the policy, and the line."""
    code, told = portward(str(PLAIN), "--map")
    assert code == 0
    assert any("plain.toml:8:" in line and "knock 2 of 4" in line for line in told.splitlines())


def test_the_object_holds_both() -> None:
    """For programs."""
    result = json.loads(portward(str(PLAIN), "--json")[1])["result"]
    assert result["text"] == PLAIN.with_suffix(".nft").read_text()
    assert {"line", "file", "policy_line", "policy_column"} <= set(result["map"][0])


def test_a_policy_with_mistakes_is_not_compiled(tmp_path: Path) -> None:
    """Exit 1, and nothing on stdout."""
    (tmp_path / "policy.toml").write_text("schema = 1\n[services.ssh]\nports = ['tcp/0']\n")
    assert portward(str(tmp_path / "policy.toml")) == (1, "")
