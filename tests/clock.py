"""A clock for what asks one."""


class Clock:
    """A clock that only the test moves.

    Args:
        now: what it shows, in seconds.
    """

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        """Return the time."""
        return self.now
