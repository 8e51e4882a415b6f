"""One client's thread, where another thread comes between its steps.

What clients see of it otherwise stands in the conversations.
"""

import contextlib
import json

from chatroom.auth.accounts import Accounts, Admission
from chatroom.auth.passwords import Passwords
from chatroom.config import Limits
from chatroom.log.memory import MemoryStore
from chatroom.room.tickets import Arrival, Departure
from chatroom.server.connection import Connection
from chatroom.server.connections import Connections
from chatroom.server.tickets import Farewell, Release
from tests.server.stage import DEADLINE, services_that_note, tcp_pair


class RemovedAtOnce(Accounts):
    """Accounts whose owner removes whoever has just shown their password."""

    def admit(
        self, username: str, password: str, invite: str | None = None, address: str = ""
    ) -> Admission:
        """Admit somebody who is gone right after that."""
        admission = super().admit(username, password, invite, address)
        self.remove(username)
        return admission


def test_who_is_removed_while_logging_in_does_not_stay() -> None:
    """The removal looked for the account's connections before this was one of them."""
    store, connections = MemoryStore(), Connections(0, 0)
    with contextlib.closing(Passwords(1, 8, 1)) as passwords, tcp_pair() as (near, client):
        accounts = RemovedAtOnce(
            [], lambda change: store.commit([change])[0], passwords, username_length=32
        )
        services, tickets = services_that_note(Limits(login_seconds=0), accounts)
        connection = Connection(near, "here", services, connections.remove)
        connections.add(connection)
        connection.start()
        client.sendall(b'{"command": "login", "username": "bob", "password": "secret"}')
        client.shutdown(1)
        assert connections.wait_empty(DEADLINE)
        assert [type(ticket) for ticket in tickets] == [Arrival, Departure, Farewell, Release]
        (farewell,) = [ticket for ticket in tickets if isinstance(ticket, Farewell)]
        assert json.loads(farewell.frame) == {
            "type": "bye",
            "reason": "account_removed",
            "reconnect": False,
            "after_ms": 0,
        }
        assert services.room.names() == ()
