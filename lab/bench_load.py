"""How long it takes from a policy to a table in the kernel, and what the client's start costs at every login."""

import gc
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from lab.bench_place import PREFIX
from lab.bench_rules import made_up_policy, made_up_text, one_rule_per_knock
from lab.bench_table import Figure, Target, interleaved, quotient, ratio_of
from lab.namespaces import namespaces
from portward.compile.nft import compile_policy


TOPIC = "from policy to loaded table"
TOPIC_START = "commands, from start to end"

NOTHING = "python -c pass"
HELP = "portward knock --help"
CHECK = "portward check, 10,000 lines"

COMPILE_LIMIT = 3.0
LOAD_LIMIT = 10.0
CHECK_LIMIT = 1000.0
HELP_LIMIT = 80.0
"""What the project promises: seconds, seconds, milliseconds, milliseconds."""


def seconds(work: Callable[[], object]) -> float:
    """Wall time of some work, without Python's garbage collector."""
    gc.disable()
    try:
        begun = time.perf_counter()
        work()
        return time.perf_counter() - begun
    finally:
        gc.enable()


def load_time(text: str) -> float:
    """Load a ruleset into a fresh namespace; seconds of `nft -f` alone."""
    with namespaces("load", prefix=PREFIX) as (place,):
        return seconds(partial(place.nft, text))


def measure(*, quick: bool) -> tuple[list[Figure], list[Target]]:
    """Compile and load policies of growing size."""
    counts = (10, 100, 1000) if quick else (10, 100, 1000, 10000)
    compiled, loaded = {}, {}
    for count in counts:
        policy = made_up_policy(count)
        rounds = 1 if count > 1000 else 3
        compiled[count] = statistics.median(seconds(partial(compile_policy, policy)) for _ in range(rounds))
        text = compile_policy(policy).text
        loaded[count] = statistics.median(load_time(text) for _ in range(rounds))
    linear = load_time(one_rule_per_knock(made_up_policy(1000), at_input=True))
    figures = [*rows("compile", compiled), *rows("nft -f", loaded)]
    ratio = quotient(linear, loaded[1000])
    name = "nft -f, one rule per knock, 1,000 seq."
    figures.append(
        Figure(TOPIC, name, linear * 1000, "ms", ratio, "portward's 1,000", "as the article has it")
    )
    return figures, [] if quick else targets(compiled[10000], loaded[10000])


def rows(stage: str, found: dict[int, float]) -> list[Figure]:
    """Make the rows of one stage; ten sequences are the baseline."""
    base = found[10]
    return [
        Figure(
            TOPIC,
            f"{stage}, {count:,} sequences",
            value * 1000,
            "ms",
            1.0 if count == 10 else quotient(value, base),
            "" if count == 10 else "10 sequences",
        )
        for count, value in found.items()
    ]


def targets(compiled: float, loaded: float) -> list[Target]:
    """Judge what the project promises of big policies."""
    return [
        Target("10,000 sequences are compiled in under 3 s", f"{compiled:.2f} s", compiled < COMPILE_LIMIT),
        Target("10,000 sequences are loaded in under 10 s", f"{loaded:.2f} s", loaded < LOAD_LIMIT),
    ]


def start_time(command: Sequence[str]) -> float:
    """Milliseconds from start to end of a command that succeeds."""
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return (time.perf_counter() - begun) * 1000


def measure_commands(*, quick: bool) -> tuple[list[Figure], list[Target]]:
    """Start the client; check a long policy; and for comparison, do nothing."""
    python = [sys.executable]
    with tempfile.TemporaryDirectory(prefix="portward-bench-") as folder:
        long = Path(folder, "policy.toml")
        long.write_text(made_up_text(10_000))
        long.chmod(0o600)
        commands = {
            NOTHING: [*python, "-c", "pass"],
            HELP: [*python, "-m", "portward", "knock", "--help"],
            CHECK: [*python, "-m", "portward", "check", "--no-strength", str(long)],
        }
        measures = {name: partial(start_time, command) for name, command in commands.items()}
        values = interleaved({name: measures[name] for name in (NOTHING, HELP)}, 10 if quick else 20)
        values |= interleaved({CHECK: measures[CHECK]}, 3)
    middle = {name: statistics.median(each) for name, each in values.items()}
    bare = middle[NOTHING]
    return [
        Figure(TOPIC_START, NOTHING, bare, "ms"),
        Figure(TOPIC_START, HELP, middle[HELP], "ms", ratio_of(values[HELP], values[NOTHING]), NOTHING),
        Figure(TOPIC_START, CHECK, middle[CHECK], "ms", quotient(middle[CHECK], bare), NOTHING),
    ], [
        Target(
            "check of a 10,000-line policy in under 1 s",
            f"{middle[CHECK]:.0f} ms",
            middle[CHECK] < CHECK_LIMIT,
        ),
        Target("portward knock --help in under 80 ms", f"{middle[HELP]:.0f} ms", middle[HELP] < HELP_LIMIT),
    ]
