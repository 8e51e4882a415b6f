"""What is to be done about a connection that says nothing."""

from chatroom.server.pulse import Judgement, Pulse
from tests.clock import Clock


def pulse_of() -> tuple[Pulse, Clock]:
    clock = Clock()
    return Pulse(25, 35, 30, clock), clock


def test_whoever_says_something_is_looked_at_when_it_could_be_silent_for_long_enough() -> None:
    pulse, clock = pulse_of()
    clock.now += 20
    pulse.hear()
    clock.now += 10
    assert pulse.judge(None) == Judgement("alive", 15)


def test_the_silent_are_asked_once_and_given_their_time() -> None:
    pulse, clock = pulse_of()
    clock.now += 25
    assert pulse.judge(None) == Judgement("ask", 25)
    pulse.asked()
    clock.now += 30
    assert pulse.judge(None) == Judgement("alive", 5)
    clock.now += 5
    assert pulse.judge(None).finding == "silent"


def test_an_answer_begins_everything_anew() -> None:
    pulse, clock = pulse_of()
    clock.now += 25
    assert pulse.judge(None).finding == "ask"
    pulse.asked()
    clock.now += 34
    pulse.hear()
    clock.now += 1
    assert pulse.judge(None) == Judgement("alive", 24)
    clock.now += 24
    assert pulse.judge(None).finding == "ask"


def test_a_full_socket_counts_by_what_it_takes_and_not_by_what_is_said() -> None:
    pulse, clock = pulse_of()
    clock.now += 1000
    assert pulse.judge(29.5) == Judgement("alive", 0.5)
    pulse.hear()
    assert pulse.judge(30.0).finding == "slow_consumer"


def test_whoever_takes_again_what_is_sent_is_asked_before_it_counts_as_silent() -> None:
    pulse, clock = pulse_of()
    clock.now += 1000
    assert pulse.judge(1.0).finding == "alive"
    assert pulse.judge(None).finding == "ask"


def test_the_time_to_answer_begins_when_the_question_is_sent() -> None:
    """However long the server is kept from it, as by a disk that stands still."""
    pulse, clock = pulse_of()
    clock.now += 25
    assert pulse.judge(None).finding == "ask"
    clock.now += 100
    assert pulse.judge(None) == Judgement("alive", 25)
    pulse.asked()
    clock.now += 34
    assert pulse.judge(None) == Judgement("alive", 1)
    clock.now += 1
    assert pulse.judge(None).finding == "silent"


def test_whoever_was_asked_and_then_fell_behind_is_asked_anew() -> None:
    """It may not have come to the question while it read what stood before it."""
    pulse, clock = pulse_of()
    clock.now += 25
    assert pulse.judge(None).finding == "ask"
    pulse.asked()
    clock.now += 30
    assert pulse.judge(1.0).finding == "alive"
    clock.now += 30
    assert pulse.judge(None).finding == "ask"
    assert pulse.judge(None).finding == "alive"
    pulse.asked()
    clock.now += 35
    assert pulse.judge(None).finding == "silent"


def test_a_socket_is_looked_at_before_it_can_have_been_full_for_too_long() -> None:
    pulse = Pulse(25, 35, 0.5, Clock())
    assert pulse.first_look == 0.5
    assert pulse.judge(None) == Judgement("alive", 0.5)
