"""The page in a tab, as a person finds their way about it: by the roles and names of things."""

import json
import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, WebSocket, expect

Frame = dict[str, Any]
"""What goes over the wire, in either direction."""

PASSWORD = "pw"
"""Everybody's, where a test does not say otherwise."""

_CONTROLLED = "() => navigator.serviceWorker.controller !== null"
_ACTIVE = """() => navigator.serviceWorker.getRegistration().then(worker => worker?.active?.state)
    .then(state => state === "activated")"""

_SETTLED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


class Tab:
    """The page of chatroom in one tab of a browser.

    Args:
        page: the tab.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.sent: list[Frame] = []
        """Every frame that the page has sent, as far as Playwright has told."""
        self.received: list[Frame] = []
        """Every frame that the page has got; the same."""
        self._sockets: list[WebSocket] = []
        page.on("websocket", self._listen)

    # What there is.

    @property
    def form(self) -> Locator:
        """Where one logs in or registers."""
        return self.page.get_by_role("form", name="Log in")

    @property
    def alert(self) -> Locator:
        """What was wrong with the login."""
        return self.page.get_by_role("alert")

    @property
    def bar(self) -> Locator:
        """What says that the connection is lost; hidden while all is well."""
        return self.page.locator(".connection")

    @property
    def composer(self) -> Locator:
        """Where one types."""
        return self.page.get_by_role("textbox", name=re.compile("^Message to "))

    @property
    def log(self) -> Locator:
        """The messages of the conversation that is open."""
        return self.page.get_by_role("log", name=re.compile("^Messages (in|with) "))

    @property
    def messages(self) -> Locator:
        """Each message that stands in the document."""
        return self.log.locator("[data-state]")

    @property
    def jump(self) -> Locator:
        """What leads back to the newest message."""
        return self.page.get_by_role("button", name="Jump to the latest")

    @property
    def mark(self) -> Locator:
        """What stands before the first message that is new."""
        return self.log.get_by_role("separator", name="New messages")

    def message(self, text: str) -> Locator:
        """The messages of the open conversation that say just `text`."""
        exactly = re.compile(rf"^\s*{re.escape(text)}\s*$")
        return self.messages.filter(has=self.page.locator(".text", has_text=exactly))

    def conversation(self, name: str) -> Locator:
        """What opens the room, called "Room", or the direct messages with somebody."""
        conversations = self.page.get_by_role("navigation", name="Conversations")
        return conversations.get_by_role(
            "button", name=re.compile(rf"^{re.escape(name)}(?![\w.-])")
        )

    def person(self, name: str) -> Locator:
        """What opens the direct messages with somebody who is here."""
        here = self.page.get_by_role("list", name="Here now")
        return here.get_by_role("button", name=re.compile(rf"^{re.escape(name)}(?![\w.-])"))

    # What one does.

    def join(
        self, name: str, password: str = PASSWORD, *, invite: str = "", stay: bool = False
    ) -> None:
        """Fill in the form and send it."""
        self.form.get_by_role("textbox", name="Name", exact=True).fill(name)
        self.form.get_by_label("Password", exact=True).fill(password)
        if invite:
            self.form.get_by_role("textbox", name="Invite").fill(invite)
        if stay:
            self.form.get_by_role("checkbox", name="Stay logged in").check()
        self.form.get_by_role("button", name="Join").click()

    def say(self, text: str) -> None:
        """Type a line and send it, in the conversation that is open."""
        self.composer.fill(text)
        self.composer.press("Enter")

    def open_room(self) -> None:
        """Go to the room."""
        self.conversation("Room").click()
        expect(self.page.get_by_role("log", name="Messages in the room")).to_be_visible()

    def write_to(self, name: str) -> None:
        """Go to the direct messages with somebody who is here."""
        self.person(name).click()
        expect(self.page.get_by_role("log", name=f"Messages with {name}")).to_be_visible()

    def hide(self) -> None:
        """Let the page believe that another tab is before it."""
        self._turn("hidden")

    def show(self) -> None:
        """Let the page believe that it is in front again."""
        self._turn("visible")

    def _turn(self, state: str) -> None:
        self.page.evaluate(
            """state => {
                const values = {hidden: state === "hidden", visibilityState: state};
                for (const [key, value] of Object.entries(values))
                    Object.defineProperty(document, key, {configurable: true, get: () => value});
                document.dispatchEvent(new Event("visibilitychange"));
                window.dispatchEvent(new Event(state === "hidden" ? "blur" : "focus"));
            }""",
            state,
        )

    def settle(self) -> None:
        """Wait until what the page is about to draw is drawn."""
        self.page.evaluate(_SETTLED)

    def wait_for_worker(self) -> None:
        """Wait until the service worker serves the tab, loading the page again if that takes it."""
        self.page.wait_for_function(_ACTIVE)
        if not self.page.evaluate(_CONTROLLED):
            self.page.reload()
        self.page.wait_for_function(_CONTROLLED)

    # What one sees.

    def expect_entered(self) -> None:
        """See that one is in, and that all is well."""
        expect(self.composer).to_be_visible()
        expect(self.bar).to_be_hidden()

    def expect_said(self, text: str) -> None:
        """See that the server has a message of one's own, which stands there once."""
        expect(self.message(text)).to_have_attribute("data-state", "said")

    def text_of(self, message: Locator) -> str:
        """What a message says, to the letter."""
        text = message.locator(".text").text_content()
        assert text is not None
        return text

    def wait_received(self, wanted: Callable[[Frame], bool]) -> Frame:
        """Return the first frame of that kind that the page has got, waiting for it."""
        looked = 0
        while True:
            for frame in self.received[looked:]:
                looked += 1
                if wanted(frame):
                    return frame
            self._sockets[-1].wait_for_event("framereceived")

    def _listen(self, socket: WebSocket) -> None:
        self._sockets.append(socket)
        socket.on("framesent", lambda payload: _note(self.sent, payload))
        socket.on("framereceived", lambda payload: _note(self.received, payload))


def _note(frames: list[Frame], payload: str | bytes) -> None:
    """Put what a WebSocket message carries to the others; what is no object is left out."""
    for line in (payload if isinstance(payload, str) else payload.decode()).splitlines():
        frame = json.loads(line)
        if isinstance(frame, dict):
            frames.append(frame)
