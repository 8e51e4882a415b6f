"""Whether a connection is still alive, by what it says and what its socket takes.

Knows no socket and no thread. The reading thread says when it heard something, and the delivery
when it has asked for a sign of life; the timers' thread wants to know now and then what is to be
done, and is told when to come back.
"""

import time
from collections.abc import Callable
from typing import Literal, NamedTuple

Finding = Literal["alive", "ask", "silent", "slow_consumer"]


class Judgement(NamedTuple):
    """What is to be done about a connection."""

    finding: Finding
    """`ask`: ask for a sign of life; the last two: close it, for this reason."""
    seconds: float
    """When to look again; means nothing when it is closed."""


class Pulse:
    """The signs of life of one connection.

    Args:
        ping: seconds of silence after which it is asked for one.
        answer: seconds it has to answer.
        stall: seconds for which a full socket may take nothing.
        clock: seconds that only go forward.
    """

    def __init__(
        self, ping: float, answer: float, stall: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ping = ping
        self._answer = answer
        self._stall = stall
        self._clock = clock
        self._heard = clock()  # written by the reading thread
        self._wanted = 0.0  # when it was to be asked last; before _heard when the answer has come
        self._asked = 0.0  # written by the delivery; before _wanted while that is still to be sent

    def hear(self) -> None:
        """Note that something came. For the reading thread."""
        self._heard = self._clock()

    def asked(self) -> None:
        """Note that it has been asked for a sign of life just now. For the delivery thread."""
        self._asked = self._clock()

    @property
    def first_look(self) -> float:
        """In how many seconds to judge for the first time."""
        return min(self._ping, self._stall)

    def judge(self, stuck: float | None) -> Judgement:
        """Say what is to be done. For the timers' thread.

        It is to be asked again before a socket that fills up right now has been full for too long.

        Args:
            stuck: for how many seconds its full socket has taken nothing; None if it is not full.
                A reader who still takes what is sent is alive whatever it says.
        """
        finding, seconds = self._judge_silence() if stuck is None else self._judge_socket(stuck)
        return Judgement(finding, min(seconds, self._stall))

    def _judge_socket(self, stuck: float) -> Judgement:
        if stuck >= self._stall:
            return Judgement("slow_consumer", 0.0)
        self._wanted = 0.0  # whoever was asked before may not have come to that yet
        return Judgement("alive", self._stall - stuck)

    def _judge_silence(self) -> Judgement:
        now = self._clock()
        if now - self._heard < self._ping:
            return Judgement("alive", self._heard + self._ping - now)
        soon = min(self._ping, self._answer)
        if self._wanted <= self._heard:
            self._wanted = now
            return Judgement("ask", soon)  # it may answer at once
        if self._asked < self._wanted:
            return Judgement("alive", soon)  # the question is still on its way
        if now - self._asked < self._answer:
            return Judgement("alive", self._asked + self._answer - now)
        return Judgement("silent", 0.0)
