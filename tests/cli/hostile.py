"""A server that puts whatever a terminal could obey into each text that it sends."""

import json
import re
import unicodedata
from collections.abc import Mapping

from tests.client.peer import Visitor, standing

UNIQUE = "4177"
"""A figure in each sequence with figures; no screen of ours has so many rows or columns."""

DANGER = "".join(
    [
        "\x1b]52;c;SGVsbG8=\x07",  # writes the clipboard
        "\x1b]52;c;SGVsbG8=\x1b\\",
        "\x1b]0;a title\x07\x1b]2;a title\x1b\\",
        "\x1b]8;;http://example.org\x1b\\",  # a link
        f"\x1b[?1000h\x1b[?1002h\x1b[?1003h\x1b[?1006h\x1b[?1049h\x1b[?{UNIQUE}h",
        "\x9b2J\x9d52;c;SGVsbG8=\x9c\x90\x98\x9e\x9f",  # C1: CSI, OSC, ST, DCS, SOS, PM, APC
        f"\x1b[{UNIQUE};{UNIQUE}H\x1b[{UNIQUE}A\x1b[{UNIQUE}D\x1b[3J\x1b[{UNIQUE}m\x1bc\x1b7\x1b8",
        "\x1b[200~ EX\r\n\x1b[201~",  # bracketed paste
        "\x1bP$q\x1b\\\x1b_a\x1b\\\x1b^b\x1b\\\x1bX",  # DCS, APC, PM, SOS
        "\0\x01\x05\x07\x08\x0b\x0c\x0e\x0f\x7f\x85",
        "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c",
        "\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u3164",
        "\U000e0001\U000e0041\U000e007f\ufe0f\U000e0100",
        "\u2028\u2029\ud800\udfff\ufff9\ufffb",
        "e" + "\u0301\u200b" * 60,
        "\x1b",  # the first half of a sequence; the next text goes on with it
    ]
)
"""What no terminal may get. Text that is made harmless before it is cut and joined stays so."""

_HARMFUL = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u3164\u180b-\u180f\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
_SEQUENCE = re.compile(r"\x1b(?:\[([?>=]?)([0-9;]*)([@-~])|([^\[]))")
_MARKS = 8


def hostile(word: str) -> str:
    """Returns a text with all of `DANGER`, between words by which it is found again."""
    return f"[52;c;x {word}a {DANGER} {word}z {DANGER}"


class HostileServer:
    """What the other end of one connection says; every text in it is `hostile`.

    Args:
        visitor: the connection.
    """

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._seq = 0

    def say(self, kind: str, **fields: object) -> None:
        """Sends one message; all of it in ASCII, so that half characters can be sent too."""
        frame = {"type": kind} | {name.rstrip("_"): value for name, value in fields.items()}
        self._visitor.send_bytes(json.dumps(frame).encode() + b"\n")

    def welcome(self, *users: str, replayed: int = 0) -> None:
        """Takes the login and answers it.

        Args:
            users: who is here.
            replayed: how many messages follow that were said before.
        """
        self._visitor.expect("login")
        epoch = hostile("epoch")
        room = standing(0, replayed, epoch)
        self.say(
            "welcome",
            username=hostile("me"),
            users=list(users),
            server=hostile("version"),
            protocol=1,
            message=hostile("greeting"),
            session=hostile("session"),
            new_user=False,
            logs={"room": room, "inbox": standing(0, 0, epoch), hostile("log"): room},
        )

    def broadcast(self, word: str, **fields: object) -> None:
        """Says the next public message."""
        self._seq += 1
        self.say("broadcast", **self._entry(word, self._seq), **fields)

    def direct(self, word: str, seq: int) -> None:
        """Says a direct message."""
        self.say("direct_message", to=hostile(f"{word}-to"), **self._entry(word, seq))

    def refuse(self, command: str) -> None:
        """Takes a command and refuses it."""
        request = self._visitor.expect(command)
        self.say("error", id=request["id"], command=command, **_no("refused"))

    def answer_who(self, *users: str) -> None:
        """Takes WHO and answers it."""
        request = self._visitor.expect("WHO")
        self.say("active_users", id=request["id"], users=list(users))

    def warn(self) -> None:
        """Reports an error that answers nothing."""
        self.say("error", **_no("warned"))

    def bye(self, **fields: object) -> None:
        """Ends the conversation for good."""
        self.say("bye", reason=hostile("farewell"), reconnect=False, **fields)
        self._visitor.hang_up()

    def refuse_login(self) -> None:
        """Takes a login, or one that comes back, and refuses it."""
        command = self._visitor.receive()["command"]
        self.say("error", command=command, **_no("unwanted"))

    @staticmethod
    def _entry(word: str, seq: int) -> Mapping[str, object]:
        return {
            "from": hostile(f"{word}-from"),
            "message": hostile(f"{word}-text"),
            "seq": seq,
            "prev": seq - 1,
            "epoch": hostile("epoch"),
            "ts": 1_700_000_000.0,
        }


def _no(word: str) -> Mapping[str, object]:
    return {
        "code": hostile(f"{word}-code"),
        "message": hostile(f"{word}-message"),
        "field": hostile(f"{word}-field"),
    }


def sequences(raw: bytes) -> set[str]:
    """Returns the escape sequences in what a terminal was sent, of each kind one.

    What moves the cursor or sets colours counts as one kind whatever its figures are.
    """
    return {_kind(found) for found in _SEQUENCE.finditer(raw.decode())}


def _kind(found: "re.Match[str]") -> str:
    mark, figures, last, other = found.groups()
    if other is not None:
        return f"ESC {other}"
    return f"CSI {mark}{last}" if last in "ABCDGHm" else f"CSI {mark}{figures}{last}"


def see_harmless(raw: bytes, own: set[str] | None = None) -> None:
    """Sees that a terminal that was sent `raw` had nothing to obey but what our program said.

    Args:
        raw: all that it was sent.
        own: the kinds of sequences that the program itself uses.
    """
    text = raw.decode()
    rest = _SEQUENCE.sub("", text)
    found = {
        "sequences": sequences(raw) - (own or set()),
        "figures": set(re.findall(rf"\x1b\[[?0-9;]*{UNIQUE}", text)),
        "controls": {c for c in rest if unicodedata.category(c) in _HARMFUL} - set("\r\n"),
        "unseen": set(_UNSEEN.findall(rest)),
        "marks": set(re.findall(f"\u0301{{{_MARKS + 1}}}", rest)),
    }
    assert not any(found.values()), found


def see_words(raw: bytes, *words: str) -> None:
    """Sees that texts came to the terminal, from their beginning to behind the danger."""
    text = raw.decode()
    missing = [mark for word in words for mark in (f"{word}a", f"{word}z") if mark not in text]
    assert missing == [], missing
