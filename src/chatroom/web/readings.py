"""Where the figures of `GET /metrics` come from."""

from typing import NamedTuple

from chatroom.log.base import Store
from chatroom.log.committer import Committer
from chatroom.room.room import Room
from chatroom.server.connections import Connections
from chatroom.server.counts import Counts
from chatroom.server.delivery import Delivery
from chatroom.server.outbox import Outbox
from chatroom.server.tickets import Ticket


class Sources(NamedTuple):
    """What knows the figures; each may be asked from any thread."""

    store: Store
    committer: Committer[Ticket]
    delivery: Delivery
    room: Room[Outbox]
    connections: Connections
    counts: Counts
