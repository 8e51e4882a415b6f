"""What processes use is told with their children, those that have ended included."""

import subprocess
import sys
import time

from benchmarks import processes

BURN = """
import os, sys, time
def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
"""


def started(code: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", BURN + code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_for(process: "subprocess.Popen[str]", line: str) -> None:
    assert process.stdout is not None
    assert process.stdout.readline().strip() == line


def test_children_count_while_they_run_and_when_they_have_ended() -> None:
    code = """
if os.fork() == 0:
    burn(0.2)
    os._exit(0)
os.wait()
child = os.fork()
if child == 0:
    burn(0.2)
    print('burnt', flush=True)
    sys.stdin.read()
    os._exit(0)
os.wait()
"""
    with started(code) as process:
        wait_for(process, "burnt")
        assert len(processes.tree(process.pid)) == 2
        used = processes.cpu_seconds(process.pid)
        rss, pss = processes.memory(process.pid)
        process.communicate("")
    assert 0.38 <= used < 2
    assert rss > 2000
    assert pss is None or 0 < pss < rss


def test_one_that_sleeps_uses_nothing() -> None:
    with started("print('here', flush=True); sys.stdin.read()") as process:
        wait_for(process, "here")
        before = processes.cpu_seconds(process.pid)
        time.sleep(0.1)  # what is looked at is that nothing happens meanwhile
        assert processes.cpu_seconds(process.pid) - before < 0.05
        process.communicate("")


def test_one_that_is_gone_has_nothing() -> None:
    with started("") as process:
        process.communicate("")
    assert processes.cpu_seconds(process.pid) == 0
    assert processes.memory(process.pid) == (0, None)
