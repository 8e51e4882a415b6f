"""`chatroom serve`: run a server until it is told to stop."""

import argparse
import logging
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from chatroom import cores
from chatroom.cli import logs
from chatroom.cli.arguments import UsageError, add_file
from chatroom.cli.configured import add_config, configured
from chatroom.cli.reasons import Reasons
from chatroom.tcp import is_loopback
from chatroom.version import VERSION

if TYPE_CHECKING:
    from chatroom.app import App
    from chatroom.config import Config

DESCRIPTION = """\
Run a server. Without options it serves this machine alone and keeps its data where this system
keeps a user's data. Where others can reach it, they have to speak TLS.
"""

EXAMPLES = """\
examples:
  chatroom serve
  chatroom serve --host 0.0.0.0 --port 4000 --data /srv/chat/room.db
  chatroom serve --host 0.0.0.0 --tls-cert fullchain.pem --tls-key privkey.pem
  chatroom serve --port 0 --data :memory:        a throw-away room on any free port
  CHATROOM_LIMITS_MESSAGE_BYTES=2000 chatroom serve --print-config

exit status:
  0  it was stopped, by Ctrl-C or SIGTERM
  2  it could not start; the sentence says what to do
  3  the data could not be written any more
"""

FATAL = 3
"""The exit status when the data can no longer be written."""

LEVELS = ("debug", "info", "warning", "error")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command and its arguments to `parser`."""
    parser.description, parser.epilog = DESCRIPTION, EXAMPLES
    parser.add_argument("--host", help="the address to listen on (default: 127.0.0.1)")
    parser.add_argument(
        "--port", type=int, help="the port to listen on, 0 for any free one (default: 12345)"
    )
    add_config(parser)
    add_file(
        parser,
        "--tls-cert",
        metavar="FILE",
        help="the certificate to show, in PEM; read again on SIGHUP (default: one of its own)",
    )
    add_file(
        parser,
        "--tls-key",
        metavar="FILE",
        help="the key of the certificate, in PEM (default: in the same file)",
    )
    parser.add_argument(
        "--insecure",
        dest="tls",
        action="store_const",
        const="optional",
        help="let others come without TLS; whoever is on the way can then read their passwords",
    )
    parser.add_argument(
        "--no-web",
        dest="web",
        action="store_const",
        const=False,
        help="serve no browsers: no page, no WebSocket, no figures",
    )
    _add_log_arguments(parser)
    parser.add_argument(
        "--print-config", action="store_true", help="show the configuration in force and leave"
    )


def _add_log_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--log-level", choices=LEVELS, default="warning", help="what is logged on standard error"
    )
    parser.add_argument(
        "--log-format", choices=logs.FORMATS, default="text", help="how an entry of the log looks"
    )


def run(args: argparse.Namespace) -> int:
    """Serves, and returns the exit status."""
    logs.configure(args.log_level, args.log_format)
    config = configured(args)
    if args.print_config:
        from chatroom.config import as_toml  # noqa: PLC0415 - seldom used

        print(as_toml(config), end="")
        return 0
    return _serve(config)


def _serve(config: "Config") -> int:
    """Runs the server until a signal comes or something breaks."""
    reasons = Reasons()
    with reasons.gathered(*_signals(config)):
        app = _open(config, reasons)
        app.start()
        print(_banner(app), flush=True)
        while reasons.wait() == signal.SIGHUP and config.server.tls_cert and not reasons.broken:
            app.reload()
        app.stop()
        broken = reasons.broken
    if broken is not None:
        _end_at_once(f"chatroom: {broken} Nothing was confirmed that is not stored.")
    return 0


def _signals(config: "Config") -> list[signal.Signals]:
    """Returns the signals that are waited for.

    SIGHUP has the certificate read once more. Without one it means what it always has: the terminal
    is gone, and the server goes too, unless `nohup` or the like has it ignore that.
    """
    signals = [signal.SIGINT, signal.SIGTERM]
    if config.server.tls_cert or signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signals.append(signal.SIGHUP)
    return signals


def _end_at_once(sentence: str) -> NoReturn:
    """Ends the process with nothing tidied up: to close an abandoned store is to write to it."""
    print(sentence, file=sys.stderr)
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(FATAL)


def _open(config: "Config", reasons: Reasons) -> "App":
    from chatroom.app import App  # noqa: PLC0415 - heavy
    from chatroom.log.base import StoreError  # noqa: PLC0415
    from chatroom.server.tls_identity import CertificateError  # noqa: PLC0415

    if config.server.one_core:
        cores.gather()
    try:
        return App(config, reasons.broke)
    except (StoreError, CertificateError) as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        raise UsageError(_cannot_listen(config, error)) from error


def _banner(app: "App") -> str:
    """Returns what a person needs to know to use the server."""
    address = _address(app.host, app.port)
    everywhere = not app.host.strip("0.:")  # all zeros stand for every address
    near = _address("127.0.0.1", app.port) if everywhere else address
    required, fingerprint = app.front.required, app.front.identity.fingerprint
    lines = [f"chatroom {VERSION} listens on {address}"]
    if app.web:
        lines.append(f"  browser  http{'s' if required else ''}://{near}/")
    lines.append(f"  data     {app.data or 'in memory; all is gone when the server stops'}")
    if fingerprint:
        lines.append(f"  tls      {fingerprint}")
    if not (required or is_loopback(app.host)):
        lines.append("  insecure: passwords of those who come without TLS can be read on the way")
    near_tls = " --tls" if required and (everywhere or is_loopback(app.host)) else ""
    lines.append(f"  join     {_program()} join{near_tls} {near}")
    return "\n".join(lines)


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _program() -> str:
    """Returns what a person types to start this program."""
    program = Path(sys.argv[0])
    found = shutil.which(program.name)
    if found and Path(found).samefile(program):
        return program.name
    return str(program)


def _cannot_listen(config: "Config", error: OSError) -> str:
    """Returns why the address is no good, and what to do."""
    host, port = config.server.host, config.server.port
    return (
        f"cannot listen on {_address(host, port)}: {error.strerror}; "
        "choose another --host or --port, or stop what listens there"
    )
