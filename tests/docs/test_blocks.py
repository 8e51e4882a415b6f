"""Every code block in a document works."""

import configparser
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from chatroom.cli.main import COMMANDS, parser_for
from chatroom.config import load
from tests.docs import markdown, shell
from tests.docs.markdown import DOCUMENTS, Block
from tests.serving import DEADLINE, Server, environment

LANGUAGES = {"console", "conversation", "ini", "json", "python", "sh", "text", "toml"}
"""What there may be; `text` alone is not looked at here."""

DATA = ".local/share/chatroom/chatroom.db"
"""Where a server without options keeps its data, from the home folder."""

CONSOLES = {document.name: markdown.blocks("console", document=document) for document in DOCUMENTS}


def test_every_block_says_what_it_is() -> None:
    found = {block.language for document in DOCUMENTS for block in _all(document)}
    assert found <= LANGUAGES


def _all(document: Path) -> list[Block]:
    return markdown.blocks(*LANGUAGES, "", document=document)


@pytest.mark.parametrize("document", [name for name, blocks in CONSOLES.items() if blocks])
def test_commands_print_what_is_written(document: str, tmp_path: Path) -> None:
    """All of a document, from top to bottom, with a server on the data that is the default."""
    script = shell.commands(CONSOLES[document])
    data = tmp_path / DATA
    data.parent.mkdir(parents=True)
    with Server(data) as server:
        printed = shell.run(script, tmp_path, server.address)
    for command, real in zip(script, printed, strict=True):
        assert shell.fits(real, command.printed), f"{command.where} {command.line}\n{real}"


@pytest.mark.parametrize("block", markdown.blocks("sh"), ids=str)
def test_what_is_not_run_is_a_shell_s_language_at_least(block: Block) -> None:
    """And every line with our program in it is one that our program takes."""
    subprocess.run(["bash", "-n", "-c", block.text], check=True, timeout=DEADLINE)
    for line in block.text.splitlines():
        _parse(line)


def _parse(line: str) -> None:
    words = shlex.split(line.partition(" | ")[0].partition(" #")[0], comments=True)
    names = [index for index, word in enumerate(words) if Path(word).name == "chatroom"]
    if names and len(words) > names[0] + 1 and words[names[0] + 1] in COMMANDS:
        parser_for(COMMANDS).parse_args(words[names[0] + 1 :])


@pytest.mark.parametrize("block", markdown.blocks("json"), ids=str)
def test_json_is_one_object(block: Block) -> None:
    assert isinstance(json.loads(block.text), dict)


@pytest.mark.parametrize("block", markdown.blocks("toml"), ids=str)
def test_toml_is_a_configuration(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "chatroom.toml"
    file.write_text(block.text, encoding="utf-8")
    load(file, environment={})


@pytest.mark.parametrize("block", markdown.blocks("ini"), ids=str)
def test_units_start_a_server_that_takes_its_options(block: Block) -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.read_string(block.text)
    _parse(unit["Service"]["ExecStart"])


@pytest.mark.parametrize("block", markdown.blocks("python"), ids=str)
def test_python_runs(block: Block, tmp_path: Path) -> None:
    """Bots aside, which run until they are stopped: see test_examples."""
    if "sys.argv" in block.text:
        return
    with Server(tmp_path) as server:
        subprocess.run(
            [sys.executable, "-c", block.text.replace("12345", str(server.port))],
            env=environment({"PYTHONWARNINGS": "error", "PATH": os.environ["PATH"]}),
            timeout=DEADLINE,
            check=True,
            capture_output=True,
        )
