"""`chatroom serve` as a real process, for tests that want the whole thing."""

import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

DEADLINE = 20.0
"""Seconds within which the server has to start, and to stop."""

PROGRAM = (sys.executable, "-m", "chatroom.cli.main")
"""What `chatroom` on a command line runs."""

_TLS = re.compile(r"^  tls +(sha256:[0-9a-f]{64})$", re.MULTILINE)
_JOIN = re.compile(rb" join (?:--tls )?(\S+)\n")


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Returns this process's environment without any settings for chatroom, and with `extra`."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("CHATROOM_")}
    return kept | dict(extra or {})


class Server:
    """A server that can be stopped, killed and started again on the same port and data.

    Args:
        data: a path to keep data in, or ":memory:".
        arguments: further words for `chatroom serve`.
        env: further settings; passwords are cheap to check and messages may come fast
            unless these say otherwise.
        prefix: what runs a command where the server is to be, if that is elsewhere.
    """

    def __init__(
        self,
        data: Path | str = ":memory:",
        *arguments: str,
        env: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
    ) -> None:
        self._prefix = prefix
        self._data = data
        self._arguments = arguments
        self._env = {
            "CHATROOM_AUTH_ARGON2_TIME_COST": "1",
            "CHATROOM_AUTH_ARGON2_MEMORY_KIB": "8",
            "CHATROOM_LIMITS_MESSAGES_PER_SECOND": "0",
        } | dict(env or {})
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        """Where it listens, from the first start on."""
        self.banner = ""
        """What it printed while it started."""

    def __enter__(self) -> Self:
        """Starts it."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stops it if it runs."""
        if self._process is not None:
            self.stop()

    @property
    def address(self) -> str:
        """Where clients connect to."""
        return f"127.0.0.1:{self.port}"

    @property
    def fingerprint(self) -> str:
        """What it printed of its certificate."""
        found = _TLS.search(self.banner)
        assert found, self.banner
        return found[1]

    @property
    def pid(self) -> int:
        """The running process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Starts it and waits until it listens; on the same port as before, if there was one."""
        words = ["serve", "--port", str(self.port), "--data", str(self._data), *self._arguments]
        self._process = subprocess.Popen(
            [*self._prefix, *PROGRAM, *words], stdout=subprocess.PIPE, env=environment(self._env)
        )
        try:
            self.port = self._await_banner(self._process)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> int:
        """Asks it to end, waits until it has, and returns its exit status."""
        assert self._process is not None
        self._process.terminate()
        return self._reap()

    def kill(self) -> None:
        """Ends it without a chance to tidy up."""
        assert self._process is not None
        self._process.kill()
        self._reap()

    def restart(self) -> None:
        """Stops it and starts it again on the same port and data."""
        self.stop()
        self.start()

    def _reap(self) -> int:
        assert self._process is not None
        process, self._process = self._process, None
        try:
            return process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        finally:
            assert process.stdout is not None
            process.stdout.close()

    def _await_banner(self, process: subprocess.Popen[bytes]) -> int:
        """Reads the banner up to the line that says how to join; returns the port in it."""
        assert process.stdout is not None
        deadline = time.monotonic() + DEADLINE
        seen = b""
        while not (found := _JOIN.search(seen)) or not seen.endswith(b"\n"):
            ready, _, _ = select.select([process.stdout], [], [], deadline - time.monotonic())
            chunk = os.read(process.stdout.fileno(), 4096) if ready else b""
            assert chunk, f"the server did not start; it said: {seen.decode(errors='replace')!r}"
            seen += chunk
        self.banner = seen.decode()
        _, colon, port = found[1].decode().rpartition(":")
        return int(port) if colon else 12345
