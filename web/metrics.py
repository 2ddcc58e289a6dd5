"""What there is to count, in Prometheus's text, for all workers together. Loaded only when it is switched on."""

import os
import time
from collections.abc import Mapping

from flask import Flask, Response, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which gunicorn.conf.py says where the workers put their figures together."""


def add_to(app: Flask) -> None:
    """Count every request, and what it asked of the database."""
    own = CollectorRegistry()
    requests = Counter("http_requests", "Requests answered", ["method", "route", "status"], registry=own)
    seconds = Histogram("http_request_seconds", "Seconds until the answer began", ["route"], registry=own)
    queries = Counter("database_queries", "Queries", registry=own)
    query_seconds = Counter("database_query_seconds", "Seconds until the database answered", registry=own)
    slow_queries = Counter("database_slow_queries", "Queries slower than SLOW_QUERY_MS", registry=own)

    @app.after_request
    def count(response):
        route = request.url_rule.rule if request.url_rule else "none"
        requests.labels(request.method, route, response.status_code).inc()
        seconds.labels(route).observe(time.perf_counter() - g.started)
        queries.inc(g.queries)
        query_seconds.inc(g.query_seconds)
        slow_queries.inc(g.slow_queries)
        return response

    app.extensions["metrics"] = own


def shown(app: Flask, besides: Mapping[str, tuple[str, float]]) -> Response:
    """All the figures, and those `besides` that are the same for all workers: name → what it is, and how much."""
    registry, present = app.extensions["metrics"], CollectorRegistry()
    if FOLDER in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    for name, (what, value) in besides.items():
        Gauge(name, what, registry=present).set(value)
    return Response(generate_latest(registry) + generate_latest(present), content_type=CONTENT_TYPE_LATEST)
