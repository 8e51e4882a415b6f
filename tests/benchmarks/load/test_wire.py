"""The ways into the servers, step by step, and the wrapping of messages."""

import json

import pytest

from benchmarks.load.languages import LANGUAGES
from benchmarks.load.websocket import WebSocket, masked
from benchmarks.load.wire import Entrance, Irc, Json, Raw, Refused, Resumption, Xmpp
from chatroom.protocol.commands import Login, Resume, Say, Whisper, parse
from chatroom.protocol.frames import FrameDecoder
from tests.websocket import frame


def command(data: bytes) -> object:
    """Returns what chatroom makes of the one frame in `data`."""
    (frame,) = FrameDecoder(65536).feed(data)
    assert isinstance(frame, dict)
    return parse(frame)


def lets_in(entrance: Entrance, data: bytes) -> bool:
    """Feeds what came; returns whether the client is in."""
    entrance.feed(data)
    return entrance.is_in


def test_json_logs_in_and_is_in_with_the_welcome() -> None:
    entrance = Json(7)
    login = command(entrance.hello())
    assert isinstance(login, Login)
    assert login.username == "c7"
    assert not lets_in(entrance, b'{"type":"update_users","users":[]}\n{"type":"wel')
    assert lets_in(entrance, b'come","session":"s","logs":{"room":{"epoch":"e"}}}\nrest|')
    assert (entrance.session, entrance.epoch, entrance.rest) == ("s", "e", b"rest|")


def test_json_says_why_it_was_refused() -> None:
    with pytest.raises(Refused, match="wrong_password"):
        Json(7).feed(b'{"type":"error","code":"wrong_password"}\n')


def test_json_comes_back_with_its_session_and_its_place() -> None:
    left = Json(7)
    left.session, left.epoch = "s" * 43, "6ffc904e311ebba0"
    resume = command(Resumption(left, 41).hello())
    assert isinstance(resume, Resume)
    assert resume.logs is not None


def test_json_answers_a_ping_and_nothing_else() -> None:
    assert json.loads(Json.sign_of_life(b'{"type":"ping","logs":{}}')) == {"command": "pong"}
    assert Json.sign_of_life(b'{"type":"broadcast","message":"ping"}') == b""


def test_json_messages_are_commands_with_ids_of_their_own() -> None:
    said = command(Json.to_room().wrap(b"|7;hello", 41))
    assert isinstance(said, Say)
    assert (said.message, said.id) == ("|7;hello", "`41")
    written = command(Json.to_client(9).wrap(b"|7;hello", 42))
    assert isinstance(written, Whisper)
    assert (written.to, written.id) == ("c9", "`42")


def test_irc_registers_joins_and_is_in_with_the_end_of_names() -> None:
    entrance = Irc(7)
    assert entrance.hello().startswith(b"NICK c7\r\n")
    assert entrance.feed(b":s NOTICE * :hello\r\nPING :abc\r\n") == b"PONG :abc\r\n"
    assert entrance.feed(b":s 001 c7 :welcome\r\n") == b"JOIN #r\r\n"
    entrance.feed(b":s 353 c7 = #r :c7\r\n:s 366 c7 #r :end\r\n:c1 PRIVMSG")
    assert entrance.is_in
    assert entrance.rest == b":c1 PRIVMSG"


def test_irc_says_why_it_was_refused() -> None:
    with pytest.raises(Refused, match="too many"):
        Irc(7).feed(b"ERROR :too many\r\n")


def test_irc_answers_a_ping_alone() -> None:
    assert Irc.sign_of_life(b"PING :s\r") == b"PONG :s\r\n"
    assert Irc.sign_of_life(b":c1 PRIVMSG #r :PING\r") == b""


def test_raw_is_in_with_ok() -> None:
    entrance = Raw(7)
    assert entrance.hello() == b"7\n"
    entrance.feed(b"ok\n|1;")
    assert entrance.is_in
    assert entrance.rest == b"|1;"
    with pytest.raises(Refused):
        Raw(7).feed(b"no\n")


def test_xmpp_takes_its_steps_though_they_come_cut_and_joined() -> None:
    entrance = Xmpp(7)
    assert b"<stream:stream" in entrance.hello()
    assert entrance.feed(b"<stream:stream><stream:feat") == b""
    assert b"ANONYMOUS" in entrance.feed(b"ures><x/></stream:features>")
    answers = entrance.feed(b"<success/><stream:stream></stream:features><iq id='b'></iq>")
    assert b"<bind" in answers
    assert b"<presence to='r@rooms.localhost/c7'>" in answers
    assert not lets_in(entrance, b"<presence/>")
    assert lets_in(entrance, b"<message><subject/></message>")
    with pytest.raises(Refused):
        Xmpp(7).feed(b"<failure/>")


@pytest.mark.parametrize("language", LANGUAGES.values())
def test_a_message_holds_its_text_as_it_is(language: type[Entrance]) -> None:
    for wrapping in (language.to_room(), language.to_client(3)):
        assert wrapping.wrap(b"|7;hello", 1).count(b"|7;hello") == 1


OPENED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
WELCOME = b'{"type":"welcome","session":"s","users":[%s]}'


@pytest.mark.parametrize("length", [0, 100, 70000])
@pytest.mark.parametrize("step", [1, 70, 1 << 20])
def test_a_websocket_is_opened_and_then_it_is_json(length: int, step: int) -> None:
    entrance = WebSocket(7)
    assert entrance.hello().startswith(b"GET /ws HTTP/1.1\r\n")
    welcome = WELCOME % (b" " * length)
    said = OPENED + unmasked(b'{"type":"update_users"}') + unmasked(welcome) + b"rest"
    answers = [entrance.feed(said[at : at + step]) for at in range(0, len(said), step)]
    assert b"".join(answers) == masked(Json(7).hello().rstrip())
    assert entrance.is_in
    assert entrance.session == "s"
    assert b"rest".startswith(entrance.rest)


def unmasked(text: bytes) -> bytes:
    """Returns a text message of a server."""
    return frame(text, mask=b"")


def test_a_websocket_says_why_it_was_refused() -> None:
    with pytest.raises(Refused, match="403"):
        WebSocket(7).feed(b"HTTP/1.1 403 Forbidden\r\n\r\n")
    entrance = WebSocket(7)
    with pytest.raises(Refused, match="banned"):
        entrance.feed(OPENED) + entrance.feed(unmasked(b'{"type":"error","code":"banned"}'))


@pytest.mark.parametrize("length", [1, 40, 41, 300])
def test_a_message_to_a_websocket_is_the_command_in_a_frame(length: int) -> None:
    """Masked with nothing, which any reader takes off without a change."""
    text = b"x" * length
    for wrapping, json_wrapping in (
        (WebSocket.to_room(), Json.to_room()),
        (WebSocket.to_client(3), Json.to_client(3)),
    ):
        line = json_wrapping.wrap(text, 41).rstrip()
        assert wrapping.wrap(text, 41) == frame(line, mask=bytes(4))
