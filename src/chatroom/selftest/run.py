"""A self-test from its beginning to its verdict."""

import select
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from chatroom.log.base import StoreError
from chatroom.selftest.checker import check
from chatroom.selftest.conductor import Conductor
from chatroom.selftest.finallogs import read_logs
from chatroom.selftest.findings import Findings
from chatroom.selftest.outcome import Interrupted, Outcome, Progress
from chatroom.selftest.plan import Settings
from chatroom.selftest.records import History
from chatroom.selftest.server import SERVE, ServerFailed


def run(
    settings: Settings,
    folder: Path,
    *,
    command: Sequence[str] = SERVE,
    interrupt: int = -1,
    tell: Callable[[Progress], None] = lambda _: None,
) -> Outcome:
    """Runs a self-test. No process is left behind, however it ends.

    Args:
        settings: What is asked.
        folder: An empty folder for all files: the data, logs, and what every client wrote down.
        command: The command line of the server, before its options.
        interrupt: A file descriptor that can be read when everything is to end; -1 for none.
        tell: Is told of the progress, a few times a second.

    Raises:
        ServerFailed: The server does not start, or the clients cannot come in, so nothing was
            tested.
        OSError: The same; the system has no more files or processes.
        Interrupted: The self-test was to end.
    """
    with Conductor(settings, folder, command, interrupt, tell) as conductor:
        conductor.assemble()
        try:
            conductor.break_things()
            conductor.come_to_rest()
        except ServerFailed as failure:
            conductor.turmoil.troubles.append(str(failure))
    findings = Findings()
    try:
        logs = read_logs(folder / "room.db")
        findings = check(logs, _histories(conductor, interrupt))
    except StoreError as error:
        conductor.turmoil.troubles.append(f"The log cannot be read: {error}")
    return Outcome(conductor.turmoil, findings)


def _histories(conductor: Conductor, interrupt: int) -> Iterator[History]:
    """Yields what the clients wrote down, and looks now and then whether that is to end."""
    for number, client in enumerate(conductor.clients):
        conductor.report("checking", number / len(conductor.clients))
        if interrupt >= 0 and select.select([interrupt], [], [], 0)[0]:
            raise Interrupted
        yield client.history()
