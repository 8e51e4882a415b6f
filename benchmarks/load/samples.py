"""The latency of some messages: when each came to the last client here."""

from benchmarks.load.texts import SAMPLE_BYTES, SAMPLED


class Samples:
    """What came of the messages that carry the time at which they were sent."""

    def __init__(self) -> None:
        self.seen: dict[int, tuple[int, int]] = {}
        """By the moment at which a message was sent, how often it came, and when last."""

    def take(self, cut: bytes, data: bytearray, length: int, now: int) -> bytes:
        """Note every sample in the first `length` bytes of `data`.

        Args:
            cut: what the last call for the same connection returned.
            data: what came.
            length: how much of it.
            now: when it came, in nanoseconds of the monotonic clock.

        Returns:
            The beginning of a sample whose end has not come yet.
        """
        at = 0
        if cut:
            at = SAMPLE_BYTES - len(cut)
            cut += data[: min(at, length)]
            if len(cut) < SAMPLE_BYTES:
                return cut
            self._note(cut[1:], now)
        while (at := data.find(SAMPLED, at, length)) >= 0:
            end = at + SAMPLE_BYTES
            if end > length:
                return bytes(data[at:length])
            self._note(data[at + 1 : end], now)
            at = end
        return b""

    def _note(self, time: bytes | bytearray, now: int) -> None:
        try:
            sent = int(time, 16)
        except ValueError:  # it was the length of a WebSocket frame
            return
        count, _ = self.seen.get(sent, (0, 0))
        self.seen[sent] = (count + 1, now)


def percentile(values: list[float], share: float) -> float:
    """Return the value that `share` of all `values` do not exceed (the nearest rank)."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, max(0, -int(-share * len(ranked) // 1) - 1))]
