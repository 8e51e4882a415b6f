"""How clients are dealt to processes, and what becomes of processes."""

import os
import signal

import pytest

from benchmarks.load import orders
from benchmarks.load.crew import Crew, deal
from benchmarks.load.station import LoadFailed


@pytest.mark.parametrize(
    ("clients", "processes", "first"),
    [(1000, 2, 0), (10, 2, 4), (7, 3, 0), (4, 2, 4), (101, 4, 52)],
)
def test_every_client_is_dealt_once_and_partners_stay_together(
    clients: int, processes: int, first: int
) -> None:
    ranges = deal(clients, processes, first)
    assert [number for each in ranges for number in each] == list(range(clients))
    assert len(ranges) == processes
    assert len(ranges[0]) >= first
    assert all(each.start % 2 == 0 for each in ranges if each)


def test_a_process_that_ends_is_a_failure_and_can_be_replaced() -> None:
    with Crew(2) as crew:
        crew.all(orders.Reset())
        os.kill(crew.pids[1], signal.SIGKILL)
        with pytest.raises(LoadFailed, match="ended"):
            crew.all(orders.Reset())
        crew.restart()
        crew.all(orders.Reset())
        pids = crew.pids
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_an_order_that_cannot_be_carried_out_says_why() -> None:
    nobody = 1  # a port on which nothing listens
    with Crew(2) as crew, pytest.raises(LoadFailed, match="c0 could not connect"):
        crew.ask({0: orders.Enter(nobody, "raw", range(1), 1, 5.0)}, orders.Entered, 5)
