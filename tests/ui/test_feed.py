import io
import json
import os

import pytest

from chatroom.client.errors import ConnectionLost
from chatroom.client.events import LineBack, LineGone, LineLost, UsersChanged
from chatroom.ui.feed import Feed
from tests.ui.fakes import message


def test_messages_are_written_as_the_server_sent_them() -> None:
    output = io.BytesIO()
    feed = Feed(output, io.StringIO(), count=2)
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
    feed = Feed(output, notices)
    feed.on_event(UsersChanged(("bob",), ("bob",), ()))
    feed.on_event(LineLost("It broke.", 0.2))
    feed.on_event(LineBack(0, ("bob",)))
    assert output.getvalue() == b""
    assert "It broke." in notices.getvalue()
    assert "The server is back." in notices.getvalue()


def test_the_end_of_the_line_is_raised() -> None:
    feed = Feed(io.BytesIO(), io.StringIO())
    feed.on_event(LineGone(ConnectionLost("It closed.")))
    with pytest.raises(ConnectionLost):
        feed.wait()


def test_an_output_that_nobody_reads_is_raised() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb", buffering=0) as output:
        feed = Feed(output, io.StringIO())
        feed.on_event(message("hi"))
        with pytest.raises(BrokenPipeError):
            feed.wait()
