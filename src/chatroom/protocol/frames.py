"""Framing: a stream of bytes to JSON objects and back, by RFC 8259 and I-JSON (RFC 7493).

An object is complete at its closing brace, so a newline between frames is welcome but not needed,
and a stream means the same however the network splits it. The cost is linear in the bytes: each is
looked at once by the JSON scanner and, where a frame is split or broken, once by `Boundary`.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import NoReturn

from chatroom.protocol.boundary import MAX_DEPTH, Boundary
from chatroom.protocol.errors import ErrorCode, ProtocolError

Frame = dict[str, object] | ProtocolError
"""What a frame turned out to be: an object, or what was wrong with it."""

Scan = Callable[[str, int], tuple[dict[str, object], int]]
"""Finds the object at a place in a text, and the place behind it."""

_SPACE = b" \t\r\n"
_NO_SPACE = re.compile(rb"[^ \t\r\n]")
_WINDOW = 4096
"""How many bytes the fast path takes at a time. Few enough that ordinary frames in it do not open
more brackets than may nest, which proves at once that none of them nests too deeply."""

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def encode(message: Mapping[str, object]) -> bytes:
    """Return the one line of UTF-8, ending in a newline, that carries `message`.

    Raises:
        TypeError: a value is none of JSON's types.
        UnicodeEncodeError: a text holds a lone surrogate.
    """
    return (_encode(message) + "\n").encode()


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _refuse_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("the same key stands twice in one object")  # RFC 7493, section 2.3
    return result


_decoder = json.JSONDecoder(object_pairs_hook=_refuse_duplicates, parse_constant=_refuse_constant)
_quick_decoder = json.JSONDecoder(parse_constant=_refuse_constant)
# What raw_decode() wraps; typeshed does not know it.
_scan_exactly: Scan = _decoder.scan_once  # type: ignore[attr-defined]
_scan_quickly: Scan = _quick_decoder.scan_once  # type: ignore[attr-defined]


class FrameDecoder:
    """Turns the bytes of one connection into frames. Belongs to the one thread that reads.

    Args:
        frame_bytes: the longest frame that is taken, in bytes. No more than that, and what came
            with the last `feed`, is ever kept.
    """

    def __init__(self, frame_bytes: int) -> None:
        self._limit = frame_bytes
        self._buffer = bytearray()  # an unfinished frame, from its first byte
        self._boundary = Boundary()
        self.closed = False
        """Whether the stream is beyond repair; `feed` then returns nothing any more."""

    def feed(self, data: bytes) -> list[Frame]:
        """Take the next bytes of the stream and return the frames that they complete, in order.

        An error stands in the list where the frame would have stood. `frame_too_large` is always
        the last; it sets `closed`.
        """
        frames: list[Frame] = []
        if self._buffer:
            self._buffer += data
            if not self._cut(frames):
                return frames
            data = bytes(self._buffer)
            self._buffer.clear()
        if not self.closed:
            self._buffer += data[self._scan(data, frames) :].lstrip(_SPACE)
            while self._buffer and self._cut(frames):
                pass
        return frames

    def _scan(self, data: bytes, frames: list[Frame]) -> int:
        """Append the valid objects that `data` starts with; return how many bytes they took.

        The fast path: it spares whole frames the search for their boundary and so takes a fifth of
        the time. It stops in front of whatever it is not sure about; `_cut` decides on that.
        """
        window = smallest = min(_WINDOW, self._limit)
        position = 0
        while position < len(data):
            chunk = data[position : position + window]
            chunk = chunk[: chunk.rfind(b"}") + 1]
            if chunk.count(b"{") + chunk.count(b"[") > MAX_DEPTH:
                break
            taken = _scan_window(chunk, frames)
            if taken:
                position += taken
                window = smallest
            elif window < min(len(data) - position, self._limit):
                window = min(window * 4, self._limit)  # the frame may be a longer one
            else:
                break
        return position

    def _cut(self, frames: list[Frame]) -> bool:
        """Cut one frame off the front of the buffer; return whether there was a whole one."""
        end = self._boundary.find(self._buffer)
        if (end if end >= 0 else len(self._buffer)) > self._limit:
            frames.append(self._too_large())
            return False
        if end < 0:
            return False
        if self._boundary.too_deep:
            frames.append(_bad_json(f"brackets nest deeper than {MAX_DEPTH}"))
        else:
            frames.append(_parse(bytes(self._buffer[:end])))
        self._boundary = Boundary()
        behind = _NO_SPACE.search(self._buffer, end)
        del self._buffer[: behind.start() if behind else None]  # moves nothing, so all stays linear
        return True

    def _too_large(self) -> ProtocolError:
        self.closed = True
        self._buffer.clear()
        return ProtocolError(
            ErrorCode.FRAME_TOO_LARGE,
            f"A frame may have {self._limit} bytes and no more. Connect again and send less.",
        )


def _scan_window(chunk: bytes, frames: list[Frame]) -> int:
    """Append the valid objects that `chunk` starts with; return how many bytes they took."""
    try:
        text = chunk.decode()
    except UnicodeDecodeError:
        return 0
    position = 0
    while position < len(text):
        character = text[position]
        if character != "{":
            if character not in " \t\r\n":
                break
            position += 1
            continue
        try:
            found, position = _scan_object(text, position)
        except (ValueError, StopIteration):  # the latter where a value is missing
            break
        frames.append(found)
    return position if len(text) == len(chunk) else len(text[:position].encode())


def _scan_object(text: str, start: int) -> tuple[dict[str, object], int]:
    """Return the object at `start` and the place behind it.

    Each key has two quotes, and so has each text. An object with just so many has no objects with
    keys in it, and no key stands twice, as whatever does not show in `found` would have had more.
    Counting them takes a third of the time that it takes to look at each pair; what is not so plain
    is scanned again, pair by pair.

    Raises:
        ValueError: it is no valid object.
        StopIteration: the same.
    """
    found, end = _scan_quickly(text, start)
    texts = list(map(type, found.values())).count(str)
    if text.count('"', start, end) == 2 * (len(found) + texts):
        return found, end
    return _scan_exactly(text, start)


def _parse(frame: bytes) -> Frame:
    """Return the object that one whole frame holds, or what is wrong with it."""
    try:
        found = _decoder.decode(frame.decode())
    except UnicodeDecodeError:
        return _bad_json("the text is not UTF-8")
    except ValueError as error:
        return _bad_json(str(error))
    if not isinstance(found, dict):
        return ProtocolError(
            ErrorCode.BAD_FRAME, 'A frame is a JSON object such as {"command": "WHO"}.'
        )
    return found


def _bad_json(why: str) -> ProtocolError:
    return ProtocolError(ErrorCode.BAD_JSON, f"That is not valid JSON: {why}.")
