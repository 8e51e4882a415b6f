"""People whose names are of other scripts, on the wire."""

import subprocess
import sys
from collections.abc import Iterator

import msgspec
import pytest

from tests.conversation import Running, settings
from tests.serving import environment

JEROME = "J\u00e9r\u00f4me"
JEROME_TYPED = "JE\u0301RO\u0302ME"
HEBREW = "\u05e9\u05dc\u05d5\u05dd"


@pytest.fixture
def server() -> Iterator[Running]:
    """A server that takes such names."""
    config = settings()
    auth = msgspec.structs.replace(config.auth, names="unicode")
    server = Running(msgspec.structs.replace(config, auth=auth))
    yield server
    server.leave()


def test_they_log_in_and_talk(server: Running) -> None:
    first, second = server.connect(), server.enter("bob")
    assert first.login(JEROME)["username"] == JEROME
    second.wait_roster(JEROME, "bob")
    first.say("hello")
    assert second.news("broadcast")["from"] == JEROME
    for name in (JEROME, JEROME_TYPED, JEROME.upper()):
        assert second.ask("DM", to=name, message="psst")["message"] == f"Message sent to {JEROME}"
        private = first.news("direct_message")
        assert (private["from"], private["to"]) == ("bob", JEROME)
    assert second.ask("WHO")["users"] == [JEROME, "bob"]


def test_they_come_back_under_any_spelling(server: Running) -> None:
    server.enter(JEROME)
    again = server.connect().login(JEROME_TYPED)
    assert (again["username"], again["new_user"]) == (JEROME, False)
    asked = server.connect().ask("login", username=JEROME_TYPED)
    assert (asked["type"], asked["username"], asked["new_user"]) == (
        "password_required",
        JEROME,
        False,
    )


def test_history_has_their_names(server: Running) -> None:
    server.enter(HEBREW).say("hello")
    later = server.connect()
    later.send("login", username="bob", password="secret", history=5)
    assert later.news("welcome")["users"] == ["bob", HEBREW]
    assert later.news("broadcast")["from"] == HEBREW


@pytest.mark.parametrize("name", ["b\u043eb", "a\u200bb", 'a"b', "a\\b", "a\nb", "bob\u202e"])
def test_others_are_refused_with_a_sentence(server: Running, name: str) -> None:
    error = server.connect().refused("invalid_username", "login", username=name, password="x")
    assert error["field"] == "username"
    assert "letters and digits of one script" in error["message"]


def test_lookalikes_are_refused(server: Running) -> None:
    server.enter("coco")
    name = "\u0441\u043e\u0441\u043e"
    error = server.connect().refused("invalid_username", "login", username=name, password="x")
    assert "looks like coco" in error["message"]


def test_a_server_for_ascii_loads_nothing_for_others() -> None:
    """Neither at its start nor when somebody comes; so it costs nothing."""
    done = subprocess.run(
        [sys.executable, "-c", _PLAIN],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "refused False\n"), done.stderr


_PLAIN = f"""
import sys
from tests.conversation import running
with running() as server:
    server.enter("bob")
    error = server.connect().ask("login", username={JEROME!r}, password="x")
    assert error["code"] == "invalid_username"
print("refused", "precis_i18n" in sys.modules)
"""
