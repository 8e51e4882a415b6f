"""Passwords and their hashes."""

import contextlib
import os
import queue
import sys
import threading
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher, extract_parameters
from hypothesis import given
from hypothesis import strategies as st

from chatroom.auth.passwords import RETRY_SECONDS, Passwords, check_password
from chatroom.protocol.errors import ErrorCode, ProtocolError
from chatroom.protocol.text import MAX_PASSWORD

DEADLINE = 10.0


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    """Hashes that cost nothing."""
    passwords = Passwords(1, 8, 1)
    yield passwords
    passwords.close()


class Held(str):
    """A password that is not hashed before the test lets it be; it tells in which thread it is."""

    __slots__ = ("asked", "by", "go", "nice")

    def __init__(self, _: str) -> None:
        self.asked, self.go = threading.Event(), threading.Event()
        self.by = ""
        self.nice = 0

    def encode(self, *_: object, **__: object) -> bytes:
        """Do what hashing begins with."""
        self.by = threading.current_thread().name
        self.nice = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        self.asked.set()
        assert self.go.wait(DEADLINE)
        return super().encode()


def test_a_password_is_known_again_by_its_hash(passwords: Passwords) -> None:
    hashed = passwords.hash("sécret ☃")
    assert hashed.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert passwords.verify(hashed, "sécret ☃")
    assert not passwords.verify(hashed, "secret ☃")
    assert passwords.hash("sécret ☃") != hashed, "there is no salt"


@pytest.mark.parametrize("hashed", ["", "nonsense", "$argon2id$v=19$m=8,t=1,p=1$nonsense"])
def test_what_is_no_hash_fits_no_password(passwords: Passwords, hashed: str) -> None:
    """A removed account has an empty one."""
    assert not passwords.verify(hashed, "")
    assert not passwords.verify(hashed, "secret")


def test_a_hash_made_at_another_cost_is_still_good(passwords: Passwords) -> None:
    dearer = Passwords(2, 16, 2)
    hashed = dearer.hash("secret")
    dearer.close()
    assert passwords.verify(hashed, "secret")


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=300))
def test_a_password_may_be_any_text(text: str) -> None:
    assert check_password(text) == text


@pytest.mark.parametrize("text", ["", "x" * (MAX_PASSWORD + 1), "☃" * 342, "half \ud83d"])
def test_other_passwords_are_refused_with_the_rule(text: str) -> None:
    with pytest.raises(ProtocolError, match="1 to 1024 bytes") as caught:
        check_password(text)
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_FIELD, "password")


def test_the_longest_password_is_taken() -> None:
    assert check_password("☃" * 341 + "x")


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone lets threads have a priority")
def test_a_server_that_stands_back_itself_hashes_no_sooner(passwords: Passwords) -> None:
    """Who is not root may not even ask for it: then no password could be checked at all."""
    held = Held("secret")
    held.go.set()

    def stand_back_and_hash() -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
        passwords.hash(held)

    thread = threading.Thread(target=stand_back_and_hash)
    thread.start()
    thread.join(DEADLINE)
    assert held.nice == 19


def test_no_more_are_hashed_at_once_than_there_are_cores(passwords: Passwords) -> None:
    """Each in a thread of its own that stands back; the others wait, also for each other."""
    held = [Held("secret") for _ in range(os.cpu_count() or 1)]
    last = Held("last")
    last.go.set()
    threads = [threading.Thread(target=passwords.hash, args=(text,)) for text in held]
    for thread in threads:
        thread.start()
    for text in held:
        assert text.asked.wait(DEADLINE)
    threads.append(threading.Thread(target=passwords.hash, args=(last,)))
    threads[-1].start()
    assert {text.by for text in held} == {f"password_{n}" for n in range(len(held))}
    if sys.platform == "linux":
        assert all(text.nice >= 10 for text in held)
    assert not last.asked.is_set()
    held[0].go.set()
    assert last.asked.wait(DEADLINE)
    assert last.by == held[0].by
    for text in held:
        text.go.set()
    for thread in threads:
        thread.join(DEADLINE)


def test_who_finds_the_line_full_is_told_to_come_again() -> None:
    """Nobody waits for longer than the line is, and there is room again when somebody is done."""
    places = 2 * (os.cpu_count() or 1)
    held = [Held("secret") for _ in range(places + 1)]
    refusals: queue.Queue[ProtocolError] = queue.Queue()

    def make(text: Held) -> None:
        try:
            short.hash(text)
        except ProtocolError as problem:
            refusals.put(problem)

    with contextlib.closing(Passwords(1, 8, 1, line=1)) as short:
        threads = [threading.Thread(target=make, args=(text,)) for text in held]
        for thread in threads:
            thread.start()
        try:
            refusal = refusals.get(timeout=DEADLINE)
            assert refusal.message == "Too many want to log in at once; try again in 5 seconds."
            assert (refusal.code, refusal.retry_after) == (ErrorCode.UNAVAILABLE, RETRY_SECONDS)
        finally:
            for text in held:
                text.go.set()
            for thread in threads:
                thread.join(DEADLINE)
        assert short.hash("secret")
    assert refusals.empty()


def test_where_there_is_nobody_it_takes_as_long_as_a_check(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same work is done: argon2 itself is asked to check a hash of the same parameters."""
    checked: list[str] = []
    verify = PasswordHasher.verify

    def note(self: PasswordHasher, hashed: str, password: str) -> bool:
        checked.append(hashed)
        return verify(self, hashed, password)

    monkeypatch.setattr(PasswordHasher, "verify", note)
    with contextlib.closing(Passwords(2, 32, 2)) as passwords:
        passwords.pretend("secret")
        assert not passwords.verify(passwords.hash("other"), "secret")
    made_up, real = checked
    assert extract_parameters(made_up) == extract_parameters(real)
    assert made_up.rpartition("$")[0] != real.rpartition("$")[0], "the salt is not random"


@pytest.mark.parametrize(
    ("made", "outgrown"),
    [
        ((2, 32, 2), False),
        ((1, 32, 2), True),
        ((2, 16, 2), True),
        ((2, 32, 1), True),
        ((3, 64, 4), False),
        ((3, 16, 2), True),
    ],
)
def test_a_hash_is_outgrown_when_anything_has_become_dearer(
    made: tuple[int, int, int], *, outgrown: bool
) -> None:
    with (
        contextlib.closing(Passwords(*made)) as before,
        contextlib.closing(Passwords(2, 32, 2)) as now,
    ):
        assert now.is_outgrown(before.hash("secret")) == outgrown


def test_after_the_end_nothing_can_be_hashed_and_whoever_waits_is_told() -> None:
    passwords = Passwords(1, 8, 1)
    told: list[ErrorCode] = []

    def wait() -> None:
        try:
            passwords.hash("too late")
        except ProtocolError as problem:
            told.append(problem.code)

    held = [Held("secret") for _ in range(os.cpu_count() or 1)]
    threads = [threading.Thread(target=passwords.hash, args=(text,)) for text in held]
    threads += [threading.Thread(target=wait), threading.Thread(target=passwords.close)]
    for thread in threads:
        thread.start()
        if thread in threads[: len(held)]:
            assert held[threads.index(thread)].asked.wait(DEADLINE)
    for text in held:
        text.go.set()
    for thread in threads:
        thread.join(DEADLINE)
    assert told in ([], [ErrorCode.UNAVAILABLE])  # it may just have been in time
    with pytest.raises(ProtocolError, match="just now; try again later"):
        passwords.verify("", "secret")
