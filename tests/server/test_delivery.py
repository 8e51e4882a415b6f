"""What is still sent when a connection, or the server, ends."""

import threading

import pytest

from chatroom.config import Limits
from chatroom.log.base import ROOM, Draft
from chatroom.log.committer import Done, Job
from chatroom.log.memory import MemoryStore
from chatroom.protocol import events
from chatroom.protocol.commands import Places
from chatroom.room.roster import Member
from chatroom.room.tickets import Arrival, Departure, Greeting, Public
from chatroom.server.delivery import Delivery
from chatroom.server.outbox import Outbox
from chatroom.server.tickets import Answer, Farewell, Ticket
from chatroom.server.timers import Timers
from tests.conversation import Running
from tests.server.stage import DEADLINE, accounts_in, full_pair, wait_until

BYE = {"type": "bye", "reason": "shutting_down", "reconnect": True, "after_ms": 0}


def member_of(server: Running, username: str) -> Member[Outbox]:
    """Return somebody who is in the room on one connection."""
    member = server.connection_of(username)._visit.member
    assert member is not None
    return member


def says(member: Member[Outbox], text: str) -> Job[Ticket]:
    return Job(Public(member, text), Draft(ROOM, member.account.number, text, text))


@pytest.mark.parametrize("at_once", [False, True])
def test_what_one_says_after_the_end_is_stored_and_not_confirmed(
    server: Running, *, at_once: bool
) -> None:
    """A confirmation moves the place, and would pass over what others said meanwhile."""
    alice, bob = (server.enter(name) for name in ("alice", "bob"))
    one, other = (member_of(server, name) for name in ("alice", "bob"))
    bye = events.bye("shutting_down", reconnect=True)
    server.app._committer.submit(
        [
            Job(Departure(other)),
            Job(Farewell(other.channel, bye, at_once)),
            says(one, "unheard"),
            says(other, "late"),
        ]
    )
    assert bob.news() == BYE
    assert bob.remainder() == []
    assert [frame["seq"] for frame in alice.take(2)] == [1, 2]


def test_a_bye_that_goes_before_all_else_goes_before_confirmations_too(server: Running) -> None:
    """What others said in the same round is not sent any more, so neither are they."""
    alice, bob = (server.enter(name) for name in ("alice", "bob"))
    bob.heard()
    one, other = (member_of(server, name) for name in ("alice", "bob"))
    bye = events.bye("shutting_down", reconnect=True)
    server.app._committer.submit(
        [
            says(one, "unheard"),
            says(other, "said"),
            Job(Departure(other)),
            Job(Farewell(other.channel, bye, at_once=True)),
        ]
    )
    assert bob.news() == BYE
    assert [frame["seq"] for frame in alice.take(2)] == [1, 2]


@pytest.mark.parametrize("history", [0, 50])
def test_what_is_due_after_the_end_does_not_break_the_connection(
    server: Running, history: int
) -> None:
    """Neither a reply nor a welcome, as when a password was being checked; it would be reset."""
    alice, bob = (server.enter(name) for name in ("alice", "bob"))
    alice.say("hello")
    bob.heard()
    other = member_of(server, "bob")
    bye = events.bye("shutting_down", reconnect=True)
    submit = server.app._committer.submit
    submit([Job(Departure(other)), Job(Farewell(other.channel, bye))])
    assert bob.news() == BYE
    greeting = Greeting(None, Places(), history)
    submit([Job(Answer(other.channel, events.pong("late")))])
    submit([Job(Arrival(other, greeting, ("bob",), 1))])
    alice.say("to everyone")
    submit([Job(Departure(other))])
    alice.heard()
    assert other.channel.finished
    assert not other.channel.dead
    assert bob.remainder() == []


def test_what_is_put_just_before_the_end_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if the thread had looked for it the moment before, and waits for a full socket."""
    store = MemoryStore()
    with accounts_in(store) as accounts, full_pair() as (full, _), full_pair() as (near, far):
        delivery = Delivery(store, accounts, Timers(), Limits())
        poll, looked = delivery._queue.poll, threading.Event()

        def look_and_be_late() -> list[Done[Ticket]]:
            done = poll()
            if not done:
                looked.set()
                wait_until(lambda: delivery._stopping)
            return done

        monkeypatch.setattr(delivery._queue, "poll", look_and_be_late)
        delivery.put([Done(Answer(Outbox(full), bytes(1 << 20)), None, None)])
        delivery.start()
        assert looked.wait(DEADLINE)
        delivery.put([Done(Answer(Outbox(near), b"last\n"), None, None)])
        delivery.stop()
        assert far.recv(100) == b"last\n"
