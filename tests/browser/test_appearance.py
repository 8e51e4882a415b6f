"""How the page is drawn: on a desk and on a phone, light and dark, at rest; and whom it shuts out.

With `--pictures FOLDER` the states are put there as pictures, which the README shows.
"""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from PIL import Image
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser import axe
from tests.browser.others import program
from tests.browser.profiles import DESK, PHONE, Profiles, Serve
from tests.browser.scenes import STATES, Scene, scene
from tests.serving import Server

Scheme = Literal["light", "dark"]

LOOKS: dict[str, tuple[ViewportSize, Scheme]] = {
    "desk": (DESK, "light"),
    "phone": (PHONE, "light"),
    "phone-dark": (PHONE, "dark"),
    "dark": (DESK, "dark"),
}
"""How a window may be."""

PICTURES = {
    ("first-visit", "desk"),
    ("room", "desk"),
    ("room", "phone"),
    ("room", "dark"),
    ("direct-messages", "desk"),
    ("offline", "desk"),
}
"""What is put into the folder of pictures, as `STATE-LOOK.png`."""


@pytest.fixture
def staged(serve: Serve, profiles: Profiles) -> Iterator[Scene]:
    """A room of its own for each state, so that the pictures have nothing else in them."""
    with scene(serve().address, profiles) as staged:
        yield staged


def look(page: Page, name: str) -> None:
    """Make the window as it is called."""
    size, scheme = LOOKS[name]
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")


def keep(picture: bytes, path: Path) -> None:
    """Write a picture with as few colours as it needs, which makes a third of it."""
    with Image.open(io.BytesIO(picture)) as image:
        few = image.convert("RGB").quantize(256, dither=Image.Dither.NONE)
        few.save(path, optimize=True)


@pytest.mark.parametrize("state", STATES)
def test_nobody_is_shut_out(staged: Scene, state: str, request: pytest.FixtureRequest) -> None:
    """Nothing is found by axe, or sticks out at the side; pictures are made if wanted."""
    folder: Path | None = request.config.getoption("--pictures", default=None)
    tab = STATES[state](staged)
    tab.page.mouse.move(0, 0)
    found: dict[str, list[str]] = {}
    for name in LOOKS:
        look(tab.page, name)
        tab.settle()
        if folder is not None and (state, name) in PICTURES:
            keep(tab.page.screenshot(caret="hide"), folder / f"{state}-{name}.png")
        found[name] = axe.violations(tab.page)
        wider = tab.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wider == 0, name
    assert found == {name: [] for name in LOOKS}


def test_axe_would_find_something(server: Server, profiles: Profiles) -> None:
    tab = profiles.open(server.address).tab()
    tab.page.evaluate(
        """() => {
            const image = document.createElement("img");
            image.src = "/static/icon.svg";
            document.querySelector("main").append(image);
        }"""
    )
    assert any(text.startswith("image-alt") for text in axe.violations(tab.page))


def test_on_a_phone_all_is_within_reach(server: Server, profiles: Profiles) -> None:
    tab = profiles.entered(server.address, "walker", viewport=PHONE, has_touch=True)
    tab.say("from the pavement")
    tab.expect_said("from the pavement")
    for thing in (tab.composer, tab.log, tab.page.get_by_role("button", name="Send")):
        expect(thing).to_be_in_viewport(ratio=1)
    with program(server.address, "driver") as driver:
        driver.send_to("walker", "call me")
        expect(tab.conversation("driver")).not_to_be_in_viewport()
        tab.page.get_by_role("button", name="Conversations and people").tap()
        expect(tab.conversation("driver")).to_be_in_viewport(ratio=1)
        expect(tab.conversation("driver")).to_have_accessible_name(re.compile("1 unread"))
        tab.person("driver").tap()
        expect(tab.composer).to_have_accessible_name("Message to driver")
        expect(tab.message("call me")).to_be_in_viewport(ratio=1)
        expect(tab.person("driver")).not_to_be_in_viewport()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_system(server: Server, profiles: Profiles, scheme: Scheme) -> None:
    tab = profiles.open(server.address, color_scheme=scheme).tab()
    channels = tab.page.evaluate(
        """() => {
            const colour = [document.body, document.documentElement]
                .map(each => getComputedStyle(each).backgroundColor)
                .find(each => each !== "rgba(0, 0, 0, 0)");
            return colour.match(/[\\d.]+/g).slice(0, 3).map(Number);
        }"""
    )
    assert (sum(channels) / 3 > 128) is (scheme == "light"), channels


def test_nothing_moves_for_whoever_wants_that(server: Server, profiles: Profiles) -> None:
    tab = profiles.entered(server.address, "calm", reduced_motion="reduce")
    tab.say("at rest")
    moving = tab.page.evaluate(
        """() => document.getAnimations()
            .filter(each => each.effect.getComputedTiming().activeDuration > 1).length"""
    )
    assert moving == 0
    smooth = tab.page.evaluate(
        """() => [...document.querySelectorAll("*")]
            .filter(each => getComputedStyle(each).scrollBehavior === "smooth"
                || getComputedStyle(each).transitionDuration.split(", ")
                    .some(seconds => parseFloat(seconds) > 0.001)).length"""
    )
    assert smooth == 0


def test_it_can_be_read_at_twice_the_size(server: Server, profiles: Profiles) -> None:
    """WCAG 2.2, 1.4.10: at 320 CSS pixels nothing has to be scrolled sideways."""
    tab = profiles.entered(server.address, "magnifier", viewport={"width": 320, "height": 512})
    tab.say("large print, and a good deal of it, so that it takes more than one line")
    expect(tab.messages.last).to_have_attribute("data-state", "said")
    wider = tab.page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert wider == 0
    expect(tab.composer).to_be_in_viewport()
