"""Where the server's threads run: on one core, but for those that hash passwords."""

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest

from chatroom import connect, cores
from tests.serving import Server

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone places threads")

T = TypeVar("T")


def elsewhere(work: Callable[[], T]) -> T:
    """Return what `work` returns in a process of its own: where it runs is not to be changed."""
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawning) as pool:
        return pool.submit(work).result(30)


def in_a_thread(work: Callable[[], T]) -> T:
    found: list[T] = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]


def allowed() -> set[int]:
    return os.sched_getaffinity(0)


def policy() -> int:
    return os.sched_getscheduler(0)


def gathered() -> tuple[set[int], set[int], int, set[int], int]:
    before = allowed()
    cores.gather()

    def spread() -> tuple[set[int], int]:
        cores.spread()
        return allowed(), policy()

    return before, in_a_thread(allowed), in_a_thread(policy), *in_a_thread(spread)


def test_gathered_threads_share_a_core_and_one_can_be_spread_again() -> None:
    """The one that is spread gives way to the others, unless it had nowhere else to go."""
    before, together, of_these, spread, of_that = elsewhere(gathered)
    assert len(together) == 1
    assert together <= before
    assert of_these == os.SCHED_BATCH
    assert spread == before
    assert of_that == (os.SCHED_IDLE if len(before) > 1 else os.SCHED_BATCH)


def without_lock() -> bool:
    before = allowed()
    sys._is_gil_enabled = lambda: False  # type: ignore[attr-defined,unused-ignore]
    cores.gather()
    return allowed() == before


def test_without_the_lock_all_cores_are_used() -> None:
    assert elsewhere(without_lock)


def where_refused() -> bool:
    before = allowed()

    def refuse(*_: object) -> None:
        raise PermissionError

    os.sched_setaffinity = refuse
    cores.gather()
    cores.spread()
    return allowed() == before


def test_a_system_that_does_not_let_us_is_left_alone() -> None:
    assert elsewhere(where_refused)


def test_spreading_what_was_not_gathered_changes_nothing() -> None:
    before = allowed()
    cores.spread()
    assert allowed() == before


def widths(pid: int) -> list[int]:
    """Return on how many cores each thread of a process may run, sorted."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sorted(len(os.sched_getaffinity(int(task.name))) for task in tasks)


@pytest.mark.parametrize(
    ("one_core", "kib", "hashing", "others"),
    [(True, 1024, "all", "one"), (True, 8, "one", "one"), (False, 8, "all", "all")],
)
def test_a_server_stays_on_one_core_but_for_dear_hashes(
    *, one_core: bool, kib: int, hashing: str, others: str
) -> None:
    here = {"all": len(allowed()), "one": 1}
    settings = {
        "CHATROOM_SERVER_ONE_CORE": str(one_core).lower(),
        "CHATROOM_AUTH_ARGON2_MEMORY_KIB": str(kib),
    }
    with Server(env=settings) as server, connect(server.address, username="bob", password="pw"):
        *rest, widest = widths(server.pid)
    assert widest == here[hashing]  # it stays when it has hashed the password
    assert set(rest) == {here[others]}
