import io
import json
import os
import threading

import pytest

from chatroom.client.errors import ConnectionLost
from chatroom.client.events import LineBack, LineGone, LineLost, Message, UsersChanged
from chatroom.ui.feed import Feed
from tests.ui.fakes import message, replayed

DEADLINE = 10.0


def entered(feed: Feed, behind: int = 0) -> Feed:
    """Returns the feed of somebody who is in the room."""
    feed.enter(behind)
    return feed


def texts(output: io.BytesIO) -> list[str]:
    return [json.loads(line)["message"] for line in output.getvalue().splitlines()]


def test_messages_are_written_as_the_server_sent_them() -> None:
    output = io.BytesIO()
    feed = entered(Feed(output, io.StringIO(), count=2))
    feed.on_event(message("hi\nthere \x1b"))
    feed.on_event(message("psst", to="alice", seq=2))
    feed.on_event(message("too much"))
    feed.wait()
    public, private = output.getvalue().splitlines()
    assert json.loads(public) == {
        "type": "broadcast",
        "from": "bob",
        "message": "hi\nthere \x1b",
        "seq": 1,
        "prev": 0,
        "epoch": "e",
        "ts": 1_700_000_000.0,
    }
    assert json.loads(private) == {
        "type": "direct_message",
        "from": "bob",
        "to": "alice",
        "message": "psst",
        "seq": 2,
        "prev": 1,
        "epoch": "e",
        "ts": 1_700_000_000.0,
    }
    assert b"\x1b" not in public


def test_trouble_goes_elsewhere() -> None:
    output, notices = io.BytesIO(), io.StringIO()
    feed = entered(Feed(output, notices))
    feed.on_event(UsersChanged(("bob",), ("bob",), ()))
    feed.on_event(LineLost("It broke.", 0.2))
    feed.on_event(LineBack(0, ("bob",), 2.0))
    assert output.getvalue() == b""
    assert "It broke." in notices.getvalue()
    assert "The server is back after 2 seconds; nothing was said" in notices.getvalue()


def test_the_end_of_the_line_is_raised() -> None:
    feed = entered(Feed(io.BytesIO(), io.StringIO()))
    feed.on_event(LineGone(ConnectionLost("It closed.")))
    with pytest.raises(ConnectionLost):
        feed.wait()


def test_an_output_that_nobody_reads_is_raised() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb", buffering=0) as output:
        feed = entered(Feed(output, io.StringIO()))
        feed.on_event(message("hi"))
        with pytest.raises(BrokenPipeError):
            feed.wait()


def test_events_wait_until_it_is_known_what_comes_first() -> None:
    output = io.BytesIO()
    feed = Feed(output, io.StringIO(), count=1)
    listener = threading.Thread(target=feed.on_event, args=[message("hi")])
    listener.start()
    assert output.getvalue() == b""
    feed.enter(0)
    feed.wait()
    listener.join(DEADLINE)
    assert texts(output) == ["hi"]


def test_the_history_comes_first_and_is_marked() -> None:
    """The newest of both logs, in the order of time."""
    output = io.BytesIO()
    feed = entered(Feed(output, io.StringIO(), history=2), behind=3)
    one, two, three = replayed("one", "two", "three")
    private = message("psst", to="alice", ts=one.ts + 1, replay=True)
    feed.on_event(one)
    feed.on_event(two)
    assert texts(output) == []
    feed.on_event(private)
    feed.on_event(three)
    assert texts(output) == ["two", "psst", "three"]
    assert all(json.loads(line)["replay"] is True for line in output.getvalue().splitlines())


@pytest.mark.parametrize("event", [message("live", seq=2), LineLost("It broke.", 0.2)])
def test_a_history_that_is_cut_short_is_written(event: Message | LineLost) -> None:
    output = io.BytesIO()
    feed = entered(Feed(output, io.StringIO(), history=5), behind=5)
    feed.on_event(replayed("one")[0])
    feed.on_event(event)
    feed.on_event(message("later", seq=3))
    assert [text for text in texts(output) if text != "live"] == ["one", "later"]


def test_the_count_counts_the_history_too() -> None:
    output = io.BytesIO()
    feed = entered(Feed(output, io.StringIO(), count=1, history=2), behind=2)
    for each in replayed("one", "two"):
        feed.on_event(each)
    feed.wait()
    assert texts(output) == ["one"]
