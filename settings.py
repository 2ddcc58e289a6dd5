"""Every setting: its name in the environment, what it means, and its default. docs/operations.md shows the table that
`flask settings` prints. What a deployment must have beyond readable values is in `_problems`."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, NonNegativeInt, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

DEMO_DATABASE = "sqlite:///instance/register.sqlite3"
SHORTEST_KEY = 32
NOTIFY_KEY_LENGTH = 73
"""Two ids: the service's and the secret. Before them stands what somebody called the key."""

Switch = Annotated[Literal["1", "0"], AfterValidator(lambda text: text == "1")]
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(lambda text: re.findall(r"[^\s,]+", text))]
Folder = Annotated[str, AfterValidator(lambda text: {"0": "", "1": "instance/research"}.get(text, text))]
# Not DEBUG: there libraries log what was typed.
Level = Literal["INFO", "WARNING", "ERROR"]


def _setting(meaning: str, default: Any = "") -> Any:
    return Field(default, description=meaning)


class Settings(BaseSettings):
    """Reads the environment. An empty variable is as good as none. Only what isn't plain text can be refused, so a
    refusal quotes no secret."""

    model_config = SettingsConfigDict(case_sensitive=True, env_ignore_empty=True)

    SECRET_KEY: str = _setting(
        f"signs cookies and forms: random, at least {SHORTEST_KEY} characters, the same everywhere"
    )
    DATABASE_URL: str = _setting(
        "`sqlite:///path` or `postgresql://user:password@host/name`. Only the demo has one without it", DEMO_DATABASE
    )
    REPLICA_URL: str = _setting(
        "a PostgreSQL server that follows that database: lead providers’ lists are read there, as late as it follows"
    )
    TRUSTED_HOSTS: Names = _setting("the names under which people reach the service, such as `ects.example.org`")
    PROXIES: NonNegativeInt = _setting(
        "how many proxies in front of the service tell it the visitor’s address (`X-Forwarded-For`, `-Proto`)", 0
    )
    SUPPORT: Switch = _setting(
        "`1`: support can find everybody and put things right at `/support`, and people write to support by a form", "0"
    )
    SUPPORT_EMAIL: str = _setting("where “contact support” leads", "support@register-ects.example.org")
    SERVICE_URL: str = _setting("where links in emails lead; without it `https://` and the first of `TRUSTED_HOSTS`")
    NOTIFY_API_KEY: str = _setting("sends emails by GOV.UK Notify, as the service that this key is of")
    NOTIFY_TEMPLATE_ID: str = _setting("its template, whose subject is `((subject))` and whose message is `((body))`")
    NOTIFY_URL: str = _setting("where GOV.UK Notify answers", "https://api.notifications.service.gov.uk")
    SMTP_URL: str = _setting(
        "sends emails by a mail server where there is no `NOTIFY_API_KEY`: `smtps://user:password@host:465`, or "
        "`smtp://…:587`, where TLS begins after the greeting"
    )
    EMAIL_FROM: str = _setting("the address that a mail server is told they come from")
    EMAIL_NAMES: Switch = _setting("`1`: emails to schools name people. Mailboxes are often shared", "0")
    OIDC_ISSUER: str = _setting(
        "the provider of identities, by its OpenID Connect issuer, such as `https://id.example.org`"
    )
    OIDC_CLIENT_ID: str = _setting("who the service is to that provider")
    OIDC_CLIENT_SECRET: str = _setting("how the service proves that to it")
    OIDC_NAME: str = _setting("what pages call the provider", "DfE Sign-in")
    OIDC_SCOPES: str = _setting("what the service asks the provider for", "openid email profile organisation")
    OIDC_ORGANISATION_CLAIM: str = _setting(
        "the claim that holds the organisation, and in it its `urn`", "organisation"
    )
    OIDC_EMAIL_IS_VERIFIED: Switch = _setting(
        "`1`: the provider proves every email address, though it doesn’t say `email_verified`. So for DfE Sign-in", "0"
    )
    IDLE_MINUTES: NonNegativeInt = _setting("how long somebody may do nothing before they must sign in again", 120)
    SIGN_IN_HOURS: NonNegativeInt = _setting("how long a sign-in lasts at most", 12)
    METRICS_TOKEN: str = _setting(
        "switches `/metrics` on, in Prometheus’s text, for whoever sends this as a bearer token"
    )
    SLOW_QUERY_MS: NonNegativeInt = _setting("queries that take longer are logged", 200)
    LOG_LEVEL: Level = _setting("`INFO` has a line for each request, `WARNING` only what may need somebody", "INFO")
    BIND: str = _setting(
        "where gunicorn listens: `address:port`, or `unix:/path` for a proxy on the same machine", "127.0.0.1:8000"
    )
    WORKERS: NonNegativeInt = _setting("processes, each for one CPU core", 2)
    THREADS: NonNegativeInt = _setting("requests that each process answers at the same time", 8)
    RESEARCH: Folder = _setting(
        "switches the research side on: `1`, or the folder that it keeps everything in. Not beside real people’s data"
    )
    PILOT: str = _setting("the digest of the password for who runs a study’s pilot, which `python3 run.py pilot` sets")
    DEMO: Switch = _setting("`1`: personas sign in without a password, and an empty database gets the demo world", "0")
    DESIGN: Switch = _setting(
        "`1`: templates, CSS and scripts are shown as they were saved last, without a restart. Only in the demo", "0"
    )
    TODAY: date | None = _setting("the day that it is always, such as `2026-04-20`. Only in the demo", None)


DEFAULTS = {name: field.default for name, field in Settings.model_fields.items()}


def load(given: Mapping[str, Any] | None = None, *, debug: bool = False) -> dict[str, Any]:
    """Setting → value: as `given`, else from the environment, else its default. Exits, printing every wrong setting."""
    given, unreadable = given or {}, {}
    try:
        settings = Settings()
    except ValidationError as error:
        unreadable = {str(each["loc"][0]): _unreadable(each) for each in error.errors()}
        settings = Settings(**{name: DEFAULTS[name] for name in unreadable})
    config = settings.model_dump() | dict(given)
    config["SERVICE_URL"] = (config["SERVICE_URL"] or own_address(config)).rstrip("/")
    found = [sentence for name, sentence in unreadable.items() if name not in given]
    if found := found + _problems(config, debug=debug):
        raise SystemExit("\n".join(["The service can’t start with these settings:", *found]))
    return config


def own_address(config: Mapping[str, Any]) -> str:
    """Where people reach the service, where no setting says it."""
    hosts = config["TRUSTED_HOSTS"]
    return f"https://{hosts[0].lstrip('.')}" if hosts else "http://127.0.0.1:8000"


def _unreadable(error: Mapping[str, Any]) -> str:
    """One of Pydantic's errors, in our words."""
    kind = error["type"].partition("_")[0]
    must_be = {"int": "a whole number", "greater": "a whole number", "date": "a date"}.get(kind)
    must_be = must_be or error["ctx"]["expected"].replace("'", "")
    return f"{error['loc'][0]} must be {must_be}, and it is '{error['input']}'."


def _problems(config: Mapping[str, Any], *, debug: bool) -> list[str]:
    """Why the service must not start with these settings, each in a line that says what to do."""
    found = []
    if not config["SECRET_KEY"]:
        found.append("SECRET_KEY is missing. Make one: python3 -c 'import secrets; print(secrets.token_hex(32))'")
    if urlsplit(config["DATABASE_URL"]).scheme not in ("sqlite", "postgresql"):
        found.append("DATABASE_URL must begin with sqlite:/// or postgresql://")
    elif config["RESEARCH"] and not config["DATABASE_URL"].startswith("sqlite:"):
        found.append("RESEARCH needs a SQLite database (DATABASE_URL=sqlite:///…), one without real people in it.")
    if config["RESEARCH"] and config["SUPPORT"]:
        found.append("RESEARCH and SUPPORT don’t go together: what a study’s participants ask is not for support.")
    if config["PILOT"] and not (config["DEMO"] and config["RESEARCH"] and not config["DESIGN"]):
        found.append("PILOT goes with DEMO and RESEARCH, and not with DESIGN: start one with python3 run.py pilot")
    urls = (config["REPLICA_URL"], config["DATABASE_URL"])
    if config["REPLICA_URL"] and any(urlsplit(url).scheme != "postgresql" for url in urls):
        found.append("REPLICA_URL is for PostgreSQL: it and DATABASE_URL must begin with postgresql://")
    return (
        found if config["DEMO"] else [*found, *_problems_outside_the_demo(config, debug), *_problems_of_emails(config)]
    )


def _problems_outside_the_demo(config: Mapping[str, Any], debug: bool) -> list[str]:
    key, issuer = config["SECRET_KEY"], urlsplit(config["OIDC_ISSUER"])
    is_local = issuer.hostname in ("localhost", "127.0.0.1")
    rules = {
        f"SECRET_KEY is too short or too simple: {SHORTEST_KEY} random characters are the least.": (
            key and (len(key) < SHORTEST_KEY or len(set(key)) < SHORTEST_KEY // 4)
        ),
        "DATABASE_URL is missing: only the demo has a database by default.": config["DATABASE_URL"] == DEMO_DATABASE,
        "TRUSTED_HOSTS is missing: the names under which people reach the service.": not config["TRUSTED_HOSTS"],
        "OIDC_ISSUER, OIDC_CLIENT_ID or OIDC_CLIENT_SECRET is missing: without them nobody can sign in.": not (
            config["OIDC_ISSUER"] and config["OIDC_CLIENT_ID"] and config["OIDC_CLIENT_SECRET"]
        ),
        "OIDC_ISSUER must begin with https://": issuer.scheme != "https" and config["OIDC_ISSUER"] and not is_local,
        "TODAY is for the demo: here it is the real day.": config["TODAY"],
        "DESIGN is for the demo.": config["DESIGN"],
        "Debug mode is for the demo: it shows whoever makes an error the inside of the service.": debug,
    }
    return [rule for rule, is_broken in rules.items() if is_broken]


def _problems_of_emails(config: Mapping[str, Any]) -> list[str]:
    mail, links = urlsplit(config["SMTP_URL"]), urlsplit(config["SERVICE_URL"])
    rules = {
        "NOTIFY_API_KEY must be the whole key, as GOV.UK Notify shows it once.": (
            config["NOTIFY_API_KEY"] and len(config["NOTIFY_API_KEY"]) < NOTIFY_KEY_LENGTH
        ),
        "NOTIFY_TEMPLATE_ID must be the id of a template of GOV.UK Notify’s.": (
            config["NOTIFY_API_KEY"]
            and not re.fullmatch("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", config["NOTIFY_TEMPLATE_ID"])
        ),
        "SMTP_URL must begin with smtps:// or smtp:// and name a mail server.": (
            config["SMTP_URL"] and (mail.scheme not in ("smtp", "smtps") or not mail.hostname)
        ),
        "EMAIL_FROM is missing: the address that emails come from.": config["SMTP_URL"]
        and "@" not in config["EMAIL_FROM"],
        "SERVICE_URL must begin with https:// and name a host.": (
            config["TRUSTED_HOSTS"] and (links.scheme != "https" or not links.hostname)
        ),
    }
    return [rule for rule, is_broken in rules.items() if is_broken]


def as_table() -> str:
    """The settings as a Markdown table."""
    rows = [
        f"| `{name}` | {field.description} | {'' if field.default in ('', None) else f'`{field.default}`'} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(["| Name | Meaning | Without it |", "|---|---|---|", *rows])
