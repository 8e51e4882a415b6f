"""`python -m benchmarks.page`: a small run says all that it is to say."""

import re
import subprocess
import sys
from pathlib import Path

from tests.needs import need_browser

ROOT = Path(__file__).parents[2]


def test_a_small_run_has_every_figure() -> None:
    need_browser()
    words = ["--messages", "200", "--visits", "1", "--frames", "5"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.page", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    figures = [
        r"first paint, 1 visits: median \d+ ms, worst \d+ ms",
        r"200 messages are in view with [\d,]+ nodes",
        *[
            rf"scrolling {way}, 5 frames: median [\d.]+ ms, p99 [\d.]+ ms, "
            r"worst [\d.]+ ms, \d late, [\d.]+ a second"
            for way in ("slowly, 60 px a frame", "fast, 2000 px a frame")
        ],
    ]
    for line, figure in zip(done.stdout.splitlines(), figures, strict=True):
        assert re.fullmatch(figure, line), line
