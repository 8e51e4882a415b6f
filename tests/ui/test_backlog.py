import pytest

from chatroom.client.events import Message
from chatroom.ui import backlog as backlog_module
from chatroom.ui.backlog import Backlog
from tests.ui.fakes import message


def public(text: str, ts: float) -> Message:
    return message(text, ts=ts, replay=True)


def private(text: str, ts: float) -> Message:
    return message(text, to="alice", ts=ts, replay=True)


def taken(backlog: Backlog, *messages: Message) -> list[str]:
    """Returns what is shown after each message, in the order in which it is."""
    return [ready.text for each in messages for ready in backlog.take(each)]


def test_both_logs_are_put_into_the_order_of_time() -> None:
    backlog = Backlog(4)
    entries = [public("one", 1.0), public("three", 3.0), private("two", 2.0), private("four", 4.0)]
    assert taken(backlog, *entries[:3]) == []
    assert taken(backlog, entries[3]) == ["one", "two", "three", "four"]
    assert backlog.complete
    assert backlog.rest() == []


def test_within_a_log_the_order_is_that_of_the_log() -> None:
    """A clock that was put back does not change what was said first."""
    backlog = Backlog(3)
    entries = [public("first", 9.0), public("second", 1.0), private("other", 5.0)]
    assert taken(backlog, *entries) == ["other", "first", "second"]


@pytest.mark.parametrize(("most", "kept"), [(2, ["two", "three"]), (0, []), (9, None)])
def test_the_newest_are_kept(most: int, kept: list[str] | None) -> None:
    backlog = Backlog(3, most)
    entries = [public("one", 1.0), public("three", 3.0), private("two", 2.0)]
    assert taken(backlog, *entries) == (["one", "two", "three"] if kept is None else kept)


def test_nothing_to_come_is_complete() -> None:
    assert Backlog(0).complete


def test_what_has_come_can_be_had_before_the_end() -> None:
    backlog = Backlog(3, 5)
    taken(backlog, public("one", 1.0), public("three", 3.0))
    assert [each.text for each in backlog.rest()] == ["one", "three"]
    assert backlog.rest() == []


def test_too_many_to_gather_are_shown_as_they_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog_module, "GATHERED", 2)
    backlog = Backlog(3)
    assert taken(backlog, public("one", 1.0)) == ["one"]
    assert taken(backlog, public("three", 3.0)) == ["three"]
    assert taken(backlog, private("two", 2.0)) == ["two"]
    assert backlog.complete
