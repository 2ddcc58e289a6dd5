"""How the service is served, whoever starts it: gunicorn reads this by itself. The settings are in settings.py."""

import gc
import os
import shutil
import sys
import tempfile
from contextlib import suppress

import apsw
from gunicorn.glogging import Logger as GunicornLogger

import settings

given = settings.load()
if given["DATABASE_URL"].startswith("sqlite:"):
    # Peewee would bring in the driver for PostgreSQL, some megabytes that nobody asks for: so before anything does.
    sys.modules["psycopg"] = None  # ty: ignore[invalid-assignment]

import commands  # noqa: E402
from database import db, is_postgresql  # noqa: E402
from domain import maintenance  # noqa: E402
from web import logs  # noqa: E402

wsgi_app = "app:create_app()"
bind = given["BIND"]
workers, threads, worker_class = given["WORKERS"], given["THREADS"], "gthread"
# What is longer the proxy refuses, in our words and not in gunicorn's.
limit_request_line = 8190
# Made once and then shared by all workers: less memory, and wrong settings are said once.
preload_app = True
# Only app.py decides which proxies are believed (PROXIES).
forwarded_allow_ips = ""
forwarder_headers = ""
# It would write to the home directory.
control_socket_disable = True

logs.configure(given["LOG_LEVEL"])
if given["METRICS_TOKEN"]:
    # Where the workers put their figures together.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="figures-")


def on_starting(server):
    """The settings were judged when the app was made; the database is now."""
    if found := maintenance.reasons_not_to_start(server.app.callable.config):
        sys.exit("\n".join(["The service can’t start on this database:", *found]))


def when_ready(_server):
    """What is there before the first request stays: workers need neither look through it for garbage nor copy it."""
    gc.collect()
    gc.freeze()


def post_worker_init(worker):
    """In the demo nothing runs every minute but the service itself."""
    if given["DEMO"]:
        commands.keep_sending_notices(worker.app.callable)


def on_exit(_server):
    """Whoever closes SQLite's file last puts into it what is in its log. Of workers that end at one moment each sees
    another that hasn't closed it yet, so this is done when they are gone."""
    if not is_postgresql():
        with suppress(apsw.Error):
            db.obj.connection_to(db.obj.database, must_exist=True).close()
    if figures := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        shutil.rmtree(figures, ignore_errors=True)


class Logger(GunicornLogger):
    """gunicorn's own words, as lines like all others. Its log of requests would have query strings: web/logs.py has
    one."""

    def setup(self, cfg):
        super().setup(cfg)
        self.error_log.handlers, self.error_log.propagate = [], True


logger_class = Logger
loglevel = given["LOG_LEVEL"].lower()
