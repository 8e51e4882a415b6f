"""Where the server's threads run: on one core, but for those that hash passwords."""

import multiprocessing
import os
import sys
import threading
from collections import Counter
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


def gathered() -> tuple[set[int], set[int], int, set[int], int]:
    before = allowed()
    cores.gather()
    policy = in_a_thread(lambda: os.sched_getscheduler(0))

    def spread() -> set[int]:
        cores.spread()
        return allowed()

    return before, in_a_thread(allowed), policy, in_a_thread(spread), cores.others()


def test_gathered_threads_share_a_core_and_one_can_go_to_the_others() -> None:
    before, together, policy, spread, others = elsewhere(gathered)
    assert len(together) == 1
    assert together <= before
    assert policy == os.SCHED_BATCH
    assert spread == (before - together or before)
    assert others == len(spread)


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


def places(pid: int) -> Counter[frozenset[int]]:
    """Return on which cores the threads of a process may run, and how many threads on each."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return Counter(frozenset(os.sched_getaffinity(int(task.name))) for task in tasks)


@pytest.mark.parametrize(("one_core", "kib"), [(True, 1024), (True, 8), (False, 1024)])
def test_a_server_stays_on_one_core_but_for_dear_hashes(*, one_core: bool, kib: int) -> None:
    everywhere = allowed()
    settings = {
        "CHATROOM_SERVER_ONE_CORE": str(one_core).lower(),
        "CHATROOM_AUTH_ARGON2_MEMORY_KIB": str(kib),
    }
    with Server(env=settings) as server, connect(server.address, username="bob", password="pw"):
        found = places(server.pid)  # the thread that hashed the password is still there
    if not one_core:
        assert set(found) == {frozenset(everywhere)}
        return
    (core, most), *others = found.most_common()
    assert len(core) == 1
    assert most > 1
    dear = kib >= 1024 and len(everywhere) > 1
    assert others == ([(frozenset(everywhere - core), 1)] if dear else [])
