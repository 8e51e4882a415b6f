"""Which direct messages a reader who is behind is still to be sent."""


class Direct:
    """Consecutive places of one inbox that were passed over. Belongs to the delivery thread."""

    __slots__ = ("first", "live", "until")

    def __init__(self) -> None:
        self.first = 0
        """The first place; 0 if none was passed over."""
        self.until = 0
        """The place behind the last one."""
        self.live = 0
        """The place of the first message that was said when the reader was here already."""

    def begin(self, first: int, live: int) -> None:
        """Let the reader, who comes in, be sent what is from `first` on and before `live`."""
        self.live = live
        if first < live:
            self.first, self.until = first, live

    def add(self, place: int) -> None:
        """Pass over the message at `place`, which is the next one."""
        self.first = self.first or place
        self.until = place + 1

    def go_on_at(self, place: int) -> None:
        """Note that all before `place` is sent."""
        self.first = place if place < self.until else 0

    def forget(self) -> None:
        """Send none of them."""
        self.first = 0
