"""The frame decoder: a stream means the same however it is split, and what it means can be said.

The first byte of an input chooses how long a frame may be, the second how the stream is split.
"""

import json
from collections.abc import Iterator

from chatroom.protocol import events
from chatroom.protocol.commands import echo, parse
from chatroom.protocol.errors import ProtocolError
from chatroom.protocol.frames import Frame, FrameDecoder, encode
from fuzzing.seeds import CASES, TOKENS
from fuzzing.target import Target, hold

_LIMITS = (65536, 4096, 256, 300)
_PIECES = 32
"""Into about so many pieces a stream is split at most."""


_ANSWERED = 8
"""So many frames are looked at in full; there may be one for each two bytes."""


def run(data: bytes) -> None:
    """Put a stream through the decoder, whole and in pieces."""
    head, stream = data[:2].ljust(2, b"\0"), data[2:]
    limit = _LIMITS[head[0] % len(_LIMITS)]
    whole, closed = _decode([stream], limit)
    hold(_meaning(whole) == _meaning(_decode(_split(stream, head[1]), limit)[0]), "split")
    errors = [frame for frame in whole if isinstance(frame, ProtocolError)]
    too_large = [error for error in errors if error.code == "frame_too_large"]
    hold(closed == bool(too_large) and (not closed or whole[-1] is too_large[0]), whole[-1:])
    for frame in whole[:_ANSWERED]:
        _answer(frame)


def _decode(pieces: Iterator[bytes] | list[bytes], limit: int) -> tuple[list[Frame], bool]:
    decoder = FrameDecoder(limit)
    frames: list[Frame] = []
    for piece in pieces:
        frames += decoder.feed(piece)
    return frames, decoder.closed


def _split(stream: bytes, how: int) -> Iterator[bytes]:
    """Yield `stream` in pieces of one length, or of two in turn."""
    least = 1 + len(stream) // _PIECES
    sizes = least + how % 7, least + how // 7
    at = turn = 0
    while at < len(stream):
        yield stream[at : at + sizes[turn % 2]]
        at += sizes[turn % 2]
        turn += 1


def _meaning(frames: list[Frame]) -> list[object]:
    return [
        (frame.code.value, frame.message) if isinstance(frame, ProtocolError) else frame
        for frame in frames
    ]


def _answer(frame: Frame) -> None:
    """See that a frame is a command, or that it can be said why it is none."""
    if isinstance(frame, ProtocolError):
        _is_a_line(events.error(frame))
        return
    try:
        again = encode(frame)
    except ValueError:  # it holds what JSON can write and we do not: half a character, or 1e999
        again = b""
    if again:
        hold(_decode([again], len(again))[0] == [frame], again)
    try:
        parse(frame)
    except ProtocolError as problem:
        _is_a_line(events.error(problem, *echo(frame)))


def _is_a_line(line: bytes) -> None:
    hold(line.endswith(b"}\n") and line.count(b"\n") == 1, line)
    hold(json.loads(line)["type"] == "error", line)


TARGET = Target(run, tuple(b"\0\0" + case for case in CASES), TOKENS, longest=400)
