"""What goes wrong in a browser fails a test: the eye that the other tests rely on is open."""

import pytest
from playwright.sync_api import Browser

from tests.browser.profiles import NO_SERVER, Profile, Profiles
from tests.network.networks import Relay
from tests.serving import Server

INLINE = """() => {
    const script = document.createElement("script");
    script.textContent = "window.ran = true";
    document.head.append(script);
}"""

ELSEWHERE = """url => {
    const image = document.createElement("img");
    const over = new Promise(done => { image.onload = image.onerror = done; });
    image.src = url;
    return over.then(() => undefined);
}"""


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        ("() => console.error('this is odd')", "this is odd"),
        ("() => { setTimeout(() => { throw new Error('uncaught') }) }", "uncaught"),
        ("() => { Promise.reject(new Error('rejected')) }", "rejected"),
        (INLINE, "Content Security Policy"),
        ("() => { setTimeout(() => alert('boo')) }", "dialog: boo"),
    ],
)
def test_a_fault_is_seen(chromium: Browser, server: Server, script: str, fault: str) -> None:
    profile = Profile(chromium, server.address)
    tab = profile.tab()
    tab.page.evaluate(script)
    tab.settle()
    tab.page.evaluate("1")  # whatever came before the answer has been seen
    assert any(fault in found for found in profile.close()), profile.faults


def test_a_request_to_another_origin_is_seen_and_goes_nowhere(
    chromium: Browser, server: Server, relay: Relay
) -> None:
    profile = Profile(chromium, server.address)
    tab = profile.tab()
    tab.page.evaluate(ELSEWHERE, f"http://{relay.address}/static/icon.svg")
    assert any("img-src" in found for found in profile.close()), profile.faults


def test_what_was_announced_is_no_fault(chromium: Browser, server: Server) -> None:
    with Profiles(chromium) as profiles:
        profile = profiles.open(server.address)
        profile.expect_faults(*NO_SERVER, "expected")
        profile.tab().page.evaluate("() => console.error('this was expected')")
