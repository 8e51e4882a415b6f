"""How fast the page is in a browser: `python -m benchmarks.page`.

It opens the page as somebody who was never there and says when something was seen, and scrolls
through many messages and says how long each frame took. The time of a frame is that between two
calls of `requestAnimationFrame`; a screen shows 60 a second, so none should take more than 16.7 ms.
"""

import argparse
import statistics
import sys
from collections.abc import Sequence

from playwright.sync_api import Browser, Page, sync_playwright

import chatroom
from benchmarks.load.orders import HOST
from benchmarks.servers.own import Chatroom
from benchmarks.servers.running import running
from tools import chromium

FRAMES = 600
"""How many frames are timed: ten seconds' worth."""

STEPS = {"slowly": 60, "fast": 2000}
"""How many pixels a frame are scrolled."""

FRAME_MS = 1000 / 60

PAINTED = """() => new Promise(done => new PerformanceObserver(list => {
    for (const entry of list.getEntriesByName("first-contentful-paint")) done(entry.startTime);
}).observe({type: "paint", buffered: true}))"""

SCROLL = """([frames, step]) => new Promise(done => {
    const log = document.querySelector("[role=log]");
    log.scrollTop = log.scrollHeight;
    const times = [];
    let before = 0;
    function frame(now) {
        if (before) times.push(now - before);
        before = now;
        if (times.length === frames) return done(times);
        if (log.scrollTop <= 0) log.scrollTop = log.scrollHeight;
        log.scrollTop -= step;
        requestAnimationFrame(frame);
    }
    requestAnimationFrame(frame);
})"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the figures, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page", description=__doc__)
    parser.add_argument(
        "--messages", type=int, default=20_000, help="how many are scrolled through"
    )
    parser.add_argument("--visits", type=int, default=20, help="how often the page is opened")
    parser.add_argument("--frames", type=int, default=FRAMES, help="how many frames are timed")
    args = parser.parse_args(arguments)
    executable = chromium.found()
    if executable is None:
        print("There is no Chromium on the path; install it.", file=sys.stderr)
        return 2
    with running(Chatroom(), in_memory=True) as server, sync_playwright() as playwright:
        address = f"{HOST}:{server.port}"
        browser = playwright.chromium.launch(executable_path=executable, args=chromium.FLAGS)
        print(_first_paint(browser, address, args.visits))
        for line in _scrolling(browser, address, args.messages, args.frames):
            print(line)
        browser.close()
    return 0


def _first_paint(browser: Browser, address: str, visits: int) -> str:
    """Open the page with nothing kept of it, again and again."""
    times = []
    for _ in range(visits):
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"http://{address}/")
        times.append(float(page.evaluate(PAINTED)))
        context.close()
    return (
        f"first paint, {visits} visits: median {statistics.median(times):.0f} ms, "
        f"worst {max(times):.0f} ms"
    )


def _scrolling(browser: Browser, address: str, messages: int, frames: int) -> list[str]:
    """Let many messages come, and scroll through them."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    _enter(page, address)
    with chatroom.connect(address, username="talker", password="pw") as room:  # noqa: S106 - no secret
        for future in [room.submit(_text(number)) for number in range(messages)]:
            future.result()
    page.get_by_text(_text(messages - 1)).wait_for()
    nodes = page.evaluate("document.querySelectorAll('*').length")
    lines = [f"{messages:,} messages are in view with {nodes:,} nodes"]
    for way, step in STEPS.items():
        times = sorted(page.evaluate(SCROLL, [frames, step]))
        late = sum(time > 1.5 * FRAME_MS for time in times)
        p99 = times[int(0.99 * len(times))]
        lines.append(
            f"scrolling {way}, {step} px a frame, {len(times)} frames: "
            f"median {statistics.median(times):.1f} ms, p99 {p99:.1f} ms, "
            f"worst {times[-1]:.1f} ms, {late} late, {1000 * len(times) / sum(times):.1f} a second"
        )
    return lines


def _enter(page: Page, address: str) -> None:
    page.goto(f"http://{address}/")
    page.get_by_role("textbox", name="Name", exact=True).fill("reader")
    page.get_by_label("Password", exact=True).fill("pw")
    page.get_by_role("button", name="Join").click()
    page.get_by_role("textbox", name="Message to the room").wait_for()


def _text(number: int) -> str:
    """Return what is said: mostly a line, now and then several, some with a link."""
    words = f"message {number}" + " and a word" * (number % 23)
    return words + (f"\nhttps://example.org/{number}" if number % 17 == 0 else "")


if __name__ == "__main__":
    sys.exit(main())
