"""What the framing tests share: feeding a stream in pieces, and frames that can be compared."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from chatroom.protocol.commands import Command, Login, Say, Whisper, parse
from chatroom.protocol.errors import ProtocolError
from chatroom.protocol.frames import Frame, FrameDecoder
from chatroom.protocol.names import check_username
from chatroom.protocol.text import check_message
from tests.wire_cases import FRAME_BYTES, MESSAGE_BYTES, Expected

Meaning = list[dict[str, object] | tuple[str, str]]
"""What a stream means: objects, and for errors their code and sentence."""


def decode(pieces: Iterable[bytes], frame_bytes: int = FRAME_BYTES) -> tuple[list[Frame], bool]:
    """Return the frames that come out of `pieces`, and whether the stream goes on."""
    decoder = FrameDecoder(frame_bytes)
    frames = [frame for piece in pieces for frame in decoder.feed(piece)]
    return frames, not decoder.closed


def meaning(pieces: Iterable[bytes], frame_bytes: int = FRAME_BYTES) -> tuple[Meaning, bool]:
    """Return what `decode` does, in a form that can be compared."""
    frames, goes_on = decode(pieces, frame_bytes)
    return comparable(frames), goes_on


def comparable(frames: Iterable[Frame]) -> Meaning:
    """Return `frames` with every error as its code and sentence."""
    return [
        (frame.code.value, frame.message) if isinstance(frame, ProtocolError) else frame
        for frame in frames
    ]


def cut(data: bytes, places: Iterable[int]) -> Iterator[bytes]:
    """Yield `data` cut at `places`."""
    edges = [0, *sorted(places), len(data)]
    for start, end in pairwise(edges):
        yield data[start:end]


def bytewise(data: bytes) -> Sequence[bytes]:
    """Return each byte of `data` by itself."""
    return [data[at : at + 1] for at in range(len(data))]


def judge(frame: Frame) -> Expected:
    """Return what becomes of `frame`: the checks that need to know nothing but the frame."""
    if isinstance(frame, ProtocolError):
        return Expected(error=frame.code.value)
    try:
        return Expected(frame=frame, command=_checked(parse(frame)).name)
    except ProtocolError as error:
        return Expected(frame=frame, refused=error.code.value, field=error.field)


def _checked(command: Command) -> Command:
    match command:
        case Login(username=name):
            check_username(name)
        case Say(message=text) | Whisper(message=text):
            check_message(text, MESSAGE_BYTES)
    return command
