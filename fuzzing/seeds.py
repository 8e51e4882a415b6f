"""Where inputs begin: the conversations under `tests/wire`, and the words of the protocol."""

from chatroom.protocol.commands import COMMANDS
from tests.wire_cases import wire_cases

CASES = tuple(case.data for case in wire_cases())
"""Good and bad bytes of a client, by themselves."""

SHORT = 8192
"""How long a case may be where an input is costly to put through."""

SHORT_CASES = tuple(case for case in CASES if len(case) <= SHORT)
"""Those that are not about length."""

TOKENS = (
    *(f'{{"command":"{name}"'.encode() for name in COMMANDS),
    b',"username":"alice"',
    b',"password":"secret"',
    b',"message":"hello"',
    b',"to":"bob"',
    b',"id":"a1"',
    b',"history":3',
    b',"log":"room"',
    b',"log":"inbox"',
    b',"log":"sent"',
    b',"before":2',
    b',"limit":1',
    b',"logs":{"room":{"epoch":"e","after":1}}',
    b',"session":"',
    b',"invite":"',
    b"{}",
    b"[]",
    b"}",
    b"{",
    b"[",
    b"]",
    b'"',
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"\\udc00",
    b"\\n",
    b"\n",
    b"\r\n",
    b":",
    b",",
    b"null",
    b"true",
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"9007199254740992",
    b"\x00",
    b"\x1b]52;c;",
    b"\xc2\x9b",
    b"\xe2\x80\xae",
    b"\xef\xbb\xbf",
    b"\xf0\x9f\x92\xa9",
    b"\xed\xa0\x80",
    b"\xff",
)
"""Pieces of frames, and what breaks them."""
