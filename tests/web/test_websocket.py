"""The face of the WebSocket: frames of RFC 6455 to commands, and events to frames."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Close, Frame, Opcode

from chatroom.config import Limits
from chatroom.protocol import events
from chatroom.protocol.errors import ProtocolError
from chatroom.server.face import End, Item, Raw
from chatroom.web.websocket import CLOSE_CODES, MESSAGES, WebSocket
from tests.docs import markdown
from tests.docs.markdown import PROTOCOL
from tests.websocket import BINARY, CLOSE, CONTINUATION, MASK, PING, PONG, TEXT, cut, frame

WHO = b'{"command": "WHO"}'
LIMIT = 8000


def opened(*, admitted: bool = True) -> WebSocket:
    """Return an open WebSocket, of somebody who is logged in or not."""
    face = WebSocket(Limits(frame_bytes=LIMIT, login_bytes=1000))
    if admitted:
        face.admit()
    return face


def items(face: WebSocket, data: bytes) -> list[Item]:
    """Return what `data` comes to, up to the end of the connection."""
    found: list[Item] = []
    for item in face.feed(data):
        found.append(item)
        if isinstance(item, End):
            break
    return found


def code(item: Item) -> int | str:
    """Return what an item ends the connection with: a close, or an error."""
    if isinstance(item, ProtocolError):
        return item.code.value
    assert isinstance(item, End)
    ((opcode, payload),), rest = cut(item.data)
    assert (opcode, rest) == (CLOSE, b"")
    return int.from_bytes(payload[:2], "big") if payload else 0


# Events to frames.


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65535, 65536, 70000])
def test_an_event_is_a_text_message_without_its_newline(length: int) -> None:
    line = b"x" * length
    expected = Frame(Opcode.TEXT, line).serialize(mask=False)
    assert MESSAGES.frame(line + b"\n") == expected
    assert cut(expected) == ([(TEXT, line)], b"")


@given(st.lists(st.binary(max_size=300).filter(lambda line: b"\n" not in line), max_size=5))
def test_events_are_messages_one_by_one(lines: list[bytes]) -> None:
    """Carriage returns and whatever else ends lines elsewhere are nothing here."""
    whole = MESSAGES.frame(b"".join(line + b"\n" for line in lines))
    assert cut(whole) == ([(TEXT, line) for line in lines], b"")


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("exit", 1000), ("shutting_down", 1001), ("frame_too_large", 1009), ("kicked", 1008)],
)
def test_behind_the_last_event_the_websocket_is_closed(reason: str, expected: int) -> None:
    bye = events.bye(reason, reconnect=False)
    first, last, (opcode, payload) = cut(MESSAGES.farewell(bye + bye))[0]
    assert first == last == (TEXT, bye.rstrip())
    assert opcode == CLOSE
    close = Close.parse(payload)
    assert (close.code, close.reason) == (expected, reason)


def test_the_document_has_the_codes() -> None:
    rows = {when: int(code) for code, when in markdown.table(PROTOCOL, "Close", "When")}
    assert rows.pop("any other reason") == 1008
    assert rows == CLOSE_CODES


# Frames to commands.


def test_a_message_is_a_command() -> None:
    assert items(opened(), frame(WHO)) == [{"command": "WHO"}]


def test_a_message_may_hold_several_commands_or_none() -> None:
    found = items(opened(), frame(WHO + b"\n" + WHO) + frame() + frame(b" ") + frame(WHO))
    assert found == [{"command": "WHO"}] * 3


def test_what_is_no_json_is_told_with_the_message_it_is_in() -> None:
    """The end of a message is as good as a newline: a person who types waits for an answer."""
    for text in (b"hello", b'"hello', b'{"command": "WHO'):
        (problem,) = items(opened(), frame(text))
        assert isinstance(problem, ProtocolError)
        assert problem.code == "bad_json"


@settings(deadline=None)
@given(st.data())
def test_a_stream_means_the_same_however_it_is_split(data: st.DataObject) -> None:
    """Messages into frames, and frames into segments; control frames go between the frames."""
    texts = data.draw(st.lists(st.text("aé☃\n{}", max_size=40), min_size=1, max_size=5))
    stream = b""
    for text in texts:
        whole = json.dumps({"command": text}, ensure_ascii=False).encode()
        cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=3)))
        places = list(zip([0, *cuts], [*cuts, len(whole)], strict=True))
        for number, (start, end) in enumerate(places):
            opcode = CONTINUATION if number else TEXT
            stream += frame(whole[start:end], opcode, last=number == len(places) - 1)
            stream += frame(b"!", PING)
    face, found = opened(), list[Item]()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += items(face, stream[start:end])
    assert [item for item in found if not isinstance(item, Raw)] == [{"command": t} for t in texts]
    pongs = b"".join(item.data for item in found if isinstance(item, Raw))
    assert set(cut(pongs)[0]) <= {(PONG, b"!")}
    assert len(cut(pongs)[0]) == stream.count(frame(b"!", PING))


def test_a_ping_is_answered_and_a_pong_is_not() -> None:
    (reply,) = items(opened(), frame(b"\0still there?", PING))
    assert reply == Raw(Frame(Opcode.PONG, b"\0still there?").serialize(mask=False))
    assert items(opened(), frame(b"unasked", PONG)) == []


def test_the_longest_message_is_taken() -> None:
    text = WHO + b" " * (LIMIT - len(WHO))
    assert items(opened(), frame(text)) == [{"command": "WHO"}]
    half = LIMIT // 2
    split = frame(text[:half], last=False) + frame(text[half:], CONTINUATION)
    assert items(opened(), split) == [{"command": "WHO"}]


@pytest.mark.parametrize(
    "data",
    [
        frame(b"x" * (LIMIT + 1)),
        frame(b"x" * (LIMIT + 1))[:20],  # its length is enough
        frame(b"x" * 70000)[:20],
        b"\x81\xff" + (1 << 62).to_bytes(8, "big") + MASK,
        frame(b"x" * LIMIT, last=False) + frame(b"x", CONTINUATION),
        frame(b"x" * LIMIT, last=False) + frame(b"x", CONTINUATION, last=False),
        frame(b'{"a":1' + b" " * (LIMIT - 6)) + frame(b',"b":2}'),  # one object
    ],
)
def test_a_longer_one_is_refused(data: bytes) -> None:
    found = items(opened(), frame(WHO) + data)
    assert found[0] == {"command": "WHO"}
    assert code(found[1]) == "frame_too_large"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (frame(WHO, mask=b""), 1002),  # a client masks everything (section 5.1)
        (frame(WHO, reserved=4), 1002),  # no extension was agreed on (section 5.2)
        (frame(WHO, reserved=2), 1002),
        (frame(WHO, reserved=1), 1002),
        (frame(WHO, 3), 1002),
        (frame(WHO, 11), 1002),
        (frame(WHO, CONTINUATION), 1002),  # of nothing (section 5.4)
        (frame(b"{", last=False) + frame(WHO), 1002),  # a message within another
        (frame(b"", PING, last=False), 1002),  # section 5.5
        (frame(b"x" * 126, PING), 1002),
        (frame(b"x", CLOSE), 1002),  # half a code (section 5.5.1)
        (frame(b"\x03\xec", CLOSE), 1002),  # 1004 is reserved (section 7.4.1)
        (frame(b"\x03\xe8\xff", CLOSE), 1007),
        (frame(b"{", last=False) + frame(b"\x03\xe8", CLOSE), 1002),  # within a message
        (frame(b"\xff"), 1007),  # section 8.1
        (frame(b"\xed\xa0\x80"), 1007),  # half a surrogate
        (frame(b"\xc3"), 1007),  # half a character
        (frame(b"a\xc3", last=False) + frame(b"a", CONTINUATION), 1007),
        (frame(WHO, BINARY), 1003),
    ],
)
def test_what_the_rfc_forbids_closes_the_websocket(data: bytes, expected: int) -> None:
    """What was whole before it is carried out, and nothing behind it."""
    found = items(opened(), frame(WHO) + data + frame(WHO))
    assert found[0] == {"command": "WHO"}
    assert [code(item) for item in found[1:]] == [expected]


@pytest.mark.parametrize(
    ("data", "expected"),
    [(frame(b"a\xff", last=False), 1007), (frame(b"a", BINARY, last=False), 1003)],
)
def test_that_is_done_at_once_and_not_with_the_end_of_a_message(data: bytes, expected: int) -> None:
    assert [code(item) for item in items(opened(), data)] == [expected]


@pytest.mark.parametrize(
    ("payload", "answered"),
    [(b"", 0), (b"\x03\xe8", 1000), (b"\x03\xe9going", 1001), (b"\x0b\xb8", 3000)],
)
def test_a_close_is_answered_with_the_same(payload: bytes, answered: int) -> None:
    found = items(opened(), frame(WHO) + frame(payload, CLOSE) + b"junk")
    assert found[0] == {"command": "WHO"}
    assert [code(item) for item in found[1:]] == [answered]


# Before the login.


@pytest.mark.parametrize("size", [1000, 1001])
def test_the_login_comes_within_so_many_bytes(size: int) -> None:
    """Frames and all; what is longer is told so, behind the replies to what was within them."""
    data = frame(WHO) + frame(b"", PING) * 10
    data += frame(b" " * (size - len(data) - 8))
    assert len(data) == size
    found = [item for item in items(opened(admitted=False), data) if not isinstance(item, Raw)]
    assert found[0] == {"command": "WHO"}
    assert [code(item) for item in found[1:]] == (["frame_too_large"] if size > 1000 else [])


def test_behind_the_login_there_may_be_as_much_as_one_likes() -> None:
    """And be it in the same segment."""
    face, found = opened(admitted=False), list[Item]()
    for item in face.feed(frame(b'{"command": "login"}') + frame(WHO + b" " * 7000) * 3):
        found.append(item)
        face.admit()
    assert found == [{"command": "login"}, *[{"command": "WHO"}] * 3]
