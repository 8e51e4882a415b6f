"""The thread that commits, with stores that wait or fail when the test says so."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future

import pytest

from chatroom.log.base import (
    ROOM,
    AddAccount,
    Appended,
    Draft,
    Outcome,
    Refused,
    StorageFull,
    StoreError,
)
from chatroom.log.committer import Committer, Done, Job
from chatroom.log.handoff import HandoffClosed
from tests.log.hearing import Heard, hearing
from tests.log.stores import DEADLINE, Gate, HookedStore, add, texts

FULL = StorageFull("The disk is full; make room on it.")
BROKEN = StoreError("The disk is gone; look for it.")


class Running:
    """A committer over a hooked store, and what came out of it."""

    def __init__(self, probe_seconds: float = 0.001) -> None:
        self.store = HookedStore()
        self.batches: list[list[Done[str]]] = []
        self.fatal: list[StoreError] = []
        self.was_abandoned = False  # whether the store was when the fault was told
        self.fault: Exception | None = None  # what the sink raises
        self.threads: set[str] = set()
        self._came = threading.Condition()
        self.committer: Committer[str] = Committer(
            self.store, self._sink, self._on_fatal, probe_seconds
        )
        self.committer.start()

    def _sink(self, done: list[Done[str]]) -> None:
        if self.fault is not None:
            raise self.fault
        self._note(lambda: self.batches.append(done))

    def _on_fatal(self, error: StoreError) -> None:
        self.was_abandoned = self.store.is_abandoned
        self._note(lambda: self.fatal.append(error))

    def _note(self, note: Callable[[], None]) -> None:
        with self._came:
            note()
            self.threads.add(threading.current_thread().name)
            self._came.notify_all()

    def submit(self, *drafts: str) -> None:
        """Submit a draft for each text, which is its ticket too."""
        self.committer.submit([Job(text, Draft(ROOM, 1, text, text)) for text in drafts])

    def done(self, count: int) -> list[Done[str]]:
        """Wait until `count` jobs are done and return them."""
        with self._came:
            assert self._came.wait_for(lambda: len(self._all()) >= count, DEADLINE)
            return self._all()

    def wait_for_fatal(self) -> None:
        """Wait until the committer gave up."""
        with self._came:
            assert self._came.wait_for(lambda: self.fatal, DEADLINE)

    def _all(self) -> list[Done[str]]:
        return [done for batch in self.batches for done in batch]


@pytest.fixture
def running() -> Iterator[Running]:
    """A committer at work."""
    found = Running()
    yield found
    found.store.hook = lambda: None
    found.committer.stop()


def _raise(error: Exception) -> Callable[[], None]:
    def hook() -> None:
        raise error

    return hook


def _held(running: Running) -> Gate:
    """Let the committer begin a commit and hold it there."""
    gate = running.store.hook = Gate()
    running.submit("held")
    gate.wait_for_somebody()
    return gate


def test_jobs_come_out_in_their_order_with_their_outcomes(running: Running) -> None:
    """Those with nothing to commit keep their place among the others."""
    running.committer.submit(
        [
            Job("a", Draft(ROOM, 1, "one", "id")),
            Job("b"),
            Job("c", Draft(ROOM, 1, "one", "id")),
            Job("d", AddAccount("bob", "hash")),
            Job("e", AddAccount("Bob", "hash")),
        ]
    )
    done = running.done(5)
    assert [job.ticket for job in done] == ["a", "b", "c", "d", "e"]
    assert [job.outcome.seq for job in done if isinstance(job.outcome, Appended)] == [1, 1]
    assert (done[1].change, done[1].outcome) == (None, None)
    assert done[3].outcome == running.store.accounts()[0]
    assert done[4] == Done("e", AddAccount("Bob", "hash"), Refused())


def test_what_gathers_during_a_commit_is_the_next_one(running: Running) -> None:
    """One commit, and one handing on, for all of it."""
    gate = _held(running)
    for text in ("1", "2", "3"):
        running.submit(text)
    running.committer.submit([Job("4")])
    gate.open()
    running.done(5)
    assert [[job.ticket for job in batch] for batch in running.batches] == [
        ["held"],
        ["1", "2", "3", "4"],
    ]
    assert [len(batch) for batch in running.store.batches] == [1, 3]


def test_nothing_is_handed_on_before_it_is_committed(running: Running) -> None:
    gate = _held(running)
    assert running.batches == []
    gate.open()
    assert running.done(1)[0].ticket == "held"


def test_where_nothing_is_to_be_committed_the_store_is_left_alone(running: Running) -> None:
    running.store.hook = _raise(BROKEN)
    running.committer.submit([Job("a"), Job("b")])
    assert [job.ticket for job in running.done(2)] == ["a", "b"]


def test_the_work_is_done_in_a_thread_with_a_name(running: Running) -> None:
    running.submit("x")
    running.done(1)
    assert running.threads == {"committer"}


def test_call_waits_for_the_outcome(running: Running) -> None:
    """Callers' jobs take their place among the others but are not handed on."""
    account = running.committer.call(AddAccount("alice", "hash"))
    assert [account] == running.store.accounts()
    assert running.committer.call(AddAccount("alice", "hash")) == Refused()
    running.submit("x")
    assert [job.ticket for job in running.done(1)] == ["x"]


def test_a_future_that_has_nothing_to_commit_is_answered_in_its_turn(running: Running) -> None:
    gate = _held(running)
    turn: Future[Outcome | None] = Future()
    running.committer.submit([Job(turn)])
    assert not turn.done()
    gate.open()
    assert turn.result(DEADLINE) is None


# Full disks.


def test_a_full_disk_is_an_outcome_and_the_next_commit_may_succeed(running: Running) -> None:
    running.store.hook = _raise(FULL)
    running.committer.submit([Job("a", Draft(ROOM, 1, "x")), Job("b")])
    assert [job.outcome for job in running.done(2)] == [FULL, None]
    with pytest.raises(StorageFull):
        running.committer.call(AddAccount("alice", "hash"))
    running.store.hook = lambda: None
    running.submit("now")
    assert isinstance(running.done(3)[2].outcome, Appended)
    assert texts(running.store) == ["now"]
    assert not running.fatal


@pytest.fixture
def heard() -> Iterator[Heard]:
    """What the committer logs."""
    with hearing("chatroom.log.committer") as found:
        yield found


NO_ROOM = ("ERROR", "The disk is full; make room on it. Nothing is stored until then.")
ROOM_AGAIN = ("WARNING", "There is room on the disk again; messages are stored.")


def test_a_full_disk_and_its_end_are_logged_once_though_nobody_says_anything(
    running: Running, heard: Heard
) -> None:
    for time in (1, 2):
        running.store.hook = _raise(FULL)
        for _ in range(3):
            with pytest.raises(StorageFull):
                running.committer.call(AddAccount("alice", "hash"))
        for _ in range(5):
            assert running.store.probes.acquire(timeout=DEADLINE)
        running.store.hook = lambda: None
        heard.wait_for(2 * time)
        for name in ("bob", "carol"):
            running.committer.call(AddAccount(name, "hash"))
    assert heard.said == 2 * [NO_ROOM, ROOM_AGAIN]


def test_there_is_no_looking_for_room_where_there_is_some(running: Running, heard: Heard) -> None:
    running.store.hook = _raise(FULL)
    with pytest.raises(StorageFull):
        running.committer.call(AddAccount("alice", "hash"))
    running.store.hook = lambda: None
    heard.wait_for(2)
    while running.store.probes.acquire(blocking=False):
        pass
    for text in "123":
        running.submit(text)
    running.done(3)
    assert not running.store.probes.acquire(timeout=0.05)  # fifty times as long as it would take


def test_between_two_looks_for_room_what_is_said_is_tried(heard: Heard) -> None:
    """Whoever freed some need not wait; there is no word about it before it is sure."""
    running = Running(probe_seconds=DEADLINE * 100)
    running.store.hook = _raise(FULL)
    running.submit("refused")
    assert running.done(1)[0].outcome is FULL
    running.store.hook = lambda: None
    running.submit("stored")
    assert isinstance(running.done(2)[1].outcome, Appended)
    running.committer.stop()
    assert not running.store.probes.acquire(blocking=False)
    assert heard.said == [NO_ROOM]


def test_whether_anything_can_be_stored_is_known(running: Running, heard: Heard) -> None:
    conditions: list[str] = [running.committer.condition]
    running.store.hook = _raise(FULL)
    running.submit("refused")
    running.done(1)
    conditions.append(running.committer.condition)
    running.store.hook = lambda: None
    heard.wait_for(2)
    conditions.append(running.committer.condition)
    running.committer.stop()
    conditions.append(running.committer.condition)
    assert conditions == ["ok", "full", "ok", "stopped"]


def test_each_commit_is_timed(running: Running) -> None:
    """What is refused, and what needs no commit, is none."""
    running.submit("one", "two")
    running.committer.submit([Job("no change")])
    running.done(3)
    running.store.hook = _raise(FULL)
    running.submit("refused")
    running.done(4)
    running.committer.stop()
    below, total = running.committer.seconds.read()
    assert below[-1] == (float("inf"), len(running.store.batches))
    assert total > 0


def test_a_full_store_can_be_stopped_and_can_break(running: Running) -> None:
    running.store.hook = _raise(FULL)
    running.submit("refused")
    running.done(1)
    running.store.hook = _raise(BROKEN)
    running.wait_for_fatal()
    assert running.fatal == [BROKEN]
    assert running.was_abandoned


# Broken stores, and the end.


def test_a_broken_store_ends_everything_and_confirms_nothing(running: Running) -> None:
    """What waited behind the failing commit is given up too, and all callers are told."""
    gate = Gate()

    def hook() -> None:
        gate()
        raise BROKEN

    running.store.hook = hook
    calls: list[Future[Outcome | None]] = [Future(), Future()]
    running.committer.submit([Job("lost", Draft(ROOM, 1, "x")), Job(calls[0], AddAccount("a", ""))])
    gate.wait_for_somebody()
    running.submit("waiting")
    running.committer.submit([Job(calls[1], AddAccount("b", "")), Job("farewell")], wait=False)
    gate.open()
    running.wait_for_fatal()
    for call in calls:
        assert isinstance(call.exception(DEADLINE), HandoffClosed)
    with pytest.raises(HandoffClosed):
        running.submit("too late")
    with pytest.raises(HandoffClosed):
        running.committer.call(AddAccount("c", ""))
    running.committer.stop()
    assert (running.fatal, running.batches, texts(running.store)) == ([BROKEN], [], [])
    assert running.was_abandoned


def test_a_fault_of_our_own_leaves_nobody_waiting(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever the sink or the store raises ends the same way, with its cause in the log."""
    gate = _held(running)
    running.fault = ZeroDivisionError()
    answered: Future[Outcome | None] = Future()
    running.committer.submit([Job(answered, AddAccount("a", "")), Job("x")])
    gate.open()
    running.wait_for_fatal()
    with pytest.raises(HandoffClosed):
        answered.result(DEADLINE)
    with pytest.raises(HandoffClosed):
        running.submit("too late")
    assert str(running.fatal[0]) == "The committer failed; the log above has the cause."
    assert "ZeroDivisionError" in caplog.text


def test_when_nobody_takes_what_is_committed_that_is_no_fault_of_the_committer(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever took it has failed, and logged why."""
    running.fault = HandoffClosed()
    running.submit("x")
    running.wait_for_fatal()
    assert str(running.fatal[0]) == "What is said can no longer be sent."
    assert not running.store.is_abandoned
    assert not caplog.records


def test_who_has_an_answer_keeps_it_when_the_sink_fails(running: Running) -> None:
    running.fault = ZeroDivisionError()
    assert running.committer.call(AddAccount("a", "")) == running.store.accounts()[0]
    running.wait_for_fatal()


def test_stop_commits_what_was_submitted(running: Running) -> None:
    gate = _held(running)
    running.submit("1", "2")
    stopping = threading.Thread(target=running.committer.stop, name="stopping")
    stopping.start()
    gate.open()
    stopping.join(DEADLINE)
    assert texts(running.store) == ["held", "1", "2"]
    assert len(running.done(3)) == 3
    with pytest.raises(HandoffClosed):
        running.submit("too late")


def test_the_thread_ends_and_leaves_the_store_open() -> None:
    running = Running()
    running.submit("x")
    running.committer.stop()
    running.committer.stop()
    assert "committer" not in {thread.name for thread in threading.enumerate()}
    assert add(running.store, "alice").name == "alice"
