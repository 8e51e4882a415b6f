"""An interrupt waits for the end of a block that must not be left halfway."""

import signal
from collections.abc import Iterator

import pytest

from benchmarks import interrupts


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    interrupts.install()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_both_interrupt(number: signal.Signals) -> None:
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)


def test_one_that_comes_in_the_block_is_raised_at_its_end() -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        interrupt_within(done)
    assert done == ["inner", "outer"]
    with interrupts.held():  # and it is not raised again
        done.append("later")


def interrupt_within(done: list[str]) -> None:
    with interrupts.held():
        with interrupts.held():
            signal.raise_signal(signal.SIGINT)
            done.append("inner")
        done.append("outer")
