"""The faces of HTTP and WebSocket: requests, frames, and what is said within them.

The first byte of an input chooses what is tried: bytes as they are, which may ask for something and
open a WebSocket; frames as they are, in a WebSocket that is open; or a proper client of WebSocket
that says what the rest says, by the instructions in it.
"""

from collections.abc import Iterator

from chatroom.server.lines import JSON_LINES
from chatroom.web.face import Web
from fuzzing.guests import INSTRUCTIONS, PAUSE, Guest, beside_bob
from fuzzing.seeds import SHORT_CASES, TOKENS
from fuzzing.stage import HELLO, Stage, stage
from fuzzing.target import Target, hold, nothing_logged
from fuzzing.targets.connection import LOGIN, SCRIPTS, WHO, threads
from fuzzing.wire import Wire
from tests.websocket import BINARY, CLOSE, CONTINUATION, PING, TEXT, cut, frame, handshake

ASKING, FRAMES, TALKING = range(3)
_FACES = (Web({}).row, JSON_LINES)
_HEAD_ENDS = b"\r\n\r\n"
_LATE = b'{"type":"error","code":"login_timeout",'
"""What somebody is told who has said nothing in time."""


class WebSocketGuest:
    """Says in messages what a guest says, and lets it hear the events as lines.

    Args:
        guest: the guest.
    """

    def __init__(self, guest: Guest) -> None:
        self.broken = False
        """Whether something was said that no message may hold."""
        self._guest = guest
        self._open = self._closed = False
        self._head = True  # whether the reply to the handshake is still to come
        self._come = b""

    def meet(self, wire: Wire) -> None:
        """Let the guest know its wire."""
        self._guest.meet(wire)

    def speak(self) -> bytes:
        """Return what comes next."""
        if not self._open:
            self._open = True
            return handshake()
        words = self._guest.speak()
        if not words:
            last, self._closed = b"" if self._closed else frame(b"", CLOSE), True
            return last
        self._guest.said += b"\n"  # which is what the end of a message means
        try:
            words.decode()
        except UnicodeDecodeError:
            self.broken = True
        return frame(words)

    def hear(self, data: bytes) -> None:
        """Let the guest hear the events in it."""
        self._come += data
        if self._head:
            head, end, rest = self._come.partition(_HEAD_ENDS)
            if not end:
                return
            hold(head.startswith(b"HTTP/1.1 101 "), head)
            self._head, self._come = False, rest
        frames, self._come = cut(self._come)
        for opcode, payload in frames:
            if opcode == TEXT:
                self._guest.hear(payload + b"\n")


def run(data: bytes) -> None:
    """Serve a client as the first byte says."""
    before = threads()
    kind, rest = (data[:1] or b"\0")[0] % 3, data[1:]
    with nothing_logged(), stage(faces=_FACES) as here:
        beside_bob(here, (_talking if kind == TALKING else _bare)(here, kind, rest))
    hold(threads() == before, "a thread is left")


def _bare(here: Stage, kind: int, script: bytes) -> Iterator[None]:
    guest = Guest(here, handshake() + PAUSE + script if kind == FRAMES else script)
    here.serve(guest)
    yield
    said, heard = bytes(guest.said), bytes(guest.heard)
    if said.startswith(HELLO):
        return
    if here.is_json(said):
        guest.judge()
        return
    hold(heard.startswith((b"HTTP/1.1 ", _LATE)) or not heard, heard)
    hold(b"HTTP/1.1 500" not in heard, heard)
    if kind == FRAMES and not guest.cut:
        head, _, rest = heard.partition(_HEAD_ENDS)
        hold(head.startswith(b"HTTP/1.1 101 "), head)
        frames, rest = cut(rest)
        hold(not rest, rest)
        hold(all(opcode != CLOSE for opcode, _ in frames[:-1]), frames)


def _talking(here: Stage, kind: int, script: bytes) -> Iterator[None]:
    del kind
    guest = Guest(here, script)
    client = WebSocketGuest(guest)
    here.serve(client)
    yield
    if not client.broken:
        guest.judge()


def _request(target: str, *headers: str, method: str = "GET", version: str = "1.1") -> bytes:
    lines = [f"{method} {target} HTTP/{version}", "Host: a.example", *headers, "\r\n"]
    return "\r\n".join(lines).encode()


_REQUESTS = (
    _request("/"),
    _request("/", "Accept-Encoding: gzip", method="HEAD") * 2,
    _request("/nothing", version="1.0"),
    _request("http://a.example/ws?x", "Connection: close"),
    _request("/", "Content-Length: 3", method="POST") + b"abc",
    _request("/", "Transfer-Encoding: chunked", method="PUT") + b"3\r\nabc\r\n0\r\n\r\n",
    _request("/", 'If-None-Match: W/"a", *', "Expect: 100-continue"),
    _request("*", method="OPTIONS")
    + _request("/")
    + handshake("a.example", "Origin: http://a.example"),
    handshake("a.example", "Origin: http://b.example") + _request("/"),
    handshake() + frame(LOGIN) + frame(WHO),
)

_FRAMES = (
    frame(LOGIN) + frame(WHO),
    frame(LOGIN) + PAUSE + frame(b"still there?", PING) + frame(WHO[:5], last=False)
    + frame(b"", PING) + frame(WHO[5:], CONTINUATION) + frame(b"\x03\xe8bye", CLOSE) + frame(WHO),
    frame(LOGIN) + frame(b"\xff") + frame(WHO),
    frame(LOGIN) + frame(b"x", BINARY),
    frame(LOGIN) + frame(b"x", reserved=4),
    frame(LOGIN, mask=b"") + frame(b"x" * 200),
    frame(b"x" * 5000),
    frame(LOGIN) + frame(b"x" * 70000)[:100],
)  # fmt: skip

_WORDS = (
    *(f"{word}\r\n".encode() for word in ("Connection: Upgrade", "Upgrade: websocket", "Host: b")),
    b"\r\n", b"\r\n\r\n", b": ", b"GET /", b"HEAD ", b" HTTP/1.1\r\n", b"/static/", b"/ws",
    b"\x81\x80", b"\x81\xfe", b"\x81\xff", b"\x88\x82", b"\x89\x80", b"\x8a\x80", b"\x01\x80",
    b"\x80\x80",
)  # fmt: skip

TARGET = Target(
    run,
    (
        *(b"\0" + request for request in _REQUESTS),
        *(b"\1" + frames for frames in _FRAMES),
        *(b"\2" + script for script in SCRIPTS),
        *(b"\2" + LOGIN + case for case in SHORT_CASES),
    ),
    (*TOKENS, *INSTRUCTIONS, LOGIN, WHO, *_WORDS),
)
