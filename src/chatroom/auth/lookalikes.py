"""Which names are taken, by what they look like."""

from chatroom.auth.naming import Naming, looks_taken
from chatroom.protocol.names import fold


class Lookalikes:
    """The names of all accounts and those that are about to get one. Whoever has it guards it.

    Args:
        naming: says what a name looks like.
    """

    def __init__(self, naming: Naming) -> None:
        self._naming = naming
        self._names: dict[str, list[str]] = {}  # by each text that a name looks like

    def check(self, name: str) -> None:
        """See that no other name looks like this one.

        Raises:
            ProtocolError: `invalid_username`, with the name that it could be mistaken for.
        """
        key = fold(name)
        for look in self._naming.looks(name):
            for other in self._names.get(look, ()):
                if fold(other) != key:
                    raise looks_taken(name, other)

    def add(self, name: str) -> None:
        """Note that the name is taken, once more if it was."""
        for look in self._naming.looks(name):
            self._names.setdefault(look, []).append(name)

    def remove(self, name: str) -> None:
        """Take back one `add` of the name."""
        for look in self._naming.looks(name):
            names = self._names[look]
            names.remove(name)
            if not names:
                del self._names[look]
