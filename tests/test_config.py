"""The server's configuration."""

import os
import tomllib
from pathlib import Path

import msgspec
import pytest

from chatroom.config import Argon2, Auth, Config, ConfigError, Limits, Server, as_toml, load

EVERYTHING = Config(
    Server(
        "::1",
        4000,
        "/srv/chat",
        100,
        "required",
        "/etc/cert.pem",
        "/etc/key.pem",
        one_core=False,
        web=False,
        origins=("https://chat.example.org", "http://localhost:8000"),
        metrics_token="a-long-one",
    ),
    Auth("closed", "unicode", Argon2(3, 64, 4)),
    Limits(100, 2000, 16, 2.5, 500, 5, 6, 7, 10, 3, 0.5, 7),
)
"""A configuration in which no key has its default."""

VARIABLES = {
    "CHATROOM_SERVER_HOST": "::1",
    "CHATROOM_SERVER_PORT": "4000",
    "CHATROOM_SERVER_DATA": "/srv/chat",
    "CHATROOM_SERVER_DISK_RESERVE_KIB": "100",
    "CHATROOM_SERVER_TLS": "required",
    "CHATROOM_SERVER_TLS_CERT": "/etc/cert.pem",
    "CHATROOM_SERVER_TLS_KEY": "/etc/key.pem",
    "CHATROOM_SERVER_ONE_CORE": "false",
    "CHATROOM_SERVER_WEB": "false",
    "CHATROOM_SERVER_ORIGINS": "https://chat.example.org, http://localhost:8000",
    "CHATROOM_SERVER_METRICS_TOKEN": "a-long-one",
    "CHATROOM_AUTH_REGISTRATION": "closed",
    "CHATROOM_AUTH_NAMES": "unicode",
    "CHATROOM_AUTH_ARGON2_TIME_COST": "3",
    "CHATROOM_AUTH_ARGON2_MEMORY_KIB": "64",
    "CHATROOM_AUTH_ARGON2_PARALLELISM": "4",
    "CHATROOM_LIMITS_MESSAGE_BYTES": "100",
    "CHATROOM_LIMITS_FRAME_BYTES": "2000",
    "CHATROOM_LIMITS_USERNAME_LENGTH": "16",
    "CHATROOM_LIMITS_LOGIN_SECONDS": "2.5",
    "CHATROOM_LIMITS_LOGIN_BYTES": "500",
    "CHATROOM_LIMITS_PING_SECONDS": "5",
    "CHATROOM_LIMITS_ANSWER_SECONDS": "6",
    "CHATROOM_LIMITS_STALL_SECONDS": "7",
    "CHATROOM_LIMITS_CONNECTIONS": "10",
    "CHATROOM_LIMITS_CONNECTIONS_PER_ADDRESS": "3",
    "CHATROOM_LIMITS_MESSAGES_PER_SECOND": "0.5",
    "CHATROOM_LIMITS_MESSAGE_BURST": "7",
}
"""The same in the environment."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A place for a configuration file."""
    return tmp_path / "chat.toml"


def complaint(file: Path | None, environment: dict[str, str]) -> str:
    """Return what is said of a configuration that cannot be used."""
    with pytest.raises(ConfigError) as caught:
        load(file, environment)
    text = str(caught.value)
    assert text.endswith(".")
    assert "\n" not in text
    return text


def leaves(settings: dict[str, object], path: str = "") -> list[tuple[str, object]]:
    """Return every key of all sections, with its value."""
    found: list[tuple[str, object]] = []
    for key, value in settings.items():
        where = f"{path}.{key}"
        found += leaves(value, where) if isinstance(value, dict) else [(where, value)]
    return found


def test_everything_has_its_default() -> None:
    config = load(environment={})
    assert msgspec.to_builtins(config) == {
        "server": {
            "host": "127.0.0.1",
            "port": 12345,
            "data": "",
            "disk_reserve_kib": 8192,
            "tls": "auto",
            "tls_cert": "",
            "tls_key": "",
            "one_core": True,
            "web": True,
            "origins": (),
            "metrics_token": "",
        },
        "auth": {
            "registration": "open",
            "names": "ascii",
            "argon2": {"time_cost": 2, "memory_kib": 19456, "parallelism": 1},
        },
        "limits": {
            "message_bytes": 8192,
            "frame_bytes": 65536,
            "username_length": 32,
            "login_seconds": 15,
            "login_bytes": 4096,
            "ping_seconds": 25,
            "answer_seconds": 35,
            "stall_seconds": 30,
            "connections": 20000,
            "connections_per_address": "auto",
            "messages_per_second": 10,
            "message_burst": 40,
        },
    }


def test_what_is_printed_can_be_read_again(file: Path) -> None:
    file.write_text(as_toml(EVERYTHING))
    assert load(file, {}) == EVERYTHING
    assert tomllib.loads(as_toml(Config()))["server"]["port"] == 12345


def test_every_key_can_be_set_in_the_environment() -> None:
    assert load(environment=VARIABLES) == EVERYTHING
    plain, changed = msgspec.to_builtins(Config()), msgspec.to_builtins(EVERYTHING)
    assert not [key for key in leaves(plain) if key in leaves(changed)]
    assert len(leaves(changed)) == len(VARIABLES)


def test_the_command_line_comes_before_the_environment_and_that_before_the_file(
    file: Path,
) -> None:
    file.write_text('[server]\nhost = "file"\nport = 1\ndata = "file"\n')
    environment = {"CHATROOM_SERVER_PORT": "2", "CHATROOM_SERVER_DATA": "environment"}
    overrides = {"server": {"data": "command line"}}
    assert load(file, environment, overrides).server == Server("file", 2, "command line")


def test_the_process_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("CHATROOM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CHATROOM_SERVER_PORT", "4000")
    assert load().server.port == 4000


def test_variables_of_the_client_and_of_others_are_none_of_ours() -> None:
    environment = {
        "CHATROOM_SERVER": "example.org",
        "CHATROOM_USER": "bob",
        "CHATROOM_PASSWORD": "secret",
        "SERVER_PORT": "1",
    }
    assert load(environment=environment) == Config()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("[server]\nport = 70000", ["'server.port' is wrong: expected int <= 65535"]),
        ("[server]\nport = -1", ["'server.port' is wrong: expected int >= 0"]),
        ("[server]\nport = '80'", ["'server.port' is wrong: expected int, got str"]),
        ("[server]\nport = true", ["'server.port' is wrong: expected int, got bool"]),
        ("[server]\nprot = 80", ["there is no key 'server.prot'; take it out or correct it"]),
        ("port = 80", ["there is no key 'port'"]),
        ("server = 5", ["'server' is wrong: expected object, got int"]),
        ('[server]\nhost = "a\\u0000b"', ["'server.host' is wrong: expected str matching"]),
        ("[auth]\nregistration = 'never'", ["'auth.registration' is wrong", "'never'"]),
        ("[auth.argon2]\ntime_cost = 0", ["'auth.argon2.time_cost' is wrong"]),
        ("[auth.argon2]\nparallelism = 4\nmemory_kib = 31", ["'auth.argon2'", "8 times"]),
        ("[limits]\nlogin_seconds = -0.5", ["'limits.login_seconds' is wrong"]),
        ("[limits]\nlogin_seconds = inf", ["'limits.login_seconds' is wrong"]),
        ("[limits]\nlogin_seconds = nan", ["'limits.login_seconds' is wrong"]),
        ("[limits]\nmessages_per_second = nan", ["'limits.messages_per_second' is wrong"]),
        ("[limits]\nmessages_per_second = inf", ["'limits.messages_per_second' is wrong"]),
        ("[limits]\nframe_bytes = 255", ["'limits.frame_bytes' is wrong"]),
        ("[limits]\nmessage_burst = 0", ["'limits.message_burst' is wrong"]),
        ("[limits]\nlogin_bytes = 255", ["'limits.login_bytes' is wrong"]),
        ("[limits]\nconnections_per_address = -1", ["'limits.connections_per_address' is wrong"]),
        ("[limits]\nconnections_per_address = 'a'", ["'limits.connections_per_address' is wrong"]),
        ("[limits]\nconnections = 1.5", ["'limits.connections' is wrong"]),
        ("[server", ["is not valid TOML", "at end of document"]),
        ("\udcff", ["is not valid TOML"]),
    ],
)
def test_a_mistake_in_the_file_is_named(file: Path, text: str, parts: list[str]) -> None:
    file.write_text(text, encoding="utf-8", errors="surrogateescape")
    sentence = complaint(file, {})
    assert sentence.startswith(str(file))
    for part in parts:
        assert part in sentence


def test_all_of_the_file_is_checked_even_where_something_else_comes_before_it(file: Path) -> None:
    file.write_text("[server]\nport = 70000")
    assert "server.port" in complaint(file, {"CHATROOM_SERVER_PORT": "1"})


def test_a_file_that_cannot_be_read_is_named(file: Path, tmp_path: Path) -> None:
    assert complaint(file, {}) == f"{file} cannot be read: No such file or directory."
    assert complaint(tmp_path, {}) == f"{tmp_path} cannot be read: Is a directory."


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("CHATROOM_SERVER_PORT", "70000", "the key 'port' is wrong: expected int <= 65535"),
        ("CHATROOM_SERVER_PORT", "", "the key 'port' is wrong: expected int, got str"),
        ("CHATROOM_AUTH_REGISTRATION", "never", "the key 'registration' is wrong"),
        ("CHATROOM_AUTH_ARGON2_TIME_COST", "0", "the key 'time_cost' is wrong"),
        ("CHATROOM_LIMITS_LOGIN_SECONDS", "nan", "the key 'login_seconds' is wrong"),
        ("CHATROOM_LIMITS_LOGIN_SECONDS", "inf", "the key 'login_seconds' is wrong"),
    ],
)
def test_a_mistake_in_the_environment_is_named(name: str, value: str, rule: str) -> None:
    assert complaint(None, {name: value}).startswith(f"{name}: {rule}")


def test_a_value_that_is_not_utf_8_is_named() -> None:
    """The system escapes such bytes; a fuzzer found that they ended in a traceback."""
    assert complaint(None, {"CHATROOM_SERVER_PORT": "\udca1"}) == (
        "CHATROOM_SERVER_PORT is not UTF-8; write it so."
    )
    assert complaint(None, {"CHATROOM_SERVER_DATA": "/srv/\udca1"}) == (
        "The environment: a value is not UTF-8; write it so."
    )


def test_a_file_that_nests_too_deeply_is_named(file: Path) -> None:
    file.write_text("a = " + "[" * 5000)
    assert complaint(file, {}) == f"{file} is not valid TOML: its brackets nest too deeply."


@pytest.mark.parametrize(
    "name", ["CHATROOM_SERVER_PROT", "CHATROOM_AUTH_ARGON2", "CHATROOM_LIMITS_"]
)
def test_a_variable_that_sets_nothing_is_named(name: str) -> None:
    assert complaint(None, {name: "1"}).startswith(f"There is no setting for {name};")


def test_a_mistake_on_the_command_line_is_named() -> None:
    with pytest.raises(ConfigError, match=r"The command line: the key 'server.port' is wrong"):
        load(None, {}, {"server": {"port": 70000}})


def test_settings_of_two_places_that_do_not_go_together_are_named() -> None:
    """Each of them alone is right."""
    environment = {
        "CHATROOM_AUTH_ARGON2_PARALLELISM": "200",
        "CHATROOM_AUTH_ARGON2_MEMORY_KIB": "8",
    }
    sentence = complaint(None, environment)
    assert sentence.startswith("The environment: the key 'auth.argon2' is wrong: memory_kib must")
