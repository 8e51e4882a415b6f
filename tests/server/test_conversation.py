"""Conversations between clients: who hears what, in which order, and what replies repeat."""

import threading

import pytest

from tests.conversation import DEADLINE, Client, Frame, Running, line


@pytest.fixture
def server(either: Running) -> Running:
    """A server in this process, whose clients speak one of its faces."""
    return either


def chain(frames: list[Frame]) -> list[tuple[int, int]]:
    """Returns what links the entries of a log: the place before each and its own."""
    return [(frame["prev"], frame["seq"]) for frame in frames]


def test_replies_come_in_the_order_of_the_requests(server: Running) -> None:
    """Whatever is pipelined, whether it needs the log or not, is answered in its order."""
    bob, _ = server.enter("bob"), server.enter("alice")
    bob.send_bytes(
        line("PM", message="first")
        + line("WHO", id="who")
        + b"no json\n"
        + line("DM", to="alice", message="second", id="dm")
        + line("ping")
        + line("SHOUT", id="unknown")
        + line("PM", id="nothing")
        + line("DM", to="nobody", message="third", id="nobody")
        + line("login", username="bob", password="secret", id="again")
        + line("PM", message="fourth", id="last")
    )
    assert [(frame["type"], frame.get("id"), frame.get("code")) for frame in bob.take(10)] == [
        ("confirmation", None, None),
        ("active_users", "who", None),
        ("error", None, "bad_json"),
        ("confirmation", "dm", None),
        ("pong", None, None),
        ("error", "unknown", "unknown_command"),
        ("error", "nothing", "missing_field"),
        ("error", "nobody", "user_not_in_room"),
        ("error", "again", "already_logged_in"),
        ("confirmation", "last", None),
    ]


def test_one_object_split_over_many_segments(server: Running) -> None:
    """A command that arrives byte by byte is one command."""
    bob = server.enter("bob")
    command = '{"command":"PM","message":"Grüße 🎉"}'.encode()
    bob.send_pieces(*(bytes([byte]) for byte in command))
    assert bob.news("confirmation")["seq"] == 1


@pytest.mark.parametrize(
    ("command", "fields", "kind"),
    [
        ("PM", {"message": "hello"}, "confirmation"),
        ("DM", {"message": "hello", "to": "bob"}, "confirmation"),
        ("WHO", {}, "active_users"),
        ("ping", {}, "pong"),
        ("EX", {}, "bye"),
        ("login", {"username": "bob"}, "error"),
        ("PM", {"message": ""}, "error"),
    ],
)
def test_an_id_is_repeated_and_a_missing_one_is_not(
    server: Running, command: str, fields: dict[str, str], kind: str
) -> None:
    bob, client = server.enter("bob"), server.enter("alice")
    reply = client.ask(command, id="the id", **fields)
    assert (reply["type"], reply["id"]) == (kind, "the id")
    if command == "EX":
        client = server.enter("alice")
    reply = client.ask(command, **fields)
    assert reply["type"] == kind
    assert "id" not in reply
    assert all("id" not in frame for frame in bob.heard())


def test_an_id_is_repeated_at_the_login(server: Running) -> None:
    """All three answers to a login repeat its id."""
    client = server.connect()
    assert client.ask("login", username="bob", id="1")["id"] == "1"
    assert client.refused("invalid_username", "login", username="", password="p", id="2")["id"]
    welcome = client.ask("login", username="bob", password="p", id="3")
    assert (welcome["type"], welcome["id"]) == ("welcome", "3")


def test_what_the_messages_hold(server: Running) -> None:
    """Each message has the fields of the contract, and the same stamp for sender and readers."""
    bob, alice = server.enter("bob"), server.enter("alice")
    confirmation = bob.say("hello\n\tthere", id="1")
    stamp = {key: confirmation[key] for key in ("seq", "epoch", "ts")}
    assert confirmation == {
        "type": "confirmation",
        "id": "1",
        "command": "PM",
        "duplicate": False,
        "message": "Message sent to the room",
        **stamp,
    }
    assert alice.news() == {
        "type": "broadcast",
        "from": "bob",
        "message": "hello\n\tthere",
        "prev": 0,
        **stamp,
    }
    confirmation = bob.ask("DM", to="ALICE", message="psst")
    stamp = {key: confirmation[key] for key in ("seq", "epoch", "ts")}
    assert alice.news() == {
        "type": "direct_message",
        "from": "bob",
        "to": "alice",
        "message": "psst",
        "prev": 0,
        **stamp,
    }


def test_nobody_can_speak_for_somebody_else(server: Running) -> None:
    """Fields that claim to be of others are like any other that nobody knows."""
    bob, alice = server.enter("bob"), server.enter("alice")
    claims: dict[str, object] = {"from": "alice", "username": "alice", "seq": 99, "ts": 1.0}
    stored = bob.say("it was me", **claims)
    heard = alice.news("broadcast")
    assert (heard["from"], heard["seq"], heard["ts"]) == ("bob", stored["seq"], stored["ts"])
    bob.ask("DM", to="alice", message="and me", **claims)
    assert alice.news("direct_message")["from"] == "bob"


def test_every_text_arrives_as_it_was_sent(server: Running) -> None:
    """Quotes, backslashes, line separators and letters beyond the basic plane are only text."""
    bob, alice = server.enter("bob"), server.enter("alice")
    for text in ('"', "\\", "a\u2028b\u2029", "🎉", "\ufeff!", "{}[]\n\t", " a ", "ﷺ" * 500):
        bob.say(text)
        assert alice.news("broadcast")["message"] == text


def test_an_account_on_several_connections(server: Running) -> None:
    """It stands once in the list, hears its own words elsewhere, and goes with its last one."""
    laptop, phone, alice = server.enter("bob"), server.enter("Bob"), server.enter("alice")
    assert alice.ask("WHO")["users"] == ["alice", "bob"]
    alice.ask("DM", to="bob", message="on all of them")
    for client in (laptop, phone):
        assert client.news("direct_message")["message"] == "on all of them"
    laptop.say("from the laptop")
    for client in (phone, alice):
        assert client.news("broadcast")["from"] == "bob"
    laptop.ask("EX")
    laptop.close()
    assert phone.ask("WHO")["users"] == ["alice", "bob"]
    phone.ask("EX")
    alice.wait_roster("alice")


def test_another_connection_of_an_account_is_no_news(server: Running) -> None:
    """Nobody is sent a list that has not changed."""
    alice, bob = server.enter("alice"), server.enter("bob")
    alice.wait_roster("alice", "bob")
    again = server.enter("bob")
    again.ask("EX")
    server.enter("carol")
    assert alice.wait_roster("alice", "bob", "carol") == []
    assert bob.wait_roster("alice", "bob", "carol") == []


def test_a_message_to_oneself(server: Running) -> None:
    """It reaches all connections of its sender, this one included, besides the confirmation."""
    bob, phone = server.enter("bob"), server.enter("bob")
    bob.send("DM", to="bob", message="note")
    assert sorted(frame["type"] for frame in bob.take(2)) == ["confirmation", "direct_message"]
    assert phone.news("direct_message")["message"] == "note"


def test_names_and_commands_in_any_case(server: Running) -> None:
    """Names are one in any spelling and shown as registered; so are the names of commands."""
    client = server.connect()
    assert client.ask("LOGIN", username="Jerry", password="secret")["username"] == "Jerry"
    client.ask("eX")
    again = server.connect()
    assert again.ask("Login", username="jERRY")["username"] == "Jerry"
    assert again.login("jerry")["users"] == ["Jerry"]
    bob = server.enter("bob")
    confirmation = bob.ask("dm", to="JERRY", message="hello")
    assert (confirmation["command"], confirmation["message"]) == ("DM", "Message sent to Jerry")
    assert again.news("direct_message")["to"] == "Jerry"
    assert bob.ask("pm", message="hello")["command"] == "PM"
    assert bob.ask("Who")["users"] == ["Jerry", "bob"]


def test_all_connections_see_one_order(server: Running) -> None:
    """Twenty who talk at once, some without waiting, all have the same sequence without a hole.

    A client's own messages are known to it by their confirmations, which fill the holes.
    """
    talkers, each = 20, 50
    clients = [server.enter(f"user{number}") for number in range(talkers)]
    results: list[list[tuple[int, str]]] = [[] for _ in clients]
    threads = [
        threading.Thread(target=_talk, args=(client, number, each, talkers * each, results[number]))
        for number, client in enumerate(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
    first = results[0]
    assert [place for place, _ in first] == list(range(1, talkers * each + 1))
    assert all(result == first for result in results)
    for number in range(talkers):
        own = [text for _, text in first if text.startswith(f"{number}:")]
        assert own == [f"{number}:{count}" for count in range(each)]


def _talk(
    client: Client, number: int, each: int, total: int, result: list[tuple[int, str]]
) -> None:
    """Sends `each` messages and puts all `total` that there are into `result`."""
    for count in range(each):
        client.send("PM", message=f"{number}:{count}", id=f"{number}:{count}")
        if number % 2:
            result.append(_place(client.news()))
    while len(result) < total:
        result.append(_place(client.news()))


def _place(frame: Frame) -> tuple[int, str]:
    return frame["seq"], frame["id"] if frame["type"] == "confirmation" else frame["message"]


def test_direct_messages_from_many_are_one_chain(server: Running) -> None:
    """Each inbox is a log of its own, with one order for all connections of its owner."""
    alice, phone = server.enter("alice"), server.enter("alice")
    senders = [server.enter(f"user{number}") for number in range(5)]
    for sender in senders:
        sender.send_bytes(
            b"".join(line("DM", to="alice", message=f"{count}") for count in range(40))
        )
    received = [frame for frame in alice.take(200) if frame["type"] == "direct_message"]
    assert chain(received) == [(place, place + 1) for place in range(200)]
    assert phone.take(200) == received
    senders[0].take(40)
    assert senders[0].ask("DM", to="user1", message="first to user1")["seq"] == 1
