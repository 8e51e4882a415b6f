"""`docs/protocol.md` says what the server does."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec
import pytest

from chatroom.protocol.commands import COMMANDS, MAX_PAGE, Command, Places, parse
from chatroom.protocol.errors import ADVICE
from chatroom.server.history import ENTRIES, PAGE_BYTES, PLACES
from tests.docs import markdown, talking
from tests.docs.markdown import PROTOCOL, Block
from tests.docs.talking import Client, Frame, Turn
from tests.serving import DEADLINE, PROGRAM, Server, environment

TURNS = talking.read(markdown.blocks("conversation", document=PROTOCOL)[0].text)
EXAMPLES = markdown.blocks("json", document=PROTOCOL)

ALWAYS = {"type", "id"}
"""Fields that no table lists: the headline is the type, and any reply may have an id."""

OFTEN_MISSING = {"id", "command", "field", "retry_after", "replay", "to_user"}
"""What an error has only where it is known, any reply only if it was given, an entry only if it is
an old one, and a page only of what was said to one user."""

LATER = {"ping"}
"""What the server says only after a while."""

HEADINGS = {"history": "history, the page"}
"""Under what the messages stand whose command has the same name."""

COMMAND_KINDS = {str: "text", int: "number", Places: "object"}
"""What the tables call the types of a command's fields."""

KINDS: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "number": (int, float),
    "true or false": (bool,),
    "list of texts": (list,),
    "list of objects": (list,),
    "object": (dict,),
}
"""What the tables call the types of JSON."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


def frame(example: Block) -> Frame:
    return msgspec.json.decode(example.text, type=Frame)


def fields(kind: str) -> dict[str, str]:
    """Returns the fields of a message by the table in its section, with their types."""
    text = markdown.section(PROTOCOL, HEADINGS.get(kind, kind))
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    return {row[0].strip("`"): row[1] for row in rows if len(row) == 3}


def test_the_conversation_goes_as_it_is_written(server: Server) -> None:
    """Every frame is the same but for the time and the server's secrets, each for one written."""
    real: dict[object, object] = {}
    for written, held in zip(TURNS, talking.hold(TURNS, server.port), strict=True):
        assert shape(written.frame, {}) == shape(held.frame, {})
        if not written.sent:
            shape(written.frame, real, held.frame)
    assert len(set(real.values())) == len(real)


def shape(frame: Frame, real: dict[object, object], held: Frame | None = None) -> Frame:
    """Returns a frame without what differs from one server to the next.

    Args:
        frame: what is written.
        real: what the written secrets stand for; what `held` has must fit it, and is put into it.
        held: what was said.
    """
    plain: Frame = {}
    for key, value in frame.items():
        other = None if held is None else held.get(key)
        if isinstance(value, dict):
            plain[key] = shape(value, real, other if isinstance(other, dict) else None)
        elif key == "entries" and isinstance(value, list):
            plain[key] = [shape(entry, real) for entry in value]
        elif key in talking.SECRETS:
            assert real.setdefault(value, other) == other
            plain[key] = None
        else:
            plain[key] = None if key == "ts" else value
    return plain


def test_the_conversation_leaves_no_command_and_no_message_out() -> None:
    said = {str(turn.frame["command"]).lower() for turn in TURNS if turn.sent}
    heard = {turn.frame["type"] for turn in TURNS if not turn.sent}
    assert said == set(COMMANDS)
    assert heard == {frame(each).get("type") for each in EXAMPLES} - {None} - LATER


def test_the_ping_of_the_server_is_what_is_written() -> None:
    written = next(frame(each) for each in EXAMPLES if frame(each).get("type") == "ping")
    with (
        Server(env={"CHATROOM_LIMITS_PING_SECONDS": "0.05"}) as server,
        closing(Client(server.port)) as client,
    ):
        client.send({"command": "login", "username": "bob", "password": "secret"})
        while (heard := client.receive())["type"] != "ping":
            pass
    assert shape(written, {}).keys() == shape(heard, {}).keys()
    assert isinstance(logs := heard["logs"], dict)
    assert all(set(log) == {"epoch", "head"} for log in logs.values())
    assert set(fields("ping, from the server")) == set(heard) - ALWAYS


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_an_example_is_what_a_command_or_a_message_looks_like(example: Block) -> None:
    written = frame(example)
    if "type" not in written:
        assert isinstance(parse(written), Command)
        assert set(written) <= set(COMMANDS[str(written["command"]).lower()].__struct_fields__) | {
            "command"
        }
        return
    for turn in TURNS:
        if not turn.sent and turn.frame["type"] == written["type"]:
            assert set(written) ^ set(turn.frame) <= {"id", "replay"}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: command.name)
def test_the_table_of_a_command_has_its_fields(command: type[Command]) -> None:
    text = markdown.section(PROTOCOL, command.name)
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    written = {row[0].strip("`"): row[1:3] for row in rows}
    real = {
        field.name: [_kind(field.type), "yes" if field.required else "no"]
        for field in msgspec.structs.fields(command)
        if field.name != "id"
    }
    assert written == real


def _kind(kind: Any) -> str:
    """Returns what a table calls the type of a command's field, which may be missing or bounded."""
    if get_origin(kind) is Literal:
        return "text"
    kinds = {part for part in get_args(kind) if part is not type(None)} or {kind}
    part = next(iter(kinds))
    return COMMAND_KINDS[getattr(part, "__origin__", part)]


@pytest.mark.parametrize("turn", [turn for turn in TURNS if not turn.sent], ids=str)
def test_the_table_of_a_message_has_its_fields_and_their_types(turn: Turn) -> None:
    table = fields(str(turn.frame["type"]))
    assert set(turn.frame) - ALWAYS <= set(table)
    rare = {"message"} if turn.frame["type"] == "bye" else set()
    assert set(table) - set(turn.frame) <= OFTEN_MISSING | rare
    for name in set(turn.frame) - ALWAYS:
        assert isinstance(turn.frame[name], KINDS[table[name]]), name


def test_the_error_table_is_the_one_that_the_server_goes_by() -> None:
    rows = markdown.table(PROTOCOL, "Code", "Stays open", "What next")
    assert rows == [
        [code.value, "yes" if stays_open else "no", what_next.replace("`", "")]
        for code, (stays_open, what_next) in ADVICE.items()
    ]


def test_the_limits_of_a_page_are_those_of_the_source() -> None:
    text = " ".join(markdown.section(PROTOCOL, "history").split())
    for limit in (
        f"1 to {MAX_PAGE}: how many",
        f"{ENTRIES} if it is missing",
        f"{PAGE_BYTES // 1024} KiB of text",
        f"{PLACES:,} places",
    ):
        assert limit in text


def test_the_client_prints_what_is_written_below_it(server: Server) -> None:
    code = markdown.blocks("python", document=PROTOCOL)[0].text
    done = subprocess.run(
        [sys.executable, "-c", code.replace("12345", str(server.port))],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=True,
    )
    assert done.stdout == markdown.blocks("text", document=PROTOCOL)[0].text


def leave(client: Client, server: Server) -> None:
    del server
    client.send({"command": "EX"})


def stop(client: Client, server: Server) -> None:
    client.send({"command": "ping"})
    client.receive()
    server.stop()


def wait(client: Client, server: Server) -> None:
    del client, server


def say_too_much(client: Client, server: Server) -> None:
    del server
    client.send_raw(b'{"command": "' + b"x" * 300)


def lose_the_account(client: Client, server: Server) -> None:
    client.send({"command": "login", "username": "bob", "password": "secret"})
    assert client.receive()["type"] == "welcome"
    operate(server, "users", "remove", "bob")


def operate(server: Server, *words: str) -> None:
    """Do something as the person who runs the server."""
    data = server.banner.partition("data  ")[2].splitlines()[0].strip()
    command = [*PROGRAM, *words, "--data", data]
    subprocess.run(command, env=environment(), check=True, capture_output=True)


def be_banned(client: Client, server: Server) -> None:
    client.send({"command": "login", "username": "bob", "password": "secret"})
    assert client.receive()["type"] == "welcome"
    operate(server, "users", "ban", "bob", "--reason", "spam")


def be_kicked(client: Client, server: Server) -> None:
    client.send({"command": "login", "username": "bob", "password": "secret"})
    assert client.receive()["type"] == "welcome"
    operate(server, "users", "kick", "bob", "--reason", "spam")


def read_nothing(client: Client, server: Server) -> None:
    """Somebody who is sent more than a connection holds, and takes none of it, until it is cut."""
    client.send({"command": "login", "username": "deaf", "password": "secret"})
    assert client.receive()["type"] == "welcome"
    with closing(Client(server.port)) as talker:
        talker.send({"command": "login", "username": "talker", "password": "secret"})
        assert talker.receive()["type"] == "welcome"
        users: object = ["deaf", "talker"]
        while users == ["deaf", "talker"]:
            for _ in range(100):
                talker.send({"command": "PM", "message": "x" * 8000})
            talker.send({"command": "WHO"})
            while (frame := talker.receive())["type"] != "active_users":
                pass
            users = frame["users"]


def say_nothing(client: Client, server: Server) -> None:
    del server
    client.send({"command": "login", "username": "bob", "password": "secret"})


WAYS_TO_GO: dict[str, tuple[Callable[[Client, Server], None], dict[str, str]]] = {
    "exit": (leave, {}),
    "shutting_down": (stop, {}),
    "login_timeout": (wait, {"CHATROOM_LIMITS_LOGIN_SECONDS": "0.05"}),
    "frame_too_large": (say_too_much, {"CHATROOM_LIMITS_FRAME_BYTES": "256"}),
    "too_many_connections": (wait, {"CHATROOM_LIMITS_CONNECTIONS": "1"}),
    "tls_required": (say_nothing, {"CHATROOM_SERVER_TLS": "required"}),
    "banned": (be_banned, {}),
    "kicked": (be_kicked, {}),
    "account_removed": (lose_the_account, {}),
    "slow_consumer": (read_nothing, {"CHATROOM_LIMITS_STALL_SECONDS": "0.2"}),
    "silent": (
        say_nothing,
        {"CHATROOM_LIMITS_PING_SECONDS": "0.05", "CHATROOM_LIMITS_ANSWER_SECONDS": "0.05"},
    ),
}
"""For each reason of a `bye`: what brings it about, and the settings for that."""


TOLD_IN_WORDS = {"banned", "kicked"}
"""The reasons that come with a sentence for the person."""


@pytest.mark.parametrize(
    "row", markdown.table(PROTOCOL, "Reason", "reconnect", "after_ms", "When"), ids=lambda r: r[0]
)
def test_each_reason_to_say_goodbye_is_given_and_means_what_is_written(
    row: list[str], tmp_path: Path
) -> None:
    reason, reconnect, after_ms, when = row
    bring_about, env = WAYS_TO_GO[reason]
    with ExitStack() as stack:
        server = stack.enter_context(Server(tmp_path, env=env))
        several = 2 if reason == "too_many_connections" else 1
        *_, client = [stack.enter_context(closing(Client(server.port))) for _ in range(several)]
        bring_about(client, server)
        *before, bye = client.rest()
    told = {"message"} & bye.keys()
    assert bool(told) is (reason in TOLD_IN_WORDS)
    assert {key: value for key, value in bye.items() if key not in told} == {
        "type": "bye",
        "reason": reason,
        "reconnect": reconnect == "true",
        "after_ms": int(after_ms),
    }
    if "error" in when and reason != "banned":  # here somebody is banned who is in
        assert before[-1]["code"] == reason


def test_no_reason_to_say_goodbye_is_left_out() -> None:
    rows = markdown.table(PROTOCOL, "Reason", "reconnect", "after_ms", "When")
    assert {row[0] for row in rows} == set(WAYS_TO_GO)
    endings = {code.value for code, advice in ADVICE.items() if not advice.stays_open}
    assert endings <= set(WAYS_TO_GO)


def test_the_codes_called_reserved_are_those_that_are_never_sent() -> None:
    """The control socket, which the document is not about, aside."""
    package = markdown.ROOT / "src/chatroom"
    sources = [
        path.read_text(encoding="utf-8")
        for part in ("auth", "protocol", "room", "server")
        for path in (package / part).glob("*.py")
        if path.name not in {"errors.py", "control.py"}
    ]
    unused = {code.value for code in ADVICE if not any(code.name in text for text in sources)}
    reserved = markdown.section(PROTOCOL, "Error codes").partition("is reserved")[0]
    assert set(re.findall(r"`(\w+)`", reserved.splitlines()[-1])) == unused
