"""A program that ends, in whatever way, and starts again with the same state file.

The end is a `close()` here. A program that is killed leaves the same file behind, as every commit
is complete when it returns; `test_state.py` holds that.
"""

import logging
import threading
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from queue import Queue

import pytest

from chatroom.client.errors import (
    Closed,
    LoginRefused,
    NotInRoom,
    PasswordRequired,
    ReaderTooSlow,
    RequestTimeout,
    StateUnusable,
)
from chatroom.client.events import Event, Gap, Message
from chatroom.client.listener import THREAD_NAME
from chatroom.client.room import Room
from chatroom.client.state import StateFile
from tests.client.peer import (
    DEADLINE,
    EPOCH,
    Events,
    Peer,
    Visitor,
    broadcast,
    direct,
    gap,
    refusal,
    replayed,
    standing,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bot.state"


def _places(room: int, inbox: int = 0) -> dict[str, object]:
    """What a client says of where it stands."""
    return {
        "room": {"epoch": EPOCH, "after": room},
        "inbox": {"epoch": EPOCH, "after": inbox},
    }


def _leave(room: Room, visitor: Visitor) -> None:
    """Ends one life."""
    visitor.hang_up()
    room.close(timeout=0.0)


def test_the_first_start_begins_at_the_head(peer: Peer, path: Path) -> None:
    room, visitor = peer.enter(state=path, logs={"room": standing(57)})
    assert room.behind == 0
    _leave(room, visitor)
    peer.connect(state=path)
    assert peer.accept().welcome()["logs"] == _places(57)


def test_the_first_start_may_begin_with_history_and_the_next_does_not(
    peer: Peer, path: Path
) -> None:
    room, visitor = peer.enter(state=path, history=10, logs={"room": standing(47, 57)})
    assert room.behind == 10
    visitor.send(*replayed(broadcast(48), broadcast(49)))
    for message in islice(room, 2):
        room.commit(message)
    _leave(room, visitor)
    entering = peer.connect(state=path, history=10)
    again = peer.accept()
    assert again.welcome(logs={"room": standing(49, 57)})["logs"] == _places(49)
    assert entering.result(DEADLINE).behind == 8


def test_an_iteration_commits_a_message_when_it_asks_for_the_next(peer: Peer, path: Path) -> None:
    """So the last one comes again, unless it is committed by hand."""
    room, visitor = peer.enter(state=path)
    visitor.send(*(broadcast(seq) for seq in range(1, 5)), direct(1))
    for message in room:
        if message.seq == 3:
            break
    _leave(room, visitor)
    room, visitor = _again(peer, path, _places(2))
    visitor.send(*replayed(broadcast(3), broadcast(4), direct(1)))
    for message in islice(room, 3):
        last = message
    room.commit(last)
    _leave(room, visitor)
    _again(peer, path, _places(4, 1))


def test_each_thread_commits_what_it_has_taken(peer: Peer, path: Path) -> None:
    room, visitor = peer.enter(state=path)
    visitor.send(*(broadcast(seq) for seq in range(1, 4)))
    assert next(room).seq == 1
    other = peer.run(lambda: [next(room).seq, next(room).seq])
    assert other.result(DEADLINE) == [2, 3]
    _leave(room, visitor)
    _again(peer, path, _places(0))  # the first thread has never come back


def _again(peer: Peer, path: Path, places: dict[str, object]) -> tuple[Room, Visitor]:
    """Starts again; the client must say that it stands there."""
    entering = peer.connect(state=path)
    visitor = peer.accept()
    assert visitor.welcome()["logs"] == places
    return entering.result(DEADLINE), visitor


def test_what_is_taken_one_by_one_is_committed_by_hand(peer: Peer, path: Path) -> None:
    room, visitor = peer.enter(state=path)
    visitor.send(*(broadcast(seq) for seq in range(1, 5)))
    taken = [room.next_message() for _ in range(4)]
    for index in (1, 0, 3):
        room.commit(taken[index])
    _leave(room, visitor)
    _again(peer, path, _places(2))


def test_without_a_state_file_a_commit_does_nothing(peer: Peer) -> None:
    room, visitor = peer.enter()
    visitor.send(broadcast(1))
    room.commit(room.next_message())


def test_on_event_commits_what_it_has_taken(peer: Peer, path: Path) -> None:
    """It is done when the next event is told."""
    events = Events()
    room, visitor = peer.enter(state=path, on_event=events)
    visitor.send(broadcast(1), direct(1), broadcast(2))
    for _ in range(3):
        events.wait_for(Message)
    _leave(room, visitor)
    _again(peer, path, _places(2, 1))


def test_what_on_event_fails_at_comes_again_after_a_restart(
    peer: Peer, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """And what came behind it, as positions have no holes; not before the restart."""
    heard: Queue[int] = Queue()

    def stumble(event: Event) -> None:
        if isinstance(event, Message):
            heard.put(event.seq)
            if event.seq == 2:
                raise RuntimeError("the bot is broken")

    room, visitor = peer.enter(state=path, on_event=stumble)
    visitor.send(*(broadcast(seq) for seq in range(1, 5)))
    assert [heard.get(timeout=DEADLINE) for _ in range(4)] == [1, 2, 3, 4]
    _leave(room, visitor)
    assert "the bot is broken" in caplog.text
    _again(peer, path, _places(1))


def test_what_on_event_failed_at_can_be_committed_later(peer: Peer, path: Path) -> None:
    failed: Queue[Message] = Queue()

    def put_off(event: Event) -> None:
        if not isinstance(event, Message):
            return
        failed.put(event)
        raise RuntimeError("not now")

    room, visitor = peer.enter(state=path, on_event=put_off)
    visitor.send(broadcast(1), broadcast(2))
    for _ in range(2):
        room.commit(failed.get(timeout=DEADLINE))
    _leave(room, visitor)
    _again(peer, path, _places(2))


def test_own_messages_are_passed(peer: Peer, path: Path) -> None:
    room, visitor = peer.enter(state=path)
    future = room.submit("hello")
    visitor.confirm(visitor.expect("PM"), 1)
    future.result(DEADLINE)
    _leave(room, visitor)
    _again(peer, path, _places(1))


def test_a_gap_that_was_told_is_told_once(peer: Peer, path: Path) -> None:
    events = Events()
    room, visitor = peer.enter(state=path, on_event=events)
    visitor.send(gap("room", 1, 40, "retention"))
    events.wait_for(Gap)
    _leave(room, visitor)
    _again(peer, path, _places(40))


def test_the_position_moves_while_nothing_is_handled_only_in_memory(peer: Peer, path: Path) -> None:
    """A line that breaks meanwhile goes on where it was; a restart begins with what is open."""
    room, visitor = peer.enter(state=path)
    visitor.send(broadcast(1), broadcast(2))
    assert [room.next_message().seq, room.next_message().seq] == [1, 2]
    visitor.hang_up()
    again = peer.accept()
    assert again.welcome()["logs"] == _places(2)
    _leave(room, again)
    _again(peer, path, _places(0))


def test_a_session_takes_the_place_of_the_password(peer: Peer, path: Path) -> None:
    room, visitor = peer.enter(state=path, fields={"session": "token"})
    _leave(room, visitor)
    entering = peer.connect(state=path, password=None)
    again = peer.accept()
    assert again.resumed() == {"command": "resume", "session": "token", "logs": _places(0)}
    room = entering.result(DEADLINE)
    assert (room.username, room.new_user) == ("bob", False)
    _leave(room, again)
    entering = peer.connect(state=path, password=None)
    assert peer.accept().resumed()["session"] == "token"
    entering.result(DEADLINE)


def test_a_session_that_has_ended_is_replaced_by_the_password(peer: Peer, path: Path) -> None:
    """As after a `close()`: the same places are named on the same line."""
    room, visitor = peer.enter(state=path, fields={"session": "token"})
    _leave(room, visitor)
    entering = peer.connect(state=path)
    again = peer.accept()
    again.expect("resume")
    again.send(refusal("invalid_session", field="session"))
    login = again.welcome(session="other")
    assert (login["password"], login["logs"]) == ("secret", _places(0))
    _leave(entering.result(DEADLINE), again)
    peer.connect(state=path)
    assert peer.accept().resumed()["session"] == "other"


def test_a_session_that_has_ended_needs_the_password(peer: Peer, path: Path) -> None:
    room, visitor = peer.enter(state=path, fields={"session": "token"})
    _leave(room, visitor)
    entering = peer.connect(state=path, password=None)
    again = peer.accept()
    again.expect("resume")
    again.send(refusal("invalid_session", field="session"))
    with pytest.raises(PasswordRequired, match="needs its password"):
        entering.result(DEADLINE)
    again.expect("EX")


def test_a_failed_start_gives_the_file_back(peer: Peer, path: Path) -> None:
    entering = peer.connect(state=path)
    visitor = peer.accept()
    visitor.expect("login")
    visitor.send(refusal("wrong_password"))
    with pytest.raises(LoginRefused):
        entering.result(DEADLINE)
    StateFile(path, "bob").close()


def test_a_file_that_cannot_be_used_is_refused_before_connecting(peer: Peer, path: Path) -> None:
    room, _ = peer.enter(state=path)
    for username, sentence in (("bob", "in use"), ("alice", "in use")):
        with pytest.raises(StateUnusable, match=sentence):
            peer.connect(state=path, username=username).result(DEADLINE)
    room.close(timeout=0.0)
    with pytest.raises(StateUnusable, match="belongs to bob"):
        peer.connect(state=path, username="alice").result(DEADLINE)
    assert peer.quiet()


def test_a_login_that_cannot_be_kept_is_given_up(
    peer: Peer, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StateUnusable("The disk is full.")

    monkeypatch.setattr(StateFile, "enter", fail)
    entering = peer.connect(state=path)
    visitor = peer.accept()
    visitor.welcome()
    with pytest.raises(StateUnusable):
        entering.result(DEADLINE)
    assert visitor.at_end()


def test_a_later_login_that_cannot_be_kept_is_logged(
    peer: Peer, path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise StateUnusable("The disk is full.")

    room, visitor = peer.enter(state=path)
    monkeypatch.setattr(StateFile, "enter", fail)
    visitor.hang_up()
    again = peer.accept()
    again.welcome()
    again.send(broadcast(1))
    with caplog.at_level(logging.ERROR, "chatroom.client"):
        assert room.next_message().seq == 1
    assert "The disk is full." in caplog.text


def test_what_was_not_confirmed_goes_out_again_before_all_that_is_new(
    peer: Peer, path: Path
) -> None:
    """Under its ids, in its order, however far it had come."""
    room, visitor = peer.enter(state=path)
    futures = [room.submit("one"), room.submit("two", to="alice")]
    sent = [visitor.expect("PM"), visitor.expect("DM")]
    visitor.hang_up()
    futures += [room.submit(text) for text in ("three", "four")]
    room.close(timeout=0.0)
    for future in futures:
        with pytest.raises(Closed):
            future.result(DEADLINE)
    room, again = _again(peer, path, _places(0))
    room.submit("five")
    resent = [again.receive() for _ in range(5)]
    assert resent[:2] == sent
    assert [request["message"] for request in resent] == ["one", "two", "three", "four", "five"]
    assert len({str(request["id"]) for request in resent}) == 5


def test_what_is_confirmed_refused_or_withdrawn_does_not_go_out_again(
    peer: Peer, path: Path
) -> None:
    room, visitor = peer.enter(state=path)
    confirmed, refused = room.submit("one"), room.submit("two", to="zoe")
    visitor.confirm(visitor.expect("PM"), 1)
    visitor.send(refusal("user_not_in_room", id=visitor.expect("DM")["id"]))
    confirmed.result(DEADLINE)
    with pytest.raises(NotInRoom):
        refused.result(DEADLINE)
    with pytest.raises(RequestTimeout, match="may still arrive"):
        room.send("three", timeout=0.05)
    _leave(room, visitor)
    room, again = _again(peer, path, _places(1))
    room.submit("new")
    assert again.expect("PM")["message"] == "new"


def test_what_is_left_is_given_up_when_the_server_refuses_it(
    peer: Peer, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The recipient is gone; nobody waits for the answer, so the log tells it."""
    room, visitor = peer.enter(state=path)
    room.submit("psst", to="zoe")
    _leave(room, visitor)
    room, again = _again(peer, path, _places(0))
    again.send(refusal("user_not_in_room", id=again.expect("DM")["id"]), broadcast(1))
    room.next_message()
    _leave(room, again)
    assert "user_not_in_room" in caplog.text
    room, last = _again(peer, path, _places(0))
    room.submit("new")
    assert last.expect("PM")["message"] == "new"


def test_a_message_that_cannot_be_kept_is_not_sent(
    peer: Peer, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, visitor = peer.enter(state=path)

    def fail(*_: object) -> None:
        raise StateUnusable("The disk is full.")

    with monkeypatch.context() as broken:
        broken.setattr(StateFile, "keep", fail)
        calls: list[Callable[[str], object]] = [room.send, room.submit]
        for call in calls:
            with pytest.raises(StateUnusable):
                call("lost")
    room.submit("kept")
    assert visitor.expect("PM")["message"] == "kept"


def test_a_message_that_is_not_taken_in_is_not_kept(peer: Peer, path: Path) -> None:
    room, visitor = peer.enter(state=path)
    _leave(room, visitor)
    with pytest.raises(Closed):
        room.submit("too late")
    _, again = _again(peer, path, _places(0))
    again.send({"type": "ping"})
    assert again.receive()["command"] == "pong"  # and no PM before it


def test_reading_what_is_left_after_the_line_is_gone_can_be_committed(
    peer: Peer, path: Path
) -> None:
    room, visitor = peer.enter(state=path, reconnect=False)
    visitor.send(broadcast(1), broadcast(2))
    visitor.hang_up()
    for _ in range(2):
        room.commit(room.next_message())
    room.close()
    _again(peer, path, _places(2))


def test_what_a_reader_was_too_slow_for_comes_again(
    peer: Peer, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without coming back by itself there is no other way to get it."""
    monkeypatch.setattr("chatroom.client.room.INBOX_MESSAGES", 2)
    room, visitor = peer.enter(state=path, reconnect=False)
    visitor.send(*(broadcast(seq) for seq in range(1, 6)), {"type": "ping"})
    visitor.expect("pong")
    with pytest.raises(ReaderTooSlow, match="3 messages"):
        room.next_message()
    for _ in range(2):
        room.commit(room.next_message())
    _leave(room, visitor)
    _again(peer, path, _places(0))


def test_a_callback_that_closes_the_room_gives_the_file_back(peer: Peer, path: Path) -> None:

    def leave(event: Event) -> None:
        if isinstance(event, Message):
            room.close()

    room, visitor = peer.enter(state=path, on_event=leave)
    [listener] = [thread for thread in threading.enumerate() if thread.name == THREAD_NAME]
    visitor.send(broadcast(1))
    visitor.expect("EX")
    listener.join(DEADLINE)
    _again(peer, path, _places(1))
