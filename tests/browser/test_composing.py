"""Typing: what the keys do."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.others import program
from tests.browser.profiles import Profiles
from tests.serving import Server

MANY = 80
"""More stops of the Tab key than there are on the page."""


def tab_to(page: Page, goal: Locator, key: str = "Tab") -> None:
    """Press Tab until something has the focus, and see that the focus can be seen on the way."""
    for _ in range(MANY):
        if goal.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
        assert page.evaluate(FOCUS_SEEN), page.evaluate("document.activeElement.outerHTML")
    pytest.fail(f"no way to {goal} by {key}")


FOCUS_SEEN = """() => {
    const element = document.activeElement;
    if (element === document.body) return true;
    const style = getComputedStyle(element);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0)
        || style.boxShadow !== "none";
}"""


def test_enter_sends_and_shift_enter_breaks_the_line(server: Server, profiles: Profiles) -> None:
    tab = profiles.entered(server.address, "breaker")
    with program(server.address, "breakers-friend") as friend:
        tab.composer.press_sequentially("first")
        tab.composer.press("Shift+Enter")
        tab.composer.press_sequentially("second")
        tab.composer.press("Enter")
        assert friend.next_message().text == "first\nsecond"
    message = tab.messages.filter(has_text="second")
    assert tab.text_of(message) == "first\nsecond"
    lines = message.locator(".text").evaluate(
        "element => element.getBoundingClientRect().height"
        " / parseFloat(getComputedStyle(element).lineHeight)"
    )
    assert 1.5 < lines < 2.5


def test_nothing_is_sent_of_nothing(server: Server, profiles: Profiles) -> None:
    tab = profiles.entered(server.address, "silent-one")
    for nothing in ("", "   "):
        tab.say(nothing)
    tab.say("something at last")
    tab.expect_said("something at last")
    said = [frame["message"] for frame in tab.sent if frame.get("command") == "PM"]
    assert said == ["something at last"]


def test_the_button_sends_as_well(server: Server, profiles: Profiles) -> None:
    tab = profiles.entered(server.address, "clicker")
    tab.composer.fill("by the button")
    tab.page.get_by_role("button", name="Send").click()
    tab.expect_said("by the button")
    expect(tab.composer).to_have_value("")
    expect(tab.composer).to_be_focused()


def test_what_is_too_long_is_told_and_kept(server: Server, profiles: Profiles) -> None:
    """The limit is the server's, in bytes; whoever typed it can still shorten it."""
    tab = profiles.entered(server.address, "novelist")
    text = "é" * 5000
    tab.say(text)
    message = tab.messages.last
    expect(message).to_have_attribute("data-state", "refused")
    expect(message).to_contain_text("8192 bytes")
    message.get_by_role("button", name="Take back").click()
    expect(tab.composer).to_have_value(text)
    expect(tab.messages.filter(has_text="8192 bytes")).to_have_count(0)


def test_up_brings_back_and_down_goes_forth_again(server: Server, profiles: Profiles) -> None:
    tab = profiles.entered(server.address, "repeater")
    for text in ("one thing", "another thing"):
        tab.say(text)
        tab.expect_said(text)
    tab.composer.press("ArrowUp")
    expect(tab.composer).to_have_value("another thing")
    tab.composer.press("ArrowUp")
    expect(tab.composer).to_have_value("one thing")
    tab.composer.press("ArrowDown")
    expect(tab.composer).to_have_value("another thing")
    tab.composer.press("ArrowDown")
    expect(tab.composer).to_have_value("")
    tab.composer.press_sequentially("half")
    tab.composer.press("ArrowUp")
    expect(tab.composer).to_have_value("half")


def test_names_complete(server: Server, profiles: Profiles) -> None:
    tab = profiles.entered(server.address, "caller")
    names = tab.page.get_by_role("listbox", name="Names")
    with program(server.address, "Zoe-Zebra"), program(server.address, "zoltan"):
        expect(tab.person("zoltan")).to_be_visible()
        tab.composer.press_sequentially("hello @zo")
        expect(names.get_by_role("option")).to_have_text(["Zoe-Zebra", "zoltan"])
        tab.composer.press_sequentially("l")
        expect(names.get_by_role("option")).to_have_text(["zoltan"])
        tab.composer.press("Backspace")
        expect(names.get_by_role("option")).to_have_count(2)
        tab.composer.press("ArrowDown")
        expect(names.get_by_role("option", selected=True)).to_have_text("zoltan")
        tab.composer.press("Enter")
        expect(names).to_be_hidden()
        expect(tab.composer).to_have_value("hello @zoltan ")
        tab.composer.press_sequentially("and @zoe")
        tab.composer.press("Tab")
        expect(tab.composer).to_have_value("hello @zoltan and @Zoe-Zebra ")
        tab.composer.press_sequentially("@z")
        expect(names).to_be_visible()
        tab.composer.press("Escape")
        expect(names).to_be_hidden()
        tab.composer.press("Enter")
        tab.expect_said("hello @zoltan and @Zoe-Zebra @z")


def test_all_of_it_without_a_mouse(server: Server, profiles: Profiles) -> None:
    page = (tab := profiles.open(server.address).tab()).page
    with program(server.address, "mousefriend") as friend:
        tab_to(page, tab.form.get_by_role("textbox", name="Name", exact=True))
        page.keyboard.type("mouseless")
        tab_to(page, tab.form.get_by_label("Password", exact=True))
        page.keyboard.type("pw")
        page.keyboard.press("Enter")
        expect(tab.composer).to_be_focused()
        page.keyboard.type("no mouse here")
        page.keyboard.press("Enter")
        assert friend.next_message().text == "no mouse here"
        tab_to(page, tab.person("mousefriend"), "Shift+Tab")
        page.keyboard.press("Enter")
        expect(tab.composer).to_have_accessible_name("Message to mousefriend")
        expect(tab.composer).to_be_focused()
        page.keyboard.type("just you")
        page.keyboard.press("Enter")
        assert friend.next_message().private
        tab_to(page, tab.conversation("Room"), "Shift+Tab")
        page.keyboard.press("Space")
        expect(tab.composer).to_have_accessible_name("Message to the room")
        tab_to(page, tab.log, "Shift+Tab")  # so that the arrows and Page Up scroll it
        tab_to(page, page.get_by_role("button", name="Log out"))
        page.keyboard.press("Enter")
        expect(tab.form).to_be_visible()


def test_the_landmarks_of_the_page_are_named(server: Server, profiles: Profiles) -> None:
    """So that whoever listens to it finds the way about."""
    page = profiles.entered(server.address, "listener").page
    expect(page.get_by_role("main")).to_have_count(1)
    expect(page.get_by_role("navigation", name="Conversations")).to_have_count(1)
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    expect(page.get_by_role("log")).to_have_attribute("aria-label", re.compile("^Messages in"))
