"""Passwords: what one may be, and argon2id (RFC 9106) in a few threads of its own."""

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from chatroom.protocol.errors import ErrorCode, ProtocolError
from chatroom.protocol.text import MAX_PASSWORD, has_surrogates

_NICENESS = 10

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
    """Makes and checks hashes, at most as many at once as there are cores.

    Hashing is meant to be slow and releases the GIL; it runs in threads named `password_0` and so
    on, at a lower priority where threads can have one, so that the talk does not wait for it.

    Args:
        time_cost: passes over the memory.
        memory_kib: memory that one hash takes, in KiB.
        parallelism: lanes of one hash.
    """

    def __init__(self, time_cost: int, memory_kib: int, parallelism: int) -> None:
        self._hasher = PasswordHasher(time_cost, memory_kib, parallelism)
        self._pool = ThreadPoolExecutor(
            os.cpu_count() or 1, thread_name_prefix="password", initializer=_stand_back
        )

    def hash(self, password: str) -> str:
        """Return a new hash of `password`, in the PHC string format. Blocks the calling thread.

        Raises:
            ProtocolError: `unavailable`, as after `close`.
        """
        make: Callable[[str], str] = self._hasher.hash
        return self._do(make, password)

    def verify(self, hashed: str, password: str) -> bool:
        """Say whether `hashed` was made from `password`. Blocks the calling thread.

        Raises:
            ProtocolError: `unavailable`, as after `close`.
        """
        check: Callable[[str, str], bool] = self._hasher.verify
        try:
            return self._do(check, hashed, password)
        except (VerificationError, InvalidHashError):
            return False

    def _do(
        self,
        work: Callable[_Arguments, _Result],
        *args: _Arguments.args,
        **options: _Arguments.kwargs,
    ) -> _Result:
        try:
            return self._pool.submit(work, *args, **options).result()
        except (RuntimeError, CancelledError) as error:  # it is closed, or there is no thread
            raise ProtocolError(
                ErrorCode.UNAVAILABLE,
                "The server cannot check passwords just now; try again later.",
            ) from error

    def close(self) -> None:
        """Let the threads end; nothing can be hashed any more."""
        self._pool.shutdown(cancel_futures=True)


def _stand_back() -> None:
    """Lower the priority of the calling thread, which on Linux is an attribute of the thread."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
