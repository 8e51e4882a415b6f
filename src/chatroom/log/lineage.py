"""What a log that was restored has in common with its other incarnations.

A backup is the beginning of the log that it was made of. So whoever knows a place of an earlier
incarnation knows the same place of the restored log, up to where the two parted.
"""

import sqlite3
from collections.abc import Mapping

from chatroom.log.inspection import checked, logs

Known = Mapping[str, int]
"""Of one log: the last place that it has in common with each incarnation, itself included."""

_HAS_LINEAGE = "SELECT count(*) FROM sqlite_schema WHERE name = 'lineage'"  # version 1 has none
_LINEAGE = "SELECT log, epoch, last FROM lineage"


def known(connection: sqlite3.Connection) -> dict[int, dict[str, int]]:
    """Return what each log of a store knows, by its number.

    Raises:
        Damaged: the tables make no sense.
    """
    found = {log: {epoch: head} for log, epoch, head in logs(connection)}
    if connection.execute(_HAS_LINEAGE).fetchone() == (1,):
        rows = connection.execute(_LINEAGE).fetchall()
        for log, epoch, last in checked(rows, list[tuple[int, str, int]], "lineage"):
            found.setdefault(log, {})[epoch] = last
    return found


def merged(restored: Known, replaced: Known) -> dict[str, int]:
    """Return what a restored log knows, with what the log knew whose place it takes.

    Two logs that have a common incarnation are the same up to the last place that both have in
    common with it. So what the replaced one has in common with others holds for the restored one
    too, up to there.
    """
    common = restored.keys() & replaced.keys()
    shared = max((min(restored[epoch], replaced[epoch]) for epoch in common), default=0)
    found = dict(restored)
    for epoch, last in replaced.items():
        found[epoch] = max(found.get(epoch, 0), min(last, shared))
    return {epoch: last for epoch, last in found.items() if last > 0}
