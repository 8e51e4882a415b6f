"""The server's configuration: what can be set, and where it is read from.

The file is TOML; every key can also be given as `CHATROOM_SECTION_KEY` in the environment, which
comes before the file, as the command line comes before both. All of it is checked at once.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_origin

import msgspec
from msgspec import Meta, Struct

Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]
Name = Annotated[str, Meta(pattern=r"^[^\0]*$")]
"""What the system is to take for a name: it knows no NUL."""
Origin = Annotated[str, Meta(pattern=r"^https?://[^/\s]+$")]
"""Where a page is from, as a browser says it (RFC 6454, section 6.2)."""
Token = Annotated[str, Meta(pattern=r"\A[!-~]*\Z")]
"""What can stand behind `Bearer` (RFC 6750, section 2.1), and more than that."""

_LANE_KIB = 8
"""The least memory that argon2 takes for each lane, in KiB (RFC 9106, section 3.1)."""


class ConfigError(Exception):
    """The configuration cannot be used. The text is a sentence that names the key."""


class Server(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the server listens, and where it keeps its data."""

    host: Name = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 12345
    """0 takes any free port."""
    data: Name = ""
    """The database file, or a folder for it, or `:memory:`; empty for the place that the system
    has for the user's data."""
    disk_reserve_kib: Count = 8192
    """How much of the disk nothing is written to; twice what the write-ahead log usually takes."""
    tls: Literal["auto", "required", "optional"] = "auto"
    """Whether everybody has to speak TLS; `auto`: where others than this machine reach the server.
    Everybody may in any case."""
    tls_cert: Name = ""
    """The certificate to be shown; empty for one of the server's own making."""
    tls_key: Name = ""
    """Its key; empty if that is in the same file."""
    one_core: bool = True
    """Whether all threads but those that hash are kept on one core, where Python has a GIL."""
    web: bool = True
    """Whether a browser is served on the same port."""
    origins: tuple[Origin, ...] = ()
    """Whose pages may speak with the server, beside its own."""
    metrics_token: Token = ""
    """What has to be shown for `/metrics` from elsewhere than this machine; empty for nobody."""


class Argon2(Struct, frozen=True, forbid_unknown_fields=True):
    """What a password hash costs (argon2id, RFC 9106)."""

    time_cost: Annotated[int, Meta(ge=1, le=1000)] = 2
    memory_kib: Annotated[int, Meta(ge=8, le=4_194_304)] = 19456
    parallelism: Annotated[int, Meta(ge=1, le=255)] = 1

    def __post_init__(self) -> None:
        """See whether the keys go together."""
        if self.memory_kib < _LANE_KIB * self.parallelism:
            raise ValueError(f"memory_kib must be at least {_LANE_KIB} times parallelism")


class Auth(Struct, frozen=True, forbid_unknown_fields=True):
    """Who may come in."""

    registration: Literal["open", "invite", "closed"] = "open"
    names: Literal["ascii", "unicode"] = "ascii"
    """Which names new accounts may have."""
    argon2: Argon2 = Argon2()


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """What one connection, and all of them, may use. 0 means no limit where it is allowed."""

    message_bytes: Positive = 8192
    frame_bytes: Annotated[int, Meta(ge=256)] = 65536
    username_length: Annotated[int, Meta(ge=1, le=64)] = 32
    login_seconds: Annotated[float, Meta(ge=0, le=86400)] = 15
    login_bytes: Annotated[int, Meta(ge=256)] = 4096
    ping_seconds: Annotated[float, Meta(ge=0.01, le=86400)] = 25
    answer_seconds: Annotated[float, Meta(ge=0.01, le=86400)] = 35
    stall_seconds: Annotated[float, Meta(ge=0.01, le=86400)] = 30
    connections: Count = 20000
    connections_per_address: Count | Literal["auto"] = "auto"
    """`auto`: 64, and no limit for this machine."""
    messages_per_second: Annotated[float, Meta(ge=0, le=1_000_000)] = 10
    message_burst: Positive = 40


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that can be set."""

    server: Server = Server()
    auth: Auth = Auth()
    limits: Limits = Limits()


def load(
    file: Path | None = None,
    environment: Mapping[str, str] = os.environ,
    overrides: Mapping[str, Mapping[str, object]] | None = None,
) -> Config:
    """Return the configuration in force.

    Args:
        file: a TOML file, if one is wanted.
        environment: variables such as `CHATROOM_SERVER_PORT`.
        overrides: by section and key, what the command line says.

    Raises:
        ConfigError: the file cannot be read, or something in it or beside it is wrong.
    """
    settings = _read(file) if file else {}
    _check(settings, str(file))
    _merge(settings, _from_environment(environment))
    _check(settings, "The environment")
    _merge(settings, overrides or {})
    return _check(settings, "The command line")


def as_toml(config: Config) -> str:
    """Return `config` as a TOML file that leaves nothing to a default."""
    return msgspec.toml.encode(config).decode()


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}.") from error
    except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError
        raise ConfigError(f"{file} is not valid TOML: {error}.") from error
    except RecursionError:
        raise ConfigError(f"{file} is not valid TOML: its brackets nest too deeply.") from None


def _check(settings: dict[str, Any], where: str) -> Config:
    try:
        config = msgspec.convert(settings, Config)
        msgspec.json.encode(config)  # what the system has made of other bytes could not be written
    except msgspec.ValidationError as error:
        raise ConfigError(f"{where}: {_key_and_rule(str(error))}.") from error
    except UnicodeEncodeError:
        raise ConfigError(f"{where}: a value is not UTF-8; write it so.") from None
    return config


def _key_and_rule(text: str) -> str:
    """Put what msgspec says, such as "Expected `int` - at `$.server.port`", key first."""
    rule, _, path = text.partition(" - at `$")
    key = path.strip("`.")
    unknown = rule.partition("unknown field `")[2].strip("`")
    if unknown:
        return f"there is no key '{f'{key}.{unknown}'.lstrip('.')}'; take it out or correct it"
    return f"the key '{key}' is wrong: {rule[0].lower()}{rule[1:].replace('`', '')}"


def _merge(settings: dict[str, Any], others: Mapping[str, Any]) -> None:
    """Put `others` into `settings`, section by section."""
    for key, value in others.items():
        if isinstance(value, Mapping):
            _merge(settings.setdefault(key, {}), value)
        else:
            settings[key] = value


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings that the environment makes."""
    variables = dict(_variables(Config, "CHATROOM", ()))
    sections = tuple(f"CHATROOM_{field.name.upper()}_" for field in msgspec.structs.fields(Config))
    settings: dict[str, Any] = {}
    for name, text in environment.items():
        if not name.startswith(sections):
            continue
        if name not in variables:
            raise ConfigError(f"There is no setting for {name}; take it out of the environment.")
        path, kind = variables[name]
        try:
            value = msgspec.convert(_words(text, kind), kind, strict=False)
        except msgspec.ValidationError as error:
            rule = str(error).partition(" - at ")[0]
            raise ConfigError(f"{name}: {_key_and_rule(f'{rule} - at `$.{path[-1]}`')}.") from error
        except UnicodeEncodeError:
            raise ConfigError(f"{name} is not UTF-8; write it so.") from None
        for key in reversed(path):
            value = {key: value}
        _merge(settings, value)
    return settings


def _words(text: str, kind: object) -> str | list[str]:
    """Return the parts of `text`, between which commas stand, if there may be several."""
    if get_origin(kind) is not tuple:
        return text
    return [part for each in text.split(",") if (part := each.strip())]


def _variables(
    section: type[Struct], prefix: str, path: tuple[str, ...]
) -> Iterator[tuple[str, tuple[tuple[str, ...], Any]]]:
    """Yield each variable that sets something: its name, and the path and type of its key."""
    for field in msgspec.structs.fields(section):
        name, keys = f"{prefix}_{field.name.upper()}", (*path, field.name)
        if isinstance(field.type, type) and issubclass(field.type, Struct):
            yield from _variables(field.type, name, keys)
        else:
            yield name, (keys, field.type)
