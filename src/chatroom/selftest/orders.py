"""What the process of a client is told when it is started, and where its files are."""

from pathlib import Path

import msgspec

from chatroom.selftest.plan import Settings, name_of


class Orders(msgspec.Struct, frozen=True):
    """What a client's process is told when it is started."""

    settings: Settings
    client: int
    life: int
    """How often it has been started, from 1."""
    folder: str
    """Where its files are."""
    port: int
    """Where the proxy listens."""
    server_port: int
    """Where the server listens."""

    @property
    def name(self) -> str:
        """What it is called."""
        return name_of(self.client)

    @property
    def state(self) -> Path:
        """The file in which the library keeps its positions and what is not confirmed."""
        return Path(self.folder, f"{self.name}.state")

    @property
    def journal(self) -> Path:
        """The file in which this life is written down."""
        return journal_of(Path(self.folder), self.name, self.life)


def journal_of(folder: Path, name: str, life: int) -> Path:
    """Returns the file in which a life of a client is written down."""
    return folder / f"{name}.{life}.journal"
