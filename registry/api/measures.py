"""What Prometheus reads: requests as they are served, and the mirror's state at the moment of asking.

Several workers count into files of their own, which whoever is asked adds up.
"""

import os
from collections.abc import Iterator, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, values
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from registry.clock import Clock
from registry.outbox.report import WebhookReport
from registry.store.interface import Store

# reference §1.3: the names of the official registry's metrics, and its buckets.
_BOUNDS_S: Final = (0.005, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 50.0)
_LABELS: Final = ("method", "path", "status_code")
_UNCOUNTED: Final = frozenset({"health", "metrics", "ping", "docs"})
MULTIPROCESS_DIRECTORY: Final = "PROMETHEUS_MULTIPROC_DIR"


class Measures:
    """The counters of one worker."""

    def __init__(self) -> None:
        if MULTIPROCESS_DIRECTORY in os.environ:
            # The library asks the kernel for the process id at every count: a tenth of what a page costs. A worker
            # is made after it was forked, so its id is what it is now.
            worker = os.getpid()
            values.ValueClass = values.MultiProcessValue(process_identifier=lambda: worker)  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "mcp_registry_http_requests", "Requests answered, by route.", _LABELS, registry=self._registry
        )
        self._errors = Counter(
            "mcp_registry_http_errors", "Requests answered with 400 or more.", _LABELS, registry=self._registry
        )
        self._durations = Histogram(
            "mcp_registry_http_request_duration_seconds",
            "From the first byte of a request read to the last of its answer handed over.",
            _LABELS,
            buckets=_BOUNDS_S,
            registry=self._registry,
        )
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram, Counter | None]] = {}

    def request(self, method: str, template: str | None, status: int, elapsed_ns: int) -> None:
        """Count a request. *template* is the route's path, None where no route was found: those are not counted."""
        if template is None:
            return
        key = (method, template, status)
        children = self._children.get(key)
        if children is None:
            if template.rpartition("/")[2] in _UNCOUNTED:
                return
            labels = (method, template, str(status))
            try:
                errors = self._errors.labels(*labels) if status >= 400 else None
                children = self._requests.labels(*labels), self._durations.labels(*labels), errors
            except OSError:
                # The workers share their counters through files, and there is no space for another one.
                return
            self._children[key] = children
        requests, durations, errors = children
        requests.inc()
        durations.observe(elapsed_ns / 1e9)
        if errors is not None:
            errors.inc()

    def text(self, store: Store, clock: Clock, webhooks: Sequence[WebhookReport]) -> bytes:
        """Everything, of all workers, and how the webhooks are doing, in Prometheus' text format."""
        registry = self._registry
        if MULTIPROCESS_DIRECTORY in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library leaves it untyped
        state = CollectorRegistry()
        state.register(_State(store, clock, webhooks))
        return generate_latest(registry) + generate_latest(state)


class _State(Collector):
    """The mirror and the store, as they are now."""

    def __init__(self, store: Store, clock: Clock, webhooks: Sequence[WebhookReport]) -> None:
        self._store = store
        self._clock = clock
        self._webhooks = webhooks

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("mcp_registry_service_up", "1 while this answers.", value=1)
        writable = GaugeMetricFamily(
            "mcp_registry_store_writable", "0 while writes fail.", value=self._store.fault is None
        )
        yield writable
        snapshot = self._store.snapshot()
        age = GaugeMetricFamily(
            "mcp_registry_mirror_age_seconds", "Since a sync run last completed.", labels=["upstream"]
        )
        entries = GaugeMetricFamily("mcp_registry_mirror_entries", "Versions mirrored.", labels=["upstream"])
        failing = GaugeMetricFamily("mcp_registry_mirror_failing", "1 while runs fail.", labels=["upstream"])
        for source in snapshot.source_states():
            if not (source.configured and source.mirrored):
                continue
            if source.synced_us is not None:
                age.add_metric([source.source], max(0, self._clock.now_us() - source.synced_us) / 1e6)
            entries.add_metric([source.source], source.entries)
            failing.add_metric([source.source], source.trouble is not None)
        yield from (age, entries, failing)
        size = snapshot.growth(counted=False)
        stored = GaugeMetricFamily("mcp_registry_store_bytes", "Size of the store.", labels=["part"])
        stored.add_metric(["file"], size.file_bytes)
        stored.add_metric(["log"], size.log_bytes)
        stored.add_metric(["free"], size.free_bytes)
        yield stored
        yield from self._told()

    def _told(self) -> Iterator[Metric]:
        label = ["webhook"]
        waiting = GaugeMetricFamily("mcp_registry_webhook_waiting", "Events that wait for delivery.", labels=label)
        failing = GaugeMetricFamily("mcp_registry_webhook_failing", "1 while the receiver takes none.", labels=label)
        delivered = CounterMetricFamily("mcp_registry_webhook_delivered", "Events delivered.", labels=label)
        dead = CounterMetricFamily("mcp_registry_webhook_dead", "Events given up.", labels=label)
        for report in self._webhooks:
            waiting.add_metric([report.name], report.waiting)
            failing.add_metric([report.name], report.trouble is not None)
            delivered.add_metric([report.name], report.delivered)
            dead.add_metric([report.name], report.dead)
        if self._webhooks:
            yield from (waiting, failing, delivered, dead)
