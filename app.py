"""create_app(): settings, database, blueprints, headers, error pages and commands. Nothing else."""

import os
import zlib
from datetime import date

from flask import Flask, g, render_template, request
from flask_wtf.csrf import generate_csrf
from htmx_flask import Htmx
from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader
from peewee import InterfaceError, OperationalError
from werkzeug.exceptions import HTTPException, ServiceUnavailable

import commands
from clock import clock_at, display, today
from database import db, is_up_to_date, open_database
from models import School
from participants import last_day
from views import (  # noqa: F401 - journeys and records bring the school's routes
    assets,
    journey_url,
    journeys,
    lead_provider_api,
    record_url,
    records,
    school,
    sign_in,
    step_url,
    wordings,
)
from views.frame import frame
from views.lead_provider_api import documentation, participants, partnerships, transfers  # noqa: F401 - they bring routes

INLINE_SCRIPT = "'sha256-GUQ5ad8JK5KmEWmROf3LZd9ge94daqNvd8xy9YS1iDw='"
"""GOV.UK Frontend's own line, which says that scripts run. By hash, because a nonce is lost on the way back."""

HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'self'; script-src 'self' {INLINE_SCRIPT}; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}

COMPRESSED = {"text/html", "application/json"}
"""Static files are sent as they are kept."""

ERRORS = {
    400: "Sorry, we cannot read that",
    403: "You cannot see this page",
    404: "Page not found",
    405: "That cannot be done on this page",
    413: "That is too much to send at once",
    500: "Sorry, there is a problem with the service",
    503: "Sorry, the service is not available for the moment",
}


def create_app(**settings) -> Flask:
    """The service, with settings from the environment (see README) unless given here by the same names."""
    app = Flask(__name__, static_folder=None)
    app.jinja_environment = wordings.Environment
    env = os.environ
    app.config.update(
        DATABASE_URL=env.get("DATABASE_URL", "sqlite:///instance/register.sqlite3"),
        SECRET_KEY=env.get("SECRET_KEY"),
        DEMO=env.get("DEMO") == "1",
        SUPPORT_EMAIL=env.get("SUPPORT_EMAIL", "support@register-ects.example.org"),
        TODAY=env.get("TODAY"),
        RESEARCH={"": None, "0": None, "1": "instance/research"}.get(env.get("RESEARCH", ""), env.get("RESEARCH")),
        MAX_CONTENT_LENGTH=64 * 1024,
        MAX_FORM_PARTS=1000,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=env.get("DEMO") != "1",
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.config.update(settings)
    db.initialize(open_database(app.config["DATABASE_URL"]))
    Htmx(app)
    set_up_templates(app)
    for blueprint in (school, sign_in.blueprint, lead_provider_api.api, documentation.documentation):
        app.register_blueprint(blueprint)
    if app.config["RESEARCH"]:
        from views import research  # not imported, and so with no address and no log, unless it is switched on

        research.add_to(app)
    set_up_requests(app)
    set_up_errors(app)
    assets.add_to(app)
    commands.add_to(app)
    return app


def set_up_templates(app: Flask) -> None:
    components = PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})
    app.jinja_loader = ChoiceLoader([app.jinja_loader, components])
    app.jinja_env.globals.update(
        csrf_token=generate_csrf,
        frame=frame,
        day=date.fromisoformat,
        last_day=last_day,
        today=today,
        journey_url=journey_url,
        record_url=record_url,
        step_url=step_url,
    )
    app.jinja_env.filters["date"] = display
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    @app.context_processor
    def layout():
        # HX-Request-Type and not HX-Request: going back in the browser's history asks for a full page.
        return {"layout": "fragment.html" if request.headers.get("HX-Request-Type") == "partial" else "page.html"}


def set_up_requests(app: Flask) -> None:
    @app.before_request
    def open_connection():
        if request.blueprint not in ("assets", "research"):
            db.connect()
        if app.config["TODAY"] and request.blueprint != "research" and "task" not in g:
            g.clock = clock_at(date.fromisoformat(str(app.config["TODAY"])))
            g.clock.__enter__()

    @app.teardown_request
    def close_connection(_error):
        if not db.is_closed():
            db.close()
        if "clock" in g:
            g.clock.__exit__(None, None, None)

    @app.after_request
    def add_headers(response):
        response.headers.update(HEADERS)
        if response.mimetype in ("text/html", "application/json"):
            response.headers.setdefault("Cache-Control", "no-store")
            response.headers.setdefault("Vary", "Cookie, HX-Request-Type")
        return response

    @app.after_request
    def compress(response):
        is_welcome = "gzip" in request.headers.get("Accept-Encoding", "")
        if is_welcome and response.mimetype in COMPRESSED and "Content-Encoding" not in response.headers:
            response.data = zlib.compress(response.get_data(), 6, wbits=31)
            response.headers["Content-Encoding"] = "gzip"
            response.headers.add("Vary", "Accept-Encoding")
        return response

    @app.get("/healthz")
    def healthz():
        """Says whether the database answers, by reading a table and not just `select 1`."""
        School.select(School.id).limit(1).execute()
        return {"database": "answers", "migrations": "applied" if is_up_to_date() else "missing"}


def set_up_errors(app: Flask) -> None:
    @app.errorhandler(HTTPException)
    def http_error(error):
        if request.path.startswith("/api/"):
            return lead_provider_api.http_error(error)
        code = error.code if error.code in ERRORS else 500 if error.code >= 500 else 400
        response = app.make_response((render_template("errors/error.html", code=code, title=ERRORS[code]), error.code))
        if error.code == 405:
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods or []))
        return response

    @app.errorhandler(OperationalError)
    @app.errorhandler(InterfaceError)
    def database_error(error):
        """The database is busy, full, read-only or away: nothing was changed, and it may be better in a moment."""
        app.logger.error("The database did not answer: %r, after %r", error, error.__context__)
        response = app.make_response(http_error(ServiceUnavailable()))
        response.headers["Retry-After"] = "5"
        return response
