"""A browser, the servers for it, and what may go wrong in it."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.profiles import DEADLINE, Profiles, Serve
from tests.needs import need_browser
from tests.network.networks import Relay
from tests.serving import Server
from tools.chromium import FLAGS


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", type=Path, help="the folder for pictures of the main states")


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The browser for all tests here.

    Playwright's loop stays in this thread while it is there, in which no other could run; so it
    ends with this package.
    """
    executable = need_browser()
    expect.set_options(timeout=DEADLINE * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def server() -> Iterator[Server]:
    """A server that keeps everything in memory; each test takes names and words of its own."""
    with Server() as server:
        yield server


@pytest.fixture
def relay(server: Server) -> Iterator[Relay]:
    """A network to that server, which can be cut."""
    with Relay() as relay:
        relay.reach(server.port)
        yield relay


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers of a test's own, by the arguments of `Server`; they outlive its browsers."""
    with ExitStack() as stack:
        yield lambda *words, **settings: stack.enter_context(Server(*words, **settings))


@pytest.fixture
def profiles(chromium: Browser, serve: Serve) -> Iterator[Profiles]:  # noqa: ARG001 - see there
    """Browsers of different people; what goes wrong in one unannounced fails the test."""
    with Profiles(chromium) as profiles:
        yield profiles
