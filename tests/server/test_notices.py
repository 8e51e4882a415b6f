"""When the news of who is here goes out."""

import threading
import time
from collections.abc import Iterator
from queue import Queue

import pytest

from chatroom.server.notices import SETTLE_SECONDS, RosterNotices
from chatroom.server.timers import Timers
from tests.server.stage import DEADLINE


class News:
    """Notices of a room of some size, and when they were sent."""

    def __init__(self, timers: Timers) -> None:
        self.users = 10
        self.sent: Queue[float] = Queue()
        self.notices = RosterNotices(
            timers, lambda: self.users, lambda: self.sent.put(time.monotonic())
        )

    def wait(self) -> float:
        """Wait for the next one; return when it was sent."""
        return self.sent.get(timeout=DEADLINE)


@pytest.fixture
def news() -> Iterator[News]:
    """News of a small room."""
    timers = Timers()
    timers.start()
    yield News(timers)
    timers.stop()


def test_a_burst_of_changes_is_one_piece_of_news(news: News) -> None:
    """A thousand threads change the roster at once."""
    start = time.monotonic()
    threads = [threading.Thread(target=news.notices.changed) for _ in range(20)]
    for thread in threads:
        thread.start()
    for _ in range(1000):
        news.notices.changed()
    for thread in threads:
        thread.join()
    elapsed = time.monotonic() - start
    assert news.wait() - start >= SETTLE_SECONDS
    assert news.sent.qsize() <= elapsed / SETTLE_SECONDS


def test_each_change_is_followed_by_news(news: News) -> None:
    for _ in range(3):
        news.notices.changed()
        news.wait()
    assert news.sent.empty()


def test_a_change_while_the_news_is_sent_is_news_again() -> None:
    timers, again, sent = Timers(), threading.Event(), list[int]()

    def send() -> None:
        sent.append(1)
        if len(sent) == 1:
            notices.changed()
        else:
            again.set()

    notices = RosterNotices(timers, lambda: 1, send)
    timers.start()
    notices.changed()
    assert again.wait(DEADLINE)
    timers.stop()
    assert len(sent) == 2


def test_the_more_are_here_the_seldomer_they_hear(news: News) -> None:
    """With 500 users, whose lists hold 250,000 names together, four times a second."""
    news.users = 500
    news.notices.changed()
    first = news.wait()
    news.notices.changed()
    assert news.wait() - first >= 0.2
