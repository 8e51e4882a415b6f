"""What the README shows is what one sees."""

import re
import tomllib
from pathlib import Path

from tests.docs import markdown, session
from tests.docs.markdown import README, ROOT
from tests.docs.session import without_times

MAKE, JOIN = "$ make serve\n", "$ .venv/bin/chatroom join\n"


def test_the_terminal_session_goes_as_it_is_shown(tmp_path: Path) -> None:
    screens = session.hold(tmp_path)
    shown = [without_times(block.text) for block in markdown.blocks("text", document=README)]
    assert f"{MAKE}{screens.server}\n" in shown
    assert f"{JOIN}{without_times(screens.alice)}\n$\n" in shown


def test_the_bot_is_the_one_among_the_examples() -> None:
    shown = [block.text for block in markdown.blocks("python", document=README)]
    assert (ROOT / "examples/echo_bot.py").read_text(encoding="utf-8") in shown


def test_the_commands_to_begin_with_exist() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert list(project["scripts"]) == ["chatroom"]
    assert "\nserve:" in (ROOT / "Makefile").read_text(encoding="utf-8")
    text = README.read_text(encoding="utf-8")
    assert text.index("`make serve`") < text.index("`.venv/bin/chatroom join`") < text.index("## ")


PICTURES = ROOT / "docs/images"
PICTURES_BYTES = 800_000
"""The most that all of them have, as each new one stays in the repository for ever."""


def test_the_first_screen_shows_the_browser_and_the_terminal() -> None:
    first, _, _ = README.read_text(encoding="utf-8").partition("\n## ")
    assert re.search(r"!\[[^\]]+\]\(docs/images/room-desk\.png\)", first)
    assert JOIN in first


def test_every_picture_is_shown_and_says_what_it_shows() -> None:
    text = README.read_text(encoding="utf-8")
    shown = re.findall(r"!\[[^\]]+\]\((docs/images/[^)]+)\)", text)
    shown += re.findall(r'<img src="(docs/images/[^"]+)" alt="[^"]+"', text)
    there = [str(path.relative_to(ROOT)) for path in PICTURES.iterdir()]
    assert sorted(shown) == sorted(there)
    assert sum(path.stat().st_size for path in PICTURES.iterdir()) < PICTURES_BYTES
