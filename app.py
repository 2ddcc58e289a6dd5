"""create_app(): database, blueprints, headers, error pages and commands. Nothing else. Settings are in settings.py."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from flask import Flask, g, render_template, request
from flask_wtf.csrf import generate_csrf
from htmx_flask import Htmx
from jinja2 import ChoiceLoader, FileSystemLoader, PackageLoader, PrefixLoader
from peewee import InterfaceError, OperationalError
from werkzeug.exceptions import HTTPException, SecurityError, ServiceUnavailable
from werkzeug.middleware.proxy_fix import ProxyFix

import commands
import settings
from clock import OWN, World, current_world, display, display_time, enter, entered, in_utc, today
from database import db, migrate, open_database
from database.faults import kind_of
from domain.departures import ects_until, last_day, last_free_day, lead_provider_name, next_school_from
from domain.training import mentor_who_begins
from scenarios import sandbox
from views import (  # noqa: F401
    RowId,
    about,
    ask_after,
    drawn_for,
    health,
    induction_tutor,
    journey_url,
    journeys,
    lead_provider_api,
    list_url,
    outbox,
    record_url,
    records,
    school,
    sign_in,
    step_url,
    this_page,
)
from views.lead_provider_api import (  # noqa: F401 - they bring routes
    documentation,
    guide,
    mentors,
    participants,
    partnerships,
    sandbox_day,
    transfers,
)
from web import emails, logs, static_files, wordings
from web.gzip import send_gzipped
from web.one_round_trip import in_one_round_trip
from web.page_shell import page_shell

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

HSTS = "max-age=31536000; includeSubDomains"
"""Outside the demo: browsers keep to https for a year."""

ERRORS = {
    400: "Sorry, we cannot read that",
    404: "Page not found",
    405: "That cannot be done on this page",
    413: "That is too much to send at once",
    429: "You have tried to sign in too often",
    500: "Sorry, there is a problem with the service",
    503: "Sorry, the service is not available for the moment",
}


WITHOUT_DATABASE = ("assets.static", "assets.vendor", "health.alive")


class Service(Flask):
    jinja_environment = wordings.Environment

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.url_map.converters["int"] = RowId
        self.migrations: list[Callable[[], list[str]]] = [migrate]
        """What `flask migrate` does. Each gives the names of the migrations that it ran."""
        self.start_ups: list[Callable[[], list[str]]] = []
        """What else `flask start-up` does. Each gives lines to welcome with."""

    @property
    def moment(self) -> datetime | None:
        """Noon of the day that it always is in this demo, in UTC. None: the real moment."""
        day = self.config["TODAY"]
        return in_utc(date.fromisoformat(str(day))) if day else None

    def world_of_request(self) -> World:
        """In which world this request is answered: the one that it is asked in, if somebody asks from inside."""
        world = current_world()
        return replace(
            world,
            database=None if request.endpoint in WITHOUT_DATABASE else world.database or OWN,
            moment=world.moment or self.moment,
        )

    def ensure_sync(self, func):
        """Nothing here is asynchronous, and twenty times a request Flask would look whether it is."""
        return func

    def log_exception(self, exc_info):
        """Flask's own line has the address, in which anything may have been typed."""
        self.logger.error("unforeseen", exc_info=exc_info)


def create_app(**given) -> Flask:
    """The service, with the settings of settings.py from the environment unless `given` here by the same names. Exits,
    printing each wrong setting."""
    app = Service(__name__, static_folder=None)
    app.config.update(settings.load(given, debug=app.debug))
    set_up_limits(app)
    db.initialize(open_database(app.config["DATABASE_URL"], app.config["REPLICA_URL"]))
    db.obj.must_exist = True
    Htmx(app)
    set_up_templates(app)
    for blueprint in (school, sign_in.blueprint, about.blueprint, health.blueprint):
        app.register_blueprint(blueprint)
    if app.config["DEMO"]:
        app.register_blueprint(outbox.blueprint)
    for blueprint in (lead_provider_api.api, documentation.documentation):
        app.register_blueprint(blueprint)
    if app.config["DEMO"]:
        sandbox.add_to(app)
    logs.add_to(app)
    set_up_requests(app)
    if app.config["METRICS_TOKEN"]:
        from web import metrics

        metrics.add_to(app)
    if app.config["RESEARCH"]:
        from research import console  # not imported, and so with no address and no log, unless it is switched on

        console.add_to(app)
    if app.config["SUPPORT"]:
        from support import pages  # not imported either

        pages.add_to(app)
    set_up_responses(app)
    set_up_errors(app)
    static_files.add_to(app)
    commands.add_to(app)
    app.wsgi_app = in_one_round_trip(app.wsgi_app)
    # Commands, and what else is done outside requests, are about the service's own data.
    enter(World(OWN))
    return app


def set_up_limits(app: Flask) -> None:
    """Where requests may come from, how large they may be, and who may read the cookie."""
    is_demo = app.config["DEMO"]
    limits = {
        "TRUSTED_HOSTS": list(app.config["TRUSTED_HOSTS"]) or None,
        "MAX_CONTENT_LENGTH": 64 * 1024,
        "MAX_FORM_PARTS": 1000,
        # With this prefix a browser takes the cookie from this host alone, and only over https.
        "SESSION_COOKIE_NAME": "session" if is_demo else "__Host-session",
        "SESSION_COOKIE_SECURE": not is_demo,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "WTF_CSRF_TIME_LIMIT": None,
    }
    app.config.update(limits)
    if proxies := app.config["PROXIES"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)


def set_up_templates(app: Flask) -> None:
    components = PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})
    app.jinja_loader = ChoiceLoader([FileSystemLoader(wordings.TEMPLATES), components])
    functions = (page_shell, drawn_for, ask_after, current_world, today, journey_url, list_url, record_url, step_url)
    functions += (this_page, last_day, last_free_day, next_school_from, lead_provider_name)
    functions += (mentor_who_begins, ects_until)
    template_globals: dict[str, Any] = {each.__name__: each for each in functions}
    template_globals |= {"csrf_token": generate_csrf, "day": date.fromisoformat}
    template_globals["emails_are_sent"] = emails.means(app.config) is not None
    app.jinja_env.globals.update(template_globals)
    app.jinja_env.filters |= {"date": display, "time": display_time, "in_words": about.in_words}
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.auto_reload = app.config["DESIGN"]

    @app.context_processor
    def layout():
        # HX-Request-Type and not HX-Request: going back in the browser's history asks for a full page.
        return {"layout": "fragment.html" if request.headers.get("HX-Request-Type") == "partial" else "page.html"}


def set_up_requests(app: Flask) -> None:
    @app.before_request
    def enter_world():
        if isinstance(request.routing_exception, SecurityError):
            raise request.routing_exception
        g.world = ExitStack()
        if g.world.enter_context(entered(app.world_of_request())).database:
            db.connect()

    @app.teardown_request
    def leave_world(_error):
        if not db.is_closed():
            db.close()
        if "world" in g:
            g.world.close()


def set_up_responses(app: Flask) -> None:
    @app.after_request
    def add_headers(response):
        response.headers.update(HEADERS)
        if not app.config["DEMO"]:
            response.headers["Strict-Transport-Security"] = HSTS
        if response.mimetype in ("text/html", "application/json"):
            response.headers.setdefault("Cache-Control", "no-store")
            response.headers.setdefault("Vary", "Cookie, HX-Request-Type")
        return response

    @app.after_request
    def compress(response):
        if response.mimetype in COMPRESSED and "Content-Encoding" not in response.headers:
            send_gzipped(response, 4)
            response.headers.add("Vary", "Accept-Encoding")
        return response


def staff_of_page(app: Flask) -> str | None:
    """Whose page shell an error at this address is shown in, if they are staff: also where there is no page."""
    staff = request.path.split("/")[1]
    return staff if staff in ("research", "support") and staff in app.blueprints else None


def set_up_errors(app: Flask) -> None:
    @app.errorhandler(HTTPException)
    def http_error(error):
        if request.path.startswith("/api/"):
            return lead_provider_api.http_error(error)
        if isinstance(error, SecurityError):
            # Asked for under a name that isn't ours, a page would have nowhere to lead.
            return "Sorry, we cannot read that\n", 400, {"Content-Type": "text/plain; charset=utf-8"}
        code = error.code if error.code in ERRORS else 500 if error.code >= 500 else 400
        context = {"code": code, "title": ERRORS[code], "staff": staff_of_page(app)}
        response = app.make_response((render_template("errors/error.html", **context), error.code))
        if error.code == 405:
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods or []))
        if retry_after := getattr(error, "retry_after", None):
            response.headers["Retry-After"] = str(retry_after)
        return response

    @app.errorhandler(OperationalError)
    @app.errorhandler(InterfaceError)
    def database_error(error):
        """The database is busy, full, read-only or away: nothing was changed, and it may be better in a moment."""
        app.logger.error("The database did not answer (%s): %r, after %r", kind_of(error), error, error.__context__)
        return http_error(ServiceUnavailable(retry_after=5))
