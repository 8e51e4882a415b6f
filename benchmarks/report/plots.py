"""Results as plots in SVG, drawn by matplotlib, which is in the dependency group `bench`."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import StrMethodFormatter

from benchmarks.results import Result, Results, Row
from benchmarks.scenarios import Plan, Room, Sweep, Talk

STYLE: Any = {  # which keys there are differs between versions of matplotlib, and so its type
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "chatroom",  # the same results give the same file
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#e0e0e0",
    "font.family": "sans-serif",
    "font.size": 10,
    "legend.frameon": False,
}

COLOURS = {
    "chatroom": "#0072b2",
    "chatroom-ws": "#f0e442",
    "ngircd": "#d55e00",
    "inspircd": "#e69f00",
    "miniircd": "#cc79a7",
    "ergo": "#009e73",
    "prosody": "#56b4e9",
    "loop": "#999999",
    "floor": "#000000",
}
"""One for each server in all plots, told apart by those who are colour-blind too."""

PERCENTILES = {"p50_ms": "p50", "p99_ms": "p99", "max_ms": "longest"}


Painter = Callable[[Axes], None]


def draw(plan: Plan, results: Results, folder: Path) -> list[tuple[str, Path]]:
    """Draw everything that was measured; return the title and the file of each plot."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn: list[tuple[str, Path]] = []
    for name, title, paint in _plots(plan, results):
        with mpl.rc_context(STYLE):
            drawing = Drawing(figsize=(7.5, 4.2), layout="constrained")
            FigureCanvasSVG(drawing)
            axes = drawing.subplots()
            paint(axes)
            axes.set_title(title, loc="left")
            drawn.append((title, folder / f"{name}.svg"))
            drawing.savefig(drawn[-1][1], format="svg", metadata={"Date": None})
    return drawn


def _plots(plan: Plan, results: Results) -> Iterator[tuple[str, str, Painter]]:
    """Yield the name, the title and the painter of each plot there is something to draw for."""
    for sweep in plan.sweeps:
        if not any(point.name in results.scenarios for point in sweep.points()):
            continue
        if sweep.over == "clients":
            title = "Deliveries a second against clients"
            yield "deliveries", title, partial(_deliveries, sweep=sweep, results=results)
        title = f"{sweep.title}: CPU per message"
        yield f"cost-{sweep.name}", title, partial(_cost, sweep=sweep, results=results)
    there = [each for each in plan.scenarios if each.name in results.scenarios]
    talks = [
        results.scenarios[each.name]
        for each in there
        if isinstance(each, Talk) and len(each.servers) > 1
    ]
    if talks:
        yield "cpu", "Server CPU per delivery", partial(_bars, results=talks)
    for each in there:
        if isinstance(each, Room) and each.rate is not None:
            title = f"Latency to the last recipient. {each.title}"
            yield "latency", title, partial(_latency, result=results.scenarios[each.name])


def _rows(results: Iterable[Result]) -> dict[str, str]:
    """Return the titles of all servers that have figures, by their names."""
    found = {row.server: row.title for each in results for row in each.rows if row.medians}
    return {name: found[name] for name in COLOURS if name in found}


def _lines(axes: Axes, sweep: Sweep, results: Results, figure: str) -> None:
    """Draw a figure against what is swept over, one line for each server."""
    points = [
        (getattr(point, sweep.over), result)
        for point in sweep.points()
        if (result := results.scenarios.get(point.name)) is not None
    ]
    for server, title in _rows(result for _, result in points).items():
        values = [
            (x, y) for x, result in points if (y := result.figure(server, figure)) is not None
        ]
        xs, ys = [x for x, _ in values], [y for _, y in values]
        axes.plot(xs, ys, marker="o", markersize=4, label=title, color=COLOURS[server])
    axes.set_xlabel(sweep.over.replace("_", " "))
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.legend()


def _deliveries(axes: Axes, sweep: Sweep, results: Results) -> None:
    axes.set_ylabel("deliveries a second")
    _lines(axes, sweep, results, "deliveries_per_s")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def _cost(axes: Axes, sweep: Sweep, results: Results) -> None:
    axes.set_ylabel("server CPU per message, µs")
    _lines(axes, sweep, results, "cpu_per_message_us")


def _bars(axes: Axes, results: Sequence[Result]) -> None:
    """Draw the CPU per delivery, one group of bars for each scenario."""
    servers = _rows(results)
    height = 0.8 / max(1, len(servers))
    for index, (server, title) in enumerate(servers.items()):
        values = [result.figure(server, "cpu_us") or 0 for result in results]
        places = [group + index * height for group in range(len(results))]
        axes.barh(places, values, height, label=title, color=COLOURS[server])
    axes.set_yticks([group + 0.4 - height / 2 for group in range(len(results))])
    axes.set_yticklabels([result.name for result in results])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlabel("µs, the less the better")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _latency(axes: Axes, result: Result) -> None:
    """Draw the percentiles of the latency, one group of bars for each server."""
    rows: list[Row] = [row for row in result.rows if "p50_ms" in row.medians]
    width = 0.8 / len(PERCENTILES)
    shades = ("#9ecae1", "#4292c6", "#084594")
    for index, (figure, title) in enumerate(PERCENTILES.items()):
        places = [group + index * width for group in range(len(rows))]
        axes.bar(
            places, [row.medians[figure] for row in rows], width, label=title, color=shades[index]
        )
    axes.set_xticks([group + 0.4 - width / 2 for group in range(len(rows))])
    axes.set_xticklabels([row.title for row in rows])
    axes.set_ylabel("ms, the less the better")
    axes.legend()
