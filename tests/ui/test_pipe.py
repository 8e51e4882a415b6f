import os
import threading
from collections.abc import Callable

import pytest

from chatroom.client.errors import ConnectionLost, LoginRefused, NotInRoom, Unreachable
from chatroom.client.events import Event, LineGone
from chatroom.client.room import Room
from chatroom.ui import pipe
from chatroom.ui.pipe import Streams, Unconfirmed, talk
from tests.ui.fakes import FakeRoom, keep, message, replayed, written

DEADLINE = 10.0

NOBODY = NotInRoom("user_not_in_room", "Nobody called carl is here.")


def run(text: str, room: FakeRoom, patience: float = DEADLINE) -> int:
    """Has the operations in `text` carried out."""
    with written(text.encode()) as source:
        return talk(lambda _: as_room(room), source=source, patience=patience)


def as_room(room: FakeRoom) -> Room:
    """The fake passes for a room, as it has all that a conversation needs of one."""
    return room  # type: ignore[return-value]


def test_operations_are_carried_out_in_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    room = FakeRoom()
    assert run("PM one\n\nDM bob two\nWHO\nHELP\nEX\nPM never\n", room) == 0
    assert room.sent == [("one", None), ("two", "bob")]
    assert room.closed
    out = capsys.readouterr().out.splitlines()
    assert [line[9:] for line in out[1:3]] == ["you: one", "you -> bob (private): two"]
    assert out[3] == "In the room (2): alice (you), bob"
    assert len(out) == 4 + 5


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("hello", '"hello" is no operation'),
        ("PM", "A message is missing"),
        ("DM bob", "A message is missing"),
        ("DM", "A message is missing"),
        ("PM " + "x" * 70_000, "Line 1 has more than 65536 bytes"),
    ],
)
def test_a_line_that_asks_for_nothing_is_refused_and_the_rest_done(
    line: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    room = FakeRoom()
    assert run(f"{line}\nPM after\n", room) == 1
    assert room.sent == [("after", None)]
    assert why in capsys.readouterr().err


def test_what_the_server_refuses_makes_the_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    room = FakeRoom()
    room.answer = lambda future: future.set_exception(NOBODY)
    assert run("DM carl hi\n", room) == 1
    assert "Nobody called carl is here." in capsys.readouterr().err


def test_what_is_lost_makes_the_status_2() -> None:
    room = FakeRoom()
    room.fail()
    assert run("PM hi\n", room) == 2


def test_the_end_waits_for_the_confirmations() -> None:
    room = FakeRoom()
    submitted = threading.Event()
    room.answer = lambda _: submitted.set()
    statuses: list[int] = []
    thread = threading.Thread(target=lambda: statuses.append(run("PM one\n", room)))
    thread.start()
    assert submitted.wait(DEADLINE)
    assert not statuses
    room.futures[0].set_exception(NOBODY)
    thread.join(DEADLINE)
    assert statuses == [1]


def test_a_server_that_confirms_nothing_is_given_up(capsys: pytest.CaptureFixture[str]) -> None:
    room = FakeRoom()
    room.answer = keep
    assert run("PM one\n", room, patience=0.01) == 2
    assert "confirmed nothing for 0.01 seconds" in capsys.readouterr().err


def test_no_more_than_a_bounded_number_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipe, "IN_FLIGHT", 2)
    room = FakeRoom()
    room.answer = keep
    assert run("PM one\nPM two\nPM three\n", room, patience=0.01) == 2
    assert room.sent == [("one", None), ("two", None)]
    assert run("DM a one\nDM b two\nDM c three\n", room, patience=0.01) == 2
    assert len(room.sent) == 4


@pytest.mark.parametrize(
    ("error", "status"),
    [(ConnectionLost("It closed."), 2), (LoginRefused("wrong_password", "No longer."), 1)],
)
def test_the_end_of_the_line_ends_the_reading(
    error: ConnectionLost | LoginRefused, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Although the input, like that of `tail -f`, never ends."""
    reader, writer = os.pipe()
    listener: list[threading.Thread] = []

    def enter(on_event: Callable[[Event], None]) -> Room:
        listener.append(threading.Thread(target=on_event, args=[LineGone(error)]))
        listener[0].start()
        return as_room(FakeRoom())

    assert talk(enter, source=reader) == status
    listener[0].join(DEADLINE)
    assert str(error) in capsys.readouterr().err
    os.close(reader)
    os.close(writer)


def test_a_login_that_fails_is_raised() -> None:
    def enter(_: object) -> Room:
        raise Unreachable("No server.")

    reader, writer = os.pipe()
    with pytest.raises(Unreachable):
        talk(enter, source=reader)
    os.close(reader)
    os.close(writer)


def test_ctrl_c_leaves() -> None:
    room = FakeRoom()

    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    room.answer = interrupt
    assert run("PM one\n", room) == 0
    assert room.closed


def test_an_output_that_nobody_reads_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", buffering=1) as broken:
        monkeypatch.setattr("sys.stdout", broken)
        ended: list[bool] = []
        streams = Streams(lambda: ended.append(True))
        with pytest.raises(BrokenPipeError):
            os.write(writer, b"x")
        streams.show(["a"])
        assert streams.closed
        streams.show(["b"])
        assert ended == [True]
        monkeypatch.undo()
        os.dup2(os.open(os.devnull, os.O_WRONLY), writer)


def test_waiting_goes_on_as_long_as_there_is_news() -> None:
    unconfirmed = Unconfirmed(patience=0.5)
    for _ in range(3):
        assert unconfirmed.one_more()
    timers = [threading.Timer(0.3 * n, unconfirmed.one_less) for n in (1, 2, 3)]
    for timer in timers:
        timer.start()
    assert unconfirmed.wait_for_none()
    for timer in timers:
        timer.join()


def test_events_are_one_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    reader, writer = os.pipe()
    listener: list[threading.Thread] = []

    def enter(on_event: Callable[[Event], None]) -> Room:
        def speak() -> None:
            on_event(message("a\nb"))
            os.close(writer)

        listener.append(threading.Thread(target=speak))
        listener[0].start()
        return as_room(FakeRoom())

    assert talk(enter, source=reader) == 0
    listener[0].join(DEADLINE)
    assert capsys.readouterr().out.splitlines()[1].endswith("bob: a␊b")
    os.close(reader)


def entering(room: FakeRoom, *events: Event) -> Callable[[Callable[[Event], None]], Room]:
    """Returns a way into a room that speaks at once, in a thread of its own."""

    def enter(on_event: Callable[[Event], None]) -> Room:
        def speak() -> None:
            for event in events:
                on_event(event)

        threading.Thread(target=speak, name="test-listener").start()
        return as_room(room)

    return enter


def test_the_history_comes_in_front_of_everything(capsys: pytest.CaptureFixture[str]) -> None:
    room = FakeRoom(behind=2)
    with written(b"WHO\n") as source:
        talk(entering(room, *replayed("one", "a\nb")), source=source, history=2)
    out = capsys.readouterr().out.splitlines()
    assert [line.partition(" ")[2] for line in out[:2]] == ["bob: one", "bob: a␊b"]
    assert out[2:] == ["In the room (2): alice (you), bob"] * 2


def test_a_history_that_does_not_come_is_not_waited_for_for_ever(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with written(b"PM hi\n") as source:
        talk(entering(FakeRoom(behind=2)), source=source, history=2, patience=0.01)
    assert "you: hi" in capsys.readouterr().out
