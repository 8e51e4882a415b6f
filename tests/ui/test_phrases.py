from typing import Literal

import pytest

from chatroom.client.events import Gap
from chatroom.ui.phrases import duration, gap


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "less than a second"),
        (0.6, "1 second"),
        (12.3, "12 seconds"),
        (119.4, "119 seconds"),
        (119.6, "2 minutes"),
        (3 * 60 + 40, "4 minutes"),
        (7199.6, "2 hours"),
        (47 * 3600, "47 hours"),
        (50 * 3600, "2 days"),
        (400 * 86_400, "400 days"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


_NEW = "The log of what is said to everyone is a new one, as after a restore; "


@pytest.mark.parametrize(
    ("reason", "missed", "sentence"),
    [
        ("retention", 2, "2 messages said to everyone meanwhile were not kept by the server and "),
        ("ahead", 1, "The server has lost 1 message said to everyone that was there before."),
        ("epoch", 2, _NEW + "2 messages from before are not in it."),
        ("epoch", 0, _NEW + "it has all from before."),
        ("hole", 2, "2 messages said to everyone meanwhile did not reach you."),
    ],
)
def test_gaps(
    reason: Literal["epoch", "retention", "ahead", "hole"], missed: int, sentence: str
) -> None:
    public = gap(Gap("room", 4, 3 + missed, missed, reason))
    assert public.startswith(sentence)
    private = gap(Gap("inbox", 4, 3 + missed, missed, reason))
    assert private == public.replace("to everyone", "to you alone")
