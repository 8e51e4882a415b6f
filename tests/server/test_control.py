"""The door for the person who runs the server."""

import json
import os
import socket
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatroom.auth.desk import Desk
from chatroom.log.base import Change, Store, StoreError
from chatroom.log.handoff import HandoffClosed
from chatroom.log.memory import MemoryStore
from chatroom.log.rules import Act
from chatroom.protocol.errors import ErrorCode, ProtocolError
from chatroom.protocol.frames import encode
from chatroom.server.control import Control, ask, control_path
from tests.auth.desks import Books, desk_in
from tests.server.stage import DEADLINE


class Office:
    """A control socket that answers."""

    def __init__(self, data: Path, desk: Desk, books: Books) -> None:
        self.data = data
        self.books = books
        self.control = Control(data, desk)
        self.control.start()

    @contextmanager
    def visit(self) -> Iterator[socket.socket]:
        """Yield a connection to it."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(DEADLINE)
            sock.connect(str(control_path(self.data)))
            yield sock


LIST: dict[str, object] = {"command": "users_list"}


@contextmanager
def answering(data: Path, store: Store, *names: str) -> Iterator[Office]:
    """Yield a control socket that answers for a room with these accounts."""
    books = Books(store)
    with desk_in(books, *names) as desk:
        office = Office(data, desk, books)
        try:
            yield office
        finally:
            office.control.stop()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The database, which need not be there for this."""
    return tmp_path / "room.db"


@pytest.fixture
def office(data: Path) -> Iterator[Office]:
    """A control socket that answers, for a room with one account, bob."""
    with answering(data, MemoryStore(), "bob") as office:
        yield office


def test_the_accounts_can_be_asked_for_and_changed(office: Office) -> None:
    assert ask(office.data, {"command": "users_list"}) == {"type": "done", "users": ["bob"]}
    reply = ask(office.data, {"command": "users_add", "username": "alice", "password": "x"})
    assert reply
    assert reply["message"] == "There is an account called alice now."
    assert ask(office.data, {"command": "users_remove", "username": "BOB"})
    assert ask(office.data, {"command": "users_list"}) == {"type": "done", "users": ["alice"]}


def test_who_asks_is_the_user_at_the_other_end(office: Office) -> None:
    ask(office.data, {"command": "users_remove", "username": "BOB"})
    assert office.books.acts == [Act(f"uid:{os.getuid()}", "remove", "bob")]


def test_where_the_system_does_not_say_who_asks_it_is_the_owner(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(socket, "SO_PEERCRED", raising=False)
    ask(office.data, {"command": "users_remove", "username": "BOB"})
    assert office.books.acts == [Act(f"uid:{os.getuid()}", "remove", "bob")]


def test_what_is_refused_is_raised(office: Office) -> None:
    with pytest.raises(ProtocolError, match="no account called carol") as caught:
        ask(office.data, {"command": "users_remove", "username": "carol"})
    assert caught.value.code is ErrorCode.INVALID_USERNAME
    assert office.books.acts == []


def test_only_the_owner_can_open_it(data: Path) -> None:
    """Whatever the umask; and the umask is as it was."""
    before = os.umask(0)
    try:
        with answering(data, MemoryStore()):
            path = control_path(data)
            assert stat.S_ISSOCK(path.stat().st_mode)
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert os.umask(0) == 0
    finally:
        os.umask(before)
    assert not path.exists()


def test_what_a_killed_server_left_is_replaced(data: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(control_path(data)))
    assert ask(data, LIST) is None, "nobody listens there"
    with answering(data, MemoryStore(), "bob"):
        assert ask(data, LIST) == {"type": "done", "users": ["bob"]}
    assert ask(data, LIST) is None


def test_the_path_may_be_long(tmp_path: Path) -> None:
    data = tmp_path / ("x" * 100) / ("y" * 100) / "room.db"
    assert ask(data, LIST) is None
    data.parent.mkdir(parents=True)
    assert ask(data, LIST) is None
    with answering(data, MemoryStore(), "bob"):
        assert stat.S_IMODE(control_path(data).stat().st_mode) == 0o600
        assert ask(data, LIST) == {"type": "done", "users": ["bob"]}
    assert not control_path(data).exists()


@pytest.mark.parametrize(
    ("name", "why"),
    [("x" * 150, "AF_UNIX path too long"), ("no/such/folder/room.db", "No such file or directory")],
)
def test_where_it_cannot_be_made_that_is_said(tmp_path: Path, name: str, why: str) -> None:
    data = tmp_path / name
    sentence = rf"^{control_path(data)} cannot be made: {why}\.$"
    with pytest.raises(StoreError, match=sentence), answering(data, MemoryStore()):
        pass


@pytest.mark.parametrize("answer", [b"", b"no", b"nonsense\n"])
def test_a_server_that_gives_no_answer_is_named(data: Path, answer: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as odd:
        odd.bind(str(control_path(data)))
        odd.listen()

        def answer_and_hang_up() -> None:
            visitor, _ = odd.accept()
            with visitor:
                visitor.recv(65536)
                visitor.sendall(answer)

        thread = threading.Thread(target=answer_and_hang_up)
        thread.start()
        with pytest.raises(StoreError, match=r"room.db does not answer: it closed the connection"):
            ask(data, LIST)
        thread.join(DEADLINE)


def test_several_questions_may_come_together_and_a_broken_one_is_answered(office: Office) -> None:
    with office.visit() as sock:
        sock.sendall(b'{"command":"users_list"}nonsense\n{"command":"users_list"}')
        sock.shutdown(socket.SHUT_WR)
        answers = b""
        while more := sock.recv(65536):
            answers += more
    assert [json.loads(line)["type"] for line in answers.splitlines()] == ["done", "error", "done"]


def test_a_visitor_who_goes_without_the_answer_does_not_stop_the_next(office: Office) -> None:
    with office.visit() as sock:
        sock.sendall(b'{"command":"users_list"}' * 1000)
    assert ask(office.data, LIST)


def test_a_visitor_who_says_nothing_does_not_hold_up_the_end(data: Path) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        with answering(data, MemoryStore()):
            sock.settimeout(DEADLINE)
            sock.connect(str(control_path(data)))
            sock.sendall(encode(LIST))
            assert sock.recv(100)  # it is our turn now
            start = time.monotonic()
        assert time.monotonic() - start < 5


def test_a_visitor_who_does_not_read_does_not_hold_up_the_end(data: Path) -> None:
    """However much there is to be told to it."""
    with socket.socket(socket.AF_UNIX) as sock:
        with answering(data, MemoryStore(), *(f"user{number}" for number in range(1000))):
            sock.settimeout(DEADLINE)
            sock.connect(str(control_path(data)))
            sock.sendall(encode(LIST) * 100)  # the answers to which no buffer holds
            assert sock.recv(100)
            start = time.monotonic()
        assert time.monotonic() - start < 5


def test_while_the_server_stops_that_is_said(data: Path) -> None:
    def fail(_: Change) -> None:
        raise HandoffClosed

    books = Books(MemoryStore())
    books.before = fail
    with desk_in(books) as desk:
        office = Office(data, desk, books)
        with pytest.raises(ProtocolError, match="is stopping") as caught:
            ask(data, {"command": "users_add", "username": "bob", "password": "x"})
        assert caught.value.code is ErrorCode.SHUTTING_DOWN
        office.control.stop()
