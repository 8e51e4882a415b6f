"""Many who talk to all and to each other while their connections break all the time.

They keep what the protocol says a client has to keep, and nothing else. In the end each of them has
heard exactly what is in the logs. What each connection brings is held too: everything of one log is
the next of it, says rightly whether it is replayed, and every ping names the heads that came.
"""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import pytest

from chatroom.log.base import ROOM, Store
from tests.conversation import Client, Frame, Running, line, running
from tests.server.stage import wait_until

ACCOUNTS = ("ann", "bob", "cleo")
GUESTS = 6
"""How many talk: two of each account."""
STEPS = 150
"""How often each of them does something."""
FAR = 1 << 40

Said = tuple[str, str]
"""Who said something, and what."""

Knowledge = Literal["exact", "stale", "foreign"]
"""What somebody who comes back claims to know: what is so, less than that, or another log."""


class Guest:
    """Somebody on one connection after the other, in a thread of its own.

    Args:
        server: where.
        number: which of all; it says whose account is used.
        seed: makes all the choices.
    """

    def __init__(self, server: Running, number: int, seed: int) -> None:
        self.name = ACCOUNTS[number % len(ACCOUNTS)]
        self.heard: dict[str, dict[int, Said]] = {"room": {}, "inbox": {}}
        """What was said, by log and place."""
        self._server = server
        self._chance = random.Random(f"{seed} {number}")  # noqa: S311  # nothing secret
        self._number = number
        self._count = 0
        self._unconfirmed: dict[str, bytes] = {}
        self._places: dict[str, dict[str, Any]] = {}
        self._heads: dict[str, int] = {}
        self._gaps: list[Frame] = []  # which are to come next
        self._client = server.connect()
        welcome = self._client.login(self.name)
        self._session = welcome["session"]
        self._take_up(welcome)
        self.first = {log: place["after"] + 1 for log, place in self._places.items()}
        """From where on this guest has everything, by log."""

    def live(self) -> None:
        """Talk, listen, and lose the connection, again and again; be back in the end."""
        for _ in range(STEPS):
            act = self._chance.choice((self._talk, self._talk, self._listen, self._break))
            act()
        self._client.reset()
        self._come_back("exact")
        while self._unconfirmed:
            self._take(self._client.read())

    def listen_up_to(self, heads: dict[str, int]) -> None:
        """Listen until everything up to these heads has come, and see that this is all."""
        while {log: place["after"] for log, place in self._places.items()} != heads:
            self._take(self._client.read())
        self._listen(frames=1 << 30)

    def _talk(self) -> None:
        """Say some things in one go."""
        self._client.send_bytes(self._something())

    def _something(self) -> bytes:
        lines = []
        for _ in range(self._chance.randint(1, 12)):
            self._count += 1
            id_ = f"{self._number}-{self._count}"
            to = self._chance.choice((*ACCOUNTS, "", "", ""))
            text = f"{id_} {'x' * self._chance.choice((0, 0, 0, 4000))}"
            lines.append(
                line("DM", to=to, message=text, id=id_) if to else line("PM", message=text, id=id_)
            )
            self._unconfirmed[id_] = lines[-1]
        return b"".join(lines)

    def _listen(self, frames: int = 0) -> None:
        """Take some of what comes, and no more than there is."""
        self._client.send("ping", id=f"{self._number}")
        for _ in range(frames or self._chance.randint(1, 200)):
            frame = self._client.read()
            self._take(frame)
            if frame["type"] == "pong":
                break

    def _break(self) -> None:
        """Lose the connection, or leave, and come back."""
        how = self._chance.choice(("reset", "close", "half", "leave"))
        if how == "leave":
            self._leave()
        elif how == "half":
            self._client.sock.shutdown(1)
        elif how == "reset":
            self._client.reset()
        else:
            self._client.close()
        if self._chance.random() < 0.2:
            self._claim_too_much()
        self._come_back(self._chance.choice(("exact", "exact", "exact", "stale", "foreign")))

    def _leave(self) -> None:
        """Say EX and hear all there is to hear; the session ends with it."""
        self._client.send("EX")
        while (frame := self._client.read())["type"] != "bye":
            self._take(frame)
        assert not self._unconfirmed
        self._session = ""
        self._client.close()

    def _claim_too_much(self) -> None:
        """Come back from places that there are not, and hear that; on a connection of its own."""
        places = {log: place | {"after": FAR} for log, place in self._places.items()}
        with Client(self._server.address) as client:
            frame = client.ask("login", username=self.name, password="secret", logs=places)
            for log, standing in frame["logs"].items():
                assert (standing["from"], standing["recovered"]) == (standing["head"] + 1, False)
                gap = {"from": standing["head"] + 1, "to": FAR, "reason": "ahead"}
                assert client.news() == {"type": "gap", "log": log} | gap

    def _come_back(self, knowledge: Knowledge) -> None:
        """Come back, and say again and in the same go what was not confirmed, and more."""
        for place in self._places.values():
            if knowledge == "stale":
                place["after"] = self._chance.randint(0, place["after"])
            elif knowledge == "foreign":
                place["epoch"] = "another"
        claimed = {log: dict(place) for log, place in self._places.items()}
        again = b"".join(self._unconfirmed.values())
        self._client = self._server.connect(receive_bytes=self._chance.choice((0, 4096)))
        if self._session:
            come = line("resume", session=self._session, logs=claimed)
        else:
            come = line("login", username=self.name, password="secret", logs=claimed)
        self._client.send_bytes(come + again + self._something())
        frame = self._client.read()
        assert frame["type"] == ("resumed" if self._session else "welcome"), frame
        self._session = frame.get("session", self._session)
        self._take_up(frame)
        self._gaps.clear()  # of the connection before
        for log, standing in frame["logs"].items():
            self._hold_start(log, standing, claimed[log]["after"], knowledge)

    def _take_up(self, frame: Frame) -> None:
        """Stand where the server says."""
        for log, standing in frame["logs"].items():
            self._places[log] = {"epoch": standing["epoch"], "after": standing["from"] - 1}
            self._heads[log] = standing["head"]

    def _hold_start(self, log: str, standing: Frame, after: int, knowledge: Knowledge) -> None:
        """See that the server begins where it should, and know which gap it is to tell."""
        if knowledge != "foreign":
            assert (standing["from"], standing["recovered"]) == (after + 1, True)
            return
        assert (standing["from"], standing["recovered"]) == (1, after == 0)
        self.first[log] = 1
        gap = {"type": "gap", "log": log, "from": 1, "to": after, "reason": "epoch"}
        self._gaps.append(gap)

    def _take(self, frame: Frame) -> None:
        """Take in whatever it is."""
        match frame["type"]:
            case "broadcast" | "direct_message":
                self._hear(frame)
            case "confirmation":
                self._confirm(frame)
            case "gap":
                assert frame == self._gaps.pop(0)
            case "error":
                assert frame["code"] == "user_not_in_room", frame
                self._unconfirmed.pop(frame["id"], None)
            case "ping":
                for log, head in frame.get("logs", {}).items():
                    assert head == {
                        "epoch": self._places[log]["epoch"],
                        "head": self._places[log]["after"],
                    }
                self._client.send("pong")
            case kind:
                assert kind in {"pong", "update_users"}, frame

    def _hear(self, frame: Frame) -> None:
        log = "room" if frame["type"] == "broadcast" else "inbox"
        seq, place = frame["seq"], self._places[log]
        assert (frame["epoch"], frame["prev"]) == (place["epoch"], place["after"]), frame
        assert frame.get("replay", False) is (seq <= self._heads[log])
        assert log == "room" or frame["to"] == self.name
        self._keep(log, seq, (frame["from"], frame["message"]))

    def _confirm(self, frame: Frame) -> None:
        sent = self._unconfirmed.pop(frame["id"])
        if frame["command"] == "PM" and not frame["duplicate"]:
            place = self._places["room"]
            assert (frame["epoch"], frame["seq"]) == (place["epoch"], place["after"] + 1), frame
            self._keep("room", frame["seq"], (self.name, json.loads(sent)["message"]))

    def _keep(self, log: str, seq: int, said: Said) -> None:
        """Have an entry, and move to its place."""
        assert not self._gaps
        assert self.heard[log].setdefault(seq, said) == said
        self._places[log]["after"] = seq


def logs_of(store: Store, name: str) -> dict[str, dict[int, Said]]:
    """Return what is in the logs that the account called `name` may read, by log and place."""
    accounts = {account.number: account for account in store.accounts()}
    (inbox,) = (account.inbox for account in accounts.values() if account.name == name)
    return {
        log: {
            entry.seq: (accounts[entry.author].name, entry.text)
            for entry in store.read(number, 0, 1 << 30)
        }
        for log, number in (("room", ROOM), ("inbox", inbox))
    }


@pytest.mark.parametrize(("seed", "in_memory"), [(1, True), (2, True), (3, False), (4, False)])
def test_everybody_hears_exactly_what_was_said(
    tmp_path: Path, seed: int, *, in_memory: bool
) -> None:
    data = ":memory:" if in_memory else tmp_path
    with running(data, ping_seconds=0.05, answer_seconds=60.0) as server:
        guests = [Guest(server, number, seed) for number in range(GUESTS)]
        with ThreadPoolExecutor(GUESTS) as threads:
            for future in [threads.submit(guest.live) for guest in guests]:
                future.result()
        wait_until(lambda: len(server.app._connections) == GUESTS)
        store = server.app._delivery._store
        for guest in guests:
            said = logs_of(store, guest.name)
            guest.listen_up_to({log: len(entries) for log, entries in said.items()})
            for log, entries in said.items():
                texts = [text for _, text in entries.values()]
                assert len(set(texts)) == len(texts)
                first = guest.first[log]
                expected = {seq: entry for seq, entry in entries.items() if seq >= first}
                assert guest.heard[log] == expected
