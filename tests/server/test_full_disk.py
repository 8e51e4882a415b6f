"""What goes on while nothing can be stored."""

from pathlib import Path

import msgspec
import pytest

from chatroom.app import App
from chatroom.config import Config
from tests.conversation import Client, running, settings


def reserved(data: Path, kib: int) -> Config:
    """Returns a configuration that leaves so much of the disk free, which may be all of it."""
    config = settings(data)
    return msgspec.structs.replace(
        config, server=msgspec.structs.replace(config.server, disk_reserve_kib=kib)
    )


@pytest.mark.usefixtures("caplog")
def test_on_a_full_disk_everything_but_storing_goes_on(tmp_path: Path) -> None:
    """Reading, WHO, resume and logins; who is refused a message is told which one."""
    with running(tmp_path) as server:
        bob, alice = server.enter("bob"), server.connect()
        alice_session = alice.login("alice")["session"]
        room = {"epoch": bob.say("kept")["epoch"], "after": 0}
    app = App(reserved(tmp_path, 1 << 40), lambda _: None).start()
    try:
        with Client((app.host, app.port)) as client, Client((app.host, app.port)) as other:
            resumed = client.ask("resume", session=alice_session, logs={"room": room})
            assert resumed["type"] == "resumed"
            assert client.news("broadcast")["message"] == "kept"
            error = client.refused("storage_full", "PM", message="lost", id="m1")
            assert error["id"] == "m1"
            welcome = other.login("bob")
            assert "session" not in welcome
            assert welcome["logs"]["room"]["head"] == 1
            assert other.ask("WHO")["users"] == ["alice", "bob"]
            other.refused("storage_full", "DM", to="alice", message="lost too")
            assert other.ask("EX")["type"] == "bye"
    finally:
        app.stop()
    with running(tmp_path) as server:
        client = server.connect()
        assert client.login("bob")["logs"]["room"]["head"] == 1
        assert client.say("there is room again")["seq"] == 2
