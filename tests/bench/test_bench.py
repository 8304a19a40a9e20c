"""The bench's command line and how it ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lab import bench
from lab.bench_place import PREFIX


def test_wrong_words_are_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        bench.main(["--fast"])
    assert ended.value.code == 2
    assert "--fast" in capsys.readouterr().err


def test_without_root_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(bench, "obstacle", lambda: "needs root, for network namespaces")
    assert bench.main([]) == 2
    assert capsys.readouterr().err == "lab.bench: needs root, for network namespaces\n"


def test_the_topics_of_keys_are_part_of_the_whole_and_can_be_had_alone() -> None:
    alone, whole = list(bench.topics_of_keys(quick=True)), list(bench.all_topics(quick=True))
    assert len(alone) == 3
    assert [each for each in whole if each in alone] == alone
    assert len(whole) == 9


@pytest.mark.net
@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_interrupted_it_leaves_nothing_behind(number: int, status: int) -> None:
    """Every namespace is removed, and the exit status tells the signal."""
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{root / 'src'}:{root}"}
    run = subprocess.Popen(
        [sys.executable, "-m", "lab.bench", "--quick"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: len(left_by(run.pid)) >= 3)
        run.send_signal(number)
        assert run.wait(30) == status
        assert left_by(run.pid) == []
    finally:
        run.kill()
        run.wait()


def left_by(process: int) -> list[str]:
    """The namespaces of a run."""
    return [each.name for each in Path("/run/netns").glob(f"{PREFIX}-*-{process}")]


def wait_for(happened: Callable[[], bool], patience: float = 20.0) -> None:
    """Wait until something has happened elsewhere."""
    end = time.monotonic() + patience
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.02)
