"""A message has come when all witnesses have it, however what they get is cut."""

import socket

import pytest

from benchmarks.load import texts
from benchmarks.load.arrivals import Arrivals, Relays, SenderReader, relaying

STREAM = b"".join(b"<" + texts.plain(sender, 40) + b">\n" for sender in (1, 22, 1, 333))


@pytest.mark.parametrize("piece", [1, 3, 7, 40, 1000])
def test_senders_are_read_once_wherever_it_is_cut(piece: int) -> None:
    reader = SenderReader()
    found = [
        sender
        for at in range(0, len(STREAM), piece)
        for sender in reader.read(bytearray(STREAM[at : at + piece]))
    ]
    assert found == [b"1", b"22", b"1", b"333"]


def test_a_message_has_come_when_the_last_witness_has_it() -> None:
    told: list[tuple[int, int]] = []
    arrivals = Arrivals(2, lambda sender, count: told.append((sender, count)))
    data = bytearray(STREAM)
    arrivals.hook(0)(data, len(data), 4)
    assert told == []
    arrivals.read(1, texts.plain(1, 40))
    assert told == [(1, 1)]
    arrivals.read(1, texts.plain(1, 40) + texts.plain(333, 40))
    assert told == [(1, 1), (1, 1), (333, 1)]


def test_a_witness_elsewhere_is_as_good_as_one_here() -> None:
    here, there = socket.socketpair()
    with here, there:
        told: list[tuple[int, int]] = []
        arrivals = Arrivals(1, lambda sender, count: told.append((sender, count)))
        relays = Relays({3: here})
        relays.take_from(3, lambda data: arrivals.read(0, data))
        relaying(there)(bytearray(STREAM), len(STREAM), 4)
        assert relays.descriptors == {here.fileno(): 3}
        relays.read(3)
        assert told == [(1, 2), (22, 1), (333, 1)]


def test_what_was_relayed_and_not_read_is_forgotten() -> None:
    here, there = socket.socketpair()
    with here, there:
        told: list[bytes] = []
        relays = Relays({1: here})
        relaying(there)(bytearray(STREAM), len(STREAM), 4)
        relays.forget()
        relays.take_from(1, told.append)
        relays.read(1)
        assert told == []
        relaying(there)(bytearray(STREAM), 41, 1)
        relays.read(1)
        assert told == [b"|1;"]
