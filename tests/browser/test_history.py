"""A long log: pages of it, the place in it, and how much of it stands in the document."""

import itertools
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.others import program, say_lines
from tests.browser.profiles import Profiles
from tests.browser.tab import Tab
from tests.serving import Server

LINES = 2000
"""How many messages the long log has."""

NODES = 3000
"""The most nodes that the document may have, however much was said."""

FIRST_SEEN = """log => {
    const top = log.getBoundingClientRect().top;
    const seen = [...log.querySelectorAll("[data-seq]")]
        .find(each => each.getBoundingClientRect().bottom > top + 1);
    return [Number(seen.dataset.seq), seen.getBoundingClientRect().top - top];
}"""


@pytest.fixture(scope="module")
def long_server() -> Iterator[Server]:
    """A server whose room has much in it."""
    with Server() as server:
        with program(server.address, "talker") as talker:
            say_lines(talker, 1, LINES)
        yield server


def seen_first(tab: Tab) -> tuple[int, float]:
    """The place of the first message that can be seen, and how far below the edge it begins."""
    place, top = tab.log.evaluate(FIRST_SEEN)
    return place, top


def wheel(tab: Tab, pixels: float) -> None:
    """Turn the wheel over the messages, and wait until what it does is drawn."""
    tab.log.hover()
    before = tab.log.evaluate("log => log.scrollTop")
    tab.page.mouse.wheel(0, pixels)
    tab.page.wait_for_function(
        """([log, before, down]) => log.scrollTop !== before || (down
            ? log.scrollTop + log.clientHeight >= log.scrollHeight - 1 : log.scrollTop <= 0)""",
        arg=[tab.log.element_handle(), before, pixels > 0],
    )
    tab.settle()


def go_back_to(tab: Tab, place: int) -> None:
    """Scroll up, again and again, until everything from a place on has come."""
    tab.page.wait_for_function(
        """([log, place]) => {
            log.scrollTop = 0;
            return [...log.querySelectorAll("[data-seq]")]
                .some(each => Number(each.dataset.seq) === place);
        }""",
        arg=[tab.log.element_handle(), place],
    )


def pages(tab: Tab) -> list[tuple[int, int]]:
    """The spans of places that the server has sent as history of the room."""
    return [
        (frame["from"], frame["to"])
        for frame in tab.received
        if frame["type"] == "history" and frame["log"] == "room"
    ]


def test_one_begins_at_the_newest(long_server: Server, profiles: Profiles) -> None:
    tab = profiles.entered(long_server.address, "beginner")
    expect(tab.message(f"line {LINES}")).to_be_in_viewport()
    expect(tab.jump).to_be_hidden()


def test_the_place_is_kept_while_earlier_pages_come(
    long_server: Server, profiles: Profiles
) -> None:
    """Most of a screen at a time: what stood on top can still be seen each time."""
    tab = profiles.entered(long_server.address, "scroller")
    expect(tab.message(f"line {LINES}")).to_be_in_viewport()
    height = tab.log.evaluate("log => log.clientHeight")
    already = len(pages(tab))
    for _ in range(60):
        place, top = seen_first(tab)
        wheel(tab, -0.7 * height)
        now, _ = seen_first(tab)
        assert now <= place
        shift = tab.log.evaluate(
            """(log, seq) => log.querySelector(`[data-seq="${seq}"]`).getBoundingClientRect().top
                - log.getBoundingClientRect().top""",
            place,
        )
        assert 0 < shift - top < 0.9 * height
        if len(pages(tab)) > already + 2:
            break
    assert len(pages(tab)) > already + 2


def test_it_goes_back_to_the_very_first_without_a_hole(
    long_server: Server, profiles: Profiles
) -> None:
    tab = profiles.entered(long_server.address, "historian")
    expect(tab.message(f"line {LINES}")).to_be_in_viewport()
    go_back_to(tab, 1)
    expect(tab.message("line 1")).to_be_in_viewport()
    spans = sorted(pages(tab))
    assert spans[0][0] == 1
    assert all(after[0] <= before[1] + 1 for before, after in itertools.pairwise(spans))
    assert tab.page.evaluate("document.querySelectorAll('*').length") < NODES

    expect(tab.jump).to_be_visible()
    tab.jump.click()
    expect(tab.message(f"line {LINES}")).to_be_in_viewport()
    expect(tab.jump).to_be_hidden()


def test_whoever_reads_further_up_is_left_in_peace(long_server: Server, profiles: Profiles) -> None:
    """What comes meanwhile moves nothing, and is one click away."""
    tab = profiles.entered(long_server.address, "reader")
    expect(tab.message(f"line {LINES}")).to_be_in_viewport()
    wheel(tab, -1500)
    place = seen_first(tab)
    with program(long_server.address, "interrupter") as interrupter:
        for number in range(20):
            interrupter.send(f"interruption {number}")
        tab.wait_received(lambda frame: frame.get("message") == "interruption 19")
        tab.settle()
        now = seen_first(tab)
        assert now[0] == place[0]
        assert now[1] == pytest.approx(place[1], abs=2)
        tab.jump.click()
        expect(tab.message("interruption 19")).to_be_in_viewport()


def test_a_mark_stands_before_what_is_new(server: Server, profiles: Profiles) -> None:
    """Whoever comes back to the room sees where they were."""
    tab = profiles.entered(server.address, "returner")
    with program(server.address, "returners-friend") as friend:
        friend.send("read at once")
        expect(tab.message("read at once")).to_be_visible()
        expect(tab.mark).to_have_count(0)
        tab.write_to("returners-friend")
        friend.send("new while away")
        friend.send("newer while away")
        expect(tab.conversation("Room")).to_have_accessible_name(re.compile("2 unread"))
        tab.open_room()
        expect(tab.mark).to_be_visible()
        heights = [
            each.evaluate("element => element.getBoundingClientRect().top")
            for each in (
                tab.message("read at once"),
                tab.mark,
                tab.message("new while away"),
                tab.message("newer while away"),
            )
        ]
        assert heights == sorted(heights)
        expect(tab.conversation("Room")).not_to_have_accessible_name(re.compile("unread"))


def test_there_is_a_line_for_the_day(server: Server, profiles: Profiles) -> None:
    tab = profiles.entered(server.address, "dayreader")
    tab.say("today")
    tab.expect_said("today")
    tab.log.evaluate("log => { log.scrollTop = 0 }")
    expect(tab.log.get_by_role("separator", name="Today")).to_be_in_viewport()


def test_twenty_thousand_messages_are_few_nodes(long_server: Server, profiles: Profiles) -> None:
    """They are there to be scrolled through, and hardly any of them is in the document."""
    with program(long_server.address, "torrent") as torrent:
        say_lines(torrent, LINES + 1, 20_000)
    tab = profiles.entered(long_server.address, "bystander")
    expect(tab.message("line 20000")).to_be_in_viewport()
    go_back_to(tab, 1)
    assert tab.page.evaluate("document.querySelectorAll('*').length") < NODES
    tab.log.evaluate("log => { log.scrollTop = log.scrollHeight / 2 }")
    tab.settle()
    middle, _ = seen_first(tab)
    assert 7000 < middle < 13_000
    tab.log.evaluate("log => { log.scrollTop = log.scrollHeight }")
    expect(tab.message("line 20000")).to_be_in_viewport()
    assert tab.page.evaluate("document.querySelectorAll('*').length") < NODES
