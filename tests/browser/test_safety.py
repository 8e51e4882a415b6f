"""What others say is text and nothing else, and nobody else's page can reach in."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from playwright.sync_api import expect

from tests.browser.others import program
from tests.browser.profiles import DESK, PHONE, Profiles, Serve
from tests.secure import Authority
from tests.serving import Server

TEXTS = [
    "<script>window.pwned = 1</script>",
    "<img src=x onerror='window.pwned = 1'>",
    '"><svg onload="window.pwned = 1">',
    "<iframe srcdoc='<script>parent.pwned = 1</script>'></iframe>",
    '<a href="javascript:window.pwned = 1">here</a>',
    "javascript:window.pwned=1 data:text/html,<script>top.pwned=1</script> vbscript:x",
    "JaVaScRiPt:window.pwned=1//https://example.org/",
    'https://example.org/"onmouseover="window.pwned=1',
    "https://example.org/?q=<script>window.pwned=1</script>&x='y'",
    "http://user:pass@example.org/ https://exa\u202emple.org/ https://\u0430pple.com/",
    "${window.pwned = 1} {{constructor.constructor('pwned=1')()}} `x`",
    "&lt;b&gt; &amp; &#x3c;script&#x3e;",
    "</script><style>*{display:none}</style><!--",
    "\u202egnp.exe \u2066isolated\u2069 \u200emarks\u200f",
    "zero\u200bwidth\u200djoined\ufeff\u2060end",
    "z\u0351\u0352\u0353" * 60,
    "x" * 3000,
    "\U0001f469\u200d\U0001f469\u200d\U0001f467 \ud7ff \ufffd",
    "null undefined NaN [object Object] true 0 -0 __proto__ constructor",
    '{"type":"bye","reason":"banned","reconnect":false}',
    "  two  spaces\t\ttabs\n\n\nlines  ",
    "שלום https://example.org/שלום",
]
"""What somebody might say."""

NAMES = [
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "null",
    "undefined",
    "0",
    "..",
    "-",
]
"""What somebody might call themselves, as far as names allow."""

ALIEN = "script, img, iframe, svg image, object, embed, style, link, form, base, [onclick], [style]"
"""What nobody who says something can bring in."""


def test_whatever_is_said_is_text_to_the_letter(server: Server, profiles: Profiles) -> None:
    """In the room and in direct messages, for those who are there and for those who come later."""
    tab = profiles.entered(server.address, "target")
    with program(server.address, "attacker") as attacker:
        places = [attacker.send(text).seq for text in TEXTS]
        for text in TEXTS:
            attacker.send_to("target", text)
        attacker.send("the end")
        late = profiles.entered(server.address, "late-target")
        for each in (tab, late):
            expect(each.message("the end")).to_be_visible()
            for place, text in zip(places, TEXTS, strict=True):
                message = each.log.locator(f'[data-seq="{place}"]')
                message.scroll_into_view_if_needed()
                assert each.text_of(message) == text
            assert each.log.locator(".text").locator(ALIEN).count() == 0
            assert each.page.evaluate("window.pwned") is None
        tab.conversation("attacker").click()
        expect(tab.message(TEXTS[-1])).to_be_visible()
        shown = tab.messages.locator(".text").all_text_contents()
        assert shown == TEXTS[-len(shown) :]
        assert tab.log.locator(".text").locator(ALIEN).count() == 0
        assert tab.page.evaluate("window.pwned") is None


def test_links_lead_to_the_web_alone_and_tell_nothing(server: Server, profiles: Profiles) -> None:
    tab = profiles.entered(server.address, "reader-of-links")
    with program(server.address, "linker") as linker:
        linker.send("see https://example.org/a?b=c&d#e, and (http://example.net/x_(y)).")
        linker.send("not javascript:alert(1) nor data:text/html,x nor file:///etc/passwd")
        links = tab.messages.filter(has_text="see https").locator("a")
        expect(links).to_have_text(["https://example.org/a?b=c&d#e", "http://example.net/x_(y)"])
        for link in links.all():
            assert link.get_attribute("href") == link.text_content()
            assert link.get_attribute("target") == "_blank"
            rel = (link.get_attribute("rel") or "").split()
            assert {"noopener", "noreferrer"} <= set(rel)
        expect(tab.messages.filter(has_text="not javascript")).to_be_visible()
        expect(tab.messages.filter(has_text="not javascript").locator("a")).to_have_count(0)


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_no_word_is_so_long_that_the_page_scrolls_sideways(
    server: Server, profiles: Profiles, size: dict[str, int]
) -> None:
    tab = profiles.entered(server.address, f"wide-{size['width']}", viewport=size)
    tab.say("W" * 2000 + " https://example.org/" + "w" * 2000)
    expect(tab.messages.last).to_have_attribute("data-state", "said")
    overflow = tab.page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert overflow == 0
    assert tab.log.evaluate("log => log.scrollWidth - log.clientWidth") == 0


def test_no_text_turns_what_stands_around_it(server: Server, profiles: Profiles) -> None:
    """What runs from right to left, or says that others do, stays by itself."""
    tab = profiles.entered(server.address, "turner")
    tab.say("\u202eturned")
    for part in (".text", ".author"):
        kept = tab.messages.last.locator(part).evaluate("e => getComputedStyle(e).unicodeBidi")
        assert kept in {"isolate", "plaintext", "isolate-override"}, part


def test_names_that_mean_something_to_a_program_are_names(
    server: Server, profiles: Profiles
) -> None:
    tab = profiles.entered(server.address, "friend-of-all")
    for name in NAMES:
        with program(server.address, name) as other:
            other.send(f"{name} in the room")
            author = tab.message(f"{name} in the room").locator(".author")
            expect(author).to_have_text(name)
            other.send_to("friend-of-all", "in private")
            tab.conversation(name).click()
            expect(tab.composer).to_have_accessible_name(f"Message to {name}")
            expect(tab.messages.locator(".text")).to_have_text(["in private"])
            tab.say("an answer")
            assert other.next_message().text == "an answer"
            tab.open_room()


def test_names_of_other_scripts(tmp_path: Path, serve: Serve, profiles: Profiles) -> None:
    unicode = {"CHATROOM_AUTH_NAMES": "unicode"}
    server = serve(tmp_path, env=unicode)
    with program(server.address, "דוד") as other:
        tab = profiles.entered(server.address, "Łukasz")
        other.send("shalom")
        expect(tab.message("shalom").locator(".author")).to_have_text("דוד")
        tab.write_to("דוד")
        tab.say("dzień dobry")
        assert other.next_message().text == "dzień dobry"


class Foreign(BaseHTTPRequestHandler):
    """Answers with a page that may do everything."""

    address: ClassVar[str]
    """Of the server that it is after."""

    def do_GET(self) -> None:
        """Do so."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>elsewhere</title>")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """Where another page is, of another origin on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Foreign) as foreign:
        thread = threading.Thread(target=foreign.serve_forever, name="elsewhere")
        thread.start()
        yield f"127.0.0.1:{foreign.server_port}"
        foreign.shutdown()
        thread.join()


KNOCK = """url => new Promise(done => {
    const socket = new WebSocket(url);
    socket.onopen = () => done("open");
    socket.onclose = event => done(event.code);
})"""

FETCH = """url => fetch(url).then(answer => answer.text()).then(() => "read", () => "refused")"""

FRAME = """url => new Promise(done => {
    const frame = document.createElement("iframe");
    frame.onload = () => done();
    frame.src = url;
    document.body.append(frame);
})"""


def test_a_page_of_another_origin_has_no_way_in(
    server: Server, profiles: Profiles, elsewhere: str
) -> None:
    """It can neither open a connection, nor read a file, nor put the page into a frame."""
    profile = profiles.open(elsewhere)
    profile.expect_faults(
        f"request to \\w+://{server.address}", "WebSocket connection to .* failed"
    )
    profile.expect_faults("frame-ancestors", "CORS", "net::ERR_FAILED", "net::ERR_BLOCKED")
    page = profile.tab().page
    assert page.evaluate(KNOCK, f"ws://{server.address}/ws") == 1006
    assert any("Unexpected response code: 403" in fault for fault in profile.faults)
    for path in ("/", "/static/style.css", "/healthz", "/metrics"):
        assert page.evaluate(FETCH, f"http://{server.address}{path}") == "refused", path
    page.evaluate(FRAME, f"http://{server.address}/")
    assert any("frame-ancestors" in fault for fault in profile.faults)
    assert page.frames[1].get_by_role("form").count() == 0


def test_the_name_of_the_machine_is_as_good_as_its_address(
    server: Server, profiles: Profiles
) -> None:
    """The origin is compared with what the browser asked for, not with a list of addresses."""
    profiles.entered(f"localhost:{server.port}", "by-name")


def test_over_tls(tmp_path: Path, serve: Serve, profiles: Profiles) -> None:
    certificate, key = Authority(tmp_path).vouch("127.0.0.1")
    files = ("--tls-cert", str(certificate), "--tls-key", str(key))
    server = serve(":memory:", *files, env={"CHATROOM_SERVER_TLS": "required"})
    profile = profiles.open(server.address, "https", ignore_https_errors=True)
    profile.expect_faults("SSL certificate error occurred when fetching the script")
    tab = profile.entered("secretive")
    tab.say("nobody reads this on the way")
    tab.expect_said("nobody reads this on the way")
    plain = profiles.open(server.address, ignore_https_errors=True)
    plain.expect_faults("request to", "SSL certificate error occurred when fetching the script")
    expect(plain.tab().form).to_be_visible()
    page = plain.context.pages[0]
    assert page.url == f"https://{server.address}/"
