import io
import json

from portward.cli.environment import Environment
from portward.cli.main import main
from portward.sources.policy_schema import make_schema


def test_the_schema_is_printed_as_json_alone() -> None:
    out = io.StringIO()
    assert main(["schema"], Environment(io.StringIO(), out, io.StringIO(), {})) == 0
    assert json.loads(out.getvalue()) == make_schema()
