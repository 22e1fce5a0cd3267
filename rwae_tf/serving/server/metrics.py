"""What a server counts, for Prometheus, at the path that export/monitoring.config gives TensorFlow Serving."""

import prometheus_client

PATH = "/monitoring/prometheus/metrics"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_ROWS = (1, 2, 4, 8, 16, 32, 64, 128)


class Metrics:
    """Counters of one server.

    Attributes:
      requests: by model, verb and HTTP status. Unknown models count as "".
      seconds: from the first byte of a request to its answer, by model and verb.
      waiting: requests that are being read, computed or queued.
      rows: clips in one run of a model, by model.
    """

    def __init__(self):
        self._registry = prometheus_client.CollectorRegistry()
        own = {"registry": self._registry, "namespace": "rwae"}
        self.requests = prometheus_client.Counter("requests", "Requests.", ["model", "verb", "status"], **own)
        self.seconds = prometheus_client.Histogram(
            "request_seconds", "Seconds to an answer.", ["model", "verb"], buckets=_SECONDS, **own)
        self.waiting = prometheus_client.Gauge("waiting_requests", "Requests not answered yet.", **own)
        self.rows = prometheus_client.Histogram("batch_rows", "Rows of one run.", ["model"], buckets=_ROWS, **own)
        prometheus_client.ProcessCollector(registry=self._registry)

    def page(self):
        """The page and its content type."""
        return prometheus_client.generate_latest(self._registry), prometheus_client.CONTENT_TYPE_LATEST
