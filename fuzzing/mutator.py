"""Makes inputs out of others, without looking at what they lead to. The same seed makes the same.

It is no match for one that follows the coverage; it is there for speed, and where atheris is not.
"""

import random
from collections.abc import Callable, Sequence

_MOST_STEPS = 6
_LONGEST_PIECE = 64
_INTERESTING = (0, 1, 9, 10, 0x16, 0x1B, 0x22, 0x5C, 0x7B, 0x7D, 0x7F, 0x80, 0x9B, 0xC2, 0xED, 0xFF)


class Mutator:
    """Makes inputs.

    Args:
        seeds: what to begin with; there is at least one.
        tokens: what is put in whole; there is at least one.
        longest: how long an input gets, in bytes.
        seed: decides all of it.
    """

    def __init__(
        self, seeds: Sequence[bytes], tokens: Sequence[bytes], longest: int, seed: int
    ) -> None:
        self._random = random.Random(seed)
        self._seeds = [seed[:longest] for seed in seeds]
        self._tokens = tokens
        self._longest = longest
        self._ways: tuple[Callable[[bytearray], None], ...] = (
            self._flip,
            self._replace,
            self._insert,
            self._remove,
            self._repeat,
            self._truncate,
            self._splice,
            self._put_token,
            self._put_token,
        )

    def next(self) -> bytes:
        """Return an input."""
        choose = self._random
        data = bytearray(choose.choice(self._seeds))
        for _ in range(choose.randint(1, _MOST_STEPS)):
            choose.choice(self._ways)(data)
        del data[self._longest :]
        return bytes(data)

    def _place(self, data: bytearray) -> int:
        return self._random.randrange(len(data) + 1)

    def _piece(self, data: bytearray | bytes) -> tuple[int, int]:
        start = self._random.randrange(len(data) + 1)
        return start, start + self._random.randint(1, _LONGEST_PIECE)

    def _flip(self, data: bytearray) -> None:
        """Flip a bit."""
        if data:
            data[self._random.randrange(len(data))] ^= 1 << self._random.randrange(8)

    def _replace(self, data: bytearray) -> None:
        """Put another byte in the place of one."""
        if data:
            data[self._random.randrange(len(data))] = self._random.choice(_INTERESTING)

    def _insert(self, data: bytearray) -> None:
        """Put any bytes in."""
        at = self._place(data)
        data[at:at] = self._random.randbytes(self._random.randint(1, 8))

    def _remove(self, data: bytearray) -> None:
        """Take a piece out."""
        start, stop = self._piece(data)
        del data[start:stop]

    def _repeat(self, data: bytearray) -> None:
        """Say a piece several times."""
        start, stop = self._piece(data)
        data[start:stop] = data[start:stop] * self._random.randint(2, 20)

    def _truncate(self, data: bytearray) -> None:
        """Leave out the end."""
        del data[self._place(data) :]

    def _splice(self, data: bytearray) -> None:
        """Put a piece of another seed in, or its end in the place of this one's."""
        other = self._random.choice(self._seeds)
        at = self._place(data)
        if self._random.random() < 0.5:  # noqa: PLR2004
            data[at:] = other[self._random.randrange(len(other) + 1) :]
        else:
            start, stop = self._piece(other)
            data[at:at] = other[start:stop]

    def _put_token(self, data: bytearray) -> None:
        """Put a word of the language in."""
        at = self._place(data)
        data[at:at] = self._random.choice(self._tokens)
