"""How soon a server with a full log accepts a connection."""

from benchmarks.measure.filled import filled
from benchmarks.measure.measured import Measured
from benchmarks.scenarios import Start
from benchmarks.servers.recipe import Recipe
from benchmarks.servers.running import running


def measure(scenario: Start, recipe: Recipe) -> Measured:
    """Start and return the figures. The log is likely in the page cache of the kernel.

    Raises:
        NotStarted: the server did not start.
    """
    with running(recipe, data=filled(scenario.messages)) as server:
        rss = server.memory().rss
    return Measured({"start_ms": 1000 * server.start_seconds, "rss_mib": rss / 1024})
