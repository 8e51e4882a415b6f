"""Browsers of different people: storage of their own, and an eye on what goes wrong in them."""

import re
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Page,
    Request,
    ViewportSize,
    WebError,
    WebSocket,
)

from tests.browser.tab import Tab
from tests.serving import Server

Serve = Callable[..., Server]
"""Starts a server of a test's own; see the fixture of that name."""

DEADLINE = 20.0
"""Seconds that anything may take before the test fails."""

DESK: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 780}
"""How large a window is, in CSS pixels."""

NO_SERVER = ("net::ERR_", "WebSocket connection to .* failed")
"""What a browser says of itself where there is no server, or no network."""


class Profile:
    """One browser: its own storage, any number of tabs.

    A fault is an error in the console, which each violation of the content security policy is as
    well, an exception that nothing has caught, a dialog, or a request to another origin.

    Args:
        browser: the process.
        address: host and port of the server.
        scheme: `http`, or `https` for a server that shows a certificate of its own making.
        **options: of the context, see Playwright.
    """

    def __init__(
        self, browser: Browser, address: str, scheme: str = "http", **options: Any
    ) -> None:
        self.origin = f"{scheme}://{address}"
        """Where the page is."""
        self.faults: list[str] = []
        """What went wrong, in the order in which it did."""
        self._expected: list[str] = []
        settings = {"viewport": DESK, "locale": "en-GB", "timezone_id": "Europe/Berlin"} | options
        self.context: BrowserContext = browser.new_context(**settings)
        self.context.set_default_timeout(DEADLINE * 1000)
        self.context.on("console", self._on_console)
        self.context.on("weberror", self._on_error)
        self.context.on("dialog", self._on_dialog)
        self.context.on("request", self._on_request)
        self.context.on("page", self._on_page)

    def tab(self, path: str = "/") -> Tab:
        """Open the page in a new tab."""
        tab = Tab(self.context.new_page())
        tab.page.goto(f"{self.origin}{path}")
        return tab

    def entered(self, name: str, *, stay: bool = False) -> Tab:
        """Open the page in a new tab, and log in or register there."""
        tab = self.tab()
        tab.join(name, stay=stay)
        tab.expect_entered()
        return tab

    def expect_faults(self, *patterns: str) -> None:
        """Let what one of these regular expressions finds be no fault, from now on and before."""
        self._expected += patterns

    def close(self) -> list[str]:
        """Close all tabs and return the faults that nobody expected."""
        self.context.close()
        return [
            fault
            for fault in self.faults
            if not any(re.search(pattern, fault) for pattern in self._expected)
        ]

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.faults.append(f"{message.text} ({message.location.get('url')})")

    def _on_error(self, error: WebError) -> None:
        self.faults.append(f"exception: {error.error}")

    def _on_dialog(self, dialog: Dialog) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _on_request(self, request: Request) -> None:
        self._see_address(request.url)

    def _on_page(self, page: Page) -> None:
        page.on("websocket", self._on_socket)

    def _on_socket(self, socket: WebSocket) -> None:
        self._see_address(socket.url)

    def _see_address(self, url: str) -> None:
        wanted, parts = urlsplit(self.origin), urlsplit(url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != wanted.netloc:
            self.faults.append(f"request to {url}")


class Profiles:
    """Opens browsers, closes all of them at the end, and sees that no fault was unexpected."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._opened: list[Profile] = []

    def __enter__(self) -> Self:
        """Nothing more to do."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close them."""
        faults = [fault for profile in self._opened for fault in profile.close()]
        assert error is not None or faults == [], faults

    def open(self, address: str, scheme: str = "http", **options: Any) -> Profile:
        """Open one more browser; the arguments are those of `Profile`."""
        profile = Profile(self._browser, address, scheme, **options)
        self._opened.append(profile)
        return profile

    def entered(self, address: str, name: str, **options: Any) -> Tab:
        """Open one more browser, and log in or register in it."""
        return self.open(address, **options).entered(name)
