"""The languages that the servers speak: how one comes in, and how a message is wrapped.

Only the way in is parsed. From then on a connection's bytes are counted and not looked at, but for
what has to be answered for the server not to take it for dead.
"""

import base64
import json
import re
from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

ROOM = "r"
"""The name of the room, where a server has more than one."""


class Refused(Exception):
    """The server did not let a client in. The text is what it said."""


class Wrapping(NamedTuple):
    """What stands before and behind the text of a message."""

    before: bytes
    behind: bytes
    """Holds `%d` for a number that is never used again, where `numbered`."""
    numbered: bool = False

    def wrap(self, text: bytes, number: int) -> bytes:
        """Return the message, with its number where that is wanted."""
        whole = self.before + text + self.behind
        return whole % number if self.numbered else whole


class Entrance(ABC):
    """One client's way into a server, fed with what the server says until it is in.

    Args:
        number: which client it is.
    """

    echo: ClassVar[bool] = False
    """Whether those who say something get it back as everybody else does."""
    confirms: ClassVar[bool] = False
    """Whether each message is confirmed, by its id."""
    lines: ClassVar[bool] = True
    """Whether what comes is lines, among which signs of life are asked for."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.is_in = False
        self.rest = b""
        """What came and has not been looked at; once the client is in, what came behind that."""

    @property
    def name(self) -> str:
        """What the client is called: short enough for every server."""
        return f"c{self.number}"

    @abstractmethod
    def hello(self) -> bytes:
        """Return what is sent first."""

    def feed(self, data: bytes) -> bytes:
        """Take what came and return what is to be sent; sets `is_in` at the end of the way.

        Raises:
            Refused: the server said no.
        """
        *lines, last = (self.rest + data).split(b"\n")
        answers = []
        for index, line in enumerate(lines):
            answers.append(self.answer(line))
            if self.is_in:
                last = b"\n".join([*lines[index + 1 :], last])
                break
        self.rest = last
        return b"".join(answers)

    @abstractmethod
    def answer(self, line: bytes) -> bytes:
        """Take one line and return what is to be sent.

        Raises:
            Refused: the server said no.
        """

    @staticmethod
    def sign_of_life(line: bytes) -> bytes:  # noqa: ARG004
        """Return what answers a line if that asks whether the client is there, else nothing."""
        return b""

    @staticmethod
    @abstractmethod
    def to_room() -> Wrapping:
        """Return how a message to everyone is wrapped."""

    @staticmethod
    @abstractmethod
    def to_client(number: int) -> Wrapping:
        """Return how a message to one client is wrapped."""


class Json(Entrance):
    """JSON lines, as in `docs/protocol.md`. Every message has an id, as the library's have."""

    confirms = True

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.session = ""
        self.epoch = ""

    def hello(self) -> bytes:
        """Return a login with a password, which makes the account if it is new."""
        return b'{"command":"login","username":"%s","password":"secret"}\n' % self.name.encode()

    def answer(self, line: bytes) -> bytes:
        """Wait for the welcome."""
        frame = json.loads(line)
        if frame["type"] in {"welcome", "resumed"}:
            self.is_in = True
            self.session = frame.get("session", self.session)
            self.epoch = frame.get("logs", {}).get("room", {}).get("epoch", "")
        elif frame["type"] in {"error", "bye"}:
            raise Refused(line.decode(errors="replace"))
        return b""

    @staticmethod
    def sign_of_life(line: bytes) -> bytes:
        """Answer a ping."""
        return b'{"command":"pong"}\n' if line.startswith(b'{"type":"ping"') else b""

    @staticmethod
    def to_room() -> Wrapping:
        """Return a PM."""
        return Wrapping(b'{"command":"PM","message":"', b'","id":"`%d"}\n', numbered=True)

    @staticmethod
    def to_client(number: int) -> Wrapping:
        """Return a DM."""
        to = b'{"command":"DM","to":"c%d","message":"' % number
        return Wrapping(to, b'","id":"`%d"}\n', numbered=True)


class Resumption(Json):
    """The way back in, with a session.

    Args:
        left: how the client was in before.
        after: the place in the room's log up to which it has everything.
    """

    def __init__(self, left: Json, after: int) -> None:
        super().__init__(left.number)
        self.session = left.session
        self._place = {"epoch": left.epoch, "after": after}

    def hello(self) -> bytes:
        """Return the command."""
        frame = {"command": "resume", "session": self.session, "logs": {"room": self._place}}
        return json.dumps(frame).encode() + b"\n"


class Irc(Entrance):
    """IRC, with everyone in one channel (RFC 2812)."""

    _PING = re.compile(rb"PING (.+?)\r?$")

    def hello(self) -> bytes:
        """Return a registration."""
        return b"NICK %s\r\nUSER u 0 * :u\r\n" % self.name.encode()

    def answer(self, line: bytes) -> bytes:
        """Join when registered (001), and be in when the list of names has come (366)."""
        word = line.split(b" ", 2)
        if word[0] == b"PING":
            return self.sign_of_life(line)
        if word[0] == b"ERROR":
            raise Refused(line.decode(errors="replace").strip())
        if word[1:2] == [b"001"]:
            return b"JOIN #%s\r\n" % ROOM.encode()
        if word[1:2] == [b"366"]:
            self.is_in = True
        return b""

    @staticmethod
    def sign_of_life(line: bytes) -> bytes:
        """Answer a PING."""
        found = Irc._PING.match(line)
        return b"PONG %s\r\n" % found[1] if found else b""

    @staticmethod
    def to_room() -> Wrapping:
        """Return a PRIVMSG to the channel."""
        return Wrapping(b"PRIVMSG #%s :" % ROOM.encode(), b"\r\n")

    @staticmethod
    def to_client(number: int) -> Wrapping:
        """Return a PRIVMSG to a nick."""
        return Wrapping(b"PRIVMSG c%d :" % number, b"\r\n")


class Raw(Entrance):
    """Lines that go to everyone, or to a partner, as `floor.c` passes them on."""

    echo = True

    def hello(self) -> bytes:
        """Return the client's number."""
        return b"%d\n" % self.number

    def answer(self, line: bytes) -> bytes:
        """Wait for the answer."""
        if line != b"ok":
            raise Refused(line.decode(errors="replace"))
        self.is_in = True
        return b""

    @staticmethod
    def to_room() -> Wrapping:
        """Return a line."""
        return Wrapping(b"", b"\n")

    @staticmethod
    def to_client(number: int) -> Wrapping:  # noqa: ARG004
        """Return a line; who gets it is a matter of the numbers."""
        return Wrapping(b"", b"\n")


class Xmpp(Entrance):
    """XMPP, with everyone in one room (RFC 6120, XEP-0045); anonymous accounts."""

    echo = True
    _ROOM = f"{ROOM}@rooms.localhost"
    _OPEN = (
        b"<?xml version='1.0'?><stream:stream to='localhost' version='1.0' xmlns='jabber:client'"
        b" xmlns:stream='http://etherx.jabber.org/streams'>"
    )
    _AUTH = (
        b"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'>%s</auth>"
        % base64.b64encode(b"c")
    )
    _BIND = b"<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"
    _NO_HISTORY = b"<x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x>"

    def __init__(self, number: int) -> None:
        super().__init__(number)
        presence = f"<presence to='{self._ROOM}/{self.name}'>".encode()
        self._steps = [
            (b"</stream:features>", self._AUTH),
            (b"<success", self._OPEN),
            (b"</stream:features>", self._BIND),
            (b"</iq>", presence + self._NO_HISTORY + b"</presence>"),
            (b"<subject", b""),  # the last thing that a room sends to who comes
        ]

    def hello(self) -> bytes:
        """Open the stream."""
        return self._OPEN

    def feed(self, data: bytes) -> bytes:
        """Take step after step; elements do not end with lines here."""
        self.rest += data
        if b"<failure" in self.rest or b"type='error'" in self.rest:
            raise Refused(self.rest.decode(errors="replace")[-200:])
        answer = b""
        while self._steps and (at := self.rest.find(self._steps[0][0])) >= 0:
            awaited, step = self._steps.pop(0)
            self.rest = self.rest[at + len(awaited) :]
            answer += step
        self.is_in = not self._steps
        return answer

    def answer(self, line: bytes) -> bytes:
        """Nothing: `feed` does not go by lines."""
        raise NotImplementedError

    @staticmethod
    def to_room() -> Wrapping:
        """Return a message to the room."""
        before = f"<message type='groupchat' to='{Xmpp._ROOM}'><body>".encode()
        return Wrapping(before, b"</body></message>")

    @staticmethod
    def to_client(number: int) -> Wrapping:
        """Return a message to one of the room."""
        before = f"<message type='chat' to='{Xmpp._ROOM}/c{number}'><body>".encode()
        return Wrapping(before, b"</body></message>")
