"""Clients that do not read: what they cost, what they get later, and that nobody waits for them."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatroom.server import readers
from chatroom.server.debt import OUTBOX_BYTES
from chatroom.server.outbox import Outbox
from chatroom.server.tail import Tail
from tests.conversation import DEADLINE, Client, Frame, Running, line, running

SMALL = 4096
"""The receive buffer of a slow reader, in bytes; the system makes a little more of it."""

LONG = "x" * 8000
"""A message of nearly the longest length."""


@pytest.fixture(
    params=[(":memory:", 65536), (":memory:", 1), ("room.db", 65536), ("room.db", 1)],
    ids=["memory", "memory, next to no tail", "SQLite", "SQLite, next to no tail"],
)
def behind(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Running]:
    """A server that keeps so little of the newest messages in memory that it reads the log."""
    data, tail_bytes = request.param
    monkeypatch.setattr(readers, "Tail", lambda *_: Tail(tail_bytes))
    with running(data if data == ":memory:" else tmp_path / data) as server:
        yield server


def outbox_of(server: Running, username: str) -> Outbox:
    """Returns the writing side of the one connection of `username`."""
    return server.connection_of(username)._outbox


def pipelined(client: Client, lines: list[bytes], replies: int) -> list[Frame]:
    """Sends `lines` while it reads the replies, of which it returns so many."""
    sender = threading.Thread(target=client.send_bytes, args=(b"".join(lines),))
    sender.start()
    frames = client.take(replies)
    sender.join(DEADLINE)
    return frames


def test_a_slow_reader_gets_everything_once_and_in_order(behind: Running) -> None:
    """20 MB pass by a reader who does not read; then all of it is there, from the log."""
    slow = behind.enter("slow", receive_bytes=SMALL)
    bob, alice = behind.enter("bob"), behind.enter("alice")
    lines = []
    for number in range(1200):
        lines.append(line("PM", message=f"{number} {LONG}"))
        lines.append(line("DM", to="slow", message=f"{number} {LONG}"))
    confirmed = pipelined(bob, lines, len(lines))
    assert {frame["type"] for frame in confirmed} == {"confirmation"}
    heard = [frame["message"] for frame in alice.take(1200)]
    outbox = outbox_of(behind, "slow")
    assert outbox.stalled
    assert len(outbox.waiting) <= 2
    assert len(outbox.missing) < 64 * 1024

    received = slow.take(2400)
    public = [frame for frame in received if frame["type"] == "broadcast"]
    private = [frame for frame in received if frame["type"] == "direct_message"]
    assert [frame["message"] for frame in public] == heard
    assert [frame["message"] for frame in private] == heard
    assert chain(public) == chain(private) == [(place, place + 1) for place in range(1200)]
    assert slow.heard() == []


def chain(frames: list[Frame]) -> list[tuple[int, int]]:
    """Returns what links the entries of a log: the place before each and its own."""
    return [(frame["prev"], frame["seq"]) for frame in frames]


def test_a_slow_reader_s_own_words_do_not_come_back(behind: Running) -> None:
    """One who speaks and does not read gets confirmations in the place of its own messages."""
    slow = behind.enter("slow", receive_bytes=SMALL)
    bob = behind.enter("bob")
    for number in range(1000):
        slow.send("PM", message=f"slow {number}", id=f"{number}")
        bob.send("PM", message=f"bob {number} {LONG}")
        assert {bob.news()["type"], bob.news()["type"]} == {"broadcast", "confirmation"}
    assert outbox_of(behind, "slow").stalled
    received = slow.take(2000)
    for frame in received:
        assert frame["type"] == "confirmation" or frame["from"] == "bob", frame
    assert [frame["seq"] for frame in received] == list(range(1, 2001))
    assert slow.heard() == []


def test_readers_who_come_and_go_between_slow_and_fast(behind: Running) -> None:
    """Catching up while others go on talking loses nothing and repeats nothing."""
    slow = behind.enter("slow", receive_bytes=SMALL)
    bob = behind.enter("bob")
    lines = [line("PM", message=f"{number} {LONG}") for number in range(1500)]
    lines[::3] = [line("DM", to="slow", message=f"{number}") for number in range(500)]
    confirmed: list[Frame] = []
    talk = threading.Thread(target=lambda: confirmed.extend(pipelined(bob, lines, 1500)))
    talk.start()
    received: list[Frame] = []
    while len(received) < 1500:
        received += slow.take(min(97, 1500 - len(received)))
    talk.join(DEADLINE)
    public = [frame for frame in received if frame["type"] == "broadcast"]
    private = [frame for frame in received if frame["type"] == "direct_message"]
    assert chain(public) == [(place, place + 1) for place in range(1000)]
    assert chain(private) == [(place, place + 1) for place in range(500)]
    assert slow.heard() == []


def test_nobody_waits_for_slow_readers(server: Running) -> None:
    """Ten who do not read delay nobody: each message is there before its sender's next."""
    for number in range(10):
        server.enter(f"slow{number}", receive_bytes=SMALL)
    bob, alice = server.enter("bob"), server.enter("alice")
    begin = time.monotonic()
    for number in range(1000):
        bob.say(f"{number} {LONG}")
        assert alice.news("broadcast")["seq"] == number + 1
    assert time.monotonic() - begin < 10
    assert [outbox_of(server, f"slow{number}").stalled for number in range(10)] == [True] * 10


def test_a_slow_reader_gets_the_newest_list_once(server: Running) -> None:
    """Lists of users are not kept for one who does not read; the newest comes at the end."""
    slow = server.enter("slow", receive_bytes=SMALL)
    bob = server.enter("bob")
    pipelined(bob, [line("PM", message=LONG)] * 1000, 1000)
    for number in range(5):
        server.enter(f"guest{number}").ask("EX")
        bob.wait_roster("bob", "slow")
    server.enter("zoe")
    bob.wait_roster("bob", "slow", "zoe")
    frames = slow.wait_roster("bob", "slow", "zoe")
    assert len([frame for frame in frames if frame["type"] == "broadcast"]) == 1000
    assert len([frame for frame in frames if frame["type"] == "update_users"]) <= 1


def test_one_who_never_reads_its_replies_is_not_read_any_more(server: Running) -> None:
    """Requests whose replies nobody takes stay with their sender, and cost others nothing."""
    greedy = server.enter("greedy", receive_bytes=SMALL)
    bob, alice = server.enter("bob"), server.enter("alice")
    sent = send_until_it_blocks(greedy, line("WHO", id="w" * 64) * 500)
    assert sent < 64 * 1024 * 1024
    outbox = outbox_of(server, "greedy")
    assert outbox.stalled
    assert sum(len(insert.frame) for insert in outbox.waiting) < 2 * OUTBOX_BYTES
    bob.say("as quick as ever")
    assert alice.news("broadcast")["message"] == "as quick as ever"

    asked = sent // len(line("WHO", id="w" * 64))
    replies = [frame for frame in greedy.take(asked + 1) if frame["type"] == "active_users"]
    assert len(replies) == asked


def send_until_it_blocks(client: Client, data: bytes) -> int:
    """Sends `data` over and over until nothing more is taken for a while; returns how much was."""
    client.sock.settimeout(0.5)
    sent = 0
    try:
        while sent < 1 << 28:
            sent += client.sock.send(data[sent % len(data) :])
    except TimeoutError:
        return sent
    finally:
        client.sock.settimeout(DEADLINE)
    raise AssertionError(f"the server took {sent} bytes of requests and no end")


def test_the_server_stops_on_those_who_do_not_read() -> None:
    """Neither a slow reader nor one who is not read any more keeps the server from its end."""
    with running() as server:
        slow = server.enter("slow", receive_bytes=SMALL)
        greedy = server.enter("greedy", receive_bytes=SMALL)
        bob = server.enter("bob")
        pipelined(bob, [line("PM", message=LONG)] * 1000, 1000)
        send_until_it_blocks(greedy, line("WHO", id="w" * 64) * 500)
        assert outbox_of(server, "slow").stalled
        assert server.stop() < 2
        left = [thread.name for thread in threading.enumerate() if "client" in thread.name]
        assert not left
        assert slow.sock.fileno() >= 0


def test_a_slow_reader_who_goes_is_gone(server: Running) -> None:
    """A reset ends a connection that has much to be sent, and the others hear of it."""
    slow = server.enter("slow", receive_bytes=SMALL)
    bob = server.enter("bob")
    pipelined(bob, [line("PM", message=LONG)] * 1000, 1000)
    assert outbox_of(server, "slow").stalled
    slow.reset()
    bob.wait_roster("bob")
    assert bob.ask("WHO")["users"] == ["bob"]


def test_one_who_is_not_read_any_more_can_go(server: Running) -> None:
    """The thread that waits for its client to read ends with the connection."""
    greedy = server.enter("greedy", receive_bytes=SMALL)
    bob = server.enter("bob")
    send_until_it_blocks(greedy, line("WHO", id="w" * 64) * 500)
    greedy.reset()
    bob.wait_roster("bob")


def test_leaving_after_much_unread(behind: Running) -> None:
    """EX behind 2,000 messages: all confirmations come, then `bye`, though it read nothing yet."""
    client = behind.enter("talker", receive_bytes=SMALL)
    bob = behind.enter("bob")
    client.wait_roster("bob", "talker")
    data = b"".join(line("PM", message=f"{number} {'y' * 500}") for number in range(2000))
    client.send_bytes(data + line("EX"))
    heard = bob.take(2000)
    assert chain(heard) == [(place, place + 1) for place in range(2000)]
    bob.wait_roster("bob")
    frames = [frame for frame in client.remainder() if frame["type"] != "update_users"]
    assert [frame["seq"] for frame in frames[:-1]] == list(range(1, 2001))
    assert {frame["type"] for frame in frames[:-1]} == {"confirmation"}
    assert frames[-1]["type"] == "bye"


def test_a_half_closed_connection_gets_all_replies(server: Running) -> None:
    """Whoever has said everything and closes its writing side hears the answers, then the end."""
    client = server.connect(receive_bytes=SMALL)
    requests = [line("login", username="bob", password="secret")]
    requests += [line("PM", message=f"{number} {LONG}", id=f"{number}") for number in range(200)]
    requests += [line("WHO"), line("ping", id="last")]
    client.send_bytes(b"".join(requests))
    client.sock.shutdown(socket.SHUT_WR)
    frames = [frame for frame in client.remainder() if frame["type"] != "update_users"]
    assert [frame["type"] for frame in frames] == [
        "welcome",
        *["confirmation"] * 200,
        "active_users",
        "pong",
    ]
    assert [frame.get("id") for frame in frames[1:201]] == [f"{number}" for number in range(200)]
