"""One round of the delivery."""

import json

import pytest

from chatroom.log.base import Account, Appended, IdReused, StorageFull
from chatroom.server.outbox import Outbox
from chatroom.server.round import Round, Stamps, refusal
from tests.server.stage import Trickle


def test_public_messages_get_the_places_that_follow() -> None:
    work = Round(5)
    assert work.run().data == b""
    work.add(b"one\n")
    work.add(b"two\n")
    assert (work.first, work.next) == (5, 7)
    run = work.run()
    assert (run.first, run.next, run.data) == (5, 7, b"one\ntwo\n")


def test_what_is_for_one_reader_stands_behind_what_there_is_so_far() -> None:
    with Trickle() as sock, Trickle() as other:
        mine, touched = Outbox(sock), Outbox(other)
        mine.account, mine.begin = Account(1, "bob", "", 2), 5
        work = Round(5)
        work.insert(mine, b"reply\n", weight=6)
        work.add(b"one\n")
        work.insert_instead(mine, b"sent\n", weight=256)
        work.add(b"my own\n")
        work.insert(mine, b"psst\n", inbox=3)
        work.touch(touched)
        work.touch(mine)
        assert list(work.inserts) == [mine, touched]
        assert [(i.weight, i.inbox) for i in work.inserts[mine]] == [(6, 0), (256, 0), (0, 3)]
        assert work.inserts[touched] == []
        assert mine.send_own(work.run(), work.inserts[mine])
        assert sock.taken == b"reply\none\nsent\npsst\n"


@pytest.mark.parametrize(
    ("outcome", "code"), [(StorageFull("full"), "storage_full"), (IdReused(), "id_reused")]
)
def test_what_is_not_in_the_log_is_refused_with_the_reason(
    outcome: StorageFull | IdReused, code: str
) -> None:
    reply = json.loads(refusal(outcome, "PM", "m1"))
    assert (reply["type"], reply["code"]) == ("error", code)
    assert (reply["command"], reply["id"]) == ("PM", "m1")
    assert "id" not in json.loads(refusal(outcome, "DM", None))


def test_entries_have_the_epoch_of_their_log_and_the_time_of_their_commit() -> None:
    epochs = {1: "a", 2: "b"}
    stamps = Stamps(epochs.__getitem__)
    asked = [(1, 1.5), (1, 1.5), (2, 1.5), (2, 2.5), (1, 1.5)]
    made = [json.loads(f"{{{stamps.of(log, Appended(1, ts))}}}") for log, ts in asked]
    assert made == [{"epoch": epochs[log], "ts": ts} for log, ts in asked]
