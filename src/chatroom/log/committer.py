"""The thread that commits: whatever has gathered while the last commit ran goes into the next."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, Literal, TypeVar, cast

import msgspec

from chatroom.histogram import Histogram
from chatroom.log.base import Change, Outcome, StorageFull, Store, StoreError
from chatroom.log.handoff import Handoff, HandoffClosed

Ticket = TypeVar("Ticket")
Ticket_co = TypeVar("Ticket_co", covariant=True)

QUEUE = 4096
"""How many jobs wait for the committer at most; then those who submit wait."""

PROBE_SECONDS = 2.0
"""While the disk is full, how often the committer looks whether there is room again. Nothing tells
when somebody frees some."""

Answer = Future[Outcome | None]
"""The ticket of a job that somebody waits for; None where there was nothing to commit."""

Condition = Literal["ok", "full", "stopped"]
"""Whether changes can be committed: yes; not until there is room on the disk; not any more."""

_log = logging.getLogger(__name__)


class Job(msgspec.Struct, Generic[Ticket_co], frozen=True, gc=False):
    """Something that takes its place in the one order of everything."""

    ticket: Ticket_co
    """For whoever gets the outcome; the committer does not look at it."""
    change: Change | None = None
    """What to commit; None for what only needs its place in the order."""


class Done(msgspec.Struct, Generic[Ticket_co], frozen=True, gc=False):
    """A job, with what became of it."""

    ticket: Ticket_co
    change: Change | None
    outcome: Outcome | StorageFull | None
    """None where there was nothing to commit."""


Sink = Callable[[list[Done[Ticket]]], None]


class Committer(Generic[Ticket]):
    """Owns the writing side of a store, in a thread of its own named `committer`.

    Args:
        store: the store; its writing side belongs to the thread while it runs.
        sink: called in the committer's thread with each batch after its commit, in order.
        on_fatal: called in the committer's thread when the store is broken. Nothing of the batch
            was confirmed, and nothing is committed any more.
        probe_seconds: while the store is full, how often to look whether there is room again.
    """

    def __init__(
        self,
        store: Store,
        sink: Sink[Ticket],
        on_fatal: Callable[[StoreError], None],
        probe_seconds: float = PROBE_SECONDS,
    ) -> None:
        self._store = store
        self._sink = sink
        self._on_fatal = on_fatal
        self._queue: Handoff[Job[Ticket | Answer]] = Handoff(QUEUE)
        self.seconds = Histogram()
        """How long the commits took; counted by the thread, to be read by any."""
        self._probe_seconds = probe_seconds
        self._probe_at: float | None = None  # when to look for room; None while there is some
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)

    def start(self) -> None:
        """Begin to commit."""
        self._thread.start()

    def submit(self, jobs: Sequence[Job[Ticket | Answer]], *, wait: bool = True) -> None:
        """Hand in `jobs`, together and in order. Any thread but the committer may call it.

        Args:
            jobs: what to do.
            wait: see `Handoff.put`.

        Raises:
            HandoffClosed: the committer has stopped.
        """
        self._queue.put(jobs, wait=wait)

    def call(self, change: Change) -> Outcome:
        """Commit `change` and wait for its outcome. Any thread but the committer may call it.

        Raises:
            StorageFull: there is no room for it.
            HandoffClosed: the committer has stopped.
        """
        answer: Answer = Future()
        self._queue.put([Job(answer, change)])
        return cast(Outcome, answer.result())  # every change has an outcome

    def stop(self) -> None:
        """Commit what was submitted and end the thread; the store stays open."""
        self._queue.close()
        self._thread.join()

    @property
    def condition(self) -> Condition:
        """Whether changes can be committed just now. Any thread may ask."""
        if self._queue.closed:
            return "stopped"
        return "ok" if self._probe_at is None else "full"

    def _run(self) -> None:
        jobs: list[Job[Ticket | Answer]] = []
        try:
            while jobs := self._next():
                self._commit(jobs)
        except StoreError as error:
            self._store.abandon()
            self._give_up(jobs, error)
        except HandoffClosed:  # whoever takes what is committed has failed, and said so
            self._give_up(jobs, StoreError("What is said can no longer be sent."))
        except Exception:  # noqa: BLE001  # a fault of ours must not leave anybody waiting
            _log.exception("Committing failed.")
            self._give_up(jobs, StoreError("The committer failed; the log above has the cause."))

    def _next(self) -> list[Job[Ticket | Answer]]:
        """Wait for jobs and return them, none once stopped; meanwhile look for room if need be."""
        while self._probe_at is not None:
            wait = self._probe_at - time.monotonic()
            if wait <= 0:
                self._probe()
                continue
            with contextlib.suppress(TimeoutError):
                return self._queue.take(wait)
        return self._queue.take()

    def _probe(self) -> None:
        """See whether there is room again, and say so."""
        try:
            self._store.probe()
        except StorageFull:
            self._probe_at = time.monotonic() + self._probe_seconds
        else:
            self._probe_at = None
            _log.warning("There is room on the disk again; messages are stored.")

    def _commit(self, jobs: list[Job[Ticket | Answer]]) -> None:
        changes = [job.change for job in jobs if job.change is not None]
        outcomes = iter(self._outcomes(changes))
        done: list[Done[Ticket]] = []
        for job in jobs:
            outcome = next(outcomes) if job.change is not None else None
            if isinstance(job.ticket, Future):
                _answer(job.ticket, outcome)
            else:
                done.append(Done(job.ticket, job.change, outcome))
        self._sink(done)

    def _outcomes(self, changes: list[Change]) -> Sequence[Outcome | StorageFull]:
        """Commit `changes` as one; a full disk is an outcome like others."""
        if not changes:
            return ()
        begin = time.perf_counter()
        try:
            outcomes = self._store.commit(changes)
        except StorageFull as error:
            if self._probe_at is None:
                _log.error("%s Nothing is stored until then.", error)
                self._probe_at = time.monotonic() + self._probe_seconds
            return [error] * len(changes)
        self.seconds.observe(time.perf_counter() - begin)
        return outcomes

    def _give_up(self, jobs: list[Job[Ticket | Answer]], error: StoreError) -> None:
        """Refuse what waits and what may still come; tell those who have no answer yet."""
        self._queue.close()
        for job in jobs + self._queue.poll():
            if isinstance(job.ticket, Future) and not job.ticket.done():
                job.ticket.set_exception(HandoffClosed())
        self._on_fatal(error)


def _answer(future: Answer, outcome: Outcome | StorageFull | None) -> None:
    if isinstance(outcome, StorageFull):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
