"""The face of JSON lines: how much comes before the login, and who may not speak at all."""

from collections.abc import Iterable

import pytest

from chatroom.config import Limits
from chatroom.protocol.errors import ProtocolError
from chatroom.server.face import Face, Item, Peer
from chatroom.server.lines import JSON_LINES, Allowance

WHO = {"command": "WHO"}


def opened(*, welcome: bool = True) -> Face:
    """Return the face of somebody who connects."""
    return JSON_LINES.open(Peer("203.0.113.7", False, welcome, Limits(login_bytes=1000)))


def codes(items: Iterable[Item]) -> list[object]:
    """Return the commands, and the codes of what is wrong."""
    return [item.code.value if isinstance(item, ProtocolError) else item for item in items]


@pytest.mark.parametrize("step", [1, 7, 999, 1000, 5000])
def test_before_the_login_there_may_be_so_many_bytes(step: int) -> None:
    """However they come; what is within them is dealt with."""
    data = b'{"command":"WHO"}' + b" " * 983
    face = opened()
    found = [item for at in range(0, 1000, step) for item in codes(face.feed(data[at : at + step]))]
    assert found == [WHO]
    assert codes(face.feed(b" ")) == ["frame_too_large"]


def test_more_is_told_so_in_its_place() -> None:
    data = b'{"command":"WHO"}' + b" " * 983 + b'{"command":"WHO"}'
    assert codes(opened().feed(data)) == [WHO, "frame_too_large"]


def test_behind_the_login_there_may_be_any_number_and_be_it_in_the_same_segment() -> None:
    face = opened()
    found: list[Item] = []
    for item in face.feed(b'{"command":"login"}' + b'{"command":"WHO"}' * 5000):
        found.append(item)
        face.admit()
    assert found == [{"command": "login"}] + [WHO] * 5000
    assert codes(face.feed(b'{"command":"WHO"}' * 5000)) == [WHO] * 5000


def test_what_many_small_frames_come_to_is_made_bit_by_bit() -> None:
    """So nobody has us make megabytes of errors ahead of what it reads."""
    face = opened()
    face.admit()
    first = next(iter(face.feed(b"1\n" * 32768)))
    assert codes([first]) == ["bad_frame"]


def test_a_ration_is_used_up_and_lifted() -> None:
    allowance = Allowance(10)
    assert list(allowance.portions(b"12345")) == [b"12345"]
    portions = allowance.portions(b"67890x")
    assert next(portions) == b"67890"
    with pytest.raises(ProtocolError):
        next(portions)
    allowance.lift()
    assert allowance.lifted
    assert list(map(len, allowance.portions(b"x" * 5000))) == [4096, 904]


def test_who_may_not_speak_as_it_does_is_told_so_whatever_it_says() -> None:
    face = opened(welcome=False)
    assert codes(face.feed(b'{"command":"ping"}')) == ["tls_required"]
    face.admit()
    assert codes(face.feed(b"x")) == ["tls_required"]
