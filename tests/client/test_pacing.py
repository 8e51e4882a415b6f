"""What waits because messages come too fast."""

import heapq
import itertools
from collections import deque
from collections.abc import Callable
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from chatroom.client.pacing import LONGEST_WAIT, AnyRequest, Pacing
from chatroom.client.requests import ExitRequest, SendRequest, WhoRequest

NEVER = float("inf")


def requests(*names: str) -> dict[str, AnyRequest]:
    """Return messages by their ids, numbered in their order."""
    made: dict[str, AnyRequest] = {name: SendRequest(name, "hello", None) for name in names}
    for number, request in enumerate(made.values()):
        request.number = number
    return made


def ids(ready: deque[AnyRequest]) -> list[str]:
    return [request.id for request in ready]


def test_nothing_waits_at_first() -> None:
    pacing = Pacing({})
    assert not pacing.careful
    assert pacing.ready_at == NEVER


def test_a_refused_message_goes_out_again_when_its_time_has_come() -> None:
    all_ = requests("a")
    pacing = Pacing(all_)
    pacing.refuse(all_["a"], 2.0, 10.0)
    assert pacing.careful
    assert pacing.ready_at == 12.0
    assert ids(pacing.sort([], 11.9)) == []
    assert ids(pacing.sort([], 12.0)) == ["a"]
    assert pacing.ready_at == NEVER


def test_those_behind_it_follow_one_by_one_and_then_ever_more_at_once() -> None:
    all_ = requests("a", "b", "c", "d", "e", "f")
    pacing = Pacing(all_)
    for name in ("b", "c"):  # a was stored
        pacing.refuse(all_[name], 1.0 if name == "b" else 9.0, 0.0)
    unsent = [all_[name] for name in ("d", "e", "f")]
    assert ids(pacing.sort(unsent, 1.0)) == ["b"]
    pacing.land("b")
    assert ids(pacing.sort([], 1.0)) == ["c", "d"]
    pacing.land("c")
    pacing.land("d")
    assert ids(pacing.sort([], 1.0)) == ["e", "f"]
    pacing.land("e")
    assert pacing.careful
    pacing.land("f")
    assert not pacing.careful


def test_after_another_refusal_they_go_one_by_one_again() -> None:
    all_ = requests("a", "b", "c")
    pacing = Pacing(all_)
    pacing.refuse(all_["a"], 1.0, 0.0)
    pacing.sort([all_["b"], all_["c"]], 1.0)
    pacing.land("a")
    assert ids(pacing.sort([], 1.0)) == ["b", "c"]
    pacing.refuse(all_["b"], 1.0, 1.0)
    pacing.refuse(all_["c"], 5.0, 1.0)
    assert pacing.ready_at == 2.0
    assert ids(pacing.sort([], 2.0)) == ["b"]


def test_what_is_no_message_passes_and_leaving_does_not() -> None:
    all_ = requests("a")
    all_ |= {"w": WhoRequest("w"), "exit": ExitRequest("exit")}
    all_["exit"].number = 9
    pacing = Pacing(all_)
    pacing.refuse(all_["a"], 1.0, 0.0)
    assert ids(pacing.sort([all_["w"], all_["exit"]], 0.5)) == ["w"]
    assert ids(pacing.sort([], 1.0)) == ["a"]
    pacing.land("w")
    pacing.land("a")
    assert ids(pacing.sort([], 1.0)) == ["exit"]


def test_what_has_its_turn_and_is_not_written_yet_keeps_it() -> None:
    all_ = requests("a", "b")
    pacing = Pacing(all_)
    pacing.refuse(all_["a"], 1.0, 0.0)
    ready = pacing.sort([], 1.0)
    assert ids(pacing.sort([*ready, all_["b"]], 1.0)) == ["a"]


def test_what_nobody_waits_for_needs_no_turn() -> None:
    all_ = requests("a", "b")
    pacing = Pacing(all_)
    pacing.refuse(all_["a"], 1.0, 0.0)
    pacing.refuse(all_["b"], 2.0, 0.0)
    del all_["a"]
    pacing.land("a")
    assert ids(pacing.sort([], 1.0)) == ["b"]
    del all_["b"]
    pacing.land("b")
    assert not pacing.careful


def test_a_new_line_is_careful_too() -> None:
    all_ = requests("a", "b")
    pacing = Pacing(all_)
    pacing.refuse(all_["a"], 1.0, 0.0)
    pacing.sort([], 1.0)
    pacing.rewind()
    assert ids(pacing.sort(all_.values(), 0.0)) == ["a"]


def test_a_server_cannot_have_us_wait_for_ever_nor_without_a_pause() -> None:
    all_ = requests("a", "b")
    pacing = Pacing(all_)
    pacing.refuse(all_["b"], 1e9, 0.0)
    assert pacing.ready_at == LONGEST_WAIT
    pacing.refuse(all_["a"], -1.0, 0.0)
    assert 0 < pacing.ready_at < 0.1


class Talk:
    """A client and a server with a bucket, which are some seconds apart."""

    def __init__(self, count: int, burst: int, trip: float) -> None:
        self._trip = trip
        self._tokens = float(burst)
        self._burst = burst
        self._filled_at = self.now = 0.0
        self._held: str | None = None
        self._pending = requests(*(f"{number}" for number in range(count)))
        self._pacing = Pacing(self._pending)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self.stored: list[str] = []

    def run(self, gap: float) -> None:
        """Say everything, one message each `gap` seconds, and wait until all is answered."""
        for number, request in enumerate(self._pending.values()):
            self._later(number * gap, partial(self._send, [request]))
        while self._events:
            at, _, happen = heapq.heappop(self._events)
            self.now = max(self.now, at)
            happen()
        assert not self._pending
        assert not self._pacing.careful

    def _later(self, at: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self._events, (at, next(self._order), happen))

    def _send(self, unsent: list[AnyRequest]) -> None:
        ready = self._pacing.sort(unsent, self.now) if self._pacing.careful else deque(unsent)
        for request in ready:
            self._later(self.now + self._trip, partial(self._arrive, request))

    def _arrive(self, request: AnyRequest) -> None:
        """Do what `chatroom.room.rate` does, at a token a second."""
        self._tokens = min(self._burst, self._tokens + self.now - self._filled_at)
        self._filled_at = self.now
        if self._held in {None, request.id} and self._tokens >= 0.999:
            self._tokens -= 1
            self._held = None
            self.stored.append(request.id)
            self._later(self.now + self._trip, partial(self._yes, request))
        else:
            self._held = self._held or request.id
            wait = 1 - self._tokens if self._held == request.id else 7.0
            self._later(self.now + self._trip, partial(self._no, request, wait))

    def _yes(self, request: AnyRequest) -> None:
        del self._pending[request.id]
        self._pacing.land(request.id)
        self._go_on()

    def _no(self, request: AnyRequest, wait: float) -> None:
        self._pacing.refuse(request, wait, self.now)
        self._go_on()

    def _go_on(self) -> None:
        if self._pacing.ready_at <= self.now:
            self._send([])
        elif self._pacing.ready_at < NEVER:
            self._later(self._pacing.ready_at, self._go_on)


@given(st.integers(1, 20), st.integers(1, 4), st.floats(0, 3), st.floats(0, 2))
def test_all_is_stored_in_order_however_far_away_the_server_is(
    count: int, burst: int, trip: float, gap: float
) -> None:
    talk = Talk(count, burst, trip)
    talk.run(gap)
    assert talk.stored == [f"{number}" for number in range(count)]
