"""Which messages to the room have come, as some clients see it who stand for all: the witnesses.

The witnesses' messages are the only ones of which the sender is read. There is one in each process
of the load generator, so that none of them can fall behind and have messages in flight that count
as arrived; those of other processes pass on what they see, and the senders' process reads it as if
it had come to a client of its own.
"""

import socket
from collections import Counter
from collections.abc import Callable

from benchmarks.load import texts
from benchmarks.load.connection import Hook

_RELAYED_BYTES = 65536


class SenderReader:
    """Reads the numbers of the senders out of what comes, wherever it is cut."""

    def __init__(self) -> None:
        self._rest = b""

    def read(self, data: bytes | bytearray) -> list[bytes]:
        """Return the numbers of the senders of all messages whose number has come whole."""
        whole = self._rest + data
        last = whole.rfind(texts.MARK)
        is_cut = last >= 0 and texts.SENDER.match(whole, last) is None
        self._rest = whole[last:] if is_cut else b""
        return texts.SENDER.findall(whole)


class Arrivals:
    """Counts what has come to all witnesses.

    Args:
        witnesses: how many there are.
        arrived: called with a sender's number, and how many of its messages have come to all since.
    """

    def __init__(self, witnesses: int, arrived: Callable[[int, int], None]) -> None:
        self._seen: list[Counter[int]] = [Counter() for _ in range(witnesses)]
        self._readers = [SenderReader() for _ in range(witnesses)]
        self._told: Counter[int] = Counter()
        self._arrived = arrived

    def hook(self, index: int) -> Hook:
        """Return the hook of a witness, which is called with what comes to it."""

        def hook(data: bytearray, length: int, marks: int) -> None:  # noqa: ARG001
            self.read(index, data[:length])

        return hook

    def read(self, index: int, data: bytes | bytearray) -> None:
        """Take what came to a witness."""
        for sender, count in Counter(self._readers[index].read(data)).items():
            self._count(index, int(sender), count)

    def _count(self, index: int, sender: int, count: int) -> None:
        self._seen[index][sender] += count
        news = min(seen[sender] for seen in self._seen) - self._told[sender]
        if news > 0:
            self._told[sender] += news
            self._arrived(sender, news)


def relaying(relay: socket.socket) -> Hook:
    """Return the hook of a witness whose process is another than the senders'.

    Args:
        relay: the way to the senders' process, which always reads, so that this may block.
    """
    reader = SenderReader()

    def hook(data: bytearray, length: int, marks: int) -> None:  # noqa: ARG001
        senders = reader.read(data[:length])
        if senders:
            relay.sendall(b"".join([b"|%b;" % sender for sender in senders]))

    return hook


class Relays:
    """The senders' end of the ways from the other processes.

    Args:
        relays: by the index of the process, the way from there.
    """

    def __init__(self, relays: dict[int, socket.socket]) -> None:
        self._relays = relays
        self._takers: dict[int, Callable[[bytes], None]] = {}
        for relay in relays.values():
            relay.setblocking(False)

    @property
    def descriptors(self) -> dict[int, int]:
        """By what is to be waited on, the index of the process."""
        return {relay.fileno(): index for index, relay in self._relays.items()}

    def take_from(self, index: int, taker: Callable[[bytes], None]) -> None:
        """Let `taker` have what comes from a process, until `forget`."""
        self._takers[index] = taker

    def read(self, index: int) -> None:
        """Read what has come from a process."""
        try:
            data = self._relays[index].recv(_RELAYED_BYTES)
        except BlockingIOError:
            return
        taker = self._takers.get(index)
        if taker is not None:
            taker(data)

    def forget(self) -> None:
        """Drop what has come and not been read, and let nobody have anything."""
        self._takers.clear()
        for relay in self._relays.values():
            try:
                while relay.recv(_RELAYED_BYTES):
                    pass
            except BlockingIOError:
                continue
