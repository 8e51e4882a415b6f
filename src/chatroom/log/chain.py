"""The hash chain over the commits of a store: what was sealed cannot be changed unnoticed.

Each commit has a hash over the one before it, its time, which entries it appended, and what these
say. So one hash stands for everything up to it. An entry is in it by the digest of its text: a text
can be erased later, its digest kept, and the chain still holds. Epochs are not in it, since a log
that was restored has another one and says the same.

    hash(n) = sha256(hash(n - 1)  P(header)  [P(metadata)  sha256(text)] for each entry)

P puts the length in front, in four bytes, the highest first. The entries stand span after span, in
the order of `seq`.
"""

import hashlib
from collections.abc import Iterable, Sequence

import msgspec

GENESIS = bytes(32)
"""What stands in place of the hash before the first commit."""

Span = tuple[int, int, int]
"""The log, and the first and the last place in it that a commit filled."""

Link = tuple[int, bytes | None, bytes]
"""What the chain holds of an entry: its author, its id in UTF-8 or None, the digest of its text."""


def digest(text: bytes) -> bytes:
    """Return what stands in the chain for `text`, which is given in UTF-8."""
    return hashlib.sha256(text).digest()


def seal(before: bytes, ts: float, spans: Sequence[Span], links: Iterable[Link]) -> bytes:
    """Return the hash of a commit.

    Args:
        before: the hash of the commit before it, or `GENESIS`.
        ts: when it was, in seconds since 1970.
        spans: what it appended, ordered by log.
        links: all entries of the first span by `seq`, then those of the next.
    """
    header = f"{ts!r} {spans_to_text(spans)}".encode()
    parts = [before, len(header).to_bytes(4), header]
    for author, id_, text in links:
        said = b"%d:-" % author if id_ is None else b"%d:%d:%b" % (author, len(id_), id_)
        parts += (len(said).to_bytes(4), said, text)
    return hashlib.sha256(b"".join(parts)).digest()


def spans_to_text(spans: Sequence[Span]) -> str:
    """Return `spans` as they are stored: JSON without blanks."""
    return msgspec.json.encode(spans).decode()


def spans_from_text(text: str) -> list[Span]:
    """Return the spans that `text` stores.

    Raises:
        ValueError: it stores none, or spells them otherwise than `spans_to_text`.
    """
    try:
        spans = msgspec.json.decode(text, type=list[Span])
    except msgspec.DecodeError as error:
        raise ValueError(f"{text!r} are no spans") from error
    if spans_to_text(spans) != text:
        raise ValueError(f"{text!r} is not how spans are stored")
    return spans


def size(spans: Iterable[Span]) -> int:
    """Return how many entries `spans` hold."""
    return sum(last - first + 1 for _, first, last in spans)
