import socket
import threading
import time
from collections.abc import Iterator
from itertools import islice

import pytest

from chatroom.client.connect import account_exists, connect
from chatroom.client.errors import LoginRefused, PasswordRequired, RequestTimeout, Unreachable
from tests.client.peer import (
    DEADLINE,
    EPOCH,
    Peer,
    broadcast,
    direct,
    refusal,
    replayed,
    silent_port,
    standing,
    welcome,
)


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    """Whatever a login comes to, no listening thread stays behind."""
    yield
    assert not [thread for thread in threading.enumerate() if thread.name == "chatroom-listener"]


def test_a_login_gives_a_room(peer: Peer) -> None:
    """The room knows its name as the server spells it, the users and whether it is new."""
    entering = peer.run(lambda: connect(peer.address, username="BOB", password="pw"))
    visitor = peer.accept()
    assert visitor.expect("login") == {"command": "login", "username": "BOB", "password": "pw"}
    visitor.send(
        {"type": "welcome", "username": "bob", "users": ["alice", "bob"], "new_user": True}
    )
    with entering.result(DEADLINE) as room:
        assert (room.username, room.address, room.new_user) == ("bob", peer.address, True)
        assert room.users == ("alice", "bob")
        assert room.connected
        visitor.hang_up()


def test_an_invite_is_shown_at_the_login(peer: Peer) -> None:
    entering = peer.run(
        lambda: connect(peer.address, username="bob", password="pw", invite="K7Q2-9XBT")
    )
    visitor = peer.accept()
    shown = {"command": "login", "username": "bob", "password": "pw", "invite": "K7Q2-9XBT"}
    assert visitor.expect("login") == shown
    visitor.send(welcome("bob"))
    with entering.result(DEADLINE):
        visitor.hang_up()


def test_an_invite_is_shown_by_whoever_asks_for_an_account(peer: Peer) -> None:
    asking = peer.run(lambda: account_exists(peer.address, "bob", invite="K7Q2-9XBT"))
    visitor = peer.accept()
    assert visitor.expect("login")["invite"] == "K7Q2-9XBT"
    visitor.send(refusal("invalid_invite", field="invite"))
    with pytest.raises(LoginRefused, match="Sorry: invalid_invite"):
        asking.result(DEADLINE)


def test_what_follows_the_welcome_in_one_segment_is_not_lost(peer: Peer) -> None:
    entering = peer.run(lambda: connect(peer.address, username="bob", password="pw"))
    visitor = peer.accept()
    visitor.expect("login")
    visitor.send({"type": "news"}, welcome("bob"), broadcast(1, "first"), broadcast(2, "second"))
    with entering.result(DEADLINE) as room:
        assert [room.next_message().text, room.next_message().text] == ["first", "second"]
        visitor.hang_up()


@pytest.mark.parametrize("code", ["wrong_password", "registration_closed", "invalid_username"])
def test_a_refused_login_is_told_in_the_server_s_words(peer: Peer, code: str) -> None:
    entering = peer.run(lambda: connect(peer.address, username="bob", password="pw"))
    visitor = peer.accept()
    visitor.expect("login")
    visitor.send(refusal(code, field="username", retry_after=2))
    with pytest.raises(LoginRefused, match=f"Sorry: {code}") as caught:
        entering.result(DEADLINE)
    assert (caught.value.code, caught.value.retry_after) == (code, 2)
    visitor.expect("EX")
    assert visitor.at_end()


@pytest.mark.parametrize("new_user", [True, False])
def test_a_missing_password_is_asked_for_and_the_line_given_up(
    peer: Peer, *, new_user: bool
) -> None:
    entering = peer.run(lambda: connect(peer.address, username="bob"))
    visitor = peer.accept()
    assert "password" not in visitor.expect("login")
    visitor.send(_password_required(new_user=new_user))
    with pytest.raises(PasswordRequired, match="bob") as caught:
        entering.result(DEADLINE)
    assert (caught.value.username, caught.value.new_user) == ("bob", new_user)
    visitor.expect("EX")
    assert visitor.at_end()


@pytest.mark.parametrize("new_user", [True, False])
def test_whether_an_account_exists_is_learnt_without_a_password(
    peer: Peer, *, new_user: bool
) -> None:
    asking = peer.run(lambda: account_exists(peer.address, "bob"))
    visitor = peer.accept()
    assert "password" not in visitor.expect("login")
    visitor.send(_password_required(new_user=new_user))
    assert asking.result(DEADLINE) is not new_user
    visitor.expect("EX")
    assert visitor.at_end()


def test_an_account_that_needs_no_password_exists(peer: Peer) -> None:
    asking = peer.run(lambda: account_exists(peer.address, "bob"))
    visitor = peer.accept()
    visitor.welcome()
    assert asking.result(DEADLINE)
    assert visitor.at_end()


def test_history_is_asked_for_and_told(peer: Peer) -> None:
    entering = peer.connect(history=50)
    visitor = peer.accept()
    assert visitor.expect("login")["history"] == 50
    logs = {"room": standing(7, 57), "inbox": standing(2, 3)}
    visitor.send(welcome("bob") | {"logs": logs}, *replayed(broadcast(8), direct(3)), broadcast(9))
    room = entering.result(DEADLINE)
    assert room.behind == 51
    assert [(m.seq, m.replay) for m in islice(room, 3)] == [(8, True), (3, True), (9, False)]


def test_without_history_nothing_is_asked_for_and_nothing_comes_first(peer: Peer) -> None:
    entering = peer.connect()
    visitor = peer.accept()
    assert visitor.welcome(logs={"room": standing(57)}).keys() == {
        "command",
        "username",
        "password",
    }
    assert entering.result(DEADLINE).behind == 0


def test_a_server_that_says_nothing_of_its_logs_is_followed_from_the_first_message(
    peer: Peer,
) -> None:
    entering = peer.connect()
    visitor = peer.accept()
    visitor.expect("login")
    visitor.send(welcome("bob"), broadcast(41, "first"), broadcast(42, "second"))
    room = entering.result(DEADLINE)
    assert [message.text for message in islice(room, 2)] == ["first", "second"]
    visitor.hang_up()
    assert peer.accept().welcome()["logs"] == {"room": {"epoch": EPOCH, "after": 42}}


@pytest.mark.parametrize("interval", [0, -1, "soon", 1e9])
def test_a_heartbeat_without_sense_is_unreachable(peer: Peer, interval: object) -> None:
    entering = peer.connect()
    peer.accept().welcome(heartbeat={"ping": interval, "answer": 35})
    with pytest.raises(Unreachable, match="makes no sense"):
        entering.result(DEADLINE)


def test_nobody_listening_is_unreachable(peer: Peer) -> None:
    peer.stop_listening()
    with pytest.raises(Unreachable, match=f"No chat room answers at {peer.address}"):
        connect(peer.address, username="bob", password="pw")


def test_a_host_that_does_not_exist_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object, **__: object) -> None:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    with pytest.raises(Unreachable, match="no host called nowhere"):
        connect("nowhere", username="bob", password="pw")


def test_a_server_that_never_takes_the_connection_is_unreachable_in_time() -> None:
    with silent_port() as port:
        start = time.monotonic()
        with pytest.raises(Unreachable, match="No chat room answers"):
            connect(f":{port}", username="bob", password="pw", timeout=0.1)
        assert time.monotonic() - start < DEADLINE


def test_a_server_that_does_not_answer_the_login_is_unreachable_in_time(peer: Peer) -> None:
    with pytest.raises(Unreachable, match="did not answer the login in time"):
        connect(peer.address, username="bob", password="pw", timeout=0.1)


def test_a_login_that_the_server_does_not_even_read_ends_in_time(peer: Peer) -> None:
    """The login is too long for the buffers of both ends."""
    with pytest.raises(Unreachable, match="did not answer the login in time"):
        connect(peer.address, username="bob", password="x" * (16 << 20), timeout=0.2)


def test_an_end_during_the_login_is_unreachable(peer: Peer) -> None:
    entering = peer.run(lambda: connect(peer.address, username="bob", password="pw"))
    visitor = peer.accept()
    visitor.expect("login")
    visitor.hang_up()
    with pytest.raises(Unreachable, match="Nobody was logged in"):
        entering.result(DEADLINE)


def test_a_goodbye_during_the_login_is_unreachable(peer: Peer) -> None:
    entering = peer.run(lambda: connect(peer.address, username="bob", password="pw"))
    visitor = peer.accept()
    visitor.expect("login")
    visitor.send({"type": "bye", "reason": "shutting_down", "reconnect": True, "after_ms": 0})
    with pytest.raises(Unreachable, match="shutting down"):
        entering.result(DEADLINE)


def test_something_else_on_the_port_is_no_chat_room(peer: Peer) -> None:
    entering = peer.run(lambda: connect(peer.address, username="bob", password="pw"))
    visitor = peer.accept()
    visitor.send_bytes(b"220 mail.example.org ESMTP\r\n")
    with pytest.raises(Unreachable, match="is no chat room"):
        entering.result(DEADLINE)


def test_a_welcome_without_sense_is_unreachable(peer: Peer) -> None:
    entering = peer.run(lambda: connect(peer.address, username="bob", password="pw"))
    visitor = peer.accept()
    visitor.send({"type": "welcome", "username": 7, "users": []})
    with pytest.raises(Unreachable, match="makes no sense"):
        entering.result(DEADLINE)


def test_a_name_that_cannot_be_sent_is_refused_before_connecting(peer: Peer) -> None:
    with pytest.raises(LoginRefused, match="half a character"):
        connect(peer.address, username="\ud800", password="pw")
    assert peer.quiet()


def test_a_timeout_is_also_the_standard_one() -> None:
    assert issubclass(RequestTimeout, TimeoutError)


def _password_required(*, new_user: bool) -> dict[str, object]:
    return {
        "type": "password_required",
        "username": "bob",
        "new_user": new_user,
        "message": "A password, please.",
    }


def test_a_server_whose_frames_are_of_no_type_is_heard_out(peer: Peer) -> None:
    """A fuzzer found that a list in the place of the type ended `connect()` with a traceback."""
    connecting = peer.connect()
    visitor = peer.accept()
    visitor.expect("login")
    types: tuple[object, ...] = ([], {}, None, 5, "news of a later version")
    visitor.send(*({"type": type_} for type_ in types))
    visitor.send({"users": ["bob"]}, {"type": "error", "code": "banned", "message": "No."})
    with pytest.raises(LoginRefused, match="No"):
        connecting.result(DEADLINE)
