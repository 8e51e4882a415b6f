"""`python -m benchmarks` from outside: a small quick run, and what ends it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import cli
from benchmarks.processes import tree
from benchmarks.results import read_results
from benchmarks.scenarios import read_plan
from tests.benchmarks.made_up import result, results

ROOT = Path(__file__).parents[2]
DEADLINE = 100.0
SERVERS = ["chatroom", "plain Python loop", "floor (C)"]


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "benchmarks", *words]


def test_a_small_quick_run_is_complete_and_plausible(tmp_path: Path) -> None:
    """Of its figures only that they can be: how fast anything is depends on the machine."""
    kept = tmp_path / "results.json"
    words = ["--quick", "--rounds", "1", "--scale", "0.3", "--json", str(kept)]
    done = subprocess.run(
        command(*words), cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    assert done.returncode == 0, done.stderr
    measured = read_results(kept)
    quick = [each for each in read_plan().scenarios if each.quick]
    assert list(measured.scenarios) == [each.name for each in quick]
    for each in measured.scenarios.values():
        assert [row.title for row in each.rows] == SERVERS
        for row in each.rows:
            assert row.failure == row.left_out == ""
            figures = row.medians
            for name in ("deliveries_per_s", "messages_per_s", "p50_ms", "p99_ms", "rss_mib"):
                assert figures[name] > 0, (each.name, row.title, name)
            assert figures["cpu_us"] >= 0
            assert figures["deliveries_per_s"] >= figures["messages_per_s"]
        assert (each.figure("chatroom", "cpu_us") or 0) > 0
    rows = [line.split("|") for line in done.stdout.splitlines() if line.startswith("|")]
    assert [row[1].strip() for row in rows[2:]] == [each.title for each in quick]
    assert {len(row) for row in rows} == {len(rows[0])}
    assert all(row[2].strip() and row[5].strip() for row in rows[2:])
    assert "a factor of 0.3" in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ending_it_ends_all_that_it_started(number: signal.Signals, tmp_path: Path) -> None:
    kept = tmp_path / "results.json"
    words = ["--scenario", "idle", "--scale", "0.002", "--rounds", "1000", "--json", str(kept)]
    with subprocess.Popen(
        command(*words), cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "round 2 of" in line:
                break
        children = tree(process.pid)[1:]
        process.send_signal(number)
        said = process.stderr.read()
        assert process.wait(DEADLINE) == cli.INTERRUPTED
    assert len(children) >= 2
    for pid in children:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert "Stopped" in said
    assert not kept.exists()


def test_what_there_is_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--list"]) == 0
    said = capsys.readouterr().out
    assert all(each.name in said for each in (*read_plan().scenarios, *read_plan().sweeps))
    assert "inspircd" in said


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--scenario", "party"], "no scenario called party"),
        (["--publish", "--scale", "0.5"], "full size"),
        (["--publish", "--quick"], "full size"),
    ],
)
def test_what_cannot_be_done_is_said(words: list[str], why: str) -> None:
    with pytest.raises(SystemExit, match=why):
        cli.main(words)


def test_what_was_kept_can_be_shown_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept, again = tmp_path / "kept.json", tmp_path / "again.json"
    figures = {"deliveries_per_s": 1e6, "cpu_us": 1.0}
    results(result("busy-200", "Busy room", {"chatroom": figures})).write(kept)
    words = ["--report", str(kept), "--json", str(again), "--plots", str(tmp_path / "plots")]
    assert cli.main(words) == 0
    assert "| chatroom | 1,000,000 | 1.00 |" in capsys.readouterr().out
    assert json.loads(again.read_text()) == json.loads(kept.read_text())
    assert (tmp_path / "plots" / "cpu.svg").is_file()
