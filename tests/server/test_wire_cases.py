"""The conversations under `tests/wire`, held with the real server while others talk."""

import threading
from collections.abc import Iterator

import pytest

from tests.conversation import DEADLINE, Client, Frame, Running
from tests.secure import SecureClient
from tests.wire_cases import Expected, WireCase, wire_cases

REPLIES = {
    "PM": "confirmation",
    "DM": "confirmation",
    "WHO": "active_users",
    "history": "history",
    "ping": "pong",
    "EX": "bye",
    "login": "welcome",
}
"""What a command that is carried out is answered with."""


class Chat:
    """Two who talk to each other all the while.

    Args:
        server: where they do.
    """

    def __init__(self, server: Running) -> None:
        self._talker, self._listener = server.enter("talker"), server.enter("listener")
        self._enough = threading.Event()
        self._said = 0
        self._thread = threading.Thread(target=self._talk)
        self._thread.start()

    def _talk(self) -> None:
        while not self._enough.is_set():
            self._talker.send("DM", to="listener", message=f"{self._said}")
            self._said += 1
            while self._talker.news()["type"] != "confirmation":
                pass

    def end(self) -> None:
        """Lets them come to an end and sees that they understood every word."""
        self._enough.set()
        self._thread.join(DEADLINE)
        heard = [frame for frame in self._listener.heard() if frame["type"] == "direct_message"]
        assert self._said
        assert [frame["message"] for frame in heard] == [f"{n}" for n in range(self._said)]


@pytest.fixture
def chat(server: Running) -> Iterator[None]:
    """Two others in the room, who lose nothing."""
    chat = Chat(server)
    yield
    chat.end()


@pytest.mark.usefixtures("chat")
@pytest.mark.parametrize("kind", [Client, SecureClient], ids=["plain", "TLS"])
@pytest.mark.parametrize("case", list(wire_cases()), ids=lambda case: case.name)
def test_the_case_means_what_it_says(server: Running, case: WireCase, kind: type[Client]) -> None:
    """Each frame is answered as expected, in order, and the connection is as it is said to be."""
    with kind(server.address) as client:
        hold(client, case)


def hold(client: Client, case: WireCase) -> None:
    """Has the conversation of `case`, and sees that it goes as it says."""
    logged_in = not any(named(item) == "login" for item in case.out)
    if logged_in:
        client.login("guest")
    send_on(client, case)
    for item in case.out:
        logged_in = answered(client.news(), item, logged_in=logged_in)
        if item.command == "EX":
            assert client.remainder() == []
            return
    if case.open:
        assert client.heard() == []
    else:
        assert client.remainder()[-1]["type"] == "bye"


def send_on(client: Client, case: WireCase) -> None:
    """Sends the bytes of `case`, in two pieces so that a frame is split."""
    half = len(case.data) // 2
    client.send_pieces(case.data[:half], case.data[half:])


def named(expected: Expected) -> str:
    """Returns the command that a frame names, in lower case, carried out or not."""
    name = (expected.frame or {}).get("command")
    return name.lower() if isinstance(name, str) else ""


def answered(reply: Frame, expected: Expected, *, logged_in: bool) -> bool:
    """Sees that `reply` fits `expected`; returns whether the client is logged in then."""
    code = expected.error or expected.refused
    if reply["type"] == "error":
        excuses = excuses_for(named(expected), logged_in=logged_in)
        assert reply["code"] in (excuses if code is None else {code, *excuses}), reply
        assert reply["code"] != code or reply.get("field") == expected.field
        return logged_in
    assert code is None, reply
    assert expected.command
    assert expected.frame
    assert reply["type"] == REPLIES[expected.command] or reply["type"] == "password_required"
    assert reply.get("id") == expected.frame.get("id")
    return logged_in or reply["type"] == "welcome"


def excuses_for(command: str, *, logged_in: bool) -> set[str]:
    """Returns why a sound `command` cannot be carried out here all the same."""
    if command == "login":
        return {"already_logged_in"} if logged_in else {"wrong_password"}
    if command in {"pm", "dm", "who", "history"} and not logged_in:
        return {"not_logged_in"}
    return {"user_not_in_room"} if command == "dm" else set()


def test_all_cases_on_one_connection(server: Running) -> None:
    """Cases that leave the stream in step do so: one after the other on a single connection."""
    client = server.enter("guest")
    for case in wire_cases():
        if not case.open or any(item.command == "EX" for item in case.out):
            continue
        send_on(client, case)
        for item in case.out:
            answered(client.news(), item, logged_in=True)
        client.send_bytes(b"\n")
        assert client.ask("ping", id=case.name[-64:])["id"] == case.name[-64:]
