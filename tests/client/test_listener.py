import threading
from typing import TYPE_CHECKING, ClassVar

import pytest

from chatroom.client import entrance as entrance_module
from chatroom.client import listener as listener_module
from chatroom.client.address import Address
from chatroom.client.backoff import Backoff
from chatroom.client.dispatch import Dispatcher
from chatroom.client.errors import (
    Closed,
    ConnectionLost,
    LoginRefused,
    PasswordRequired,
    Refused,
    RequestTimeout,
)
from chatroom.client.events import (
    Event,
    LineBack,
    LineGone,
    LineLost,
    Message,
)
from chatroom.client.line import Line
from chatroom.client.listener import THREAD_NAME
from tests.client.peer import (
    DEADLINE,
    EPOCH,
    Events,
    Peer,
    broadcast,
    direct,
    refusal,
    replayed,
    silent_port,
    standing,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def _bye(reason: str, *, reconnect: bool, after_ms: int = 0) -> dict[str, object]:
    return {"type": "bye", "reason": reason, "reconnect": reconnect, "after_ms": after_ms}


def test_a_lost_line_is_told_and_got_back(peer: Peer) -> None:
    events = Events()
    room, visitor = peer.enter("bob", on_event=events)
    visitor.hang_up()
    lost = events.next()
    assert isinstance(lost, LineLost)
    assert lost.reason == "The server closed the connection."
    assert 0 <= lost.retry_in <= 0.2
    again = peer.accept()
    assert again.welcome("alice", "bob")["password"] == "secret"
    back = events.next()
    assert isinstance(back, LineBack)
    assert (back.missed, back.users) == (0, ("alice", "bob"))
    assert 0 <= back.away < DEADLINE
    assert room.users == ("alice", "bob")
    assert room.connected


def test_a_reset_is_a_lost_line(peer: Peer) -> None:
    events = Events()
    _, visitor = peer.enter(on_event=events)
    visitor.reset()
    assert "Connection reset" in events.wait_for(LineLost).reason
    peer.accept().welcome()
    events.wait_for(LineBack)


def test_every_failed_attempt_is_told(peer: Peer) -> None:
    events = Events()
    room, visitor = peer.enter(on_event=events)
    peer.stop_listening()
    visitor.hang_up()
    events.wait_for(LineLost)
    for _ in range(2):
        assert "No chat room answers" in events.wait_for(LineLost).reason
    assert not room.connected


def test_what_was_sent_and_not_confirmed_is_sent_again_under_the_same_id(peer: Peer) -> None:
    """The server had committed it before the line broke, and says so."""
    room, visitor = peer.enter()
    sending = peer.run(lambda: room.send("hello"))
    request = visitor.expect("PM")
    visitor.hang_up()
    again = peer.accept()
    again.welcome()
    assert again.receive() == request
    again.confirm(request, 5, duplicate=True)
    receipt = sending.result(DEADLINE)
    assert (receipt.seq, receipt.duplicate, receipt.id) == (5, True, request["id"])


def test_what_is_submitted_while_the_line_is_down_follows_in_order(peer: Peer) -> None:
    """First what was sent and not confirmed, then what was not sent yet; nothing confirmed."""
    events = Events()
    room, visitor = peer.enter(on_event=events)
    futures = [room.submit(text) for text in ("one", "two", "three")]
    requests = [visitor.expect("PM") for _ in futures]
    visitor.confirm(requests[0], 1)
    futures[0].result(DEADLINE)
    visitor.hang_up()
    events.wait_for(LineLost)
    futures += [room.submit(text) for text in ("four", "five")]
    again = peer.accept()
    again.welcome()
    resent = [again.expect("PM") for _ in range(4)]
    assert [request["message"] for request in resent] == ["two", "three", "four", "five"]
    assert resent[:2] == requests[1:]
    for seq, request in enumerate(resent, start=2):
        again.confirm(request, seq)
    assert [future.result(DEADLINE).seq for future in futures] == [1, 2, 3, 4, 5]


def test_a_line_lost_twice_loses_nothing(peer: Peer) -> None:
    room, visitor = peer.enter()
    future = room.submit("hello")
    for _ in range(2):
        visitor.expect("PM")
        visitor.hang_up()
        visitor = peer.accept()
        visitor.welcome()
    visitor.confirm(visitor.expect("PM"), 1)
    assert future.result(DEADLINE).seq == 1


def test_a_long_backlog_goes_out_while_its_confirmations_come_in(peer: Peer) -> None:
    """A server that stops reading when its answers are not read does not stop the client."""
    events = Events()
    room, visitor = peer.enter(on_event=events)
    visitor.hang_up()
    events.wait_for(LineLost)
    futures = [room.submit(f"{number} {'x' * 8000}") for number in range(1500)]
    again = peer.accept()
    again.welcome()
    for seq in range(1, 1501):
        again.confirm(again.expect("PM"), seq)
    assert [future.result(DEADLINE).seq for future in futures] == list(range(1, 1501))


def test_who_and_ping_wait_for_the_line(peer: Peer) -> None:
    events = Events()
    room, visitor = peer.enter(on_event=events)
    visitor.hang_up()
    events.wait_for(LineLost)
    pinging = peer.run(room.ping)
    again = peer.accept()
    again.welcome()
    again.send({"type": "pong", "id": again.expect("ping")["id"]})
    assert pinging.result(DEADLINE) >= 0


def test_a_send_that_found_no_line_in_time_is_withdrawn_and_says_nothing_was_sent(
    peer: Peer,
) -> None:
    events = Events()
    room, visitor = peer.enter(on_event=events)
    visitor.hang_up()
    events.wait_for(LineLost)
    with pytest.raises(RequestTimeout, match="nothing was sent"):
        room.send("too late", timeout=0.0)
    room.submit("in time")
    again = peer.accept()
    again.welcome()
    assert again.expect("PM")["message"] == "in time"


def test_a_message_refused_because_the_server_goes_down_is_sent_again(peer: Peer) -> None:
    room, visitor = peer.enter()
    future = room.submit("hello")
    request = visitor.expect("PM")
    visitor.send(refusal("shutting_down", id=request["id"]), _bye("shutting_down", reconnect=True))
    again = peer.accept()
    again.welcome()
    again.confirm(again.expect("PM"), 1)
    assert future.result(DEADLINE).seq == 1


def test_a_frame_that_is_too_large_is_not_sent_again(peer: Peer) -> None:
    """The server could not read its id, and says goodbye."""
    room, visitor = peer.enter()
    future = room.submit("x" * 60000)
    visitor.expect("PM")
    visitor.send(refusal("frame_too_large"), _bye("frame_too_large", reconnect=True))
    with pytest.raises(Refused, match="frame_too_large"):
        future.result(DEADLINE)
    again = peer.accept()
    again.welcome()
    room.submit("short")
    assert again.expect("PM")["message"] == "short"


def test_a_goodbye_says_how_long_to_stay_away(peer: Peer) -> None:
    events = Events()
    _, visitor = peer.enter(on_event=events)
    visitor.send(_bye("shutting_down", reconnect=True, after_ms=100))
    lost = events.wait_for(LineLost)
    assert lost.reason == "The server is shutting down."
    assert 0.1 <= lost.retry_in <= 0.3
    peer.accept().welcome()
    events.wait_for(LineBack)


@pytest.mark.parametrize("after_ms", [10**30, 1e300])
def test_no_goodbye_keeps_us_away_for_ever(peer: Peer, after_ms: float) -> None:
    events = Events()
    _, visitor = peer.enter(on_event=events)
    visitor.send(_bye("odd", reconnect=True) | {"after_ms": after_ms})
    lost = events.wait_for(LineLost)
    assert "(odd)" in lost.reason
    assert lost.retry_in <= 301


def test_a_goodbye_for_good_ends_the_room(peer: Peer) -> None:
    events = Events()
    room, visitor = peer.enter(on_event=events)
    future = room.submit("hello")
    visitor.expect("PM")
    visitor.send(_bye("slow_consumer", reconnect=False))
    gone = events.next()
    assert isinstance(gone, LineGone)
    assert isinstance(gone.error, ConnectionLost)
    assert "did not read fast enough" in str(gone.error)
    with pytest.raises(ConnectionLost, match="did not read fast enough"):
        future.result(DEADLINE)
    assert visitor.at_end()
    assert peer.quiet()


def test_whoever_is_banned_or_kicked_is_told_in_the_words_of_the_server(peer: Peer) -> None:
    events = Events()
    room, visitor = peer.enter(on_event=events)
    visitor.send(_bye("banned", reconnect=False) | {"message": "bob is banned here (spam)."})
    gone = events.next()
    assert isinstance(gone, LineGone)
    assert str(gone.error) == "bob is banned here (spam)."
    with pytest.raises(ConnectionLost, match=r"banned here \(spam\)"):
        room.send("hello")
    assert peer.quiet()


def test_without_reconnect_the_first_loss_is_the_last(peer: Peer) -> None:
    events = Events()
    room, visitor = peer.enter(reconnect=False, on_event=events)
    visitor.hang_up()
    assert isinstance(events.next(), LineGone)
    with pytest.raises(ConnectionLost, match="closed the connection"):
        room.who()


@pytest.mark.parametrize("code", ["wrong_password", "registration_closed", "banned"])
def test_a_login_refused_for_good_ends_the_room(peer: Peer, code: str) -> None:
    events = Events()
    room, visitor = peer.enter(on_event=events)
    visitor.hang_up()
    again = peer.accept()
    again.expect("login")
    again.send(refusal(code))
    gone = events.wait_for(LineGone)
    assert isinstance(gone.error, LoginRefused)
    assert gone.error.code == code
    with pytest.raises(ConnectionLost, match=code):
        room.send("hello")


def test_a_password_that_no_longer_counts_ends_the_room(peer: Peer) -> None:
    events = Events()
    _, visitor = peer.enter(on_event=events)
    visitor.hang_up()
    again = peer.accept()
    again.expect("login")
    again.send({"type": "password_required", "username": "bob", "new_user": True})
    assert isinstance(events.wait_for(LineGone).error, PasswordRequired)


def test_a_login_refused_for_now_is_tried_again(peer: Peer) -> None:
    events = Events()
    _, visitor = peer.enter(on_event=events)
    visitor.hang_up()
    events.wait_for(LineLost)
    again = peer.accept()
    again.expect("login")
    again.send(refusal("rate_limited", retry_after=0.1))
    assert events.wait_for(LineLost).retry_in >= 0.1
    peer.accept().welcome()
    events.wait_for(LineBack)


def test_a_goodbye_during_the_login_counts_too(peer: Peer) -> None:
    events = Events()
    _, visitor = peer.enter(on_event=events)
    visitor.hang_up()
    again = peer.accept()
    again.expect("login")
    again.send(_bye("closed_for_good", reconnect=False))
    assert "(closed_for_good)" in str(events.wait_for(LineGone).error)


def test_waits_grow_while_lines_break_at_once_and_begin_again_after_a_good_one(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Counting(Backoff):
        calls: ClassVar[list[str]] = []

        def next(self) -> float:
            self.calls.append("next")
            return 0.0

        def reset(self) -> None:
            self.calls.append("reset")

    monkeypatch.setattr(entrance_module, "Backoff", Counting)
    events = Events()
    _, visitor = peer.enter(on_event=events)
    visitor.hang_up()
    visitor = peer.accept()
    visitor.welcome()
    events.wait_for(LineBack)
    monkeypatch.setattr(listener_module, "STEADY_SECONDS", 0.0)
    visitor.hang_up()
    peer.accept().welcome()
    events.wait_for(LineBack)
    assert Counting.calls == ["next", "reset", "next"]


def test_what_was_missed_while_the_line_was_down_is_counted_and_comes(peer: Peer) -> None:
    events = Events()
    _, visitor = peer.enter(on_event=events, fields={"session": "token"})
    visitor.send(broadcast(1), direct(1))
    visitor.hang_up()
    events.wait_for(LineLost)
    again = peer.accept()
    resume = again.resumed(logs={"room": standing(1, 3), "inbox": standing(1, 2)})
    assert resume == {
        "command": "resume",
        "session": "token",
        "logs": {"room": {"epoch": EPOCH, "after": 1}, "inbox": {"epoch": EPOCH, "after": 1}},
    }
    again.send(*replayed(broadcast(2), broadcast(3), direct(2)), broadcast(4))
    back = events.wait_for(LineBack)
    assert back.missed == 3
    told = [events.next() for _ in range(4)]
    assert [(event.seq, event.replay) for event in told if isinstance(event, Message)] == [
        (2, True),
        (3, True),
        (2, True),
        (4, False),
    ]


def test_how_long_the_line_was_down_is_told(peer: Peer) -> None:
    events = Events()
    _, visitor = peer.enter(on_event=events)
    visitor.send(_bye("shutting_down", reconnect=True, after_ms=100))
    events.wait_for(LineLost)
    peer.accept().welcome()
    assert 0.1 <= events.wait_for(LineBack).away < DEADLINE


def test_a_session_that_has_ended_is_replaced_by_the_password(peer: Peer) -> None:
    """The places are named again; the session that this login opens is the next to be tried."""
    events = Events()
    _, visitor = peer.enter(on_event=events, fields={"session": "old"})
    visitor.hang_up()
    again = peer.accept()
    resume = again.expect("resume")
    again.send(refusal("invalid_session"))
    login = again.welcome(session="new")
    assert (resume["session"], login["logs"]) == ("old", resume["logs"])
    events.wait_for(LineBack)
    again.hang_up()
    assert peer.accept().resumed()["session"] == "new"
    events.wait_for(LineBack)


def test_a_server_that_knows_no_sessions_is_logged_in_to(peer: Peer) -> None:
    events = Events()
    _, visitor = peer.enter(on_event=events, fields={"session": "old"})
    visitor.hang_up()
    again = peer.accept()
    again.expect("resume")
    again.send(refusal("unknown_command"))
    again.welcome()
    events.wait_for(LineBack)
    again.hang_up()
    peer.accept().welcome()  # without trying a session
    events.wait_for(LineBack)


def test_a_resumption_refused_for_now_is_tried_again(peer: Peer) -> None:
    events = Events()
    _, visitor = peer.enter(on_event=events, fields={"session": "token"})
    visitor.hang_up()
    again = peer.accept()
    again.expect("resume")
    again.send(refusal("unavailable"))
    events.wait_for(LineLost)
    assert "unavailable" in events.wait_for(LineLost).reason
    peer.accept().resumed()
    events.wait_for(LineBack)


_QUICK: dict[str, object] = {"heartbeat": {"ping": 0.1, "answer": 0.1}}
_SLOW: dict[str, object] = {"heartbeat": {"ping": 0.1, "answer": 60}}


def test_a_silent_server_is_asked_for_a_sign_of_life(peer: Peer) -> None:
    events = Events()
    room, visitor = peer.enter(on_event=events, fields=_SLOW)
    for _ in range(2):
        assert visitor.receive() == {"command": "ping"}
        visitor.send({"type": "pong"})
    assert room.connected


def test_a_server_that_gives_no_sign_of_life_is_given_up(peer: Peer) -> None:
    events = Events()
    _, visitor = peer.enter(on_event=events, fields=_QUICK)
    visitor.expect("ping")
    assert "has said nothing for 0.2 seconds" in events.wait_for(LineLost).reason
    assert visitor.at_end()
    peer.accept().welcome()
    events.wait_for(LineBack)


def test_a_server_that_neither_reads_nor_speaks_is_given_up(peer: Peer) -> None:
    """The sign of life cannot even be asked for; a callback filled the socket."""
    events = Events()

    def flood(event: Event) -> None:
        events(event)
        if isinstance(event, Message):
            for number in range(1500):
                room.submit(f"{number} {'x' * 8000}")

    room, visitor = peer.enter(on_event=flood, fields=_QUICK)
    visitor.send(broadcast(1))
    assert "has said nothing" in events.wait_for(LineLost).reason
    room.close(timeout=0.0)


def test_each_line_has_the_heartbeat_of_its_welcome(peer: Peer) -> None:
    events = Events()
    _, visitor = peer.enter(on_event=events)
    visitor.hang_up()
    again = peer.accept()
    again.welcome(heartbeat=_SLOW["heartbeat"])
    assert again.receive() == {"command": "ping"}


def test_close_says_goodbye_and_ends_the_thread(peer: Peer) -> None:
    room, visitor = peer.enter()
    goodbye = peer.run(visitor.say_bye)
    room.close(timeout=DEADLINE)
    goodbye.result(DEADLINE)
    assert not _listening()
    assert not room.connected
    assert visitor.at_end()


def test_close_may_be_called_again_and_by_several_threads(peer: Peer) -> None:
    """Only one EX is sent."""
    room, visitor = peer.enter()
    closings = [peer.run(lambda: room.close(timeout=DEADLINE)) for _ in range(3)]
    visitor.say_bye()
    for closing in closings:
        closing.result(DEADLINE)
    room.close()
    assert visitor.at_end()


def test_everything_says_closed_after_close(peer: Peer) -> None:
    room, visitor = peer.enter()
    visitor.send(broadcast(1))
    visitor.hang_up()
    room.close()
    for call in (room.who, room.ping, room.next_message, lambda: room.send("hello")):
        with pytest.raises(Closed, match="has been left"):
            call()
    assert list(room) == []


def test_what_was_submitted_before_close_is_confirmed_first(peer: Peer) -> None:
    room, visitor = peer.enter()
    futures = [room.submit(str(number)) for number in range(10)]
    closing = peer.run(lambda: room.close(timeout=DEADLINE))
    for seq in range(1, 11):
        visitor.confirm(visitor.expect("PM"), seq)
    visitor.say_bye()
    closing.result(DEADLINE)
    assert [future.result(0).seq for future in futures] == list(range(1, 11))


def test_close_unblocks_everyone_who_waits_though_the_server_is_dead(peer: Peer) -> None:
    """The server never answers: senders, askers and readers get Closed."""
    room, visitor = peer.enter()
    calls: list[Callable[[], object]] = [lambda: room.send("hello"), room.who, room.next_message]
    waiting = [peer.run(call) for call in calls]
    iterating = peer.run(lambda: list(room))
    visitor.receive()
    visitor.receive()
    room.close(timeout=0.05)
    for each in waiting:
        with pytest.raises(Closed):
            each.result(DEADLINE)
    assert iterating.result(DEADLINE) == []
    assert not _listening()


def test_close_unblocks_readers_before_the_server_has_said_goodbye(peer: Peer) -> None:
    room, visitor = peer.enter()
    iterating = peer.run(lambda: list(room))
    closing = peer.run(lambda: room.close(timeout=2 * DEADLINE))
    assert iterating.result(DEADLINE) == []
    visitor.say_bye()
    closing.result(DEADLINE)


def test_close_unblocks_who_waits_for_a_full_socket(peer: Peer) -> None:
    room, _ = peer.enter()
    text = "x" * 8000

    def submit_without_end() -> None:
        while True:
            room.submit(text)

    submitting = peer.run(submit_without_end)
    with pytest.raises(RequestTimeout):
        room.ping(timeout=0.3)  # the socket is full by now
    room.close(timeout=0.05)
    with pytest.raises(Closed):
        submitting.result(DEADLINE)
    assert not _listening()


def test_close_interrupts_the_wait_between_attempts(peer: Peer) -> None:
    events = Events()
    room, visitor = peer.enter(on_event=events)
    visitor.send(_bye("shutting_down", reconnect=True, after_ms=60_000))
    events.wait_for(LineLost)
    future = room.submit("hello")
    room.close(timeout=DEADLINE)
    with pytest.raises(Closed):
        future.result(0)
    assert not _listening()


def test_close_interrupts_a_login(peer: Peer) -> None:
    """The server has taken the connection and does not answer."""
    room, visitor = peer.enter()
    visitor.hang_up()
    peer.accept().expect("login")
    room.close(timeout=DEADLINE)
    assert not _listening()


def test_close_interrupts_connecting(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's queue is full, so the connection is neither taken nor refused."""
    events = Events()
    with silent_port() as port:
        room, visitor = peer.enter(on_event=events)
        connecting = threading.Event()
        open_line = Line.open

        def open_elsewhere(line: Line, deadline: float) -> None:
            line.address = Address("127.0.0.1", port)
            connecting.set()
            open_line(line, deadline)

        monkeypatch.setattr(Line, "open", open_elsewhere)
        visitor.hang_up()
        assert connecting.wait(DEADLINE)
        room.close(timeout=DEADLINE)
    assert not _listening()


def test_a_callback_may_close_the_room(peer: Peer) -> None:
    """The EX goes out; nothing waits for the callback's own thread."""
    closed = threading.Event()

    def leave(event: Event) -> None:
        if isinstance(event, Message):
            room.close()
            closed.set()

    room, visitor = peer.enter(on_event=leave)
    visitor.send(broadcast(1))
    visitor.expect("EX")
    assert closed.wait(DEADLINE)
    assert visitor.at_end()
    room.close()
    assert not _listening()


def test_a_callback_that_hangs_does_not_hang_close(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener_module, "ABORT_SECONDS", 0.05)
    inside, release = threading.Event(), threading.Event()

    def hang(_: Event) -> None:
        inside.set()
        release.wait(DEADLINE)

    room, visitor = peer.enter(on_event=hang)
    visitor.send(broadcast(1))
    assert inside.wait(DEADLINE)
    room.close(timeout=0.0)
    assert _listening()
    release.set()


def test_a_failure_of_the_thread_itself_lets_everyone_go(
    peer: Peer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An error that nobody foresaw is logged, and nobody waits for ever."""

    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Dispatcher, "take", fail)
    events = Events()
    room, visitor = peer.enter(on_event=events)
    future = room.submit("hello")
    visitor.send(broadcast(1))
    assert "its log says why" in str(events.wait_for(LineGone).error)
    with pytest.raises(ConnectionLost):
        future.result(DEADLINE)
    assert "MemoryError" in caplog.text


def _listening() -> bool:
    return any(thread.name == THREAD_NAME for thread in threading.enumerate())
