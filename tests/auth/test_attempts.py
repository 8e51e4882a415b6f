"""Wrong passwords."""

import contextlib
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.auth.attempts import (
    AT_ONCE,
    AT_ONCE_AT_HOME,
    FORGOTTEN_SECONDS,
    FREE,
    HOMES,
    LONGEST_AT_HOME_SECONDS,
    LONGEST_SECONDS,
    Attempts,
    Guesses,
)
from chatroom.protocol.errors import ErrorCode, ProtocolError
from tests.clock import Clock

HERE, ELSEWHERE = "192.0.2.1", "198.51.100.1"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def attempts(clock: Clock) -> Attempts:
    """Nobody has tried anything yet."""
    return Attempts(clock)


def check(attempts: Attempts, name: str, address: str, *, right: bool) -> ProtocolError | None:
    """Give a password; return the error."""

    def look_at_it() -> None:
        if not right:
            raise ProtocolError(ErrorCode.WRONG_PASSWORD, "No.")

    try:
        with attempts.attempt(name, address):
            look_at_it()
    except ProtocolError as problem:
        return problem
    return None


def guess(attempts: Attempts, name: str, address: str) -> float:
    """Try a wrong password; return how long one has to wait, 0 if it was looked at."""
    problem = check(attempts, name, address, right=False)
    assert problem
    if problem.code is ErrorCode.WRONG_PASSWORD:
        return 0.0
    assert problem.code is ErrorCode.RATE_LIMITED
    assert problem.retry_after
    assert f"in {problem.retry_after:g} s" in problem.message
    return problem.retry_after


def log_in(attempts: Attempts, name: str, address: str) -> bool:
    """Give the right password; return whether it was looked at."""
    problem = check(attempts, name, address, right=True)
    assert problem is None or problem.code is ErrorCode.RATE_LIMITED
    return problem is None


def exhaust(attempts: Attempts, name: str, address: str) -> float:
    """Guess until one has to wait; return how long."""
    for _ in range(FREE):
        assert guess(attempts, name, address) == 0
    return guess(attempts, name, address)


def test_some_mistakes_are_free_and_then_the_delays_double(
    attempts: Attempts, clock: Clock
) -> None:
    assert exhaust(attempts, "bob", HERE) == 1.0
    for delay in (1.0, 2.0, 4.0, 8.0):
        assert guess(attempts, "bob", HERE) == delay
        clock.now += delay
        assert guess(attempts, "bob", HERE) == 0


def test_the_delays_have_an_end(attempts: Attempts, clock: Clock) -> None:
    for _ in range(50):
        clock.now += guess(attempts, "bob", HERE)
    assert guess(attempts, "bob", HERE) in {0, LONGEST_SECONDS}
    assert guess(attempts, "bob", HERE) == LONGEST_SECONDS


def test_who_waits_is_not_told_whether_the_password_is_right(attempts: Attempts) -> None:
    exhaust(attempts, "bob", HERE)
    assert not log_in(attempts, "bob", HERE)


def test_a_name_is_counted_from_everywhere_and_however_it_is_spelt(attempts: Attempts) -> None:
    for number in range(FREE):
        assert guess(attempts, "bob", f"192.0.2.{number}") == 0
    assert guess(attempts, "BOB", ELSEWHERE) == 1.0
    assert guess(attempts, "alice", ELSEWHERE) == 0


def test_an_address_is_counted_whatever_the_name(attempts: Attempts) -> None:
    for number in range(FREE):
        assert guess(attempts, f"user{number}", "2001:db8::1") == 0
    assert guess(attempts, "bob", "2001:db8::2") == 1.0
    assert guess(attempts, "bob", "2001:db8:0:1::1") == 0


def test_this_machine_is_not_counted_as_an_address(attempts: Attempts) -> None:
    """Behind a relay everybody comes from there."""
    for number in range(FREE * 2):
        assert guess(attempts, f"user{number}", "127.0.0.1") == 0
        assert guess(attempts, f"user{number}", "::1") == 0


def test_the_owner_comes_in_where_the_owner_has_been(attempts: Attempts, clock: Clock) -> None:
    """However long others guess, from there too as long as it is for other names."""
    assert log_in(attempts, "bob", HERE)
    for number in range(100):
        guess(attempts, "bob", f"198.51.100.{number}")
        guess(attempts, f"user{number}", HERE)
    assert guess(attempts, "bob", ELSEWHERE) > 0
    assert guess(attempts, "alice", HERE) > 0
    assert log_in(attempts, "Bob", HERE)
    clock.now += 100_000
    assert log_in(attempts, "bob", HERE)


def test_a_session_shows_where_the_owner_is_too(attempts: Attempts) -> None:
    attempts.welcome("bob", "2001:db8::1")
    exhaust(attempts, "bob", ELSEWHERE)
    assert log_in(attempts, "bob", "2001:db8::2")


def test_where_the_owner_has_been_guesses_are_counted_by_themselves(
    attempts: Attempts, clock: Clock
) -> None:
    """With shorter delays, for the owner may be waiting there, and until the owner is back."""
    log_in(attempts, "bob", HERE)
    assert exhaust(attempts, "bob", HERE) == 1.0
    assert guess(attempts, "bob", ELSEWHERE) == 0
    assert guess(attempts, "alice", HERE) == 0
    for _ in range(50):
        clock.now += guess(attempts, "bob", HERE)
    clock.now += LONGEST_AT_HOME_SECONDS
    assert log_in(attempts, "bob", HERE)
    assert exhaust(attempts, "bob", HERE) == 1.0


def test_logging_in_does_not_let_one_guess_other_names(attempts: Attempts) -> None:
    """Who has an account gets no further guesses at others by using it now and then."""
    for number in range(FREE):
        guess(attempts, f"user{number}", HERE)
    attempts.welcome("mallory", HERE)
    assert log_in(attempts, "mallory", HERE)
    assert guess(attempts, "bob", HERE) == 1.0


def test_mistakes_are_forgotten_after_a_while(attempts: Attempts, clock: Clock) -> None:
    exhaust(attempts, "bob", HERE)
    clock.now += FORGOTTEN_SECONDS
    assert exhaust(attempts, "alice", HERE) == 1.0
    assert len(attempts) == 2


def test_other_errors_and_faults_are_no_mistakes(attempts: Attempts) -> None:
    for problem in (ProtocolError(ErrorCode.STORAGE_FULL, "Full."), ValueError("a fault")):
        for _ in range(FREE + 1):
            with (
                pytest.raises((ProtocolError, ValueError), match=r"Full|fault"),
                attempts.attempt("bob", HERE),
            ):
                raise problem
    assert len(attempts) == 0
    assert guess(attempts, "bob", HERE) == 0


@pytest.mark.parametrize(
    ("name", "address", "waits"),
    [("bob", ELSEWHERE, True), ("alice", HERE, True), ("alice", ELSEWHERE, False)],
)
def test_nobody_guesses_many_times_at_once(
    attempts: Attempts, name: str, address: str, *, waits: bool
) -> None:
    """Neither for one name nor from one address; otherwise the delays would come too late."""
    with contextlib.ExitStack() as stack:
        for _ in range(AT_ONCE):
            stack.enter_context(attempts.attempt("bob", HERE))
        assert log_in(attempts, name, address) != waits
    assert log_in(attempts, name, address)


def test_where_the_owner_has_been_there_may_be_more_at_once(attempts: Attempts) -> None:
    attempts.welcome("bob", HERE)
    with contextlib.ExitStack() as stack:
        for _ in range(AT_ONCE_AT_HOME):
            stack.enter_context(attempts.attempt("bob", HERE))
        assert not log_in(attempts, "bob", HERE)


def test_after_a_mistake_no_more_are_looked_at_at_once_than_are_free(
    attempts: Attempts, clock: Clock
) -> None:
    guess(attempts, "bob", HERE)
    with contextlib.ExitStack() as stack:
        for _ in range(FREE - 1):
            stack.enter_context(attempts.attempt("bob", HERE))
        assert not log_in(attempts, "bob", ELSEWHERE)
    exhaust(attempts, "alice", ELSEWHERE)
    clock.now += 1.0
    with attempts.attempt("alice", ELSEWHERE):
        assert not log_in(attempts, "alice", ELSEWHERE)


def test_on_this_machine_many_come_at_once(attempts: Attempts) -> None:
    with contextlib.ExitStack() as stack:
        for number in range(AT_ONCE * 10):
            stack.enter_context(attempts.attempt(f"user{number}", "127.0.0.1"))


def test_many_threads_get_no_more_guesses_than_one(attempts: Attempts) -> None:
    looked_at: list[bool] = []

    def try_often() -> None:
        looked_at.extend(guess(attempts, "bob", "127.0.0.1") == 0 for _ in range(50))

    threads = [threading.Thread(target=try_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert FREE <= sum(looked_at) < FREE + AT_ONCE


def test_the_tables_have_an_end(clock: Clock) -> None:
    guesses = Guesses(LONGEST_SECONDS, 1, limit=2)
    for name in ("a", "b", "a", "c"):
        for _ in range(FREE):
            guesses.add(name, clock.now)
    assert len(guesses) == 2
    assert [guesses.wait(name, clock.now) > 0 for name in "abc"] == [True, False, True]


def test_the_owners_place_that_was_used_least_lately_is_forgotten(attempts: Attempts) -> None:
    """And nobody else's, however many places somebody comes from."""
    attempts.welcome("alice", HERE)
    for number in (*range(HOMES), 0, HOMES):
        assert log_in(attempts, "bob", f"192.0.2.{number}")
    exhaust(attempts, "bob", ELSEWHERE)
    exhaust(attempts, "alice", ELSEWHERE + "1")
    places = [log_in(attempts, "bob", f"192.0.2.{number}") for number in range(HOMES + 1)]
    assert places == [True, False, *[True] * (HOMES - 1)]
    assert log_in(attempts, "alice", HERE)


def test_the_owner_who_came_least_lately_is_forgotten(clock: Clock) -> None:
    attempts = Attempts(clock, owners=2)
    for name in ("a", "b", "a", "c"):
        attempts.welcome(name, HERE)
    for name in ("a", "b", "c"):
        for number in range(FREE):
            guess(attempts, name, f"198.51.100.{number}")
    assert [log_in(attempts, name, HERE) for name in ("a", "b", "c")] == [True, False, True]


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 3), st.floats(0, 400)),
        min_size=1,
        max_size=200,
    )
)
def test_guessing_from_anywhere_gets_few_tries_and_never_keeps_the_owner_out(
    plan: list[tuple[int, int, float]],
) -> None:
    """Whoever guesses when and where, for one name no more are looked at than the delays allow."""
    clock = Clock()
    attempts = Attempts(clock)
    assert log_in(attempts, "bob", HERE)
    begin, looked_at = clock.now, 0
    for host, name, pause in plan:
        clock.now += pause
        if guess(attempts, f"user{name}", f"198.51.100.{host}") == 0 and name == 0:
            looked_at += 1
        assert log_in(attempts, "bob", HERE)
    seconds = clock.now - begin
    free = FREE * (1 + seconds / FORGOTTEN_SECONDS)
    doubling = LONGEST_SECONDS.__ceil__().bit_length() * (1 + seconds / FORGOTTEN_SECONDS)
    assert looked_at <= free + doubling + seconds / LONGEST_SECONDS + 1
