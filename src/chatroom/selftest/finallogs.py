"""Reads what is in the store when everything has come to rest."""

from pathlib import Path

from chatroom.log.base import ROOM, Store
from chatroom.log.opening import open_store
from chatroom.selftest.records import Entry, Log, Logs

_STEP = 1000  # entries that are read together


def read_logs(data: Path) -> Logs:
    """Returns all logs of a database that no server uses.

    Raises:
        StoreError: It cannot be read.
    """
    with open_store(data) as store:
        accounts = store.accounts()
        names = {account.number: account.name for account in accounts}
        return Logs(
            _log(store, ROOM, names),
            {account.name: _log(store, account.inbox, names) for account in accounts},
        )


def _log(store: Store, number: int, names: dict[int, str]) -> Log:
    entries: list[Entry] = []
    while found := store.read(number, len(entries), _STEP):
        entries += [Entry(names[entry.author], entry.text) for entry in found]
    return Log(store.epoch(number), entries)
