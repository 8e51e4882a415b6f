"""What a connection is still owed of the replies it asked for.

The reading thread and the delivery share two counters, each written by one of them: what the
replies that were asked for weigh, and what of it has been sent. Where too much is outstanding, the
reading thread stops reading until the other side has read.
"""

import threading

OUTBOX_BYTES = 1024 * 1024
"""How much of a connection's own replies may wait for it."""


class Debt:
    """The replies that one connection asked for and was not sent yet, by what they weigh."""

    def __init__(self) -> None:
        self._owed = 0  # written by the reading thread
        self._paid = 0  # written by the delivery thread
        self._forgiven = False
        self._gate: threading.Event | None = None

    def owe(self, weight: int) -> int:
        """Count a reply of `weight` that is going to be sent, and return that weight.

        For the reading thread.
        """
        self._owed += weight
        return weight

    def await_room(self) -> None:
        """Wait while more replies are outstanding than may wait. For the reading thread."""
        while self._too_much():
            gate = self._gate = threading.Event()
            if self._too_much():  # still, now that the gate shows
                gate.wait()

    def _too_much(self) -> bool:
        return self._owed - self._paid > OUTBOX_BYTES and not self._forgiven

    def pay(self, weight: int) -> None:
        """Count a reply as sent, and let the reading thread go on if it waits for that.

        For the delivery thread.
        """
        self._paid += weight
        gate = self._gate
        if gate is not None and not self._too_much():
            gate.set()

    def forgive(self) -> None:
        """Let the reading thread go on, for nothing more is sent. For the delivery thread."""
        self._forgiven = True
        if self._gate is not None:
            self._gate.set()
