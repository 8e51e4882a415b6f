"""`docs/operations.md` says what there is to set, to read in the log and to expect."""

import ast
import importlib
import re
from collections.abc import Iterator

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from chatroom.app import BYE_SECONDS, CUT_SECONDS, STACK_BYTES
from chatroom.auth.audit import Deed
from chatroom.cli.main import COMMANDS
from chatroom.config import Config, load
from tests.conversation import running
from tests.docs import markdown
from tests.docs.markdown import OPERATIONS, ROOT
from tests.web.fetching import fetch

SERVER_PARTS = (
    "app.py",
    "cli/logs.py",
    "cli/reasons.py",
    "cli/serve.py",
    "auth",
    "log",
    "room",
    "server",
    "web",
)
"""Where the log messages of a server come from."""

CONFIGURATION = ("Key", "Environment", "Default", "Allowed", "Meaning")


def _keys(section: msgspec.inspect.StructType, path: str = "") -> Iterator[list[str]]:
    """Yields what the table says of each key, but for its meaning."""
    for field in section.fields:
        key = f"{path}{field.name}"
        if isinstance(field.type, msgspec.inspect.StructType):
            yield from _keys(field.type, f"{key}.")
        else:
            variable = f"CHATROOM_{key.upper().replace('.', '_')}"
            yield [key, variable, msgspec.json.encode(field.default).decode(), _allowed(field.type)]


_KINDS: dict[type, str] = {
    msgspec.inspect.BoolType: "false or true",
    msgspec.inspect.VarTupleType: "texts, between commas in the environment",
}


def _allowed(kind: msgspec.inspect.Type) -> str:
    """Says what a key may be set to."""
    match kind:
        case msgspec.inspect.LiteralType(values):
            return " or ".join(map(str, values))
        case msgspec.inspect.UnionType(kinds):
            return ", or ".join(map(_allowed, kinds))
        case msgspec.inspect.IntType(ge=low, le=None) | msgspec.inspect.FloatType(ge=low, le=None):
            return f"{low} or more"
        case msgspec.inspect.IntType(ge=low, le=high) | msgspec.inspect.FloatType(ge=low, le=high):
            return f"{low} to {high}"
        case _:
            return _KINDS.get(type(kind), "text")


def test_the_configuration_table_is_the_configuration() -> None:
    kind = msgspec.inspect.type_info(Config)
    assert isinstance(kind, msgspec.inspect.StructType)
    rows = markdown.table(OPERATIONS, *CONFIGURATION)
    assert [row[:4] for row in rows] == list(_keys(kind))
    assert all(row[4].endswith(".") for row in rows)


def test_every_variable_of_the_table_sets_its_key() -> None:
    for key, variable, default, *_ in markdown.table(OPERATIONS, *CONFIGURATION):
        given = default.strip('"[]') or "https://elsewhere.example"
        value: object = load(environment={variable: given})
        for part in key.split("."):
            value = getattr(value, part)
        value = value[0] if isinstance(value, tuple) else value
        said = str(value).lower() if isinstance(value, bool) else str(value)
        assert said in {given, f"{default}.0"}


def test_the_table_of_acts_is_what_the_audit_log_can_say() -> None:
    assert [row[0] for row in markdown.table(OPERATIONS, "Act", "What was done")] == list(Deed)


def _messages() -> Iterator[tuple[str, str]]:
    """Yields the level and the text of everything that a server may log."""
    package = ROOT / "src/chatroom"
    for part in SERVER_PARTS:
        path = package / part
        for file in [path] if path.is_file() else path.glob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                match node:
                    case ast.Call(
                        func=ast.Attribute(value=ast.Name("_log"), attr=level),
                        args=[ast.Constant(value=str(text)), *_],
                    ):
                        yield level.replace("exception", "error"), text


def test_the_log_table_has_every_message() -> None:
    rows = markdown.table(OPERATIONS, "Level", "Message", "Meaning")
    assert sorted((row[0], row[1].replace("…", "%s")) for row in rows) == sorted(_messages())


@pytest.mark.parametrize("command", sorted(COMMANDS.keys() - {"completion"}))
def test_the_exit_statuses_are_those_of_the_help(command: str) -> None:
    help_text = importlib.import_module(COMMANDS[command].module).EXAMPLES
    statuses = re.findall(r"^  (\d)  (.+)$", help_text, re.MULTILINE)
    rows = markdown.table(OPERATIONS, "Command", "Status", "Meaning")
    assert [(row[1], row[2]) for row in rows if row[0] == command] == statuses


def test_the_figures_in_the_text_are_those_of_the_source() -> None:
    text = OPERATIONS.read_text(encoding="utf-8")
    assert f"{STACK_BYTES // 1024} KiB of address space" in text
    assert BYE_SECONDS + CUT_SECONDS < 2
    assert "within 2 seconds" in text


@pytest.fixture(scope="module")
def shown() -> str:
    """What a server shows to whoever watches it."""
    with running() as server:
        return fetch(server, "/metrics").text


def test_the_table_of_metrics_is_what_is_shown(shown: str) -> None:
    assert markdown.table(OPERATIONS, "Metric", "Type", "Labels", "Meaning") == [
        [
            f"{family.name}_total" if family.type == "counter" else family.name,
            family.type,
            ", ".join({label for one in family.samples for label in one.labels} - {"le"}) or "none",
            family.documentation,
        ]
        for family in text_string_to_metric_families(shown)
        if family.name.startswith("chatroom_")
    ]


def test_the_rules_are_about_metrics_that_there_are(shown: str) -> None:
    text = markdown.section(OPERATIONS, "Watching it")
    named = set(re.findall(r"\b(?:chatroom|process|python)_\w+", text))
    there = {
        name
        for family in text_string_to_metric_families(shown)
        for name in (family.name, *(sample.name for sample in family.samples))
    }
    assert named <= there
