"""Every setting: its name in the environment, what it means, and what holds without it. docs/operations.md shows the
table that `flask settings` prints. What a deployment may not be without is in `problems`."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

DEMO_DATABASE = "sqlite:///instance/register.sqlite3"
SHORTEST_KEY = 32


def switch(text: str) -> bool:
    return {"1": True, "0": False}[text]


def whole_number(text: str) -> int:
    if not re.fullmatch("[0-9]{1,6}", text):
        raise ValueError(text)
    return int(text)


def level(text: str) -> str:
    # Not DEBUG: there libraries log what was typed.
    if text not in ("INFO", "WARNING", "ERROR"):
        raise ValueError(text)
    return text


def words(text: str) -> tuple[str, ...]:
    return tuple(filter(None, re.split(r"[\s,]+", text)))


def research_folder(text: str) -> str | None:
    return {"0": None, "1": "instance/research"}.get(text, text)


@dataclass(frozen=True)
class Setting:
    meaning: str
    default: object = None
    read: Callable[[str], object] = str
    """From the environment's text. Raises ValueError or KeyError for text that can't be it."""
    kind: str = ""
    """What the text must be, for whoever got it wrong."""


SETTINGS = {
    "SECRET_KEY": Setting(f"signs cookies and forms: random, at least {SHORTEST_KEY} characters, the same everywhere"),
    "DATABASE_URL": Setting("`sqlite:///path` or `postgresql://user:password@host/name`", DEMO_DATABASE),
    "REPLICA_URL": Setting(
        "a PostgreSQL server that follows that database: lead providers’ lists are read there, as late as it follows"
    ),
    "TRUSTED_HOSTS": Setting("the names under which people reach the service, such as `ects.example.org`", (), words),
    "PROXIES": Setting(
        "how many proxies in front of the service tell it the visitor’s address (`X-Forwarded-For`, `-Proto`)",
        0,
        whole_number,
        "a whole number",
    ),
    "SUPPORT_EMAIL": Setting("where “contact support” leads", "support@register-ects.example.org"),
    "OIDC_ISSUER": Setting(
        "the provider of identities, by its OpenID Connect issuer, such as `https://id.example.org`"
    ),
    "OIDC_CLIENT_ID": Setting("who the service is to that provider"),
    "OIDC_CLIENT_SECRET": Setting("how the service proves that to it"),
    "OIDC_NAME": Setting("what pages call the provider", "DfE Sign-in"),
    "OIDC_SCOPES": Setting("what the service asks the provider for", "openid email profile organisation"),
    "OIDC_ORGANISATION_CLAIM": Setting("the claim that holds the organisation, and in it its `urn`", "organisation"),
    "OIDC_EMAIL_IS_VERIFIED": Setting(
        "`1`: the provider proves every email address, though it doesn’t say `email_verified`. So for DfE Sign-in",
        False,
        switch,
        "1 or 0",
    ),
    "IDLE_MINUTES": Setting(
        "how long somebody may do nothing before they must sign in again", 120, whole_number, "a whole number"
    ),
    "SIGN_IN_HOURS": Setting("how long a sign-in lasts at most", 12, whole_number, "a whole number"),
    "METRICS_TOKEN": Setting("switches `/metrics` on, in Prometheus’s text, for whoever sends this as a bearer token"),
    "SLOW_QUERY_MS": Setting("queries that take longer are logged", 200, whole_number, "a whole number"),
    "LOG_LEVEL": Setting(
        "`INFO` has a line for each request, `WARNING` only what may need somebody",
        "INFO",
        level,
        "INFO, WARNING or ERROR",
    ),
    "BIND": Setting(
        "where gunicorn listens: `address:port`, or `unix:/path` for a proxy on the same machine", "127.0.0.1:8000"
    ),
    "WORKERS": Setting("processes, each for one CPU core", 2, whole_number, "a whole number"),
    "THREADS": Setting("requests that each process answers at the same time", 8, whole_number, "a whole number"),
    "RESEARCH": Setting(
        "switches the research side on: `1`, or the folder that it keeps everything in. Not beside real people’s data",
        None,
        research_folder,
    ),
    "DEMO": Setting(
        "`1`: personas sign in without a password, and an empty database gets the demo world", False, switch, "1 or 0"
    ),
    "TODAY": Setting(
        "the day that it is always, such as `2026-04-20`. Only in the demo", None, date.fromisoformat, "a date"
    ),
}


@dataclass(frozen=True)
class Unreadable:
    """What the environment says for a setting that can't be it."""

    text: str


def from_environment(environ: Mapping[str, str]) -> dict:
    """Setting → its value, its default where the environment says nothing, or Unreadable."""
    return {name: _value(setting, environ.get(name)) for name, setting in SETTINGS.items()}


def _value(setting: Setting, text: str | None):
    if not text:
        return setting.default
    try:
        return setting.read(text)
    except (KeyError, ValueError):
        return Unreadable(text)


def refuse(config: Mapping, *, debug: bool = False) -> None:
    """Leave, with a line for each problem, if there is any."""
    if found := problems(config, debug=debug):
        raise SystemExit("\n".join(["The service can’t start with these settings:", *found]))


def problems(config: Mapping, *, debug: bool = False) -> list[str]:
    """Why the service must not start with these settings, each in a line that says what to do."""
    found = [
        f"{name} must be {setting.kind}, and it is '{config[name].text}'."
        for name, setting in SETTINGS.items()
        if isinstance(config.get(name), Unreadable)
    ]
    if not config["SECRET_KEY"]:
        found.append("SECRET_KEY is missing. Make one: python3 -c 'import secrets; print(secrets.token_hex(32))'")
    if urlsplit(config["DATABASE_URL"]).scheme not in ("sqlite", "postgresql"):
        found.append("DATABASE_URL must begin with sqlite:/// or postgresql://")
    elif config["RESEARCH"] and not config["DATABASE_URL"].startswith("sqlite:"):
        found.append("RESEARCH needs a SQLite database (DATABASE_URL=sqlite:///…), one without real people in it.")
    urls = (config["REPLICA_URL"], config["DATABASE_URL"])
    if config["REPLICA_URL"] and any(urlsplit(url).scheme != "postgresql" for url in urls):
        found.append("REPLICA_URL is for PostgreSQL: it and DATABASE_URL must begin with postgresql://")
    return found if config["DEMO"] is True else [*found, *_problems_outside_the_demo(config, debug)]


def _problems_outside_the_demo(config: Mapping, debug: bool) -> list[str]:
    key, issuer = config["SECRET_KEY"] or "", urlsplit(config["OIDC_ISSUER"] or "")
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
        "Debug mode is for the demo: it shows whoever makes an error the inside of the service.": debug,
    }
    return [rule for rule, is_broken in rules.items() if is_broken]


def as_table() -> str:
    """The settings as a Markdown table."""
    lines = ["| Name | Meaning | Without it |", "|---|---|---|"]
    return "\n".join(
        [
            *lines,
            *(f"| `{name}` | {setting.meaning} | {_shown(setting.default)} |" for name, setting in SETTINGS.items()),
        ]
    )


def _shown(default: object) -> str:
    return {None: "", (): "", False: "`0`"}.get(default, f"`{default}`")
