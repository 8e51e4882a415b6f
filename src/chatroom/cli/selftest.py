"""`chatroom selftest`: break a server on purpose and look for faults."""

import argparse
import secrets
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from chatroom.cli.arguments import UsageError
from chatroom.cli.reasons import Reasons

if TYPE_CHECKING:
    from chatroom.selftest.outcome import Outcome
    from chatroom.selftest.plan import Settings

DESCRIPTION = """\
See for yourself that nothing said is lost, doubled or out of order. A server is started in a
temporary folder, clients talk over connections that are cut, stalled and delayed at random, the
server and the clients are killed and started again. Then everything comes to rest, and all that was
sent, confirmed and received is held against the log. Nothing but this machine is used, and no other
room is touched.
"""

EXAMPLES = """\
examples:
  chatroom selftest
  chatroom selftest --minutes 20 --kills 1000
  chatroom selftest --seed 4711             the same plan again

exit status:
  0  nothing is wrong, and everything came to rest
  1  a fault was found; the report describes it and names the folder with all records
  2  it could not run, or the command line is wrong
"""

FAULTY = 1
"""The exit status when a fault was found."""

MOST_CLIENTS = 200
"""Each of them is a process."""

MOST_MINUTES = 1440

KILLS_PER_SECOND = 2
"""The server needs some time to start in between."""

_SEEDS = 1_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command and its arguments to `parser`."""
    parser.description, parser.epilog = DESCRIPTION, EXAMPLES
    parser.add_argument(
        "--minutes", type=float, default=1.0, help="how long things are broken (default: 1)"
    )
    parser.add_argument(
        "--kills", type=int, default=20, help="how often the server is killed (default: 20)"
    )
    parser.add_argument(
        "--clients", type=int, default=20, help="how many clients talk (default: 20)"
    )
    parser.add_argument("--seed", type=int, help="what the plan is drawn from, to repeat it")


def run(args: argparse.Namespace) -> int:
    """Tests, reports and returns the exit status."""
    from chatroom.selftest.report import command, report  # noqa: PLC0415 - heavy
    from chatroom.ui.sanitize import clean  # noqa: PLC0415

    settings = _settings(args)
    print(command(settings), flush=True)
    folder = Path(tempfile.mkdtemp(prefix="chatroom-selftest-"))
    try:
        outcome = _test(settings, folder)
    except KeyboardInterrupt:
        shutil.rmtree(folder)
        raise
    print(*map(clean, report(settings, outcome, folder)), sep="\n")
    if not outcome.sound:
        return FAULTY
    shutil.rmtree(folder)
    return 0


def _settings(args: argparse.Namespace) -> "Settings":
    from chatroom.selftest.plan import Settings  # noqa: PLC0415 - heavy

    seconds = args.minutes * 60
    if not 0 < args.minutes <= MOST_MINUTES:
        raise UsageError(f"--minutes is more than 0 and at most {MOST_MINUTES}")
    if not 0 <= args.kills <= seconds * KILLS_PER_SECOND:
        raise UsageError(
            f"--kills is 0 to {int(seconds * KILLS_PER_SECOND)} in that time, as the server has to"
            " start in between; give it more --minutes"
        )
    if not 2 <= args.clients <= MOST_CLIENTS:  # noqa: PLR2004 - one to speak, one to listen
        raise UsageError(f"--clients is 2 to {MOST_CLIENTS}")
    seed = secrets.randbelow(_SEEDS) if args.seed is None else args.seed
    return Settings(seconds, args.kills, args.clients, seed)


def _test(settings: "Settings", folder: Path) -> "Outcome":
    """Runs the test and shows how far it is.

    Raises:
        UsageError: It could not run.
        KeyboardInterrupt: It was broken off.
    """
    from chatroom.selftest.outcome import Interrupted  # noqa: PLC0415 - heavy
    from chatroom.selftest.report import describe  # noqa: PLC0415
    from chatroom.selftest.run import run as test  # noqa: PLC0415
    from chatroom.selftest.server import ServerFailed  # noqa: PLC0415
    from chatroom.ui.progress import progress_on  # noqa: PLC0415

    reasons = Reasons()
    with (
        reasons.gathered(signal.SIGINT, signal.SIGTERM, signal.SIGHUP),
        progress_on(sys.stdout) as bar,
    ):
        try:
            return test(
                settings,
                folder,
                interrupt=reasons.file,
                tell=lambda progress: bar.show(progress.done, describe(progress)),
            )
        except (ServerFailed, OSError) as failure:
            raise UsageError(f"the self-test could not run: {failure}") from failure
        except Interrupted:
            if reasons.broken is None:
                raise KeyboardInterrupt from None
            raise UsageError(f"the self-test could not run: {reasons.broken}") from reasons.broken
