"""The figures of the server in the formats of Prometheus.

Everything is read when somebody asks; nothing is counted here.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from chatroom.histogram import Histogram
from chatroom.log.base import ROOM
from chatroom.version import VERSION
from chatroom.web.readings import Sources


class Exposition:
    """Writes the figures down. Any thread may ask.

    Args:
        sources: where they come from.
    """

    def __init__(self, sources: Sources) -> None:
        self.registry = CollectorRegistry()
        """All that is written down; it is the server's own."""
        self.registry.register(_Figures(sources))
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)

    def write(self, accept: str) -> tuple[bytes, str]:
        """Return all figures, and the media type of the format.

        Args:
            accept: what the client takes, as its Accept header says it; the text format if nothing.
        """
        encode, kind = choose_encoder(accept)
        return encode(self.registry), kind


class _Figures(Collector):
    """Reads what the server counts."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def collect(self) -> Iterator[Metric]:
        """Read everything once."""
        yield InfoMetricFamily("chatroom_build", "The program.", value={"version": VERSION})
        yield from self._door()
        yield from self._talk()
        yield from self._log()

    def _door(self) -> Iterator[Metric]:
        """Who comes, and who is there."""
        connections, counts = self._sources.connections, self._sources.counts
        faces = Counter(connection.face for connection in connections.all())
        yield _gauges(
            "chatroom_connections", "Open connections, by what they speak.", "face", faces.items()
        )
        yield _count(
            "chatroom_connections_accepted", "Connections that were let in.", counts.connections
        )
        yield _counts(
            "chatroom_connections_turned_away",
            "Connections that were not let in, by what they were told.",
            "code",
            tuple(counts.turned_away.items()),
        )
        yield GaugeMetricFamily(
            "chatroom_users", "Users in the room.", value=len(self._sources.room.names())
        )
        yield _count("chatroom_logins", "Logins, by a password or a session.", counts.logins)
        yield _counts(
            "chatroom_logins_refused",
            "Logins that were refused, by what they were told.",
            "code",
            counts.refused_logins().items(),
        )

    def _talk(self) -> Iterator[Metric]:
        """What is said, and to how many."""
        counts = self._sources.counts
        yield _counts(
            "chatroom_messages",
            "Messages that were stored, those to everyone and those to one user.",
            "kind",
            (("public", counts.public), ("private", counts.private)),
        )
        yield _count(
            "chatroom_duplicate_messages",
            "Messages that came again and had been stored before.",
            counts.duplicates,
        )
        yield _counts(
            "chatroom_deliveries",
            "Messages, each counted once for every connection that it is for.",
            "kind",
            (("public", counts.public_deliveries), ("private", counts.private_deliveries)),
        )
        yield _histogram(
            "chatroom_delivery_seconds",
            "How long rounds took, in which what was committed meanwhile is sent to all.",
            counts.rounds,
        )
        yield GaugeMetricFamily(
            "chatroom_readers_lagging",
            "Connections whose socket is full, so that they are sent the rest later.",
            value=self._sources.delivery.lagging,
        )

    def _log(self) -> Iterator[Metric]:
        """What is stored."""
        store, committer = self._sources.store, self._sources.committer
        yield _histogram(
            "chatroom_commit_seconds",
            "How long commits took, in which what came meanwhile is stored.",
            committer.seconds,
        )
        yield GaugeMetricFamily(
            "chatroom_storing",
            "1 while messages can be stored, 0 while they are refused.",
            value=committer.condition == "ok",
        )
        yield _gauges(
            "chatroom_log_head",
            "The place of the newest message, 0 if there is none.",
            "log",
            [("room", store.head(ROOM))],
        )
        yield _gauges(
            "chatroom_log_oldest",
            "The place of the oldest message that is kept.",
            "log",
            [("room", store.oldest(ROOM))],
        )


def _count(name: str, what: str, value: int) -> Metric:
    return CounterMetricFamily(name, what, value=value)


def _counts(name: str, what: str, label: str, values: Iterable[tuple[str, int]]) -> Metric:
    family = CounterMetricFamily(name, what, labels=[label])
    for key, value in values:
        family.add_metric([key], value)
    return family


def _gauges(name: str, what: str, label: str, values: Iterable[tuple[str, int]]) -> Metric:
    family = GaugeMetricFamily(name, what, labels=[label])
    for key, value in values:
        family.add_metric([key], value)
    return family


def _histogram(name: str, what: str, histogram: Histogram) -> Metric:
    reading = histogram.read()
    buckets = [(_bound(bound), count) for bound, count in reading.below]
    return HistogramMetricFamily(name, what, buckets=buckets, sum_value=reading.total)


def _bound(bound: float) -> str:
    return "+Inf" if bound == float("inf") else str(bound)
