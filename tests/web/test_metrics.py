"""What the server counts, and to whom it is shown."""

import contextlib
from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from prometheus_client import REGISTRY
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from chatroom.log.base import StorageFull
from chatroom.version import VERSION
from chatroom.web.metrics import is_from_here
from chatroom.web.routes import Request
from tests.conversation import Running, running, settings
from tests.web.fetching import Fetcher, fetch, fetching
from tests.web.test_health import break_store

TOKEN = "correct-horse-battery"

Readings = dict[str, float]
"""The value of each sample, by its name and labels as they stand in the text."""


def read(http: Fetcher) -> Readings:
    """Returns everything that the server shows."""
    reply = http.get("/metrics")
    assert reply.status == 200
    return {
        f"{sample.name}{_labels(sample.labels)}": sample.value
        for family in text_string_to_metric_families(reply.text)
        for sample in family.samples
    }


def _labels(labels: dict[str, str]) -> str:
    return "".join(f" {key}={value}" for key, value in sorted(labels.items()))


def grown(before: Readings, after: Readings, prefix: str) -> Readings:
    """Returns by how much the samples have grown whose names begin with `prefix`."""
    return {
        name.removeprefix(prefix).strip(): value - before.get(name, 0.0)
        for name, value in after.items()
        if name.startswith(prefix) and value != before.get(name, 0.0)
    }


@pytest.fixture
def http(server: Running) -> Iterator[Fetcher]:
    """A connection to `server` that stays open."""
    with fetching(server) as fetcher:
        yield fetcher


# What it shows.


def test_messages_and_deliveries_are_counted(server: Running, http: Fetcher) -> None:
    """A delivery is a message for one connection, the one that said it aside."""
    alice, bob, carol = (server.enter(name) for name in ("alice", "bob", "carol"))
    phone = server.enter("bob")
    before = read(http)
    alice.say("one", id="1")
    alice.say("two")
    alice.say("one", id="1")
    for command in (
        {"to": "bob", "message": "three"},
        {"to": "alice", "message": "four"},
    ):
        carol.send("DM", **command)
    for client in (alice, bob, carol, phone):
        client.heard()
    after = read(http)
    assert grown(before, after, "chatroom_messages_total") == {"kind=public": 2, "kind=private": 2}
    assert grown(before, after, "chatroom_duplicate_messages_total") == {"": 1}
    assert grown(before, after, "chatroom_deliveries_total") == {
        "kind=public": 2 * 3,
        "kind=private": 2 + 1,
    }
    assert grown(before, after, "chatroom_log_head") == {"log=room": 2}
    commits = grown(before, after, "chatroom_commit_seconds")
    assert 1 <= commits["_count"] <= 5
    assert commits["_sum"] > 0
    assert commits["_bucket le=+Inf"] == commits["_count"]
    rounds = grown(before, after, "chatroom_delivery_seconds")
    assert rounds["_count"] >= commits["_count"]
    assert rounds["_sum"] > 0


def test_whoever_has_left_is_delivered_nothing(server: Running, http: Fetcher) -> None:
    alice, bob = server.enter("alice"), server.enter("bob")
    bob.ask("EX")
    alice.wait_roster("alice")
    before = read(http)
    alice.say("is anybody there?")
    alice.heard()
    after = read(http)
    assert grown(before, after, "chatroom_messages_total") == {"kind=public": 1}
    assert grown(before, after, "chatroom_deliveries_total") == {}


def test_who_comes_is_counted(server: Running, http: Fetcher) -> None:
    before = read(http)
    assert before["chatroom_connections face=http"] == 1
    assert before["chatroom_users"] == 0
    alice, again = server.connect(), server.enter("bob")
    session = alice.login("alice")["session"]
    server.connect().ask("resume", session=session)
    again.ask("EX")
    alice.wait_roster("alice")
    again.remainder()
    after = read(http)
    assert after["chatroom_users"] == 1
    assert grown(before, after, "chatroom_logins_total") == {"": 3}
    assert grown(before, after, "chatroom_connections_accepted_total") == {"": 3}
    assert after["chatroom_connections face=http"] == 1


def test_open_connections_are_counted_by_what_they_speak(server: Running, http: Fetcher) -> None:
    clients = [server.enter(name) for name in ("alice", "bob")]
    assert read(http)["chatroom_connections face=json"] == len(clients)


def test_logins_that_are_refused_are_counted(server: Running, http: Fetcher) -> None:
    server.enter("bob")
    before = read(http)
    client = server.connect()
    client.refused("wrong_password", "login", username="bob", password="wrong")
    client.refused("wrong_password", "login", username="bob", password="wrong too")
    client.refused("invalid_session", "resume", session="none")
    client.refused("invalid_username", "login", username="a b", password="secret")
    assert client.ask("login", username="bob")["type"] == "password_required"
    assert grown(before, read(http), "chatroom_logins_refused_total") == {
        "code=wrong_password": 2,
        "code=invalid_session": 1,
        "code=invalid_username": 1,
    }


def test_connections_that_are_turned_away_are_counted() -> None:
    with running(connections=1) as server, fetching(server) as http:
        before = read(http)
        server.connect().remainder()
        assert grown(before, read(http), "chatroom_connections_turned_away_total") == {
            "code=too_many_connections": 1
        }


def test_a_full_disk_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    with running(faulty=True) as server, fetching(server) as http:
        bob = server.enter("bob")
        assert read(http)["chatroom_storing"] == 1
        break_store(monkeypatch, StorageFull("The disk is full."))
        bob.refused("storage_full", "PM", message="hello")
        bob.heard()
        after = read(http)
        assert after["chatroom_storing"] == 0
        assert after["chatroom_messages_total kind=public"] == 0


def test_the_program_and_its_process_are_shown(http: Fetcher) -> None:
    shown = read(http)
    assert shown[f"chatroom_build_info version={VERSION}"] == 1
    assert shown["chatroom_readers_lagging"] == 0
    assert shown["chatroom_log_oldest log=room"] == 1
    assert shown["process_resident_memory_bytes"] > 0
    assert shown["process_open_fds"] > 0


def test_what_could_be_counted_is_there_before_it_happens(http: Fetcher) -> None:
    shown = read(http)
    assert shown["chatroom_logins_refused_total code=wrong_password"] == 0
    assert shown["chatroom_connections_turned_away_total code=banned"] == 0


def test_names_and_texts_are_in_none_of_it(server: Running, http: Fetcher) -> None:
    mallory = server.enter("mallory")
    mallory.say("a secret of some length")
    reply = http.get("/metrics")
    assert not any(word in reply.text for word in ("mallory", "secret of", "127.0.0.1"))


def test_two_servers_in_one_process_count_apart() -> None:
    with running() as one, running() as other, fetching(one) as http:
        other.enter("bob").say("hello")
        one.enter("alice")
        assert read(http)["chatroom_messages_total kind=public"] == 0
    assert "chatroom_users" not in {family.name for family in REGISTRY.collect()}


def test_both_formats_can_be_read(http: Fetcher) -> None:
    """The one of Prometheus, and OpenMetrics for whoever takes it."""
    reply = http.get("/metrics", Accept="application/openmetrics-text; version=1.0.0")
    assert reply.headers["Content-Type"].startswith("application/openmetrics-text")
    found = openmetrics.text_string_to_metric_families(reply.text)  # type: ignore[no-untyped-call]
    names = {family.name for family in found}
    reply = http.get("/metrics")
    assert reply.headers["Content-Type"].startswith("text/plain")
    assert reply.headers["Cache-Control"] == "no-store"
    plain = {family.name for family in text_string_to_metric_families(reply.text)}
    assert "chatroom_messages" in names
    assert {"chatroom_messages", "chatroom_commit_seconds"} <= plain


# To whom.


@pytest.fixture
def guarded() -> Iterator[Running]:
    """A server that has a token."""
    config = settings()
    server = Running(replace(config, server=replace(config.server, metrics_token=TOKEN)))
    with contextlib.ExitStack() as stack:
        stack.callback(server.leave)
        yield server


def test_a_relay_is_not_this_machine(server: Running) -> None:
    for headers in ({"X_Forwarded_For": "203.0.113.7"}, {"Via": "1.1 relay"}):
        reply = fetch(server, "/metrics", **headers)
        assert reply.status == 403
        assert "chatroom_" not in reply.text


def test_from_elsewhere_it_takes_the_token(guarded: Running) -> None:
    relayed = {"X_Forwarded_For": "203.0.113.7"}
    reply = fetch(guarded, "/metrics", **relayed)
    assert (reply.status, reply.headers["WWW-Authenticate"]) == (401, 'Bearer realm="metrics"')
    assert fetch(guarded, "/metrics", Authorization=f"Bearer {TOKEN}", **relayed).status == 200
    assert fetch(guarded, "/metrics", Authorization=f"bearer  {TOKEN} ", **relayed).status == 200
    assert fetch(guarded, "/metrics").status == 200


@pytest.mark.parametrize(
    "shown", ["Bearer ", "Bearer", f"Basic {TOKEN}", f"Bearer {TOKEN}x", TOKEN]
)
def test_a_wrong_token_is_none(guarded: Running, shown: str) -> None:
    """Also from this machine: who shows one wants to know whether it is right."""
    reply = fetch(guarded, "/metrics", Authorization=shown)
    assert reply.status == 401
    assert "chatroom_" not in reply.text


def test_where_no_token_is_set_the_empty_one_opens_nothing(server: Running) -> None:
    assert fetch(server, "/metrics", Authorization="Bearer ").status == 403


def request(address: str, **headers: str) -> Request:
    """Returns a request from `address`, to this machine unless `host` says otherwise."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request("GET", "/metrics", {"host": "127.0.0.1:12345"} | named, address, secure=False)


@pytest.mark.parametrize(
    "asked",
    [
        request("127.0.0.1"),
        request("127.8.8.8"),
        request("::1", host="[::1]:12345"),
        request("::ffff:127.0.0.1", host="localhost"),
        request("127.0.0.1", host="LOCALHOST:80"),
    ],
    ids=repr,
)
def test_this_machine_is_told_apart(asked: Request) -> None:
    assert is_from_here(asked)


@pytest.mark.parametrize(
    "asked",
    [
        request("203.0.113.7"),
        request("2001:db8::1", host="[::1]"),
        request("127.0.0.1", host="chat.example.org"),
        request("127.0.0.1", host="127.0.0.1.example.org"),
        request("127.0.0.1", host="localhost.example.org:12345"),
        request("127.0.0.1", host=""),
        request("127.0.0.1", host="[::1"),
        request("127.0.0.1", host="localhost@example.org"),
        request("127.0.0.1", host="local\thost"),
        request("127.0.0.1", forwarded="for=203.0.113.7"),
        request("127.0.0.1", via="1.1 relay"),
        request("127.0.0.1", x_forwarded_for="127.0.0.1"),
        request("127.0.0.1", x_real_ip=""),
        request("local"),
    ],
    ids=repr,
)
def test_whoever_may_be_elsewhere_is(asked: Request) -> None:
    assert not is_from_here(asked)
