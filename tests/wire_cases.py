"""The conversations under `tests/wire`: bytes that a client may send, and what they mean.

Anyone can add a case: put the bytes of the stream, as they stand on the wire, into `NAME.json` (or
`NAME.bin` where they are nothing to read) and beside them `NAME.expect.json`:

    {"out": [ITEM, ...], "open": true}

`out` lists what the stream means, in order. An ITEM is one of

    {"error": "bad_json"}                                       no object came out
    {"frame": {...}, "command": "WHO"}                          an object that asks for WHO
    {"frame": {...}, "refused": "missing_field", "field": "to"} an object that asks for nothing

and may say with `"times": 3` that it comes three times. `open` says whether the stream goes on.
What is large is not stored but cooked: `NAME.recipe.json` is a list of texts and of
`{"repeat": TEXT, "times": N}`, and the values of a `frame` may be such repetitions too. Frames may
have `FRAME_BYTES`, messages `MESSAGE_BYTES`.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FRAME_BYTES = 65536
MESSAGE_BYTES = 8192

_HERE = Path(__file__).parent / "wire"
_EXPECT = ".expect.json"


@dataclass(frozen=True)
class Expected:
    """One thing that a stream means: a frame, or an error in its place."""

    error: str | None = None
    """The code, where no object came out."""
    frame: dict[str, object] | None = None
    """The object, where one came out."""
    command: str | None = None
    """The name of the command that the frame asks for, where it is one."""
    refused: str | None = None
    """The code, where the frame is no command that can be carried out."""
    field: str | None = None
    """The field that is at fault, where the frame was refused for one."""


@dataclass(frozen=True)
class WireCase:
    """A stream of bytes and what it means."""

    name: str
    data: bytes
    out: tuple[Expected, ...]
    open: bool
    """Whether the stream can go on behind `data`."""


def wire_cases(kind: Literal["valid", "invalid"] | None = None) -> Iterator[WireCase]:
    """Yield the cases of one kind, or all of them, in the order of their names."""
    for folder in [kind] if kind else ["valid", "invalid"]:
        for expect in sorted((_HERE / folder).glob("*" + _EXPECT)):
            name = expect.name.removesuffix(_EXPECT)
            expectation = json.loads(expect.read_text(encoding="utf-8"))
            yield WireCase(
                f"{folder}/{name}",
                _stream(expect.with_name(name)),
                tuple(_expected(expectation["out"])),
                expectation["open"],
            )


def _stream(base: Path) -> bytes:
    """Return the bytes that stand beside an expectation, in whatever way they do."""
    recipe = base.with_name(base.name + ".recipe.json")
    if recipe.exists():
        return str(_cooked(json.loads(recipe.read_text(encoding="utf-8")), in_text=True)).encode()
    (found,) = (base.with_name(base.name + end) for end in (".json", ".bin") if _is(base, end))
    return found.read_bytes()


def _is(base: Path, end: str) -> bool:
    return base.with_name(base.name + end).exists()


def _expected(items: list[dict[str, object]]) -> Iterator[Expected]:
    for item in items:
        times = item.pop("times", 1)
        assert isinstance(times, int)
        fields = {key: _cooked(value) for key, value in item.items()}
        yield from [Expected(**fields)] * times  # type: ignore[arg-type]  # as JSON has them


def _cooked(value: object, *, in_text: bool = False) -> object:
    """Return `value` with every repetition in it carried out."""
    if isinstance(value, dict):
        if value.keys() == {"repeat", "times"}:
            return value["repeat"] * value["times"]
        return {key: _cooked(inner) for key, inner in value.items()}
    if isinstance(value, list) and in_text:
        return "".join(str(_cooked(inner)) for inner in value)
    return value
