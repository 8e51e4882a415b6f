"""The figures that are measured: what each is called, and in which unit."""

import math
from typing import NamedTuple

TIMES = "\N{MULTIPLICATION SIGN}"

DIGITS = 3
"""How many digits of a figure are shown."""


class Figure(NamedTuple):
    """A figure."""

    title: str
    unit: str
    more_is_better: bool = False


FIGURES: dict[str, Figure] = {
    "deliveries_per_s": Figure("deliveries", "/s", more_is_better=True),
    "messages_per_s": Figure("messages", "/s", more_is_better=True),
    "cpu_us": Figure("CPU per delivery", "µs"),
    "cpu_per_message_us": Figure("CPU per message", "µs"),
    "server_cores": Figure("cores in use, server", ""),
    "load_cores": Figure("cores in use, load", ""),
    "p50_ms": Figure("p50", "ms"),
    "p99_ms": Figure("p99", "ms"),
    "max_ms": Figure("longest", "ms"),
    "rss_mib": Figure("RSS", "MiB"),
    "pss_mib": Figure("PSS", "MiB"),
    "kib_per_connection": Figure("RSS per connection", "KiB"),
    "pss_kib_per_connection": Figure("PSS per connection", "KiB"),
    "idle_cpu_s": Figure("CPU while idle", "s"),
    "heartbeat_cpu_s": Figure("CPU to ask all once for a sign of life", "s"),
    "login_s": Figure("connecting and logging in", "s"),
    "caught_up_s": Figure("until all have caught up", "s"),
    "live_p99_before_ms": Figure("p99 of live messages before", "ms"),
    "live_p99_ms": Figure("p99 of live messages meanwhile", "ms"),
    "live_p99_ratio": Figure("p99 of live messages, ratio", ""),
    "start_ms": Figure("until it accepts a connection", "ms"),
    "reader_cpu_us": Figure("reader's CPU per message", "µs"),
    "straightness": Figure("R² of the straight line", "", more_is_better=True),
}
"""By the name under which scenarios, goals and results have it, in the order of the tables."""


def number(value: float) -> str:
    """Return a figure for a person, with as many digits as mean something."""
    if value == 0:
        return "0"
    decimals = DIGITS - 1 - math.floor(math.log10(abs(value)))
    return f"{round(value, decimals):,.{max(0, decimals)}f}"


def shown(name: str, value: float) -> str:
    """Return a figure with its unit."""
    unit = FIGURES[name].unit
    space = "" if unit.startswith("/") else " "
    return f"{number(value)}{space}{unit}".strip()
