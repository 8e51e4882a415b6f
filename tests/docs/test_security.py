"""What `docs/security.md` says is tested is tested, and what it shows is what one sees."""

import re
from pathlib import Path

import pytest

from tests.cli.command import as_user
from tests.cli.screen import Screen
from tests.docs import markdown
from tests.docs.markdown import ROOT
from tests.serving import Server

SECURITY = ROOT / "docs/security.md"

TRIED = markdown.table(SECURITY, "What is tried", "What happens", "Tested by")
ELSEWHERE = markdown.table(SECURITY, "Attack", "Elsewhere", "Here", "Tested by")

_FINGERPRINT = re.compile(r"sha256:[0-9a-f]{64}")


@pytest.mark.parametrize("row", TRIED + ELSEWHERE, ids=lambda row: row[0])
def test_each_defence_names_tests_that_exist(row: list[str]) -> None:
    named = row[-1].split(", ")
    assert named
    for name in named:
        path = ROOT / name
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        assert name.startswith(("tests/", "fuzzing/")), name
        assert any(_holds_something(file) for file in files), name


def _holds_something(file: Path) -> bool:
    """Says whether it is a module with tests, a case of `tests/wire` or a target."""
    if file.suffix != ".py":
        return file.suffix == ".json"
    text = file.read_text(encoding="utf-8")
    return re.search(r"^(def test_|TARGET = )", text, re.MULTILINE) is not None


@pytest.mark.parametrize("row", ELSEWHERE, ids=lambda row: row[0])
def test_each_attack_has_happened_to_somebody(row: list[str]) -> None:
    assert re.match(r"[\w-]+, (CVE-\d{4}-\d{4,5}|issue \d+): ", row[1]), row[1]


def test_no_hole_is_named_twice() -> None:
    names = [row[1].partition(":")[0] for row in ELSEWHERE]
    assert len(set(names)) == len(names)


def test_the_refusal_of_another_certificate_is_as_it_is_shown(tmp_path: Path) -> None:
    """In a terminal, but for the address, the fingerprints and the folder."""
    (block,) = markdown.blocks("text", document=SECURITY)
    command, sentence = block.text.split("\n", 1)
    assert command == "$ chatroom join chat.example.org"
    home = as_user("alice") | {"XDG_CONFIG_HOME": str(tmp_path)}
    data = tmp_path / "room.db"
    with Server(data, env={"CHATROOM_SERVER_TLS": "required"}) as server:
        with Screen("join", "--tls", server.address, env=home) as screen:
            screen.wait_for("(yes or no)")
            screen.enter("yes")
            screen.wait_for("In the room")
            screen.enter("EX")
            assert screen.wait_for_exit() == 0
        before = server.fingerprint
        server.stop()
        data.with_name("room.db.pem").unlink()
        server.start()
        with Screen("join", "--tls", server.address, env=home) as screen:
            assert screen.wait_for_exit() == 2
            seen = screen.text
    now, known = server.fingerprint, f"{tmp_path}/chatroom/known_servers"
    shown, trusted = _FINGERPRINT.findall(sentence)
    assert shown != trusted
    for ours, its in (
        (shown, now),
        (trusted, before),
        ("chat.example.org:12345", server.address),
        ("/home/alice/.config/chatroom/known_servers", known),
    ):
        assert sentence.count(ours) == 1
        sentence = sentence.replace(ours, its)
    # The terminal ends a line wherever it is full.
    assert "".join(seen.split()) == "".join(sentence.split())
