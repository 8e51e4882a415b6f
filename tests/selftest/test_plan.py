"""The plan is the seed's, and it is what was asked for."""

import itertools
from dataclasses import dataclass

import msgspec
import pytest

from chatroom.protocol.text import check_message
from chatroom.selftest.plan import (
    DELIVERIES,
    LONGEST_AWAY,
    RATE,
    Fate,
    Settings,
    Utterance,
    falls,
    fate,
    kills,
    name_of,
    script,
)

SETTINGS = Settings(seconds=60, kills=20, clients=5, seed=1)


def said(settings: Settings, client: int = 1, life: int = 1, count: int = 5000) -> list[Utterance]:
    """Returns the first of what a client says."""
    return list(itertools.islice(script(settings, client, life), count))


def test_the_same_seed_is_the_same_plan() -> None:
    again = msgspec.structs.replace(SETTINGS)
    assert kills(SETTINGS) == kills(again)
    assert falls(SETTINGS) == falls(again)
    assert said(SETTINGS) == said(again)
    assert [fate(1, number) for number in range(50)] == [fate(1, number) for number in range(50)]


def test_another_seed_is_another_plan() -> None:
    other = msgspec.structs.replace(SETTINGS, seed=2)
    assert kills(SETTINGS) != kills(other)
    assert falls(SETTINGS) != falls(other)
    assert said(SETTINGS) != said(other)
    assert [fate(1, number) for number in range(50)] != [fate(2, number) for number in range(50)]


def test_the_server_is_killed_as_often_as_asked_all_the_time_through() -> None:
    for number, moment in enumerate(kills(SETTINGS)):
        assert 2.9 * number <= moment <= 2.91 * (number + 1)
    assert len(kills(SETTINGS)) == 20


def test_clients_are_killed_half_as_often_and_each_of_them() -> None:
    planned = falls(SETTINGS)
    assert len(planned) == 10
    assert {fall.client for fall in planned} == set(range(5))
    for fall in planned:
        assert 0 <= fall.at <= 60
        assert 0 <= fall.away <= LONGEST_AWAY


@pytest.mark.parametrize(("kills_", "count"), [(0, 0), (1, 1), (1000, 60)])
def test_clients_are_killed_at_most_once_a_second(kills_: int, count: int) -> None:
    assert len(falls(msgspec.structs.replace(SETTINGS, kills=kills_))) == count


@dataclass(frozen=True)
class Size:
    """A number of clients, and how much they say together."""

    clients: int
    together: float


@pytest.mark.parametrize(
    "size", [Size(2, RATE), Size(20, RATE), Size(200, DELIVERIES / 200)], ids=str
)
def test_they_say_as_much_as_two_cores_can_deliver(size: Size) -> None:
    settings = msgspec.structs.replace(SETTINGS, clients=size.clients)
    assert settings.rate * size.clients == pytest.approx(size.together)
    pauses = [utterance.pause for utterance in said(settings, count=20_000)]
    assert len(pauses) / sum(pauses) == pytest.approx(settings.rate, rel=0.15)


def test_no_text_is_like_another_in_any_life_of_any_client() -> None:
    texts = [
        utterance.text
        for client in range(3)
        for life in range(1, 4)
        for utterance in said(SETTINGS, client, life, 300)
    ]
    assert len({text.split()[0] for text in texts}) == len(texts)


def test_the_server_takes_every_text() -> None:
    texts = [utterance.text for utterance in said(SETTINGS)]
    for text in texts:
        check_message(text, 8192)
    lengths = [len(text) for text in texts]
    assert max(lengths) > 500
    assert sum(lengths) / len(lengths) < 100


def test_some_is_for_everybody_and_some_for_one_and_some_is_sent_again() -> None:
    utterances = said(SETTINGS)
    private = [utterance.to for utterance in utterances if utterance.to is not None]
    assert 0.2 < len(private) / len(utterances) < 0.3
    assert set(private) == {name_of(client) for client in range(5)}
    assert 50 < sum(utterance.again for utterance in utterances) < 200


def test_connections_end_in_every_way() -> None:
    fates = [fate(1, number) for number in range(300)]
    cuts = [one.cut_after for one in fates if one.cut_after is not None]
    assert 0.6 < len(cuts) / 300 < 0.8
    assert min(cuts) < 1000
    assert max(cuts) > 100_000
    assert {one.reset for one in fates} == {True, False}
    assert any(one.stall_after is not None for one in fates)
    assert any(one.delay for one in fates)
    assert any(one.piece for one in fates)
    assert any(one == Fate(reset=one.reset, stall=one.stall) for one in fates), "all is broken"
