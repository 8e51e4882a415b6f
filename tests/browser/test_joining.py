"""Coming in and going: the form, the session, and who is not let in."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.profiles import NO_SERVER, Profiles, Serve
from tests.browser.tab import Tab
from tests.cli.command import run
from tests.network.networks import Relay
from tests.serving import Server

SESSION = "chatroom.session"

TOKENS = """key => [sessionStorage, localStorage].map(storage => storage.getItem(key) !== null)"""


def stored(tab: Tab) -> list[bool]:
    """Whether the session is kept for the tab, and for the browser."""
    kept = tab.page.evaluate(TOKENS, SESSION)
    assert isinstance(kept, list)
    return kept


def test_a_new_name_registers_and_later_logs_in(server: Server, profiles: Profiles) -> None:
    first = profiles.entered(server.address, "newcomer")
    expect(first.page).to_have_title("chatroom")
    expect(first.form).to_be_hidden()
    second = profiles.open(server.address).tab()
    second.join("NewComer", "not it")
    expect(second.alert).to_contain_text(re.compile("password", re.IGNORECASE))
    expect(second.composer).to_be_hidden()
    second.join("NewComer")
    second.expect_entered()


@pytest.mark.parametrize("name", ["", "no spaces", "x" * 33, "<b>bold</b>"])
def test_a_name_that_nobody_can_have_is_told(server: Server, profiles: Profiles, name: str) -> None:
    """By the browser where it knows, by the server otherwise; in either case at the field."""
    tab = profiles.open(server.address).tab()
    tab.join(name)
    field = tab.form.get_by_role("textbox", name="Name", exact=True)
    if not field.evaluate("field => !field.validity.valid"):
        expect(tab.alert).not_to_be_empty()
    expect(field).to_be_focused()
    expect(tab.composer).to_be_hidden()
    field.fill("a-good-name")
    tab.join(f"good{len(name)}")
    tab.expect_entered()


def test_a_reload_keeps_the_session_and_needs_no_password(
    server: Server, profiles: Profiles
) -> None:
    tab = profiles.entered(server.address, "reloader")
    tab.say("before the reload")
    tab.expect_said("before the reload")
    assert stored(tab) == [True, False]
    tab.page.reload()
    tab.expect_entered()
    expect(tab.message("before the reload")).to_be_visible()
    assert not any("password" in frame for frame in tab.sent[-3:])


def test_another_tab_asks_unless_one_stays_logged_in(server: Server, profiles: Profiles) -> None:
    profile = profiles.open(server.address)
    profile.entered("passing")
    expect(profile.tab().form).to_be_visible()
    staying = profiles.open(server.address)
    first = staying.entered("staying", stay=True)
    assert stored(first) == [False, True]
    first.page.close()
    staying.tab().expect_entered()


def test_whoever_logs_out_is_out_in_every_way(server: Server, profiles: Profiles) -> None:
    """The session is forgotten here, and ended on the server."""
    tab = profiles.open(server.address).entered("leaver", stay=True)
    token = tab.page.evaluate("key => localStorage.getItem(key)", SESSION)
    tab.say("something of mine")
    tab.expect_said("something of mine")
    tab.page.get_by_role("button", name="Log out").click()
    expect(tab.form).to_be_visible()
    expect(tab.page.get_by_text("something of mine")).to_have_count(0)
    assert stored(tab) == [False, False]
    tab.page.reload()
    expect(tab.form).to_be_visible()
    tab.page.evaluate("([key, token]) => localStorage.setItem(key, token)", [SESSION, token])
    tab.page.reload()
    expect(tab.form).to_be_visible()
    expect(tab.composer).to_be_hidden()


def test_whoever_logs_out_in_one_tab_is_out_in_all(server: Server, profiles: Profiles) -> None:
    profile = profiles.open(server.address)
    first = profile.entered("two-tabs", stay=True)
    second = profile.tab()
    second.expect_entered()
    first.page.get_by_role("button", name="Log out").click()
    expect(first.form).to_be_visible()
    expect(second.form).to_be_visible()
    expect(second.composer).to_be_hidden()


def test_whoever_logs_out_with_something_unsent_is_asked(relay: Relay, profiles: Profiles) -> None:
    profile = profiles.open(relay.address)
    profile.expect_faults(*NO_SERVER)
    tab = profile.entered("hasty")
    relay.cut()
    tab.say("not sent yet")
    tab.page.get_by_role("button", name="Log out").click()
    question = tab.page.get_by_role("dialog")
    expect(question).to_contain_text("1 message of yours has not been sent")
    question.get_by_role("button", name="Stay here").click()
    expect(question).to_be_hidden()
    relay.heal()
    tab.expect_said("not sent yet")


def test_an_invite_is_asked_for_where_it_takes_one(
    tmp_path: Path, serve: Serve, profiles: Profiles
) -> None:
    data = tmp_path / "room.db"
    inviting = {"CHATROOM_AUTH_REGISTRATION": "invite"}
    server = serve(data, env=inviting)
    code = run("invite", "--data", str(data), env=inviting).stdout.strip()
    tab = profiles.open(server.address).tab()
    field = tab.form.get_by_role("textbox", name="Invite")
    expect(field).to_be_hidden()
    tab.join("guest")
    expect(field).to_be_visible()
    expect(tab.alert).to_contain_text("invite")
    tab.join("guest", invite="AAAA-BBBB-CCCC-DDDD-EEEE")
    expect(tab.alert).to_contain_text("invite")
    tab.join("guest", invite=code.lower())
    tab.expect_entered()


def test_whoever_is_banned_is_told_why_and_stays_out(
    tmp_path: Path, serve: Serve, profiles: Profiles
) -> None:
    data = tmp_path / "room.db"
    server = serve(data)
    tab = profiles.entered(server.address, "spammer")
    done = run("users", "ban", "spammer", "--reason", "too many offers", "--data", str(data))
    assert done.returncode == 0, done.stderr
    expect(tab.page.get_by_text("too many offers")).to_be_visible()
    expect(tab.composer).to_be_hidden()
    tab.page.reload()
    expect(tab.form).to_be_visible()
    tab.join("spammer")
    expect(tab.alert).to_contain_text("too many offers")


def test_whoever_is_kicked_may_come_in_again(
    tmp_path: Path, serve: Serve, profiles: Profiles
) -> None:
    data = tmp_path / "room.db"
    server = serve(data)
    tab = profiles.entered(server.address, "rowdy")
    assert run("users", "kick", "rowdy", "--data", str(data)).returncode == 0
    expect(tab.form).to_be_visible()
    expect(tab.alert).not_to_be_empty()
    tab.join("rowdy")
    tab.expect_entered()


def test_there_are_no_cookies(server: Server, profiles: Profiles) -> None:
    tab = profiles.open(server.address).entered("cookieless", stay=True)
    assert tab.page.context.cookies() == []
    assert tab.page.evaluate("document.cookie") == ""
