"""What a certificate is known by."""

import pytest

from chatroom.protocol.fingerprint import fingerprint_of, parse_fingerprint

EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_it_is_the_hash_of_the_certificate() -> None:
    assert fingerprint_of(b"") == EMPTY


@pytest.mark.parametrize(
    "text",
    [
        EMPTY,
        EMPTY.upper(),
        f"  {EMPTY}\n",
        EMPTY.removeprefix("sha256:"),
        ":".join(EMPTY.removeprefix("sha256:").upper()[n : n + 2] for n in range(0, 64, 2)),
    ],
)
def test_it_is_read_however_people_write_it(text: str) -> None:
    assert parse_fingerprint(text) == EMPTY


@pytest.mark.parametrize(
    "text", ["", "sha256:", EMPTY[:-1], EMPTY + "0", EMPTY[:-1] + "g", "sha1:" + EMPTY[7:]]
)
def test_what_is_none_is_not_taken_for_one(text: str) -> None:
    assert parse_fingerprint(text) is None
