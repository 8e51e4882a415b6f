"""What one client, and all of them, may use, and what happens to those who want more."""

import threading

import pytest

from tests.conversation import DEADLINE, Client, Frame, Running, line, running


def test_a_message_of_the_longest_length(server: Running) -> None:
    """8,192 bytes of UTF-8 pass, one more does not, whatever the characters."""
    bob, alice = server.enter("bob"), server.enter("alice")
    for text in ("x" * 8192, "é" * 4096, "🎉" * 2048):
        bob.say(text)
        assert alice.news("broadcast")["message"] == text
        for command, fields in (("PM", {}), ("DM", {"to": "alice"})):
            error = bob.refused("message_too_long", command, message=text + "y", **fields)
            assert error["field"] == "message"
    assert alice.heard() == []


def test_messages_may_be_shorter_by_configuration() -> None:
    with running(message_bytes=10) as server:
        bob = server.enter("bob")
        bob.say("0123456789")
        assert "10 bytes" in bob.refused("message_too_long", "PM", message="01234567890")["message"]


@pytest.mark.parametrize("message", ["", " ", "\n\t \n", "\u2003"])
def test_an_empty_message(server: Running, message: str) -> None:
    server.enter("bob").refused("empty_message", "PM", message=message)


@pytest.mark.parametrize("message", ["\x00", "a\rb", "\x1b[31mred", "\x7f", "\x85", "\ud800"])
def test_a_message_with_control_characters(server: Running, message: str) -> None:
    error = server.enter("bob").refused("invalid_field", "PM", message=message)
    assert error["field"] == "message"


def test_a_frame_that_is_too_large(server: Running) -> None:
    """The error and the farewell reach a client that goes on sending all the while."""
    bob, client = server.enter("bob"), server.enter("alice")
    bob.wait_roster("alice", "bob")
    client.send("PM", message="before")
    client.send_bytes(b'{"command":"PM","message":"' + b"x" * 70_000)
    for _ in range(200):
        client.send_bytes(b"x" * 50_000)
    confirmation, error, farewell = client.remainder()
    assert confirmation["seq"] == 1
    assert error["code"] == "frame_too_large"
    assert "65536" in error["message"]
    assert farewell == {
        "type": "bye",
        "reason": "frame_too_large",
        "reconnect": True,
        "after_ms": 0,
    }
    assert [frame["type"] for frame in bob.wait_roster("bob")] == ["broadcast"]


def test_a_frame_of_the_longest_length(server: Running) -> None:
    """65,536 bytes are a frame, from the first to the last brace."""
    bob = server.enter("bob")
    frame = b'{"command":"WHO","filling":"' + b"x" * 65_506 + b'"}'
    assert len(frame) == 65_536
    bob.send_bytes(frame)
    assert bob.news()["type"] == "active_users"


def test_one_who_does_not_go_is_cut_off(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that was ended has some seconds to take what it is sent, and no more."""
    monkeypatch.setattr("chatroom.server.delivery.LINGER_SECONDS", 0.2)
    client = server.enter("alice")
    client.send_bytes(b'{"' + b"x" * 70_000)
    with pytest.raises(ConnectionError):
        send_without_end(client)


def send_without_end(client: Client) -> None:
    """Sends, and sends, and sends."""
    while True:
        client.send_bytes(b"x" * 50_000)


def test_too_many_connections() -> None:
    """One more than there may be is told so, and let in when another has gone."""
    with running(connections=3) as server:
        guests = [server.enter(f"user{number}") for number in range(3)]
        turned_away(server.connect(), "try again later")
        guests[0].close()
        come_in(server).login("late")


def test_too_many_connections_from_one_address() -> None:
    """The same for what one address may have."""
    with running(connections_per_address=2) as server:
        guests = [server.enter(f"user{number}") for number in range(2)]
        turned_away(server.connect(), "127.0.0.1 has as many connections")
        guests[1].close()
        come_in(server).login("late")


def turned_away(client: Client, sentence: str) -> None:
    """Sees that `client` is told why it cannot come in."""
    error, farewell = client.remainder()
    assert (error["type"], error["code"]) == ("error", "too_many_connections")
    assert sentence in error["message"]
    assert (farewell["type"], farewell["reason"]) == ("bye", "too_many_connections")
    assert farewell["reconnect"] is True
    assert farewell["after_ms"] > 0


def come_in(server: Running) -> Client:
    """Returns a connection as soon as the server has counted another one out."""
    while True:
        client = server.connect()
        try:
            if client.ask("ping")["type"] == "pong":
                return client
        except ConnectionError:
            pass
        client.close()


LOGIN = line("login", username="bob", password="secret")


def padded(size: int) -> bytes:
    """Returns so many bytes with a login as the last of them, behind white space."""
    return LOGIN.strip().rjust(size)


def told_to_log_in_first(client: Client, limit: int) -> list[Frame]:
    """Sees that `client` is told that it sent too much; returns what it was told before."""
    *before, error, farewell = client.remainder()
    assert (error["type"], error["code"]) == ("error", "frame_too_large")
    assert f"the first {limit} bytes" in error["message"]
    assert (farewell["type"], farewell["reason"]) == ("bye", "frame_too_large")
    return before


def test_the_login_comes_within_the_first_bytes(server: Running) -> None:
    """4,096 of them will do, one more will not."""
    client = server.connect()
    client.send_bytes(padded(4096))
    assert client.news("welcome")["username"] == "bob"
    late = server.connect()
    late.send_bytes(padded(4097))
    assert told_to_log_in_first(late, 4096) == []


@pytest.mark.parametrize("piece", [1, 700, 100_000])
def test_what_is_complete_before_the_login_is_done(piece: int) -> None:
    """However it is split; then the connection ends, and what comes behind it counts no more."""
    ping = line("ping")
    data = ping * 10 + b'{"command": "login", ' + b" " * 500 + LOGIN
    with running(login_bytes=len(ping) * 10 + 400) as server:
        client = server.connect()
        for start in range(0, len(data), piece):
            client.send_bytes(data[start : start + piece])
        assert told_to_log_in_first(client, len(ping) * 10 + 400) == [{"type": "pong"}] * 10


def test_behind_the_login_there_may_be_as_much_as_one_likes() -> None:
    """Also when it was sent with the login, before that was answered."""
    with running(login_bytes=256) as server:
        alice, client = server.enter("alice"), server.connect()
        texts = [f"{number}".ljust(200, ".") for number in range(100)]
        client.send_bytes(LOGIN + b"".join(line("PM", message=text) for text in texts))
        assert client.news()["type"] == "welcome"
        assert [frame["type"] for frame in client.take(100)] == ["confirmation"] * 100
        assert [frame["message"] for frame in alice.heard()] == texts


def test_attempts_to_log_in_use_the_bytes_up(server: Running) -> None:
    """So nobody guesses without end on one connection."""
    server.enter("bob").close()
    client = server.connect()
    for _ in range(20):
        client.send_bytes(line("login", username="bob").ljust(300))
    answers = told_to_log_in_first(client, 4096)
    assert [frame["type"] for frame in answers] == ["password_required"] * 14


def test_the_longest_login_fits(server: Running) -> None:
    """A password of 1,024 bytes as `json.dumps` escapes it, an id, and places in both logs."""
    places = {"epoch": "e" * 64, "after": 2**53 - 1}
    client = server.connect()
    welcome = client.ask(
        "login",
        username="u" * 32,
        password="é" * 512,
        id="i" * 64,
        logs={"room": places, "inbox": places},
        history=1000,
    )
    assert welcome["type"] == "welcome"


def test_connections_of_one_account_talk_as_fast_as_one() -> None:
    """And whoever connects again has not become slower, nor faster."""
    with running(messages_per_second=0.5, message_burst=3) as server:
        one, two = server.enter("bob"), server.enter("bob")
        one.say("1")
        assert two.news("broadcast")["message"] == "1"
        two.say("2")
        assert one.news("broadcast")["message"] == "2"
        one.say("3")
        assert two.news("broadcast")["message"] == "3"
        one.refused("rate_limited", "PM", message="4")
        two.refused("rate_limited", "DM", to="bob", message="4")
        one.close()
        server.enter("bob").refused("rate_limited", "PM", message="4")
        server.enter("alice").say("others have a burst of their own")


def test_those_behind_a_refused_message_do_not_overtake_it() -> None:
    """Even if there is room for them again when they come."""
    with running(messages_per_second=20, message_burst=1) as server:
        bob = server.enter("bob")
        bob.say("1", id="1")
        wait = bob.refused("rate_limited", "PM", message="2", id="2")["retry_after"]
        threading.Event().wait(wait + 0.01)
        bob.refused("rate_limited", "PM", message="3", id="3")
        bob.say("2", id="2")


def test_talking_too_fast() -> None:
    """A burst passes, what is more is refused with the time to wait, and then passes too."""
    with running(messages_per_second=10, message_burst=3) as server:
        bob, alice = server.enter("bob"), server.enter("alice")
        bob.send_bytes(
            line("PM", message="1")
            + line("DM", to="alice", message="2")
            + line("PM", message="3")
            + line("PM", message="4", id="four")
        )
        assert [frame["type"] for frame in bob.take(3)] == ["confirmation"] * 3
        error = bob.news("error")
        assert (error["code"], error["command"], error["id"]) == ("rate_limited", "PM", "four")
        assert 0 < error["retry_after"] <= 0.1
        assert bob.ask("WHO")["type"] == "active_users"
        threading.Event().wait(error["retry_after"] + 0.01)
        bob.say("4", id="four")
        assert [frame["message"] for frame in alice.heard()] == ["1", "2", "3", "4"]
        alice.say("others have a burst of their own")


def test_requests_without_replies_do_not_pile_up(server: Running) -> None:
    """A hundred thousand requests in one go are all answered, in order."""
    bob = server.enter("bob")
    requests = b"".join(line("ping", id=f"{number}") for number in range(100_000))
    sender = threading.Thread(target=bob.send_bytes, args=(requests,))
    sender.start()
    assert [frame["id"] for frame in bob.take(100_000)] == [f"{n}" for n in range(100_000)]
    sender.join(DEADLINE)
