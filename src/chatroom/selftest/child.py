"""A process of the self-test: started, told something, listened to, killed."""

import contextlib
import os
import subprocess  # nosec B404  # it runs this program and nothing else
from collections.abc import Mapping, Sequence
from pathlib import Path


class Child:
    """Starts a process. Belongs to one thread.

    It is in a process group of its own, so Ctrl-C on the terminal is for the self-test alone, which
    then ends it. Its standard input ends with the self-test, however that ends.

    Args:
        command: The command line.
        log: Where standard error goes, at the end of what is there.
        settings: What stands in its environment for chatroom; nothing else does.
    """

    def __init__(self, command: Sequence[str], log: Path, settings: Mapping[str, str]) -> None:
        theirs_in, self._input = os.pipe()
        self.output, theirs_out = os.pipe()
        """The file descriptor from which its standard output is read; it ends with the process."""
        try:
            with log.open("ab") as errors:
                self._process = subprocess.Popen(  # noqa: S603  # nosec B603  # our own words
                    command,
                    stdin=theirs_in,
                    stdout=theirs_out,
                    stderr=errors,
                    env=_environment(settings),
                    process_group=0,
                )
        except OSError:
            self._close()
            raise
        finally:
            os.close(theirs_in)
            os.close(theirs_out)

    def tell(self, word: str) -> None:
        """Writes a line to its standard input, if it still runs."""
        with contextlib.suppress(BrokenPipeError):  # its output tells that it has ended
            os.write(self._input, f"{word}\n".encode())

    def kill(self) -> int:
        """Ends it by SIGKILL and returns its status, as `subprocess` has it."""
        self._process.kill()
        return self._reap()

    def terminate(self) -> None:
        """Asks it to end."""
        self._process.terminate()

    def wait(self, seconds: float) -> int | None:
        """Waits until it has ended; returns its status, None if it did not and was killed."""
        try:
            self._process.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            self.kill()
            return None
        return self._reap()

    def _reap(self) -> int:
        self._close()
        return self._process.wait()

    def _close(self) -> None:
        os.close(self._input)
        os.close(self.output)


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Returns this process's environment without settings for chatroom, and with these."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("CHATROOM_")}
    return kept | dict(settings)
