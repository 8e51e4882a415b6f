"""Browsers and programs on the one port of a real server, within TLS and without."""

import gzip
import json
import threading
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosedOK, InvalidStatus
from websockets.sync.client import connect
from websockets.sync.connection import Connection
from websockets.typing import Origin

from chatroom.server.outbox import Outbox
from chatroom.web import websocket
from tests.conversation import DEADLINE, Client, Running, line, running
from tests.secure import SecureClient, serving, trusting
from tests.web.asking import ask, connected, read_reply, remainder, request
from tests.websocket import (
    CLOSE,
    CONTINUATION,
    PING,
    SecureWebSocketClient,
    WebSocketClient,
    frame,
    handshake,
)

LONG = "x" * 8000


def spoken_to(server: Running, origin: str | None = None) -> Connection:
    """Return a connection of somebody else's client, which takes nothing that the RFC forbids."""
    host, port = server.address
    return connect(
        f"ws://{host}:{port}/ws",
        origin=None if origin is None else Origin(origin),
        open_timeout=DEADLINE,
        close_timeout=DEADLINE,
        ping_interval=None,
    )


def said_to(client: Connection, command: str, **fields: object) -> dict[str, object]:
    """Send a command and return what comes next."""
    client.send(json.dumps({"command": command} | fields))
    event = json.loads(client.recv(DEADLINE))
    assert isinstance(event, dict)
    return event


# A whole visit.


def test_another_client_is_content_with_it(server: Running) -> None:
    """It offers to pack its messages, which is not taken up, and is asked for no subprotocol."""
    with spoken_to(server) as client:
        assert client.protocol.extensions == []
        assert client.subprotocol is None
        assert said_to(client, "login", username="bob", password="secret")["type"] == "welcome"
        assert said_to(client, "PM", message="hello")["type"] == "confirmation"
        client.ping().wait(DEADLINE)
        assert said_to(client, "EX")["type"] == "bye"
        with pytest.raises(ConnectionClosedOK) as closed:
            client.recv(DEADLINE)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1000, "exit")


def test_a_client_that_closes_is_gone(server: Running) -> None:
    with spoken_to(server) as client:
        said_to(client, "login", username="bob", password="secret")
        alice = server.enter("alice")
        client.close(1001, "I go")
    assert client.close_code == 1001
    alice.wait_roster("alice")


def test_all_readers_see_the_same_order(server: Running) -> None:
    """Some read JSON lines and some a WebSocket, and both kinds talk."""
    kinds = [Client, WebSocketClient, Client, WebSocketClient]
    clients = [server.keep(kind(server.address)) for kind in kinds]
    for number, client in enumerate(clients):
        client.login(f"user{number}")

    def talk(client: Client) -> None:
        for count in range(50):
            client.send("PM", message=f"{count}")

    talkers = [threading.Thread(target=talk, args=(client,)) for client in clients]
    for talker in talkers:
        talker.start()
    seen = []
    for client in clients:
        places = [frame["seq"] for frame in client.take(200)]
        seen.append(places)
    for talker in talkers:
        talker.join(DEADLINE)
    assert seen == [list(range(1, 201))] * 4


def test_each_message_is_framed_once_for_all(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    framed: list[bytes] = []
    plain = websocket._Messages.frame

    def counting(self: websocket._Messages, lines: bytes) -> bytes:
        framed.append(lines)
        return plain(self, lines)

    monkeypatch.setattr(websocket._Messages, "frame", counting)
    readers = [server.keep(WebSocketClient(server.address)) for _ in range(5)]
    for number, reader in enumerate(readers):
        reader.login(f"user{number}")
    bob = server.enter("bob")
    bob.say("hello")
    for reader in readers:
        assert reader.news("broadcast")["message"] == "hello"
    assert len([lines for lines in framed if b'"broadcast"' in lines]) == 1


# Slow readers.


@pytest.mark.parametrize("kind", [WebSocketClient, SecureWebSocketClient])
def test_a_slow_reader_gets_everything_once_and_in_order(
    server: Running, kind: type[WebSocketClient]
) -> None:
    """From the tail, from the log and from its inbox, with replies of its own among them."""
    slow = server.keep(kind(server.address, receive_bytes=4096))
    slow.login("slow")
    bob = server.enter("bob")
    for number in range(300):
        bob.say(f"{number} {LONG}")
        bob.ask("DM", to="slow", message=f"{number} {LONG}")
    assert outbox_of(server, "slow").stalled
    slow.send("WHO")
    received = slow.take(601)
    heard = [event["message"] for event in received if event["type"] == "broadcast"]
    inbox = [event["message"] for event in received if event["type"] == "direct_message"]
    assert heard == inbox == [f"{number} {LONG}" for number in range(300)]
    assert [event["type"] for event in received].count("active_users") == 1


def outbox_of(server: Running, username: str) -> Outbox:
    """Return the writing side of the one connection of `username`."""
    return server.connection_of(username)._outbox


def test_one_who_comes_back_gets_what_was_missed(server: Running) -> None:
    bob = server.enter("bob")
    with WebSocketClient(server.address) as client:
        session = client.login("alice")["session"]
    for number in range(100):
        bob.say(f"{number}")
    with WebSocketClient(server.address) as client:
        epoch = bob.say("100")["epoch"]
        logs = {"room": {"epoch": epoch, "after": 0}}
        assert client.ask("resume", session=session, logs=logs)["type"] == "resumed"
        texts = [(event["message"], event["replay"]) for event in client.take(101)]
        assert texts == [(f"{number}", True) for number in range(101)]


# How a WebSocket ends.


def test_a_message_that_is_too_large_is_told_and_closes(server: Running) -> None:
    client = server.keep(WebSocketClient(server.address))
    client.login("bob")
    client.send_bytes(b" " * 65537)
    error, bye = client.remainder()
    assert (error["code"], bye["reason"], bye["reconnect"]) == ("frame_too_large",) * 2 + (True,)
    assert client.closed == (1009, "frame_too_large")


def test_before_the_login_that_is_less(server: Running) -> None:
    client = server.keep(WebSocketClient(server.address))
    client.send_bytes(b" " * 4096)
    error, _ = client.remainder()
    assert error["code"] == "frame_too_large"
    assert "login" in error["message"]
    assert client.closed == (1009, "frame_too_large")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(b"{}", mask=b""), 1002),
        (frame(b"\xff"), 1007),
        (frame(b"{}", 2), 1003),
        (frame(b"\x03\xe8bye", CLOSE), 1000),
        (frame(b"", CLOSE), 0),
    ],
)
def test_the_close_comes_last(server: Running, data: bytes, code: int) -> None:
    """Behind the replies that are owed, and whatever others say meanwhile."""
    client = server.keep(WebSocketClient(server.address))
    client.login("bob")
    alice = server.enter("alice")
    client.send("PM", message="hello", id="1")
    assert alice.news("broadcast")
    client.sock.sendall(data + frame(line("PM", message="never")))
    for _ in range(3):
        alice.say("and others talk")
    assert "confirmation" in [event["type"] for event in client.remainder()]
    assert client.closed is not None
    assert client.closed[0] == code
    assert "never" not in [event.get("message") for event in alice.heard()]


def test_who_does_not_log_in_is_told_and_closed() -> None:
    with running(login_seconds=0.2) as server:
        client = server.keep(WebSocketClient(server.address))
        error, bye = client.remainder()
        assert error["code"] == bye["reason"] == "login_timeout"
        assert client.closed == (1008, "login_timeout")


@pytest.mark.parametrize("data", [b"", b"G", b"GET / HTTP/1.1\r\n", request("/nothing")])
def test_who_asks_for_nothing_more_is_sent_nothing_but_replies(data: bytes) -> None:
    """The connection just ends. A line of JSON is for those alone whose language is not known."""
    with running(login_seconds=0.3) as server, connected(server.address) as sock:
        sock.sendall(data)
        if data.endswith(b"\r\n\r\n"):
            assert read_reply(sock).status == 404
        rest = remainder(sock)
        assert rest.startswith(b'{"type":"error"') if len(data) < 2 else rest == b""


def test_when_the_server_stops_everybody_is_told_in_their_own_way(server: Running) -> None:
    with connected(server.address) as asking:
        assert ask(asking, request("/nothing")).status == 404
        client = server.keep(WebSocketClient(server.address))
        plain = server.enter("alice")
        client.login("bob")
        plain.wait_roster("alice", "bob")
        server.stop()
        assert (
            client.remainder()[-1]["reason"] == plain.remainder()[-1]["reason"] == "shutting_down"
        )
        assert client.closed == (1001, "shutting_down")
        assert remainder(asking) == b""


def test_nothing_is_left_of_those_who_went(server: Running) -> None:
    """However they go: with a close, without a word, with a reset, within a frame or a request."""
    for data in (
        b"",
        handshake()[:50],
        handshake(),
        handshake() + frame(b"{}")[:4],
        handshake() + frame(b"\x03\xe8", CLOSE),
        handshake() + frame(b"a", PING),
        handshake() + frame(b"\xff"),
        request("/", "Connection: close"),
        request("/nothing") * 3,
    ):
        for reset in (False, True):
            client = Client(server.address)
            client.send_bytes(data)
            client.reset() if reset else client.close()
    assert server.app._connections.wait_empty(DEADLINE)
    witness = server.enter("witness")  # behind all of them, in the delivery too
    assert witness.heard() == []
    assert len(server.app._connections) == 1
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("client ")]
    assert left == ["client witness"]


# The page.


def test_the_page_is_there(server: Running) -> None:
    with connected(server.address) as sock:
        page = ask(sock, request("/"))
        assert page.status == 200
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        packed = ask(sock, request("/", "Accept-Encoding: gzip"))
        assert gzip.decompress(packed.body) == page.body
        etag = page.headers["etag"]
        assert ask(sock, request("/", f"If-None-Match: {etag}")).status == 304
        assert ask(sock, request("/", method="HEAD"), "HEAD").headers["etag"] == etag


def test_a_server_may_be_without_it() -> None:
    with serving(web=False) as server, Client(server.address) as client:
        client.send_bytes(b"GET / HTTP/1.1\r\n")
        assert client.read()["code"] == "bad_json"


def test_one_who_asks_and_does_not_read_costs_little(server: Running) -> None:
    """It waits for its replies as one who speaks JSON does, and others go on."""
    client = server.connect(receive_bytes=4096)
    client.sock.setblocking(False)
    wanted = request("/") * 50
    while fits(client, wanted):
        pass
    bob = server.enter("bob")
    assert bob.say("still here")


def fits(client: Client, data: bytes) -> bool:
    """Send something; return whether there was room for it."""
    try:
        return client.sock.send(data) > 0
    except BlockingIOError:
        return False


# Pages of others.


@pytest.mark.parametrize("origin", ["http://127.0.0.1:{port}", "https://friend.example", None])
def test_pages_that_may_speak_can(origin: str | None) -> None:
    with serving(origins=("https://friend.example",)) as server:
        origin = origin and origin.format(port=server.address[1])
        with spoken_to(server, origin) as client:
            assert said_to(client, "ping") == {"type": "pong"}


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:1", "null"])
def test_others_cannot(server: Running, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        spoken_to(server, origin)
    assert refused.value.response.status_code == 403


# TLS.


@pytest.fixture(scope="module")
def secure() -> Iterator[Running]:
    """A server that takes TLS only."""
    with serving(tls="required") as server:
        yield server


def test_within_tls_all_is_the_same(secure: Running) -> None:
    with SecureClient(secure.address) as sock:
        assert ask(sock.sock, request("/")).status == 200
    client = secure.keep(SecureWebSocketClient(secure.address))
    client.login("bob")
    with SecureClient(secure.address) as other:
        other.login("alice")
        other.say("hello")
        assert client.news("broadcast")["message"] == "hello"
        client.say("hello, alice")
        assert other.news("broadcast")["message"] == "hello, alice"
    client.send("EX")
    assert client.remainder()[-1]["type"] == "bye"
    assert client.closed == (1000, "exit")


def test_another_client_is_content_with_that_too(secure: Running) -> None:
    host, port = secure.address
    with connect(
        f"wss://{host}:{port}/ws",
        ssl=trusting(),
        open_timeout=DEADLINE,
        origin=Origin(f"https://{host}:{port}"),
    ) as client:
        assert said_to(client, "ping") == {"type": "pong"}


def test_where_tls_is_required_the_page_is_elsewhere(secure: Running) -> None:
    """And nothing that is asked without it is answered."""
    with connected(secure.address) as sock:
        reply = ask(sock, request("/"))
        assert (reply.status, remainder(sock)) == (308, b"")
        assert reply.headers["location"] == "https://chat.example.org/"
    with connected(secure.address) as sock:
        assert ask(sock, handshake()).status == 308


def test_a_long_frame_is_read_in_pieces(server: Running) -> None:
    """Bytes that come one by one mean what they mean together."""
    client = server.keep(WebSocketClient(server.address))
    for byte in frame(line("login", username="bob", password="secret")):
        client.sock.sendall(bytes([byte]))
    assert client.news("welcome")
    client.sock.sendall(frame(b'{"command": "PM", "mess', last=False))
    client.sock.sendall(frame(b"", PING))
    client.sock.sendall(frame('age": "☃"}'.encode(), CONTINUATION))
    assert client.news("confirmation")
    assert client.pongs == [b""]
