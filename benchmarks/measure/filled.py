"""A log that is full, made by the real store and kept from run to run."""

import shutil
from pathlib import Path

from benchmarks.load import texts
from benchmarks.paths import WORK
from chatroom.log import schema
from chatroom.log.base import ROOM, AddAccount, Draft
from chatroom.log.sqlite import SqliteStore

AUTHORS = 100
BATCH = 1000
"""How many messages one commit holds."""

TEXT_BYTES = 80


def filled(messages: int) -> Path:
    """Return a folder with a log of so many messages to the room, in `chatroom.db`.

    It is made when there is none of this size and of this version of the schema.
    """
    folder = WORK / f"log-{messages}-version-{len(schema.MIGRATIONS)}"
    if not folder.exists():
        unfinished = folder.with_suffix(".part")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        _fill(unfinished / "chatroom.db", messages)
        unfinished.rename(folder)
    return folder


def _fill(path: Path, messages: int) -> None:
    store = SqliteStore(path)
    try:
        store.commit([AddAccount(f"c{number}", "no password") for number in range(AUTHORS)])
        authors = [each.number for each in store.accounts()]
        for first in range(0, messages, BATCH):
            numbers = range(first, min(first + BATCH, messages))
            store.commit([_draft(authors[number % AUTHORS], number) for number in numbers])
    finally:
        store.close()


def _draft(author: int, number: int) -> Draft:
    text = texts.plain(author, TEXT_BYTES).decode()
    return Draft(log=ROOM, author=author, text=text, id=f"`{number}")
