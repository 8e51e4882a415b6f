"""What a TLS client says first (RFC 5246, RFC 8446), byte by byte, so that it can be wrong."""

import os
import struct

TLS_1_0, TLS_1_1, TLS_1_2 = 0x0301, 0x0302, 0x0303
SSL_3_0 = 0x0300
NULL, DEFLATE = 0, 1
"""Methods of compression."""

HANDSHAKE, ALERT = 0x16, 0x15
"""Types of records."""

REFUSALS = {40, 70}
"""The alerts of a server that does not speak the version: handshake_failure, as it knows nothing of
one, and protocol_version."""

_CLIENT_HELLO, SERVER_HELLO = 1, 2
_CIPHERS = (0xC02B, 0xC02C, 0xC009, 0xC00A, 0xC02F, 0xC013, 0x009C, 0x002F, 0x0035, 0x00FF)
_GROUPS = (0x001D, 0x0017, 0x0018)
_SIGNATURES = (0x0403, 0x0503, 0x0804, 0x0401, 0x0203, 0x0201)


def record(kind: int, body: bytes, version: int = TLS_1_0) -> bytes:
    """Returns one record."""
    return struct.pack(">BHH", kind, version, len(body)) + body


def client_hello(version: int = TLS_1_2, compressions: tuple[int, ...] = (NULL,)) -> bytes:
    """Returns the hello of a client that speaks no newer version than `version`.

    Args:
        version: one of the above.
        compressions: what it can compress with, in the order that it likes best.
    """
    body = struct.pack(">H", version) + os.urandom(32) + b"\0"
    body += _list(_CIPHERS, 2) + bytes([len(compressions), *compressions])
    extensions = _extension(10, _list(_GROUPS, 2)) + _extension(11, b"\x01\x00")
    extensions += _extension(13, _list(_SIGNATURES, 2))
    body += struct.pack(">H", len(extensions)) + extensions
    return record(HANDSHAKE, handshake(body, len(body)), min(version, TLS_1_0))


def handshake(body: bytes, length: int) -> bytes:
    """Returns a client's hello that claims to be so long."""
    return bytes([_CLIENT_HELLO]) + length.to_bytes(3, "big") + body


def compression_of(server_hello: bytes) -> int:
    """Returns the compression that the server has chosen, from the body of its first record."""
    assert server_hello[0] == SERVER_HELLO
    session = 4 + 2 + 32  # behind type and length, version, and random bytes
    return server_hello[session + 1 + server_hello[session] + 2]


def _list(numbers: tuple[int, ...], size: int) -> bytes:
    items = b"".join(number.to_bytes(size, "big") for number in numbers)
    return struct.pack(">H", len(items)) + items


def _extension(kind: int, body: bytes) -> bytes:
    return struct.pack(">HH", kind, len(body)) + body
