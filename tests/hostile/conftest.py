"""A server to attack, two who talk in it meanwhile, and a page of figures at the end."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conversation import Client
from tests.hostile.scale import TIMEOUT
from tests.hostile.talk import Talk
from tests.hostile.vitals import Vitals, forget_peak, settled, vitals
from tests.secure import SecureClient
from tests.serving import Server

Note = Callable[[str], None]
"""Keeps a figure, for the end of the run."""

_FIGURES: list[str] = []

REAL = {"auth_argon2_time_cost": 2, "auth_argon2_memory_kib": 19456}
"""Passwords that cost what they cost if nothing is set."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Gives each of these tests the time that its part of the full number takes."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(TIMEOUT))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints the figures."""
    if _FIGURES:
        terminalreporter.section("what the attacks did")
        for figure in _FIGURES:
            terminalreporter.write_line(figure)


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Note:
    """Keeps a figure under the name of the test."""
    name = request.node.name.removeprefix("test_")
    return lambda text: _FIGURES.append(f"{name}: {text}")


class Scene:
    """A server with two who talk, and what it took of the machine before it was attacked.

    Args:
        server: what is attacked.
        talk: those who talk.
    """

    def __init__(self, server: Server, talk: Talk) -> None:
        self.server = server
        self.talk = talk
        alone = vitals(server.pid)
        for kind in (Client, SecureClient):  # the first of each kind makes what stays
            with self.connect(kind) as guest:
                guest.login("guest")
                guest.send("EX")
                guest.remainder()
        settled(server.pid, alone)
        forget_peak(server.pid)
        self.before = vitals(server.pid)

    def connect(self, kind: type[Client] = Client) -> Client:
        """Returns a new connection."""
        return kind(("127.0.0.1", self.server.port))

    def now(self) -> Vitals:
        """Returns what the server takes now."""
        return vitals(self.server.pid)

    def grown(self) -> int:
        """Returns by how many bytes the memory has grown at most since the beginning."""
        return self.now().peak - self.before.peak

    def end(self) -> Vitals:
        """Waits until nothing is left of the attack, and sees that the talk has lost nothing."""
        self.talk.end()
        return settled(self.server.pid, self.before)


Stage = Callable[..., Scene]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Returns what makes a scene; what it is given are settings of the server."""
    made: list[Scene] = []

    def make(**env: object) -> Scene:
        settings = {f"CHATROOM_{key.upper()}": str(value) for key, value in env.items()}
        server = Server(tmp_path / "room.db", env=settings)
        server.start()
        try:
            talk = Talk(lambda: Client(("127.0.0.1", server.port)))
            made.append(Scene(server, talk))
        except BaseException:
            server.kill()
            raise
        return made[-1]

    yield make
    for scene in made:
        scene.talk.close()
        scene.server.stop()
