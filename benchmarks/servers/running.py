"""A server that runs for one round."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks import interrupts, processes
from benchmarks.load.orders import HOST
from benchmarks.load.station import LoadFailed
from benchmarks.paths import WORK
from benchmarks.processes import Memory
from benchmarks.servers.recipe import Launch, Place, Recipe

START_SECONDS = 30.0
STOP_SECONDS = 10.0
END_SECONDS = 0.5
"""How long a server whose connections have ended may take to end itself."""

LOG_BYTES = 500
"""How much of what a server printed is told when it fails."""


class NotStarted(Exception):
    """A server did not start. The text is a sentence."""


@dataclass(frozen=True)
class Running:
    """A server that accepts connections."""

    pid: int
    port: int
    folder: Path
    start_seconds: float
    """From the moment that its process was made until it accepted a connection."""

    def cpu_seconds(self) -> float:
        """Return what it has used of the processor, with its children."""
        return processes.cpu_seconds(self.pid)

    def memory(self) -> Memory:
        """Return how much memory it has."""
        return processes.memory(self.pid)


@contextmanager
def running(
    recipe: Recipe, *, in_memory: bool = False, partners: bool = False, data: Path | None = None
) -> Iterator[Running]:
    """Run a server with a fresh folder; it ends, and the folder is removed, with the block.

    Args:
        recipe: which.
        in_memory: see `Place`.
        partners: see `Place`.
        data: a folder to use, and to leave, instead of a fresh one.

    Raises:
        NotStarted: it ended, or did not accept a connection in time.
        LoadFailed: the block raised that; if the server has ended, with what it said last.
    """
    with _folder(recipe, data) as folder:
        place = Place(folder, _free_port(), in_memory=in_memory, partners=partners)
        launch = recipe.prepare(place)
        said = folder / "output"
        began = time.monotonic()
        with said.open("wb") as output, _started(launch, folder, output.fileno()) as process:
            _await(process, place.port, said)
            started = Running(process.pid, place.port, folder, time.monotonic() - began)
            try:
                yield started
            except LoadFailed as failed:
                with suppress(subprocess.TimeoutExpired):  # its sockets end before itself
                    process.wait(END_SECONDS)
                if process.poll() is None:
                    raise
                raise LoadFailed(f"The server ended; it said: {_last(said)}") from failed


@contextmanager
def _folder(recipe: Recipe, data: Path | None) -> Iterator[Path]:
    """Give a server a folder, which is removed with the block unless it is `data`."""
    if data is not None:
        yield data
        return
    WORK.mkdir(parents=True, exist_ok=True)
    folder = None
    try:
        with interrupts.held():
            folder = Path(tempfile.mkdtemp(prefix=f"{recipe.name}-", dir=WORK))
        yield folder
    finally:
        if folder is not None:
            with interrupts.held():
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _started(launch: Launch, folder: Path, output: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command in a process group of its own, and end the group with the block.

    Ctrl-C goes to the conductor alone; should that be killed, the kernel ends the server.
    """
    guard = shutil.which("setpriv")
    process = None
    try:
        with interrupts.held():
            process = subprocess.Popen(
                [*([guard, "--pdeathsig", "KILL", "--"] if guard else []), *launch.command],
                cwd=folder,
                env=_environment() | dict(launch.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        yield process
    finally:
        if process is not None:
            with interrupts.held():
                _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    finally:
        with suppress(ProcessLookupError):  # nobody of its group is left
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _environment() -> dict[str, str]:
    """Return the environment without anybody's settings for chatroom."""
    return {key: value for key, value in os.environ.items() if not key.startswith("CHATROOM_")}


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind((HOST, 0))
        port: int = sock.getsockname()[1]
        return port


def _await(process: subprocess.Popen[bytes], port: int, output: Path) -> None:
    """Try to connect until somebody accepts; there is nothing to wait on for that."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.001)
        else:
            return
    raise NotStarted(f"The server did not start; it said: {_last(output)}")


def _last(output: Path) -> str:
    """Return the end of what a server printed."""
    said = output.read_bytes()[-LOG_BYTES:].decode(errors="replace")
    return " ".join(said.split()) or "nothing"
