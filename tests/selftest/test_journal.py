"""What a client wrote down can be read again, also when it was killed over it."""

from pathlib import Path

import pytest

from chatroom.selftest.journal import Journal, JournalError, read_journal
from chatroom.selftest.records import (
    ROOM,
    Again,
    Committed,
    Confirmed,
    Denied,
    Entered,
    Gapped,
    Offered,
    Received,
    Record,
    Refused,
    Rested,
    Returned,
    Sent,
    Withheld,
)

RECORDS: list[Record] = [
    Entered(),
    Offered("one {\n", None),
    Offered("two \u2028 😀", "bob"),
    Sent("one {\n"),
    Withheld("two", "no room"),
    Confirmed("one", 1, "e", duplicate=False),
    Refused("two", "user_not_in_room"),
    Again("one", 1, "e", duplicate=True),
    Denied("one", "id_reused"),
    Received(ROOM, "e", 2, 1, "bob", None, "three", replay=True),
    Committed(ROOM, 2),
    Gapped(ROOM, 3, 4, "hole"),
    Returned(5, 0.25),
    Rested(),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal with one of each kind."""
    journal = Journal(tmp_path / "journal")
    for record in RECORDS:
        journal.add(record)
    journal.close()
    return tmp_path / "journal"


def test_every_kind_of_record_comes_back(path: Path) -> None:
    assert list(read_journal(path)) == RECORDS


def test_a_record_is_in_the_file_before_anything_follows_from_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    journal.add(Rested())
    assert list(read_journal(tmp_path / "journal")) == [Rested()]
    journal.close()


def test_a_line_that_was_cut_short_is_left_out(path: Path) -> None:
    data = path.read_bytes()
    last = data.rindex(b"\n", 0, -1) + 1
    for end in range(last, len(data)):
        path.write_bytes(data[:end])
        assert list(read_journal(path)) == RECORDS[:-1]


def test_a_line_that_makes_no_sense_is_named(path: Path) -> None:
    path.write_bytes(b'["rested"]\n["offered",1]\n')
    with pytest.raises(JournalError, match=r"journal, line 2: "):
        list(read_journal(path))


def test_a_second_life_does_not_overwrite_the_first(path: Path) -> None:
    journal = Journal(path)
    journal.add(Entered())
    journal.close()
    assert list(read_journal(path)) == [*RECORDS, Entered()]
