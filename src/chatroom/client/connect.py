"""The way into a room."""

import os
from collections.abc import Callable

from chatroom.client.address import parse_address
from chatroom.client.backoff import LIMIT_SECONDS
from chatroom.client.entrance import Entrance
from chatroom.client.errors import PasswordRequired, Unreachable
from chatroom.client.events import Event
from chatroom.client.handshake import Login
from chatroom.client.line import Line
from chatroom.client.places import Places
from chatroom.client.progress import Progress
from chatroom.client.room import Room
from chatroom.client.trust import trust_from
from chatroom.client.wire import LineBroken, Welcome


def connect(
    address: str = "127.0.0.1:12345",
    *,
    username: str,
    password: str | None = None,
    invite: str | None = None,
    timeout: float = 10.0,
    reconnect: bool = True,
    on_event: Callable[[Event], None] | None = None,
    state: str | os.PathLike[str] | None = None,
    history: int = 0,
    longest_pause: float = LIMIT_SECONDS,
    tls: bool = False,
    insecure: bool = False,
    fingerprint: str | None = None,
) -> Room:
    """Connects to a server and logs in. A name that is new is registered with the password.

    Args:
        address: "host", "host:port", "[::1]:port" or ":port"; the port is 12345 unless given.
        username: 1 to 32 letters a to z, digits, "-", "_" and "."; where the server takes them,
            letters of another script.
        password: 1 to 1,024 bytes of UTF-8. Not needed while `state` holds a good session, which
            is after an end without `close()`.
        invite: The code that lets a new name in, where the server wants one.
        timeout: Seconds for the connecting and the login together, and for each call on the room
            that does not say otherwise.
        reconnect: Whether to get a broken line back, in the background, until `close()`.
        on_event: Called with every event, in the room's own thread, from before this returns;
            messages are then not kept for iteration. It should return soon, as nothing is read
            meanwhile; what it raises is logged.
        state: A file that keeps, over the end of this program, which messages have been handled
            and which of ours are not confirmed yet. Made if it is not there; only its owner can
            read it. One room at a time uses it, always for the same username. With it, the next
            start begins with the first message that was not handled (see `Room.commit`), and sends
            what was not confirmed.
        history: How many of the newest messages of each log, the room's and our own direct ones,
            to get first, with `replay`; 0 to 1,000. A log whose place is in `state` gives all that
            came since instead.
        longest_pause: The longest pause, in seconds, between two attempts to get a broken line
            back. The pauses begin short and double, and the client draws a part of each.
        tls: Whether to speak TLS on a loopback address too. To all others it is spoken in any case.
            A certificate of a known authority has to be made out to the host of `address`, any
            other one has to be known, by `fingerprint` or `trust_server`.
        insecure: Whether to speak no TLS at all, so that whoever is on the way can read the
            password.
        fingerprint: The one certificate that the server may show, as it prints it when it starts.

    Returns:
        The room; close it, or use it in a `with` statement.

    Raises:
        Unreachable: No server could be reached and logged in to in time.
        UnknownServer: Its certificate is of its own making, and nobody has said that it is right.
        NotTrusted: It is not the server that is meant.
        LoginRefused: The server said no, such as to a wrong password.
        PasswordRequired: No password was given, and no session in `state` is good.
        StateUnusable: The file cannot be used; the sentence says why.
    """
    trust = trust_from(tls=tls, insecure=insecure, fingerprint=fingerprint)
    line = Line(parse_address(address), trust)
    progress = None if state is None else _open(state, username)
    try:
        login = Login(username, password, None if progress is None else progress.session, invite)
        entrance = _entrance(login, progress, ask_again=reconnect, longest_pause=longest_pause)
        welcome = _come_in(line, entrance, timeout, history)
        return Room(
            line, welcome, entrance, timeout=timeout, reconnect=reconnect, on_event=on_event
        )
    except BaseException:
        line.close()
        if progress is not None:
            progress.close()
        raise


def account_exists(
    address: str,
    username: str,
    *,
    invite: str | None = None,
    timeout: float = 10.0,
    tls: bool = False,
    insecure: bool = False,
    fingerprint: str | None = None,
) -> bool:
    """Asks a server whether an account exists, by a login without a password.

    The connection is closed again before this returns, so that a person may take all the time in
    the world to think about the password.

    Args:
        address: As for `connect()`.
        username: The name in question.
        invite: The code that lets a new name in, where the server wants one.
        timeout: Seconds in all.
        tls: As for `connect()`, like the others.
        insecure: The same.
        fingerprint: The same.

    Raises:
        Unreachable: No server could be reached in time.
        NotTrusted: See `connect()`.
        LoginRefused: The name cannot be used, such as `invalid_username` or `invite_required`.
    """
    trust = trust_from(tls=tls, insecure=insecure, fingerprint=fingerprint)
    line = Line(parse_address(address), trust)
    try:
        login = Login(username, None, invite=invite)
        _come_in(line, _entrance(login, None, ask_again=False), timeout)
    except PasswordRequired as required:
        return not required.new_user
    line.close()
    return True


def _open(state: str | os.PathLike[str], username: str) -> Progress:
    from chatroom.client.state import StateFile  # noqa: PLC0415 - brings SQLite

    return Progress(StateFile(state, username))


def _entrance(
    login: Login,
    progress: Progress | None,
    *,
    ask_again: bool,
    longest_pause: float = LIMIT_SECONDS,
) -> Entrance:
    places = Places({} if progress is None else progress.places, ask_again=ask_again)
    return Entrance(login, places, progress, longest_pause)


def _come_in(line: Line, entrance: Entrance, timeout: float, history: int = 0) -> Welcome:
    try:
        return entrance.open(line, timeout, history)
    except LineBroken as broken:
        raise Unreachable(f"{broken.reason} Nobody was logged in at {line.address}.") from None
