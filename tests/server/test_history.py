"""Scrolling back: pages of the room, of one's inbox, and of what one said to somebody."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.auth.accounts import Accounts
from chatroom.log.base import ROOM, Draft, Entry, Store
from chatroom.log.memory import MemoryStore
from chatroom.log.sqlite import SqliteStore
from chatroom.protocol.commands import MAX_PAGE, History, HistoryLog
from chatroom.protocol.pages import Page, Said
from chatroom.server.history import ENTRIES, PAGE_BYTES, PLACES, Pages
from tests.conversation import Client, Frame, Running, line, running
from tests.server.stage import DEADLINE, account, accounts_in, say

NAMES = ("alice", "bob", "carol")


@pytest.fixture(params=["memory", "disk"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Running]:
    """A server with each engine in turn."""
    with running(tmp_path if request.param == "disk" else ":memory:") as server:
        yield server


@pytest.fixture(params=["memory", "disk"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store of each engine in turn."""
    kept = SqliteStore(tmp_path / "chat.db") if request.param == "disk" else MemoryStore()
    yield kept
    kept.close()


@pytest.fixture
def accounts(store: Store) -> Iterator[Accounts]:
    """The accounts of `store`: alice, bob and carol."""
    with accounts_in(store, *NAMES) as accounts:
        yield accounts


def texts(page: Frame) -> list[str]:
    """Returns what the messages of a page say."""
    return [entry["message"] for entry in page["entries"]]


def span(page: Frame) -> tuple[int, int, int]:
    """Returns where a page begins and ends, and where the log does."""
    return page["from"], page["to"], page["oldest"]


def say_all(client: Client, *messages: str) -> None:
    """Says each of `messages` to everyone."""
    client.send_bytes(b"".join(line("PM", message=text) for text in messages))
    client.take(len(messages))


# Conversations.


def test_a_page_has_what_everybody_saw(server: Running) -> None:
    bob, alice = server.enter("bob"), server.enter("alice")
    first = bob.say('hello\n"there"')
    assert alice.news("broadcast")["seq"] == 1
    second = alice.say("☃ 🎉")
    assert bob.news("broadcast")["seq"] == 2
    page = bob.ask("history", id="h1", log="room")
    assert page == {
        "type": "history",
        "id": "h1",
        "log": "room",
        "epoch": first["epoch"],
        "from": 1,
        "to": 2,
        "oldest": 1,
        "entries": [
            {"from": "bob", "message": 'hello\n"there"', "seq": 1, "ts": first["ts"]},
            {"from": "alice", "message": "☃ 🎉", "seq": 2, "ts": second["ts"]},
        ],
    }


def test_scrolling_back_to_the_beginning(server: Running) -> None:
    """The next page is before the first place of this one, until that is not above the oldest."""
    bob = server.enter("bob")
    say_all(bob, *map(str, range(1, 8)))
    pages = [bob.ask("history", log="room", limit=3)]
    while pages[-1]["from"] > pages[-1]["oldest"]:
        pages.append(bob.ask("history", log="room", limit=3, before=pages[-1]["from"]))
    assert [texts(page) for page in pages] == [["5", "6", "7"], ["2", "3", "4"], ["1"]]
    assert [span(page) for page in pages] == [(5, 7, 1), (2, 4, 1), (1, 1, 1)]
    assert span(bob.ask("history", log="room", before=1)) == (1, 0, 1)
    assert texts(bob.ask("history", log="room", before=1000, limit=1)) == ["7"]


def test_a_page_of_a_log_in_which_there_is_nothing(server: Running) -> None:
    bob = server.enter("bob")
    for fields in ({"log": "room"}, {"log": "inbox"}, {"log": "sent", "to": "bob"}):
        page = bob.ask("history", **fields)
        assert (span(page), page["entries"]) == ((1, 0, 1), [])


def test_so_many_as_the_server_thinks_fit(server: Running) -> None:
    bob = server.enter("bob")
    say_all(bob, *map(str, range(MAX_PAGE + 10)))
    assert len(bob.ask("history", log="room")["entries"]) == ENTRIES
    assert len(bob.ask("history", log="room", limit=MAX_PAGE)["entries"]) == MAX_PAGE


def test_what_was_said_between_two_is_shown_to_the_two(server: Running) -> None:
    """Each sees in the inbox what came, and under `sent` what they said; nobody sees more."""
    alice, bob, carol = (server.enter(name) for name in NAMES)
    for sender, to, text in (
        (alice, "bob", "one"),
        (carol, "bob", "two"),
        (bob, "alice", "three"),
        (alice, "bob", "four"),
    ):
        sender.send("DM", to=to, message=text)
        while sender.news()["type"] != "confirmation":
            pass
    for client in (alice, bob):
        client.heard()
    assert texts(bob.ask("history", log="inbox")) == ["one", "two", "four"]
    assert texts(alice.ask("history", log="inbox", to="bob")) == ["three"]
    assert texts(bob.ask("history", log="sent", to="alice")) == ["three"]
    page = alice.ask("history", log="sent", to="BOB")
    assert (texts(page), page["to_user"], span(page)) == (["one", "four"], "bob", (1, 3, 1))
    assert [(entry["from"], entry["seq"]) for entry in page["entries"]] == [
        ("alice", 1),
        ("alice", 3),
    ]
    assert texts(carol.ask("history", log="sent", to="bob")) == ["two"]
    assert texts(carol.ask("history", log="sent", to="alice")) == []
    assert texts(carol.ask("history", log="inbox")) == []


@pytest.mark.parametrize("name", ["dave", "", "x" * 70, "\ud800", "a\nb"])
def test_nobody_has_that_name(server: Running, name: str) -> None:
    error = server.enter("bob").refused("invalid_field", "history", log="sent", to=name, id="h")
    assert (error["field"], error["id"]) == ("to", "h")
    assert "nobody called" in error["message"]


def test_history_is_for_those_who_are_in(server: Running) -> None:
    client = server.connect()
    assert client.refused("not_logged_in", "history", log="room")["command"] == "history"


def test_pages_stand_among_the_other_replies(server: Running) -> None:
    """In the order in which they were asked for, and what was said first is stored first."""
    bob = server.enter("bob")
    bob.send_bytes(
        line("PM", message="hello", id="1")
        + line("history", log="room", id="2")
        + line("ping", id="3")
        + line("history", log="inbox", id="4")
    )
    assert [frame["id"] for frame in bob.take(4)] == ["1", "2", "3", "4"]


def test_long_messages_make_shorter_pages(server: Running) -> None:
    """A page is cut at its older end, and what was cut off begins the next one."""
    bob = server.enter("bob")
    long = [f"{number:4}".ljust(8192, "x") for number in range(PAGE_BYTES // 8192 + 4)]
    say_all(bob, *long)
    page = bob.ask("history", log="room")
    assert texts(page) == long[4:]
    assert span(page) == (5, len(long), 1)
    page = bob.ask("history", log="room", before=5)
    assert (texts(page), span(page)) == (long[:4], (1, 4, 1))


def test_a_message_that_is_longer_than_a_page_is_a_page() -> None:
    with running(message_bytes=2 * PAGE_BYTES, frame_bytes=8 * PAGE_BYTES) as server:
        bob = server.enter("bob")
        longest = ["é" * PAGE_BYTES, "☃" * (PAGE_BYTES // 3 + 1)]
        say_all(bob, *longest)
        page = bob.ask("history", log="room")
        assert (texts(page), page["from"]) == (longest[1:], 2)
        assert texts(bob.ask("history", log="room", before=2)) == longest[:1]


def test_one_who_asks_and_does_not_read_holds_up_nobody(server: Running) -> None:
    """Pages count among the replies that may wait; all come when they are read at last."""
    bob, greedy = server.enter("bob"), server.enter("greedy", receive_bytes=4096)
    say_all(bob, *["x" * 8000] * 20)
    greedy.heard()
    asked = b"".join(line("history", log="room", id=f"{number}") for number in range(100))
    sender = threading.Thread(target=greedy.send_bytes, args=(asked,))
    sender.start()
    bob.say("still here")
    assert bob.ask("history", log="room")["to"] == 21
    replies = [frame for frame in greedy.take(101) if frame["type"] == "history"]
    assert [frame["id"] for frame in replies] == [f"{number}" for number in range(100)]
    sender.join(DEADLINE)


def test_pages_count_among_what_one_may_say() -> None:
    """Whoever asks too fast is told when to ask again, and what they say waits for no page."""
    with running(messages_per_second=20, message_burst=3) as server:
        bob = server.enter("bob")
        bob.send_bytes(line("PM", message="hello") + line("history", log="room", id="h") * 3)
        assert [frame["type"] for frame in bob.take(3)] == ["confirmation", "history", "history"]
        error = bob.news("error")
        assert (error["code"], error["command"], error["id"]) == ("rate_limited", "history", "h")
        assert 0 < error["retry_after"] <= 0.05
        threading.Event().wait(error["retry_after"] + 0.01)
        bob.say("not held up", id="other")


# Pages, straight from a store.


def turn_back(
    pages: Pages, accounts: Accounts, reader: str, log: HistoryLog, to: str | None, limit: int
) -> list[Page]:
    """Returns all pages that `reader` gets of a log, from the newest to the oldest."""
    who = account(accounts, reader)
    found = [pages.page(who, History(log=log, to=to, limit=limit))]
    while found[-1].first > found[-1].oldest:
        behind = found[-1].first
        found.append(pages.page(who, History(log=log, to=to, limit=limit, before=behind)))
        assert found[-1].last == behind - 1
        assert found[-1].first < behind
    return found


def joined(found: list[Page]) -> list[Said]:
    """Returns what is on pages, from the oldest to the newest."""
    return [said for page in reversed(found) for said in page.said]


def kept(store: Store, accounts: Accounts, log: int, author: str | None = None) -> list[Said]:
    """Returns what there is in a log, of one author or of all."""
    entries = [
        Said(accounts.name(e.author), e.text, e.seq, e.ts) for e in store.read(log, 0, 1 << 30)
    ]
    return [said for said in entries if author in {None, said.author}]


drafts = st.lists(
    st.tuples(
        st.sampled_from(["room", *NAMES]),
        st.sampled_from(NAMES),
        st.text("aé☃\n", min_size=1, max_size=3),
    ),
    max_size=300,
)


@given(
    said=drafts,
    capacity=st.integers(1, 400),
    limit=st.integers(1, MAX_PAGE),
    portion=st.integers(1, 70),
)
def test_pages_show_each_message_once_to_those_whom_it_concerns(
    said: list[tuple[str, str, str]], capacity: int, limit: int, portion: int
) -> None:
    """All of the room and of one's inbox, and of others' inboxes what one said there, in order.

    The store may have forgotten some of it.
    """
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setattr("chatroom.server.history._PORTION", portion)
        store = MemoryStore(capacity)
        accounts = stack.enter_context(accounts_in(store, *NAMES))
        logs = {name: account(accounts, name).inbox for name in NAMES} | {"room": ROOM}
        store.commit(
            [Draft(logs[log], account(accounts, name).number, text) for log, name, text in said]
        )
        pages = Pages(store, accounts)
        for reader in NAMES:
            asked: list[tuple[HistoryLog, str | None, list[Said]]] = [
                ("room", None, kept(store, accounts, ROOM)),
                ("inbox", None, kept(store, accounts, logs[reader])),
                *(("sent", to, kept(store, accounts, logs[to], reader)) for to in NAMES),
            ]
            for log, to, expected in asked:
                found = turn_back(pages, accounts, reader, log, to, limit)
                assert joined(found) == expected
                assert all(len(page.said) <= limit for page in found)


def test_of_a_long_inbox_so_much_is_looked_through(store: Store, accounts: Accounts) -> None:
    """And a page says where to go on, even if it has found nothing."""
    alice, bob, carol = (account(accounts, name) for name in NAMES)
    say(store, alice, "hidden", log=bob.inbox)
    say(store, carol, *["noise"] * (PLACES + 100), log=bob.inbox)
    found = turn_back(Pages(store, accounts), accounts, "alice", "sent", "bob", 50)
    assert [(page.first, page.last) for page in found] == [(102, PLACES + 101), (1, 101)]
    assert [said.text for said in joined(found)] == ["hidden"]


def test_the_words_of_those_who_were_removed_stay(store: Store, accounts: Accounts) -> None:
    """And whoever has the name after them inherits nothing."""
    alice, bob, carol = (account(accounts, name) for name in NAMES)
    say(store, carol, "goodbye")
    say(store, carol, "to bob", log=bob.inbox)
    say(store, alice, "to carol", log=carol.inbox)
    accounts.remove("carol")
    accounts.add("carol", "another one")
    pages = Pages(store, accounts)
    assert joined(turn_back(pages, accounts, "alice", "room", None, 9))[0].author == "carol"
    assert joined(turn_back(pages, accounts, "carol", "inbox", None, 9)) == []
    assert joined(turn_back(pages, accounts, "carol", "sent", "bob", 9)) == []
    assert joined(turn_back(pages, accounts, "alice", "sent", "carol", 9)) == []


class HookedStore(MemoryStore):
    """A store that calls `hook` in front of each read.

    Args:
        capacity: how many entries it keeps.
    """

    def __init__(self, capacity: int = 1000) -> None:
        super().__init__(capacity)
        self.hook: Callable[[], None] = lambda: None

    def read(self, log: int, after: int, limit: int) -> list[Entry]:
        """Call the hook, and read."""
        self.hook()
        return super().read(log, after, limit)


@pytest.mark.parametrize("meanwhile", [1, 30, 64, 100, 500])
def test_what_is_forgotten_while_it_is_read_is_the_end(meanwhile: int) -> None:
    """A page never has a hole, and never claims to cover what it does not have."""
    store = HookedStore(200)
    with accounts_in(store, "alice") as accounts:
        alice = account(accounts, "alice")
        say(store, alice, *map(str, range(200)))
        store.hook = lambda: say(store, alice, *["new"] * meanwhile)
        page = Pages(store, accounts).page(alice, History(log="room", limit=MAX_PAGE, before=170))
    assert [said.seq for said in page.said] == list(range(page.first, page.last + 1))
    assert page.last == 169
    assert page.first <= page.oldest


def test_one_page_is_read_at_a_time() -> None:
    """Whoever comes then waits; everybody gets a page in the end."""
    store, crowd = HookedStore(), 5
    inside, gate = threading.Semaphore(0), threading.Event()
    at_once: list[int] = []
    busy: set[int] = set()

    def hold() -> None:
        busy.add(threading.get_ident())
        at_once.append(len(busy))
        inside.release()
        assert gate.wait(DEADLINE)
        busy.discard(threading.get_ident())

    with accounts_in(store, "alice") as accounts:
        alice = account(accounts, "alice")
        say(store, alice, "hello")
        pages = Pages(store, accounts)
        got: list[Page] = []
        threads = [
            threading.Thread(target=lambda: got.append(pages.page(alice, History(log="room"))))
            for _ in range(crowd)
        ]
        store.hook = hold
        for thread in threads:
            thread.start()
        assert inside.acquire(timeout=DEADLINE)
        gate.set()
        for thread in threads:
            thread.join(DEADLINE)
    assert at_once == [1] * crowd
    assert [len(page.said) for page in got] == [1] * crowd
