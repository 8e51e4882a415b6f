import pytest

from chatroom.ui import outgoing as outgoing_module
from chatroom.ui.outgoing import QUICK, Outgoing
from tests.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock(100.0)


@pytest.fixture
def outgoing(clock: Clock) -> Outgoing:
    return Outgoing(clock)


def texts(outgoing: Outgoing, *, at_once: bool = False) -> list[str]:
    return [sent.text for sent in outgoing.pending(at_once=at_once)]


def test_a_message_is_pending_once_its_confirmation_is_not_quick(
    outgoing: Outgoing, clock: Clock
) -> None:
    outgoing.add("one", None)
    assert outgoing.next_due() == pytest.approx(QUICK)
    assert texts(outgoing) == []
    assert texts(outgoing, at_once=True) == ["one"]
    clock.now += QUICK + 0.01
    assert texts(outgoing) == ["one"]
    assert outgoing.next_due() is None


def test_messages_are_pending_in_the_order_of_sending(outgoing: Outgoing, clock: Clock) -> None:
    one, two, three = (outgoing.add(text, None) for text in ("one", "two", "three"))
    outgoing.remove(two)
    outgoing.remove(two)
    clock.now += 1.0
    assert texts(outgoing) == ["one", "three"]
    assert outgoing.add("four", "bob").number > three.number > one.number
    assert texts(outgoing, at_once=True) == ["one", "three", "four"]


def test_the_next_that_is_due_counts(outgoing: Outgoing, clock: Clock) -> None:
    outgoing.add("one", None)
    clock.now += 0.15
    outgoing.add("two", None)
    assert outgoing.next_due() == pytest.approx(0.05)
    clock.now += 0.06
    assert texts(outgoing) == ["one"]
    assert outgoing.next_due() == pytest.approx(0.14)


def test_what_comes_twice_is_told_once(outgoing: Outgoing) -> None:
    assert not outgoing.told_before((False, "e", 1))
    assert not outgoing.told_before((True, "e", 1))
    assert not outgoing.told_before((False, "f", 1))
    assert outgoing.told_before((False, "e", 1))


def test_few_places_are_remembered(outgoing: Outgoing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing_module, "TOLD", 2)
    for seq in (1, 2, 3):
        outgoing.told_before((False, "e", seq))
    assert outgoing.told_before((False, "e", 3))
    assert not outgoing.told_before((False, "e", 1))
