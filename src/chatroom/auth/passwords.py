"""Passwords: what one may be, and argon2id (RFC 9106) in a few threads of its own."""

import base64
import os
import secrets
import sys
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from argon2 import (
    DEFAULT_HASH_LENGTH,
    DEFAULT_RANDOM_SALT_LENGTH,
    PasswordHasher,
    extract_parameters,
)
from argon2.exceptions import InvalidHashError, VerificationError

from chatroom import cores
from chatroom.protocol.errors import ErrorCode, ProtocolError
from chatroom.protocol.text import MAX_PASSWORD, has_surrogates

LINE = 256
"""How many passwords wait for each core at most. At 40 ms each, the last of them is checked within
the ten seconds for which a client waits."""

RETRY_SECONDS = 5.0
"""When to come again if the line was full."""

_NICENESS = 10

_DEAR_KIB = 1024
"""A hash that fills less memory, passes included, takes less time than to be handed to another core
and back: with a cheap one, people come in twice as fast if all stay on one core."""

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


def check_password(password: str) -> str:
    """Return `password` if it can be one.

    Raises:
        ProtocolError: `invalid_field`, with the rule in the sentence.
    """
    if not password or has_surrogates(password) or len(password.encode()) > MAX_PASSWORD:
        raise ProtocolError(
            ErrorCode.INVALID_FIELD,
            f"A password has 1 to {MAX_PASSWORD} bytes of UTF-8; choose another.",
            field="password",
        )
    return password


class Passwords:
    """Makes and checks hashes, at most as many at once as there are cores to do it on.

    Hashing is meant to be slow and releases the GIL; it runs in threads named `password_0` and so
    on, at a lower priority where threads can have one, so that the talk does not wait for it. The
    others wait in a line; who finds that full is told to come again.

    Args:
        time_cost: passes over the memory.
        memory_kib: memory that one hash takes, in KiB.
        parallelism: lanes of one hash.
        line: how many may wait for each core.
    """

    def __init__(self, time_cost: int, memory_kib: int, parallelism: int, line: int = LINE) -> None:
        self._hasher = PasswordHasher(time_cost, memory_kib, parallelism)
        threads = cores.others()
        self._pool = ThreadPoolExecutor(
            threads,
            thread_name_prefix="password",
            initializer=_stand_back,
            initargs=(time_cost * memory_kib >= _DEAR_KIB,),
        )
        self._places = threading.Semaphore(threads * (line + 1))  # nobody waits for one
        # Of nobody's password; checking one against it takes as long as any other check.
        self._nobody = _made_up(time_cost, memory_kib, parallelism)

    def hash(self, password: str) -> str:
        """Return a new hash of `password`, in the PHC string format. Blocks the calling thread.

        Raises:
            ProtocolError: `unavailable`, as the line is full, or after `close`.
        """
        make: Callable[[str], str] = self._hasher.hash
        return self._do(make, password)

    def verify(self, hashed: str, password: str) -> bool:
        """Say whether `hashed` was made from `password`. Blocks the calling thread.

        Raises:
            ProtocolError: `unavailable`, as the line is full, or after `close`.
        """
        check: Callable[[str, str], bool] = self._hasher.verify
        try:
            return self._do(check, hashed, password)
        except (VerificationError, InvalidHashError):
            return False

    def pretend(self, password: str) -> None:
        """Take as long as to check `password`, where there is nobody whose it could be.

        Raises:
            ProtocolError: as `verify`.
        """
        self.verify(self._nobody, password)

    def is_outgrown(self, hashed: str) -> bool:
        """Say whether `hashed`, which is of some password, is cheaper than a new hash would be."""
        made, now = extract_parameters(hashed), self._hasher
        return (
            made.time_cost < now.time_cost
            or made.memory_cost < now.memory_cost
            or made.parallelism < now.parallelism
        )

    def _do(
        self,
        work: Callable[_Arguments, _Result],
        *args: _Arguments.args,
        **options: _Arguments.kwargs,
    ) -> _Result:
        if not self._places.acquire(blocking=False):
            raise ProtocolError(
                ErrorCode.UNAVAILABLE,
                f"Too many want to log in at once; try again in {RETRY_SECONDS:g} seconds.",
                retry_after=RETRY_SECONDS,
            )
        try:
            return self._pool.submit(work, *args, **options).result()
        except (RuntimeError, CancelledError) as error:  # it is closed, or there is no thread
            raise ProtocolError(
                ErrorCode.UNAVAILABLE,
                "The server cannot check passwords just now; try again later.",
            ) from error
        finally:
            self._places.release()

    def close(self) -> None:
        """Let the threads end; nothing can be hashed any more."""
        self._pool.shutdown(cancel_futures=True)


def _made_up(time_cost: int, memory_kib: int, parallelism: int) -> str:
    """Return what has the form of a hash and was never made from anything."""
    salt, digest = (
        base64.b64encode(secrets.token_bytes(size)).rstrip(b"=").decode()
        for size in (DEFAULT_RANDOM_SALT_LENGTH, DEFAULT_HASH_LENGTH)
    )
    return f"$argon2id$v=19$m={memory_kib},t={time_cost},p={parallelism}${salt}${digest}"


def _stand_back(dear: bool) -> None:  # noqa: FBT001  # a ThreadPoolExecutor passes it by place
    """Lower the priority of the calling thread, which on Linux is an attribute of the thread.

    If hashing is `dear` it runs on the other cores, as it needs no lock of the interpreter.
    """
    if dear:
        cores.spread()
    if sys.platform == "linux":
        thread = threading.get_native_id()
        niceness = max(_NICENESS, os.getpriority(os.PRIO_PROCESS, thread))  # nobody may go back
        os.setpriority(os.PRIO_PROCESS, thread, niceness)
