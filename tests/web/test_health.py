"""Whether messages can be stored, as whatever watches the server is told."""

from collections.abc import Sequence
from http import HTTPStatus

import pytest

from chatroom.log.base import Change, Outcome, StorageFull, StoreError
from chatroom.log.memory import MemoryStore
from chatroom.web.health import Health, health
from chatroom.web.routes import Request
from tests.conversation import DEADLINE, Running, running
from tests.web.fetching import fetch


def break_store(monkeypatch: pytest.MonkeyPatch, fault: StoreError) -> None:
    """Have every commit to memory, and every look for room there, raise `fault`."""

    def commit(_: MemoryStore, changes: Sequence[Change]) -> list[Outcome]:
        del changes
        raise fault

    def probe(_: MemoryStore) -> None:
        raise fault

    monkeypatch.setattr(MemoryStore, "commit", commit)
    monkeypatch.setattr(MemoryStore, "probe", probe)


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ("ok", HTTPStatus.OK),
        ("full", HTTPStatus.SERVICE_UNAVAILABLE),
        ("stopping", HTTPStatus.SERVICE_UNAVAILABLE),
    ],
)
def test_the_answer_is_one_word(condition: Health, status: HTTPStatus) -> None:
    route = health(lambda: condition)
    response = route(Request("GET", "/healthz", {}, "203.0.113.7", secure=False))
    assert (response.status, response.body) == (status, (f"{condition}\n".encode(),))
    assert ("Cache-Control", "no-store") in response.headers


def test_a_server_that_can_store_is_well(server: Running) -> None:
    answer = fetch(server, "/healthz")
    assert (answer.status, answer.text) == (200, "ok\n")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with running(faulty=True) as server:
        bob = server.enter("bob")
        break_store(monkeypatch, StorageFull("The disk is full."))
        bob.refused("storage_full", "PM", message="hello")
        answer = fetch(server, "/healthz")
        assert (answer.status, answer.text) == (503, "full\n")


def test_a_server_that_can_store_nothing_any_more_is_not_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It ends, so whoever asks then is told so, or gets no answer any more."""
    with running(faulty=True) as server:
        assert server.app._health() == "ok"
        break_store(monkeypatch, StoreError("The disk is gone."))
        server.connect().send("login", username="bob", password="secret")
        server.failures.get(timeout=DEADLINE)
        assert server.app._health() == "stopping"


def test_a_server_that_was_stopped_is_not_well(server: Running) -> None:
    assert server.app._health() == "ok"
    server.stop()
    assert server.app._health() == "stopping"
