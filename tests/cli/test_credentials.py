import argparse
import getpass
from pathlib import Path

import pytest

from chatroom.cli import credentials
from chatroom.cli.arguments import UsageError


def arguments(user: str | None = None, password_file: Path | None = None) -> argparse.Namespace:
    return argparse.Namespace(user=user, password_file=password_file)


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHATROOM_USER", raising=False)
    monkeypatch.delenv("CHATROOM_PASSWORD", raising=False)


def test_the_option_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert credentials.username(arguments()) is None
    monkeypatch.setenv("CHATROOM_USER", "bob")
    assert credentials.username(arguments()) == "bob"
    assert credentials.username(arguments("alice")) == "alice"


def test_else_one_is_who_one_is_on_the_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "carl")
    assert credentials.username_or_own(arguments()) == "carl"
    assert credentials.username_or_own(arguments("alice")) == "alice"


@pytest.mark.parametrize("error", [KeyError, OSError])
def test_who_is_nobody_on_the_computer_has_to_say(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody() -> str:
        raise error

    monkeypatch.setattr(getpass, "getuser", nobody)
    with pytest.raises(UsageError, match="--user NAME"):
        credentials.username_or_own(arguments())


def test_a_password_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert credentials.password(arguments()) is None
    monkeypatch.setenv("CHATROOM_PASSWORD", " pw ")
    assert credentials.password(arguments()) == " pw "


def test_a_file_comes_before_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHATROOM_PASSWORD", "pw")
    file = tmp_path / "secret"
    file.write_bytes("gehe\u00efm\r\nmore".encode())
    assert credentials.password(arguments(password_file=file)) == "gehe\u00efm"


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "No such file"), (b"", "is empty"), (b"\npw", "is empty"), (b"\xff", "not UTF-8")],
)
def test_a_file_without_a_password(content: bytes | None, why: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UsageError, match=why):
        credentials.password(arguments(password_file=file))


@pytest.mark.parametrize(("secret", "why"), [("", "is empty"), ("\udcff", "is not UTF-8")])
def test_an_environment_without_a_password(
    secret: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHATROOM_PASSWORD", secret)
    with pytest.raises(UsageError, match=f"CHATROOM_PASSWORD {why}"):
        credentials.password(arguments())
