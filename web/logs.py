"""What the service says of itself: a JSON line for each request and each fault, all with the request's id, none with
a name, an address, a query string or anything that somebody typed. gunicorn.conf.py switches it on."""

import json
import logging
import re
import secrets
import sys
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask, current_app, g, has_request_context, request

import database
from clock import current_world

ROOT = Path(__file__).parent.parent
REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
IDS = {"participant_id", "school_id"}
"""The parts of addresses that are ids. Anything else in an address may have been typed."""

requests = logging.getLogger("service.requests")
queries = logging.getLogger("service.queries")


class JsonLines(logging.Formatter):
    """One line for each record. Of an exception only what it is and where it came from: its message may quote data."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if has_request_context() and "request_id" in g:
            line["request"] = g.request_id
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1]:
            line["exception"], line["raised_at"] = described(record.exc_info[1])
        return json.dumps(line, default=str)


def described(error: BaseException) -> tuple[str, list[str]]:
    """What an exception and its causes are, and where it was raised: our own lines and the innermost one."""
    kinds, cause = [], error
    while cause and len(kinds) < 5:
        kinds.append(type(cause).__qualname__)
        cause = cause.__cause__ or cause.__context__
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if ".venv" not in frame.filename and Path(frame.filename).is_relative_to(ROOT)]
    places = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in [*ours, *frames[-1:]]]
    return " after ".join(kinds), list(dict.fromkeys(places))


def configure(level: str) -> None:
    """Everything that anything logs in this process goes to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)


def add_to(app: Flask) -> None:
    """Give each request an id, which is also in its answer, and write a line when it is answered, unless its world says
    no."""
    database.on_query = note_query

    @app.before_request
    def begin():
        g.started, g.queries, g.query_seconds, g.slow_queries = time.perf_counter(), 0, 0.0, 0
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if app.config["PROXIES"] and REQUEST_ID.fullmatch(given) else secrets.token_hex(8)

    @app.after_request
    def end(response):
        response.headers["X-Request-Id"] = g.request_id
        if requests.isEnabledFor(logging.INFO) and current_world().is_logged:
            requests.info("answered", extra={"fields": facts(response.status_code)})
        return response


def facts(status: int) -> dict:
    """What is logged of a request."""
    who = {name: getattr(g, name).id for name in ("school", "school_user", "lead_provider") if name in g}
    asked_for = {name: value for name, value in (request.view_args or {}).items() if name in IDS and is_id(value)}
    return {
        "method": request.method,
        "route": request.url_rule.rule if request.url_rule else None,
        **asked_for,
        **who,
        "status": status,
        "ms": round((time.perf_counter() - g.started) * 1000, 1),
        "queries": g.queries,
        "query_ms": round(g.query_seconds * 1000, 1),
    }


def is_id(value) -> bool:
    return isinstance(value, int) or re.fullmatch("[0-9a-f-]{36}", str(value)) is not None


def note_query(sql: str, seconds: float) -> None:
    """Count a query for its request, and log it, without its parameters, if it was slow."""
    if not has_request_context() or "queries" not in g:
        return
    g.queries += 1
    g.query_seconds += seconds
    if seconds * 1000 >= current_app.config["SLOW_QUERY_MS"]:
        g.slow_queries += 1
        queries.warning("slow query", extra={"fields": {"sql": sql, "ms": round(seconds * 1000, 1)}})
