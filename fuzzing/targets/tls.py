"""The front: the first byte, the handshake, and what is said within TLS.

The first byte of an input chooses what is tried: bytes as they are, bytes where TLS is required, a
proper client of TLS that says what the rest says, or one whose records are altered on the way. Then
three bytes each say where, and by what.
"""

import ssl
from collections.abc import Iterator

from chatroom.server.tls_front import Front
from chatroom.server.tls_identity import Identity
from chatroom.tls import TlsSession
from fuzzing.conversation import messages
from fuzzing.guests import INSTRUCTIONS, Guest, beside_bob
from fuzzing.seeds import SHORT_CASES, TOKENS
from fuzzing.stage import HELLO, Stage, stage
from fuzzing.target import Target, hold, nothing_logged
from fuzzing.targets.connection import LOGIN, SCRIPTS, threads
from fuzzing.wire import Wire

PLAIN, REQUIRED, SECURE, ALTERED = range(4)
_ALTERATIONS = 3
_IDENTITY = Identity()
_CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_CONTEXT.check_hostname = False
_CONTEXT.verify_mode = ssl.CERT_NONE


class SecureGuest:
    """Says in TLS what a guest says.

    Args:
        guest: the guest.
        alterations: by what the bytes at some places are altered (XOR).
    """

    def __init__(self, guest: Guest, alterations: dict[int, int]) -> None:
        self.broken = False
        """Whether the connection has failed, as far as the client can tell."""
        self._guest = guest
        self._alterations = alterations
        self._sent = 0
        self._session = TlsSession(_CONTEXT, "localhost")
        self._shaken = False
        self._come = bytearray()

    def meet(self, wire: Wire) -> None:
        """Let the guest know its wire."""
        self._guest.meet(wire)

    def hear(self, data: bytes) -> None:
        """Keep it until it is the client's turn."""
        self._come += data

    def speak(self) -> bytes:
        """Return what comes next."""
        try:
            return self._altered(self._next())
        except ssl.SSLError:
            self.broken = True
            return b""

    def understand(self) -> None:
        """Let the guest hear what has come."""
        received, self._come = bytes(self._come), bytearray()
        if received and not self.broken:
            try:
                self._guest.hear(self._session.decrypt(received))
            except ssl.SSLError:
                self.broken = True

    def _next(self) -> bytes:
        if not self._shaken:
            received, self._come = bytes(self._come), bytearray()
            self._shaken = self._session.shake(received)
            if (out := self._session.outgoing()) or not self._shaken:
                return out
        self.understand()
        if words := self._guest.speak():
            self._session.encrypt(words)
        else:
            self._session.finish()
        return self._session.outgoing()

    def _altered(self, data: bytes) -> bytes:
        start, self._sent = self._sent, self._sent + len(data)
        changed = bytearray(data)
        for place, mask in self._alterations.items():
            if start <= place < self._sent:
                changed[place - start] ^= mask
        return bytes(changed)


def run(data: bytes) -> None:
    """Serve a client as the first byte says."""
    before = threads()
    kind, rest = (data[:1] or b"\0")[0] % 4, data[1:]
    with nothing_logged(), stage(Front(_IDENTITY)) as here:
        beside_bob(here, (_secure if kind >= SECURE else _bare)(here, kind, rest))
    hold(threads() == before, "a thread is left")


def _bare(here: Stage, kind: int, script: bytes) -> Iterator[None]:
    here.front.required = kind == REQUIRED  # Bob is in already
    guest = Guest(here, script)
    here.serve(guest)
    here.front.required = False
    yield
    if guest.said.startswith(HELLO):
        return
    guest.judge()
    if kind == REQUIRED and guest.said and not guest.cut:
        heard = [one.get("code") or one.get("reason") for one in messages(bytes(guest.heard))]
        hold(heard == ["tls_required"] * 2, heard)


def _secure(here: Stage, kind: int, rest: bytes) -> Iterator[None]:
    alterations = {}
    if kind == ALTERED:
        head, rest = rest[: 3 * _ALTERATIONS], rest[3 * _ALTERATIONS :]
        for at in range(0, len(head) - 2, 3):
            alterations[int.from_bytes(head[at : at + 2], "big") % 2048] = head[at + 2]
    guest = Guest(here, rest)
    client = SecureGuest(guest, alterations)
    here.serve(client)
    client.understand()
    yield
    if not (any(alterations.values()) or client.broken):
        guest.judge()


def _hello() -> bytes:
    session = TlsSession(_CONTEXT, "localhost")
    session.shake(b"")
    return bytes(session.outgoing())


_RECORDS = (
    b"\x16\x03\x01",
    b"\x16\x03\x03\x00",
    b"\x15\x03\x03\x00\x02\x01\x00",
    b"\x17\x03\x03",
    b"\x14\x03\x03\x00\x01\x01",
    b"\x18\x03\x03\x00\x03\x01\x40\x00",
)
_PLACES = (0, 3, 5, 43, 80, 300, 517, 523, 600, 700)

TARGET = Target(
    run,
    (
        b"\0" + _hello(),
        *(b"\0" + case for case in SHORT_CASES[:40]),
        *(b"\1" + case for case in SHORT_CASES[:10]),
        *(b"\2" + script for script in SCRIPTS),
        *(b"\2" + LOGIN + case for case in SHORT_CASES),
        *(b"\3" + bytes((at >> 8, at & 255, 1)) * _ALTERATIONS + SCRIPTS[0] for at in _PLACES),
    ),
    (*TOKENS, *INSTRUCTIONS, LOGIN, *_RECORDS),
)
