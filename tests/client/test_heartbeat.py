import pytest

from chatroom.client import wire
from chatroom.client.heartbeat import PING, Heartbeat
from chatroom.client.wire import LineBroken
from tests.clock import Clock


def test_a_silent_server_is_asked_and_then_given_up() -> None:
    """By default a little later than the server asks us, and a minute after it was heard."""
    clock = Clock(100.0)
    heartbeat = Heartbeat(wire.Heartbeat(), clock)
    assert heartbeat.deadline == 130.0
    assert heartbeat.ask() == PING
    assert heartbeat.deadline == 160.0
    with pytest.raises(LineBroken, match="for 60 seconds"):
        heartbeat.ask()


def test_whatever_is_heard_begins_the_silence_anew() -> None:
    clock = Clock(100.0)
    heartbeat = Heartbeat(wire.Heartbeat(ping=10, answer=5), clock)
    heartbeat.ask()
    clock.now = 112.0
    heartbeat.hear()
    assert heartbeat.deadline == 123.0
    assert heartbeat.ask() == PING


def test_asking_comes_before_giving_up_whatever_the_figures() -> None:
    heartbeat = Heartbeat(wire.Heartbeat(ping=60, answer=0.5), Clock(100.0))
    before = heartbeat.deadline
    heartbeat.ask()
    assert 160.0 < before < heartbeat.deadline
