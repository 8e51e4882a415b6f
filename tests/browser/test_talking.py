"""The room and direct messages, with people at terminals and in other browsers."""

import re

from playwright.sync_api import expect

from tests.browser.others import program, say_lines, terminal
from tests.browser.profiles import Profiles
from tests.browser.tab import Tab
from tests.network.networks import Relay
from tests.serving import Server


def test_two_browsers_and_a_terminal_are_in_one_room(server: Server, profiles: Profiles) -> None:
    ada = profiles.entered(server.address, "ada")
    bea = profiles.entered(server.address, "bea")
    with terminal(server.address, "cyd") as cyd:
        for tab in (ada, bea):
            expect(tab.person("cyd")).to_be_visible()
        ada.say("hello from a browser")
        ada.expect_said("hello from a browser")
        cyd.wait_for("ada: hello from a browser")
        expect(bea.message("hello from a browser")).to_have_attribute("data-state", "said")
        expect(bea.message("hello from a browser").locator(".author")).to_have_text("ada")
        cyd.enter("PM hello from a terminal")
        for tab in (ada, bea):
            expect(tab.message("hello from a terminal")).to_be_visible()
    for tab in (ada, bea):
        expect(tab.person("cyd")).to_be_hidden()
        expect(tab.log.locator(".presence").last).to_contain_text("cyd")


def test_a_direct_message_is_counted_and_opened_by_one_click(
    server: Server, profiles: Profiles
) -> None:
    dan = profiles.entered(server.address, "dan")
    with program(server.address, "eve") as eve:
        eve.send_to("dan", "one for you")
        eve.send_to("dan", "and another")
        expect(dan.conversation("eve")).to_have_accessible_name(re.compile(r"^eve, 2 unread"))
        expect(dan.message("one for you")).to_have_count(0)
        dan.conversation("eve").click()
        expect(dan.page.get_by_role("log", name="Messages with eve")).to_be_visible()
        expect(dan.message("one for you")).to_be_visible()
        expect(dan.conversation("eve")).not_to_have_accessible_name(re.compile("unread"))
        dan.say("for you alone")
        dan.expect_said("for you alone")
        answer = eve.next_message()
        assert (answer.sender, answer.text, answer.private) == ("dan", "for you alone", True)
        eve.send("for all of you")
        expect(dan.conversation("Room")).to_have_accessible_name(re.compile("1 unread"))
        expect(dan.message("for all of you")).to_have_count(0)
        dan.open_room()
        expect(dan.message("for all of you")).to_be_visible()
        expect(dan.message("for you alone")).to_have_count(0)


def test_where_the_next_line_goes_is_plain(server: Server, profiles: Profiles) -> None:
    """What was begun for one stays with one, and goes to nobody else."""
    fay = profiles.entered(server.address, "fay")
    with program(server.address, "gus") as gus:
        expect(fay.composer).to_have_accessible_name("Message to the room")
        fay.composer.fill("half a thought for all")
        fay.write_to("gus")
        expect(fay.composer).to_have_accessible_name("Message to gus")
        expect(fay.composer).to_be_focused()
        expect(fay.composer).to_have_value("")
        expect(fay.conversation("gus")).to_have_attribute("aria-current", re.compile("true|page"))
        fay.say("just us")
        assert gus.next_message().private
        fay.open_room()
        expect(fay.composer).to_have_value("half a thought for all")
        fay.composer.press("Enter")
        message = gus.next_message()
        assert (message.text, message.private) == ("half a thought for all", False)


def test_one_s_own_name_is_no_button(server: Server, profiles: Profiles) -> None:
    tab = profiles.entered(server.address, "only-me")
    here = tab.page.get_by_role("list", name="Here now")
    expect(here.get_by_role("listitem").filter(has_text="only-me")).to_be_visible()
    expect(tab.person("only-me")).to_have_count(0)


def test_a_line_is_pending_until_the_server_has_it(
    server: Server, relay: Relay, profiles: Profiles
) -> None:
    hal = profiles.entered(relay.address, "hal")
    with program(server.address, "ira") as ira:
        relay.hold_answers()
        hal.say("on its way")
        assert ira.next_message().text == "on its way"
        expect(hal.message("on its way")).to_have_attribute("data-state", "pending")
        expect(hal.composer).to_have_value("")
        hal.say("right behind")
        expect(hal.message("right behind")).to_have_attribute("data-state", "pending")
        relay.heal()
        hal.expect_said("on its way")
        hal.expect_said("right behind")
        assert order(hal, "on its way", "right behind") == [0, 1]


def order(tab: Tab, *texts: str) -> list[int]:
    """The places of messages among those that stand there and are asked for."""
    shown = [text for text in tab.messages.locator(".text").all_text_contents() if text in texts]
    return [shown.index(text) for text in texts]


def test_what_is_refused_says_so_and_is_not_lost(server: Server, profiles: Profiles) -> None:
    """Somebody who has left cannot be written to."""
    jan = profiles.entered(server.address, "jan")
    with program(server.address, "kim"):
        jan.write_to("kim")
        jan.composer.fill("are you there?")
    expect(jan.person("kim")).to_be_hidden()
    jan.composer.press("Enter")
    message = jan.message("are you there?")
    expect(message).to_have_attribute("data-state", "refused")
    expect(message).to_contain_text("kim")


def test_one_s_own_other_browser_shows_what_one_says(server: Server, profiles: Profiles) -> None:
    desk = profiles.entered(server.address, "lea")
    phone = profiles.entered(server.address, "lea")
    desk.say("from the desk")
    desk.expect_said("from the desk")
    expect(phone.message("from the desk")).to_be_visible()
    expect(phone.message("from the desk").locator(".author")).to_have_text("lea")


def test_direct_messages_of_both_sides_are_there_after_a_reload(
    server: Server, profiles: Profiles
) -> None:
    mia = profiles.entered(server.address, "mia")
    with program(server.address, "ned") as ned:
        ned.send_to("mia", "question")
        mia.conversation("ned").click()
        mia.say("answer")
        mia.expect_said("answer")
        mia.page.reload()
        mia.expect_entered()
        mia.write_to("ned")
        expect(mia.message("question")).to_be_visible()
        expect(mia.message("answer")).to_be_visible()
        assert order(mia, "question", "answer") == [0, 1]


def test_times_are_those_of_the_reader_s_zone(server: Server, profiles: Profiles) -> None:
    with program(server.address, "olaf") as olaf:
        olaf.send("what time is it?")
    shown = []
    for name, zone in (("tokyo", "Asia/Tokyo"), ("lima", "America/Lima")):
        tab = profiles.entered(server.address, name, timezone_id=zone)
        time = tab.message("what time is it?").locator("time")
        shown.append((time.get_attribute("datetime"), time.text_content()))
    assert shown[0][0] == shown[1][0]
    assert shown[0][1] != shown[1][1]


def test_a_hidden_tab_counts_in_its_title(server: Server, profiles: Profiles) -> None:
    pia = profiles.entered(server.address, "pia")
    with program(server.address, "quin") as quin:
        pia.hide()
        quin.send("while you look elsewhere")
        quin.send_to("pia", "and for you")
        expect(pia.page).to_have_title("(2) chatroom")
        pia.show()
        expect(pia.page).to_have_title(re.compile(r"^(\(1\) )?chatroom$"))
        pia.conversation("quin").click()
        expect(pia.page).to_have_title("chatroom")


def test_what_comes_is_read_aloud(server: Server, profiles: Profiles) -> None:
    """By a live region, which has of a whole flood only how much it is."""
    tab = profiles.entered(server.address, "tom")
    aloud = tab.page.locator("[aria-live=polite]")
    with program(server.address, "una") as una:
        una.send("first words")
        expect(aloud).to_contain_text("una: first words")
        una.send_to("tom", "between us")
        expect(aloud).to_contain_text("una to you alone: between us")
        say_lines(una, 1, 100)
        expect(aloud).to_have_text(re.compile(r"^\d+ new messages$"))


NOTIFICATIONS = """
    window.asked = 0;
    window.shown = [];
    window.Notification = class extends EventTarget {
        static permission = "default";
        static requestPermission() {
            window.asked += 1;
            Notification.permission = "granted";
            return Promise.resolve("granted");
        }
        constructor(title, options) { super(); window.shown.push([title, options.body]); }
    };
    if (window.ServiceWorkerRegistration)  // the empty page that a tab begins with has none
        ServiceWorkerRegistration.prototype.showNotification = (title, options) => {
            window.shown.push([title, options.body]);
            return Promise.resolve();
        };
"""
"""What a browser does that has not been asked yet, and whose owner agrees."""


def test_one_is_asked_about_notifications_at_the_first_mention_alone(
    server: Server, profiles: Profiles
) -> None:
    profile = profiles.open(server.address)
    profile.context.add_init_script(NOTIFICATIONS)
    rob = profile.entered("rob")
    agree = rob.page.get_by_role("button", name="Notify me")
    with program(server.address, "sue") as sue:
        rob.hide()
        sue.send("hello, everybody, and robust ones too")
        expect(rob.page).to_have_title("(1) chatroom")
        expect(agree).to_be_hidden()
        sue.send("hello, Rob!")
        expect(agree).to_be_visible()
        assert rob.page.evaluate("window.asked") == 0
        agree.click()
        expect(agree).to_be_hidden()
        sue.send("everybody else: hello")
        sue.send("@rob: are you there?")
        sue.send_to("rob", "just for you")
        rob.page.wait_for_function("() => window.shown.length === 2")
    assert rob.page.evaluate("window.asked") == 1
    assert rob.page.evaluate("window.shown") == [
        ["sue in the room", "@rob: are you there?"],
        ["sue", "just for you"],
    ]
