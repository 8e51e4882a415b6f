"""What a person is told: how a self-test is getting on, and what has come of it."""

from collections.abc import Iterator
from pathlib import Path

from chatroom.selftest.findings import EXAMPLES, Findings
from chatroom.selftest.outcome import Outcome, Progress, Turmoil
from chatroom.selftest.plan import Settings

_COLUMN = 22
_RESTLESS = 10  # how many of those that did not come to rest are named


def describe(progress: Progress) -> str:
    """Returns in one line how far a self-test is."""
    return (
        f"{progress.phase}: server killed {_times(progress.kills)}, clients"
        f" {_times(progress.falls)}, {progress.cuts:,} connections cut,"
        f" {progress.confirmed:,} messages confirmed"
    )


def command(settings: Settings) -> str:
    """Returns the command line that does the same again."""
    return (
        f"chatroom selftest --minutes {settings.seconds / 60:.16g} --kills {settings.kills}"
        f" --clients {settings.clients} --seed {settings.seed}"
    )


def report(settings: Settings, outcome: Outcome, folder: Path) -> Iterator[str]:
    """Yields, line by line, what has come of a self-test.

    Args:
        settings: What was asked.
        outcome: What has come of it.
        folder: Where its files are; it is only named if something was found.
    """
    for label, text in _figures(outcome.turmoil, outcome.findings):
        yield f"  {label:{_COLUMN}}{text}"
    yield ""
    if outcome.sound:
        yield "Every confirmed message reached everybody once and in order."
    else:
        yield from _faults(outcome)
        yield f"All that was written down is in {folder}."
    yield f"The same again: {command(settings)}"


def _figures(turmoil: Turmoil, findings: Findings) -> Iterator[tuple[str, str]]:
    """Yields what was done to everybody, what came through all that, and the verdicts."""
    yield (
        "server killed",
        f"{_times(turmoil.kills)}, back after {turmoil.longest_recovery:.1f} s at most",
    )
    yield "clients killed", _times(turmoil.falls)
    yield (
        "connections",
        f"{turmoil.connections:,}: {turmoil.cuts:,} cut, {turmoil.stalls:,} stalled",
    )
    yield "resumed", f"{_times(turmoil.returns)}, after {findings.longest_away:.1f} s at most"
    yield "confirmed", f"{findings.confirmed:,} messages, {findings.direct:,} of them direct"
    yield "refused", f"{findings.refused:,} direct messages to somebody who was away"
    yield "sent again", f"{findings.recognised:,} messages, each stored once"
    yield "delivered", f"{findings.deliveries:,} messages, {findings.replayed:,} of them later"
    for kind, count in findings.faults.items():
        yield kind.value, f"{count:,}"


def _faults(outcome: Outcome) -> Iterator[str]:
    """Yields what is wrong, with examples."""
    for kind, sentences in outcome.findings.examples.items():
        count = outcome.findings.faults[kind]
        if sentences:
            some = f", such as the first {len(sentences)}" if count > EXAMPLES else ""
            yield f"{kind.value.capitalize()}{some}:"
            yield from (f"  {sentence}" for sentence in sentences)
    yield from outcome.turmoil.troubles[:_RESTLESS]
    yield from outcome.findings.restless[:_RESTLESS]
    more = len(outcome.findings.restless) - _RESTLESS
    if more > 0:
        yield f"{more:,} more had not come to rest."


def _times(count: int) -> str:
    """Returns how often something happened."""
    return f"{count:,} {'time' if count == 1 else 'times'}"
