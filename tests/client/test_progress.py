import logging
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chatroom.client import progress as progress_module
from chatroom.client.errors import StateUnusable
from chatroom.client.events import Message
from chatroom.client.kept import Place, Unsent
from chatroom.client.progress import Progress
from chatroom.client.state import StateFile
from chatroom.client.wire import Confirmation, Pong, Refusal

_CONFIRMED = Confirmation(1, "e", 1.5)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bot.state"


@pytest.fixture
def progress(path: Path) -> Iterator[Progress]:
    """Somebody has logged in for the first time, at the place 10 of both logs."""
    progress = Progress(StateFile(path, "bob"))
    progress.enter("bob", "token", {"room": Place("e", 10), "inbox": Place("f", 10)})
    yield progress
    progress.close()


def _message(seq: int, *, private: bool = False, epoch: str = "e") -> Message:
    to = "bob" if private else None
    return Message("alice", "hello", private, to, seq, seq - 1, epoch, 0.0)


def _kept(progress: Progress, path: Path) -> tuple[Place, Place, list[Unsent]]:
    """Ends this life and returns what the next one finds."""
    progress.close()
    with closing(Progress(StateFile(path, "bob"))) as later:
        return later.places["room"], later.places["inbox"], later.unsent


def test_the_first_login_is_kept(progress: Progress, path: Path) -> None:
    progress.close()
    with closing(Progress(StateFile(path, "bob"))) as later:
        assert later.session == "token"
        assert later.places == {"room": Place("e", 10), "inbox": Place("f", 10)}


def test_a_later_login_keeps_the_session_and_moves_nothing(progress: Progress, path: Path) -> None:
    """The line may already be further than the program is."""
    progress.enter("bob", "other", {"room": Place("e", 99)})
    progress.close()
    with closing(Progress(StateFile(path, "bob"))) as later:
        assert (later.session, later.places["room"]) == ("other", Place("e", 10))


def test_what_is_given_out_is_not_handled_before_it_is_committed(
    progress: Progress, path: Path
) -> None:
    progress.give(_message(11))
    progress.give(_message(12))
    progress.commit(_message(11))
    assert _kept(progress, path)[0] == Place("e", 11)


def test_each_log_has_its_own(progress: Progress, path: Path) -> None:
    for private in (True, False):
        for seq in (11, 12):
            progress.give(_message(seq, private=private, epoch="f" if private else "e"))
    progress.commit(_message(11, private=True, epoch="f"))
    assert _kept(progress, path)[:2] == (Place("e", 10), Place("f", 11))


def test_what_is_committed_out_of_order_counts_once_all_before_it_is(
    progress: Progress, path: Path
) -> None:
    for seq in (11, 12, 13):
        progress.give(_message(seq))
    progress.commit(_message(13))
    progress.commit(_message(12))
    progress.close()
    progress = Progress(StateFile(path, "bob"))
    assert progress.places["room"] == Place("e", 10)
    for seq in (11, 12, 13):
        progress.give(_message(seq))
    for seq in (13, 12, 11):
        progress.commit(_message(seq))
    assert _kept(progress, path)[0] == Place("e", 13)


def test_places_with_nothing_to_handle_are_passed_with_what_is_before_them(
    progress: Progress, path: Path
) -> None:
    """Our own message stands at 12, and 14 to 20 will never come."""
    progress.give(_message(11))
    progress.reach("room", Place("e", 12))
    progress.give(_message(13))
    progress.reach("room", Place("e", 20))
    progress.commit(_message(11))
    progress.commit(_message(13))
    assert _kept(progress, path)[0] == Place("e", 20)


def test_another_incarnation_is_reached_when_the_old_one_is_done_with(
    progress: Progress, path: Path
) -> None:
    progress.give(_message(11))
    progress.reach("room", Place("new", 0))
    progress.settle([])
    progress.commit(_message(5))  # never given out: nothing happens
    assert _kept(progress, path)[0] == Place("e", 10)


def test_what_is_reached_is_written_with_the_next_answer(progress: Progress, path: Path) -> None:
    progress.reach("room", Place("new", 0))
    progress.settle([])
    assert _kept(progress, path)[0] == Place("new", 0)


def test_a_commit_again_changes_nothing(progress: Progress, path: Path) -> None:
    progress.give(_message(11))
    progress.commit(_message(11))
    progress.commit(_message(11))
    assert _kept(progress, path)[0] == Place("e", 11)


def test_too_much_that_is_not_committed_ends_the_keeping(
    progress: Progress,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is said once; everything from there on comes again after a restart."""
    monkeypatch.setattr(progress_module, "UNCOMMITTED", 2)
    progress.give(_message(11))
    progress.commit(_message(11))
    with caplog.at_level(logging.ERROR, "chatroom.client"):
        for seq in range(12, 16):
            progress.give(_message(seq))
    for seq in range(12, 16):
        progress.commit(_message(seq))
    assert caplog.text.count("not committed") == 1
    assert _kept(progress, path)[0] == Place("e", 11)


def test_what_is_to_be_sent_is_kept_until_it_is_answered(progress: Progress, path: Path) -> None:
    for name in ("a", "b", "c", "d"):
        progress.keep(name, None, "hello")
    progress.settle([("b", _CONFIRMED), ("a", Refusal("rate_limited", "Wait."))])
    progress.settle([("c", Pong())])
    progress.drop("d")
    assert _kept(progress, path)[2] == [Unsent("c", None, "hello")]


def test_what_an_earlier_life_left_is_kept_while_it_is_refused_for_now(
    progress: Progress, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody else could send it again."""
    for name in ("a", "b", "c"):
        progress.keep(name, "zoe", "hello")
    progress.close()
    with closing(Progress(StateFile(path, "bob"))) as later:
        later.settle([("a", Refusal("storage_full", "Later."))])
        later.settle([("b", Refusal("user_not_in_room", "Nobody called zoe is here."))])
        later.settle([("c", _CONFIRMED)])
    assert "Nobody called zoe" in caplog.text
    assert _kept(progress, path)[2] == [Unsent("a", "zoe", "hello")]


def test_after_the_end_nothing_is_kept_and_nothing_raised(progress: Progress, path: Path) -> None:
    progress.give(_message(11))
    progress.close()
    progress.close()
    progress.commit(_message(11))
    progress.handled(_message(11))
    progress.enter("bob", None, {})
    progress.keep("a", None, "hello")
    progress.settle([("a", _CONFIRMED)])
    assert _kept(progress, path) == (Place("e", 10), Place("f", 10), [])


@pytest.mark.usefixtures("small_disk")
def test_what_could_not_be_written_is_written_with_the_next(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Who waits for it is told; to whom it means nothing, the log tells it, once."""
    progress = Progress(StateFile(path, "bob"))
    progress.enter("bob", None, {"room": Place("e", 10), "inbox": Place("f", 10)})
    progress.keep("a", None, "hello")
    with pytest.raises(StateUnusable, match="full"):
        progress.keep("b", None, "x" * 60_000)
    for seq in (11, 12, 13):
        progress.give(_message(seq))

    def fail(*_: object) -> None:
        raise StateUnusable("The disk is full.")

    with monkeypatch.context() as broken:
        broken.setattr(StateFile, "note", fail)
        with pytest.raises(StateUnusable):
            progress.commit(_message(11))
        for _ in range(2):
            progress.handled(_message(12))
        progress.settle([("a", _CONFIRMED)])
    assert caplog.text.count("The disk is full.") == 1
    progress.handled(_message(13))
    assert _kept(progress, path) == (Place("e", 13), Place("f", 10), [])


def test_what_is_logged_may_lead_back_into_the_room(
    progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a bot that says in the room what its log says."""
    monkeypatch.setattr(progress_module, "UNCOMMITTED", 0)
    said: list[str] = []

    class Saying(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            progress.keep(str(len(said)), None, record.getMessage())
            said.append(record.getMessage())

    def fail(*_: object) -> None:
        raise StateUnusable("The disk is full.")

    monkeypatch.setattr(StateFile, "note", fail)
    handler = Saying()
    logger = logging.getLogger("chatroom.client")
    logger.addHandler(handler)
    try:
        progress.give(_message(11))
        progress.drop("nothing")
    finally:
        logger.removeHandler(handler)
    assert len(said) == 2
