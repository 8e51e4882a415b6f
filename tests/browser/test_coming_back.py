"""A connection that is lost is got back, and what was typed meanwhile is said once."""

import json
import re
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.others import program, say_lines
from tests.browser.profiles import NO_SERVER, Profiles, Serve
from tests.cli.command import run
from tests.network.networks import Relay
from tests.serving import Server

LOST = re.compile(r"^Connection lost")


def stored(data: Path, text: str) -> int:
    """How often something stands in the log."""
    lines = run("export", "--data", str(data)).stdout.splitlines()
    return [json.loads(line)["message"] for line in lines].count(text)


def test_a_server_that_was_killed_and_is_back(
    tmp_path: Path, serve: Serve, profiles: Profiles
) -> None:
    data = tmp_path / "room.db"
    server = serve(data)
    profile = profiles.open(server.address)
    profile.expect_faults(*NO_SERVER)
    tab = profile.entered("patient")
    tab.say("before")
    tab.expect_said("before")
    server.kill()
    expect(tab.bar).to_have_text(LOST)
    expect(tab.composer).to_be_enabled()
    tab.say("meanwhile one")
    tab.say("meanwhile two")
    expect(tab.message("meanwhile two")).to_have_attribute("data-state", "pending")
    tab.composer.fill("half a thought")
    server.start()
    tab.expect_said("meanwhile one")
    tab.expect_said("meanwhile two")
    expect(tab.bar).to_be_hidden()
    expect(tab.composer).to_have_value("half a thought")
    texts = tab.messages.locator(".text").all_text_contents()
    assert texts == ["before", "meanwhile one", "meanwhile two"]
    assert [stored(data, text) for text in texts] == [1, 1, 1]


def test_what_waits_to_be_sent_outlives_a_reload(
    tmp_path: Path, serve: Serve, profiles: Profiles
) -> None:
    """So does what is half typed; and the page opens without a server."""
    data = tmp_path / "room.db"
    server = serve(data)
    profile = profiles.open(server.address)
    profile.expect_faults(*NO_SERVER)
    tab = profile.entered("reloader")
    tab.wait_for_worker()
    tab.expect_entered()
    server.kill()
    expect(tab.bar).to_be_visible()
    tab.say("said into a reload")
    tab.composer.fill("half a thought")
    tab.page.reload()
    expect(tab.message("said into a reload")).to_have_attribute("data-state", "pending")
    expect(tab.composer).to_have_value("half a thought")
    server.start()
    tab.expect_said("said into a reload")
    assert stored(data, "said into a reload") == 1


def test_what_was_said_and_not_confirmed_is_said_once(
    server: Server, relay: Relay, profiles: Profiles
) -> None:
    """The server has it, and its answer is lost with the connection."""
    profile = profiles.open(relay.address)
    profile.expect_faults(*NO_SERVER)
    tab = profile.entered("doubter")
    with program(server.address, "doubters-friend") as friend:
        relay.hold_answers()
        tab.say("only once")
        assert friend.next_message().text == "only once"
        relay.hang_up()
        expect(tab.bar).to_have_text(LOST)
        expect(tab.message("only once")).to_have_attribute("data-state", "pending")
        friend.send("said meanwhile")
        relay.heal()
        tab.expect_said("only once")
        expect(tab.message("said meanwhile")).to_be_visible()
        tab.say("behind it")
        assert friend.next_message().text == "behind it"
        expect(tab.message("only once")).to_have_count(1)


def test_a_browser_that_was_offline_gets_what_it_missed(
    server: Server, relay: Relay, profiles: Profiles
) -> None:
    """With more of it than a page of history, in order and once."""
    profile = profiles.open(relay.address)
    profile.expect_faults(*NO_SERVER)
    tab = profile.entered("commuter")
    with program(server.address, "commuters-friend") as friend:
        profile.context.set_offline(True)
        relay.hang_up()
        expect(tab.bar).to_be_visible()
        tab.say("from the tunnel")
        say_lines(friend, 1, 300)
        relay.heal()
        profile.context.set_offline(False)
        tab.expect_said("from the tunnel")
        assert friend.next_message().text == "from the tunnel"
        expect(tab.bar).to_be_hidden()
        places = [frame["seq"] for frame in tab.received if frame["type"] == "broadcast"]
        assert places == sorted(set(places))
        assert len(places) >= 300
        shown = tab.messages.evaluate_all("all => all.map(each => Number(each.dataset.seq))")
        assert shown == sorted(set(shown))


def test_the_bar_counts_down_and_is_no_dialog(relay: Relay, profiles: Profiles) -> None:
    profile = profiles.open(relay.address)
    profile.expect_faults(*NO_SERVER)
    profile.context.add_init_script("Math.random = () => 0.99")  # as long as it ever waits
    tab = profile.entered("watcher")
    relay.hang_up()
    expect(tab.bar).to_have_text(re.compile(r"^Connection lost, trying again in 3 s"))
    expect(tab.bar).to_have_role("status")
    expect(tab.page.get_by_role("dialog")).to_have_count(0)
    expect(tab.page.get_by_role("alertdialog")).to_have_count(0)
    tab.composer.fill("typing goes on")
    relay.heal()
    tab.page.get_by_role("button", name="Try now").click()
    expect(tab.bar).to_be_hidden()
    expect(tab.composer).to_have_value("typing goes on")


def test_a_connection_that_has_fallen_silent_is_noticed_when_one_looks(
    server: Server, relay: Relay, profiles: Profiles
) -> None:
    """Nothing says that it has ended, and the server would ask only after 25 seconds."""
    profile = profiles.open(relay.address)
    profile.expect_faults(*NO_SERVER)
    tab = profile.entered("looker")
    with program(server.address, "lookers-friend") as friend:
        tab.hide()
        relay.strand()
        friend.send("while you looked away")
        tab.say("into the silence")
        tab.show()
        expect(tab.message("while you looked away")).to_be_visible()
        tab.expect_said("into the silence")
        assert friend.next_message().text == "into the silence"


def test_a_server_that_stops_says_so_and_is_awaited(
    tmp_path: Path, serve: Serve, profiles: Profiles
) -> None:
    server = serve(tmp_path / "room.db")
    profile = profiles.open(server.address)
    profile.expect_faults(*NO_SERVER)
    tab = profile.entered("regular")
    server.stop()
    expect(tab.bar).to_be_visible()
    server.start()
    expect(tab.bar).to_be_hidden()
    tab.say("there you are")
    tab.expect_said("there you are")


def test_a_room_in_memory_that_is_another_one_begins_anew(serve: Serve, profiles: Profiles) -> None:
    """The account is gone with the server: one is asked to log in, and nothing old is left."""
    server = serve()
    profile = profiles.open(server.address)
    profile.expect_faults(*NO_SERVER)
    tab = profile.entered("phoenix")
    tab.say("will be forgotten")
    tab.expect_said("will be forgotten")
    server.kill()
    expect(tab.bar).to_be_visible()
    server.start()
    expect(tab.form).to_be_visible()
    tab.join("phoenix")
    tab.expect_entered()
    expect(tab.message("will be forgotten")).to_have_count(0)


def test_a_day_asleep_is_made_up_for(server: Server, relay: Relay, profiles: Profiles) -> None:
    """A laptop that was closed: its connection is dead, and no event tells that it is awake."""
    profile = profiles.open(relay.address)
    profile.expect_faults(*NO_SERVER)
    profile.context.clock.install()
    tab = profile.entered("laptop")
    with program(server.address, "office") as office:
        say_lines(office, 1, 10)
        expect(tab.message("line 10")).to_be_visible()
        place = max(frame.get("seq", 0) for frame in tab.received)
        relay.strand()
        say_lines(office, 11, 60)
        tab.page.clock.fast_forward("24:00:00")
        expect(tab.message("line 60")).to_be_visible()
        expect(tab.bar).to_be_hidden()
    resumed = [frame for frame in tab.sent if frame.get("command") == "resume"]
    assert [frame["logs"]["room"]["after"] for frame in resumed] == [place]
    seen = [frame["seq"] for frame in tab.received if frame["type"] == "broadcast"]
    assert seen == sorted(set(seen))
