"""The requirement, sentence by sentence: each test quotes what it holds the program to.

The requirement is "Chat Room Application", which README names; what a sentence says about the
terminal is tested once more with a real terminal in `tests/cli`.
"""

import ast
import json
import os
import queue
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import chatroom.version
from chatroom.client.connect import connect
from chatroom.client.errors import ChatroomError
from chatroom.client.events import Event, LineLost
from chatroom.log.base import StoreError
from chatroom.log.connections import ReaderPool
from tests.conversation import DEADLINE, Client, Frame, Running, running

SOURCES = sorted(Path(chatroom.version.__file__).parent.rglob("*.py"))

LOGIN_EXAMPLE = """{
    "command": "login",
    "username": "jerry",
    "password": "apassword"
}
"""

BROADCAST_EXAMPLE = """{
     "type": "broadcast",
     "from": "bob",
     "message": "Hello, everyone!"
}
"""


@pytest.fixture
def server() -> Iterator[Running]:
    """A server in this process that keeps its data in memory."""
    with running() as server:
        yield server


class PlainClient:
    """What somebody writes who has read the requirement and nothing else.

    It sends an object as `json.dumps(message).encode('utf-8')`, with nothing behind it, and takes
    whatever one `recv` returns for one object.
    """

    def __init__(self, address: tuple[str, int]) -> None:
        self.sock = socket.create_connection(address, DEADLINE)

    def send(self, message: dict[str, str]) -> None:
        """Sends one object, as the requirement encodes it."""
        self.sock.send(json.dumps(message).encode("utf-8"))

    def receive(self) -> Frame:
        """Returns one object, as the requirement decodes it."""
        encoded_message = self.sock.recv(65536)
        received_message: Frame = json.loads(encoded_message.decode("utf-8"))
        return received_message


def imports() -> Iterator[tuple[Path, str]]:
    """Yields each source file with each module that it imports."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((path, name.name) for name in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.module
                yield path, node.module


class TestRequirements:
    """Language, protocol and libraries."""

    def test_language(self) -> None:
        """'Language: Python 3 only'; what is sent to browsers is in their language."""
        assert sys.version_info.major == 3
        native = {".c", ".so", ".pyx", ".js", ".py2"}
        package = Path(chatroom.version.__file__).parent
        found = {path for path in package.rglob("*") if path.suffix in native}
        assert found == set((package / "web/static").rglob("*.js"))

    def test_protocol(self, server: Running) -> None:
        """'Protocol: TCP (Transmission Control Protocol)'."""
        bob = server.enter("bob")
        assert bob.sock.type == socket.SOCK_STREAM
        assert bob.sock.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL) == socket.IPPROTO_TCP

    def test_libraries(self) -> None:
        """'Libraries: `socket`, `threading`, `json`' carry transport, concurrency and encoding."""
        used = {module.partition(".")[0] for _, module in imports()}
        assert used >= {"socket", "threading", "json"}
        others = {"asyncio", "trio", "anyio", "gevent", "eventlet", "twisted", "tornado"}
        others |= {"socketserver", "multiprocessing", "asyncore", "zmq", "uvloop", "curio"}
        others |= {"orjson", "ujson", "simplejson", "rapidjson", "pickle", "marshal"}
        assert not used & others

    def test_no_other_json(self) -> None:
        """'JSON is used to encode the message': with `json`, not with what msgspec has of it.

        What is no message may be: the self-test's journals, an export, a column of the database,
        the configuration.
        """
        no_messages = {"selftest", "log", "cli", "config.py"}
        users = {
            path.name if path.parent.name == "chatroom" else path.parent.name
            for path in SOURCES
            if "msgspec.json" in path.read_text(encoding="utf-8")
        }
        assert users <= no_messages


class TestEncoding:
    """'JSON is used to encode the message'."""

    def test_encoding_a_message(self, server: Running) -> None:
        """'encoded_message = json.dumps(message).encode('utf-8')' is understood as it stands."""
        message = {"command": "login", "username": "jerry", "password": "apassword"}
        encoded_message = json.dumps(message).encode("utf-8")
        client = server.connect()
        client.send_bytes(encoded_message)
        assert client.news("welcome")["username"] == "jerry"

    def test_decoding_a_message(self, server: Running) -> None:
        """'received_message = json.loads(encoded_message.decode('utf-8'))' reads each message."""
        client = PlainClient(server.address)
        with client.sock:
            client.send({"command": "login", "username": "jerry", "password": "apassword"})
            encoded_message = client.sock.recv(65536)
            received_message = json.loads(encoded_message.decode("utf-8"))
            assert received_message["username"] == "jerry"

    def test_client_to_server_example(self, server: Running) -> None:
        """'Client-to-Server (Command Message Example)', word for word."""
        client = server.connect()
        client.send_bytes(LOGIN_EXAMPLE.encode())
        welcome = client.news("welcome")
        assert (welcome["username"], welcome["users"]) == ("jerry", ["jerry"])

    def test_server_to_client_example(self, server: Running) -> None:
        """'Server-to-Client (Broadcast Message Example)' is what others receive."""
        bob, jerry = server.enter("bob"), server.enter("jerry")
        bob.say("Hello, everyone!")
        received = jerry.news()
        expected = json.loads(BROADCAST_EXAMPLE)
        assert {key: received[key] for key in expected} == expected

    def test_a_client_that_reads_one_object_per_recv(self, server: Running) -> None:
        """The examples are enough to log in, send, receive, ask WHO and leave."""
        plain = PlainClient(server.address)
        with plain.sock:
            plain.send({"command": "login", "username": "jerry", "password": "apassword"})
            assert plain.receive()["users"] == ["jerry"]
            bob = server.enter("bob")
            assert plain.receive() == {"type": "update_users", "users": ["bob", "jerry"]}
            plain.send({"command": "PM", "message": "Hello, everyone!"})
            assert plain.receive()["type"] == "confirmation"
            assert bob.news("broadcast")["message"] == "Hello, everyone!"
            bob.say("Hello, jerry!")
            assert plain.receive()["message"] == "Hello, jerry!"
            plain.send({"command": "DM", "to": "bob", "message": "between us"})
            assert plain.receive()["type"] == "confirmation"
            plain.send({"command": "WHO"})
            assert plain.receive()["users"] == ["bob", "jerry"]
            plain.send({"command": "EX"})
            assert plain.receive()["type"] == "bye"
            assert plain.sock.recv(65536) == b""


class TestLogin:
    """'Client Log In'."""

    def test_a_new_user_is_prompted_and_registered(self, server: Running) -> None:
        """'If it's a new user, the server prompts for a password and registers the user'."""
        client = server.connect()
        prompt = client.ask("login", username="jerry")
        assert (prompt["type"], prompt["new_user"]) == ("password_required", True)
        welcome = client.login("jerry", "apassword")
        assert welcome["new_user"] is True

    def test_a_known_user_is_authenticated(self, server: Running) -> None:
        """'The server checks for the username and either registers or authenticates the user'."""
        server.enter("jerry").ask("EX")
        client = server.connect()
        prompt = client.ask("login", username="jerry")
        assert (prompt["type"], prompt["new_user"]) == ("password_required", False)
        client.refused("wrong_password", "login", username="jerry", password="another")
        assert client.login("jerry")["new_user"] is False

    def test_the_list_follows_the_login(self, server: Running) -> None:
        """'Once the client logs in successfully, the server sends a list of … active users'."""
        server.enter("bob")
        server.enter("alice")
        assert server.connect().login("jerry")["users"] == ["alice", "bob", "jerry"]

    def test_user_data_is_held_in_memory(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """'User data is stored in memory for persistence': a login of a known name reads no file.

        Its session is written to one, which is another matter.
        """

        def refuse(_: ReaderPool) -> None:
            raise StoreError("Somebody reads the file.")

        with running(tmp_path / "room.db", faulty=True) as server:
            server.enter("jerry").ask("EX")
            with monkeypatch.context() as patch:
                patch.setattr(ReaderPool, "lend", refuse)
                client = server.connect()
                assert client.login("jerry")["new_user"] is False
                error = server.connect().ask("resume", session="a session that is looked up")
                assert error["code"] == "unavailable"

    def test_accounts_outlive_a_restart(self, tmp_path: Path) -> None:
        """Accounts are 'written through to disk, so that they outlive a restart'."""
        with running(tmp_path / "room.db") as server:
            assert server.connect().login("jerry", "apassword")["new_user"] is True
        with running(tmp_path / "room.db") as server:
            client = server.connect()
            client.refused("wrong_password", "login", username="jerry", password="another")
            assert client.login("Jerry", "apassword")["new_user"] is False

    def test_memory_touches_no_disk(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """With `--data :memory:` nothing touches the disk: nothing is opened to be written."""
        monkeypatch.chdir(tmp_path)
        for variable in ("HOME", "TMPDIR", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
            monkeypatch.setenv(variable, str(tmp_path))
        with running(":memory:") as server:
            jerry = server.enter("jerry")
            jerry.say("Hello, everyone!")
            assert not files_open_for_writing()
        assert not list(tmp_path.iterdir())


def files_open_for_writing() -> list[str]:
    """Returns the regular files of the disk that a thread of the server could write to."""
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            target = descriptor.readlink()
            flags = (Path("/proc/self/fdinfo") / descriptor.name).read_text(encoding="ascii")
        except OSError:  # the listing itself
            continue
        writable = int(flags.split("flags:")[1].split()[0], 8) & os.O_ACCMODE != os.O_RDONLY
        if writable and target.is_file() and "chatroom" in str(target):
            found.append(str(target))
    return found


class TestOperations:
    """'After login, the client … can choose between the following operations'."""

    def test_pm(self, server: Running) -> None:
        """'The server sends an acknowledgment … and broadcasts it to all other clients'."""
        bob, alice, jerry = (server.enter(name) for name in ("bob", "alice", "jerry"))
        confirmation = bob.say("Hello, everyone!")
        assert confirmation["message"] == "Message sent to the room"
        for other in (alice, jerry):
            assert other.news("broadcast")["message"] == "Hello, everyone!"
        assert bob.heard() == []

    def test_pm_reaches_the_sender_s_other_connections(self, server: Running) -> None:
        """'broadcasts it to all other clients': also to another client of the same person."""
        laptop, phone = server.enter("bob"), server.enter("bob")
        laptop.say("Hello, everyone!")
        assert phone.news("broadcast")["from"] == "bob"
        assert laptop.heard() == []

    def test_dm(self, server: Running) -> None:
        """'The server forwards the message to the target user and sends a confirmation'."""
        bob, alice, jerry = (server.enter(name) for name in ("bob", "alice", "jerry"))
        confirmation = bob.ask("DM", to="alice", message="between us")
        assert (confirmation["type"], confirmation["command"]) == ("confirmation", "DM")
        assert confirmation["message"] == "Message sent to alice"
        received = alice.news("direct_message")
        assert (received["from"], received["to"]) == ("bob", "alice")
        assert received["message"] == "between us"
        assert jerry.heard() == []

    def test_dm_to_somebody_from_the_list(self, server: Running) -> None:
        """'The client selects a target user and sends the message', out of the list at login."""
        alice, bob = server.enter("alice"), server.connect()
        target = bob.login("bob")["users"][0]
        bob.ask("DM", to=target, message="found you")
        assert alice.news("direct_message")["message"] == "found you"

    def test_dm_to_a_user_who_is_not_in_the_room(self, server: Running) -> None:
        """'invalid user inputs such as a DM to a user not in the room'."""
        bob = server.enter("bob")
        error = bob.refused("user_not_in_room", "DM", to="alice", message="are you there?")
        assert error["message"] == "Nobody called alice is in the room; WHO shows who is."
        server.enter("alice").ask("EX")
        bob.wait_roster("bob")
        bob.refused("user_not_in_room", "DM", to="alice", message="are you there?")

    def test_ex(self, server: Running) -> None:
        """'The server updates its list of active clients and closes the connection'."""
        bob, alice = server.enter("bob"), server.enter("alice")
        assert bob.ask("EX")["type"] == "bye"
        assert bob.remainder() == []
        assert alice.ask("WHO")["users"] == ["alice"]

    def test_ex_is_told_to_others(self, server: Running) -> None:
        """'The server notifies other clients of the updated list of active users'."""
        bob, alice = server.enter("bob"), server.enter("alice")
        bob.wait_roster("alice", "bob")
        alice.send("EX")
        bob.wait_roster("bob")

    def test_who(self, server: Running) -> None:
        """'The server responds with a JSON-encoded message containing the list'."""
        bob = server.enter("bob")
        server.enter("alice")
        assert bob.ask("WHO") == {"type": "active_users", "users": ["alice", "bob"]}


class TestKeepingUpdated:
    """'Keeping the Client Updated with Active Users'."""

    def test_on_login_and_logout(self, server: Running) -> None:
        """'The server sends an updated list of active users when a client logs in or out'."""
        bob = server.enter("bob")
        alice = server.enter("alice")
        bob.wait_roster("alice", "bob")
        jerry = server.enter("jerry")
        for client in (alice, bob):
            client.wait_roster("alice", "bob", "jerry")
        alice.send("EX")
        for client in (bob, jerry):
            client.wait_roster("bob", "jerry")

    @pytest.mark.parametrize("die", [Client.close, Client.reset])
    def test_when_a_connection_just_dies(self, server: Running, die: object) -> None:
        """'Everyone is told the new list on login and logout, also when a connection just dies'."""
        bob, alice = server.enter("bob"), server.enter("alice")
        bob.wait_roster("alice", "bob")
        assert callable(die)
        die(alice)
        bob.wait_roster("bob")


class TestMultithreading:
    """'Multithreading'."""

    def test_server_side(self, server: Running) -> None:
        """'Each client connection is managed by a separate thread'."""
        clients = [server.enter(f"user{number}") for number in range(5)]
        for client in clients:
            client.heard()  # by then its thread bears its name
        threads = [thread for thread in threading.enumerate() if thread.name.startswith("client ")]
        assert sorted(thread.name for thread in threads) == [f"client user{n}" for n in range(5)]
        assert len({thread.native_id for thread in threads}) == 5
        clients[0].send("EX")
        clients[0].remainder()
        clients[0].close()
        next(thread for thread in threads if thread.name == "client user0").join(DEADLINE)
        assert sum(thread.is_alive() for thread in threads) == 4

    def test_client_side(self, server: Running) -> None:
        """'Listening Thread: Listens for incoming messages', while another handles the input."""
        heard_in: queue.SimpleQueue[str] = queue.SimpleQueue()

        def note(_: Event) -> None:
            heard_in.put(threading.current_thread().name)

        bob = server.enter("bob")
        with connect(address(server), username="alice", password="secret", on_event=note) as room:
            bob.say("Hello, everyone!")
            assert heard_in.get(timeout=DEADLINE) == "chatroom-listener"
            room.send("typed in this thread")
        assert bob.news("broadcast")["message"] == "typed in this thread"


class TestErrorHandling:
    """'Error Handling'."""

    def test_invalid_input(self, server: Running) -> None:
        """'The server and client handle errors for situations such as … invalid user inputs'."""
        bob = server.enter("bob")
        bob.refused("unknown_command", "SHOUT")
        bob.refused("missing_field", "PM")
        bob.refused("empty_message", "PM", message=" ")
        bob.send_bytes(b"no json\n")
        assert bob.news("error")["code"] == "bad_json"
        assert bob.say("still here")["seq"] == 1

    def test_network_issues(self, server: Running) -> None:
        """'network issues': whoever is cut off in the middle of a message harms nobody."""
        bob, alice = server.enter("bob"), server.enter("alice")
        alice.send_bytes(b'{"command": "PM", "mess')
        alice.reset()
        bob.wait_roster("bob")
        assert bob.say("still here")["seq"] == 1

    def test_the_server_goes_down(self) -> None:
        """'If the server goes down, users are notified and it doesn't crash the client'."""
        events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        with running() as server:
            room = connect(
                address(server), username="alice", password="secret", on_event=events.put
            )
            with room:
                server.stop()
                while not isinstance(lost := events.get(timeout=DEADLINE), LineLost):
                    pass
                assert lost.reason
                with pytest.raises(ChatroomError):
                    room.send("anybody there?", timeout=0.1)


def address(server: Running) -> str:
    """Returns where `server` is, as the library takes it."""
    return f"127.0.0.1:{server.app.port}"
