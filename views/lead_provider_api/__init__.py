"""The lead providers' API, version 3: who asks, how much they may ask, and how they are answered. The resources are in
participants.py, transfers.py, mentors.py and partnerships.py; what may be asked and sent is in operations.py, pages of
lists in pages.py, what is told in schemas.py, and the document about all of it in documentation.py.

Every lookup starts from the lead provider of the token, so another provider's people are 404. Refusals of the acts
become 422 here and nowhere else.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, g, request
from peewee import SQL
from werkzeug.exceptions import HTTPException, TooManyRequests

from clock import clock_at, now, today
from database import read_from_replica, save_if_possible, snapshot
from domain.changes import RuleBroken, begin_day, moment_told
from models import ApiToken, LatestUpdate, LeadProvider, digest
from views import client_key
from web.gzip import send_gzipped
from web.rate_limits import RateLimit

api = Blueprint("api", __name__, url_prefix="/api/v3")

REQUESTS = RateLimit(1000, 5 * 60)
"""For each token."""

GUESSES = RateLimit(1500, 5 * 60)
"""For each address that has no token."""

LAST_USED_PRECISION = timedelta(minutes=5)

WORDS = {
    "missing": "must be given",
    "unknown": "is not recognised",
    "not_theirs": "is not recognised for this participant",
    "not_for_an_ect": "is not for an ECT",
    "not_for_a_mentor": "is not for a mentor",
    "already_active": "is active already",
    "already_deferred": "has been deferred already",
    "already_withdrawn": "has been withdrawn already",
    "is_deferred": "is deferred. Resume first, then change the schedule",
    "is_withdrawn": "is withdrawn. Resume first, then change the schedule",
    "not_started": "has not yet trained with you for a day",
    "started_today": "changed only today. Try again tomorrow",
    "stopped_today": "was withdrawn or deferred only today, or on a later day. Try again the day after",
    "trained_elsewhere": "is in training elsewhere now",
    "trained_later": "has other training planned already",
    "has_gone": "has gone from that school. Settle it with its induction tutor",
    "given_away": "was given to another lead provider before training with you began",
    "has_left": "has left, so you do not train this person now",
    "has_completed": "has completed induction or mentor training. An ECT may only go over to a reduced schedule",
    "being_changed": "was being changed by the school. Look again",
    "same_schedule": "is the schedule that this participant has already",
    "no_partnership": "is a year in which you have no partnership with this participant’s school",
    "closed": "is closed, and this participant was not moved out of it",
    "not_open": "has not begun yet",
    "no_contract": "is a year for which you have no contract",
    "already_partners": "is a school with which you have a partnership for that year already",
    "school_led_only": "is a school whose ECTs of that year are all in school-led training. Ask its induction tutor",
    "not_paired": "is not a delivery partner that you may work with in that year",
    "already_this_partner": "is the delivery partner of a partnership with this school already",
}
"""What is said of the attribute that a rule refuses, by the rule's code. Codes stay what they are."""

DETAILS = {
    404: ("not_found", "nothing was found for this address or id"),
    405: ("method_not_allowed", "that cannot be done at this address. Allow says what can be"),
    413: ("too_large", "the body is larger than 64 kB"),
    414: ("address_too_long", "the address is too long"),
    415: ("not_json", "the body must be JSON, sent as application/json"),
    429: ("too_many_requests", "you have sent too many requests. Wait as many seconds as Retry-After says"),
    500: ("internal_error", "something went wrong. Nothing was changed"),
    502: ("unavailable", "the service does not answer. Try again in a moment"),
    503: ("busy", "the service is busy. Nothing was changed. Try again in a moment"),
}
"""What is said of errors that no rule made: status → code and sentence."""

DONE_BUT = "your change was made, but we could not show you the result. Ask for it again"

TITLES = {400: "Bad request", 404: "Resource not found"}


# --- who asks ----------------------------------------------------------------------------------------------


@api.before_request
def require_token():
    """Puts the token's lead provider in `g.lead_provider`; 401 without one, 429 after too many requests."""
    sent = digest(token_in(request.headers.get("Authorization", "")))
    tokens = ApiToken.select(ApiToken, LeadProvider, LatestUpdate.day).join(LeadProvider)
    tokens = tokens.join_from(ApiToken, LatestUpdate, on=SQL("TRUE"), attr="latest")
    found = tokens.where(ApiToken.digest == sent).first()
    if not found or not hmac.compare_digest(found.digest, sent):
        if seconds := GUESSES.seconds_to_wait(f"guesses {client_key()}"):
            raise TooManyRequests(retry_after=seconds)
        response = answer({"error": "access denied"}, 401)
        response.headers["WWW-Authenticate"] = "Bearer"
        return response
    g.counted = REQUESTS.count(f"API token {found.id}")
    if g.counted.seconds_to_wait:
        raise TooManyRequests(retry_after=g.counted.seconds_to_wait)
    if found.last_used_at is None or now() - found.last_used_at > LAST_USED_PRECISION:
        found.last_used_at = now()
        save_if_possible(found, ApiToken.last_used_at)
    g.lead_provider = found.lead_provider
    begin_day(found.latest.day)
    if request.method == "GET" and not request.view_args:
        # A list may be a moment late: whoever polls asks from where they came to. One person must be as they just made
        # them.
        read_from_replica()
    return None


def token_in(authorization: str) -> str:
    """Bearer TOKEN, Token TOKEN or Token token="TOKEN"; empty if it is none of these."""
    found = re.fullmatch(r'(?:bearer|token) +(?:token="([^"]*)".*|([^"]*))', authorization.strip(), re.IGNORECASE)
    return (found[1] or found[2] or "").strip() if found else ""


@api.after_request
def say_what_is_left(response: Response) -> Response:
    """How much of its limit this token has left, in the headers of draft-ietf-httpapi-ratelimit-headers; and in answer
    to OPTIONS what can be done."""
    if counted := g.get("counted"):
        response.headers["RateLimit-Policy"] = f"{REQUESTS.most};w={REQUESTS.seconds}"
        response.headers["RateLimit-Limit"] = str(REQUESTS.most)
        response.headers["RateLimit-Remaining"] = str(counted.left)
        response.headers["RateLimit-Reset"] = str(counted.seconds_left)
    if request.method == "OPTIONS" and response.status_code == 200:
        response.data = as_json({"allow": sorted(response.allow)})
        response.content_type = JSON
    return response


# --- answers -----------------------------------------------------------------------------------------------

JSON = "application/json; charset=utf-8"


@contextmanager
def one_moment():
    """Whatever is told inside is of one moment: of the database, where `g.latest` is the latest change, and of the
    day."""
    with snapshot():
        g.latest = LatestUpdate.get()
        with clock_at(moment_told(g.latest.day)):
            yield


@contextmanager
def done():
    """The same after something was changed: what goes wrong from here on does not undo it."""
    g.is_done = True
    with one_moment():
        yield


def answer(body: dict, status: int = 200) -> Response:
    return Response(as_json(body), status, content_type=JSON)


def as_json(body: dict) -> str:
    return json.dumps(body, ensure_ascii=False)


def one(row: tuple, told: Callable[[list], Iterable[dict]]) -> Response:
    """The answer about one thing: its id and when it was updated, and what `told` tells of it."""
    return unless_known([row], lambda: answer({"data": next(iter(told([row[0]])))}))


def zipped(parts: Iterable[str]) -> Response:
    response = Response(parts, content_type=JSON)
    send_gzipped(response, 6)
    return response


def unless_known(rows: list[tuple], respond: Callable[[], Response]) -> Response:
    """304 when whoever asks has it already. What is told changes with a row's time of update, with the day, and with
    the release."""
    told_later = [updated(each) for row in rows for each in row if isinstance(each, datetime) and each > now()]
    known_by = repr((release(), g.lead_provider.id, today(), rows, told_later))
    etag = hashlib.sha256(known_by.encode()).hexdigest()[:32]
    response = Response(status=304) if request.if_none_match.contains_weak(etag) else respond()
    response.set_etag(etag, weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Authorization, Accept-Encoding"
    return response


ROOT = Path(__file__).parent.parent.parent


@cache
def release() -> str:
    """Another one when anything changes that makes an answer."""
    folders = (ROOT, ROOT / "domain", ROOT / "views" / "lead_provider_api")
    sources = [path for folder in folders for path in folder.glob("*.py")]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sorted(sources))).hexdigest()[:12]


def problem(title: str, detail: str, code: str, **meta) -> dict:
    return {"title": title, "detail": detail, "code": code} | ({"meta": meta} if meta else {})


@api.errorhandler(RuleBroken)
def refused(refusal: RuleBroken):
    """One entry for each attribute. `meta` tells of what there is already, so that a report that was sent twice can be
    told from somebody else's."""
    already = refusal.facts.get("already", {})
    told = {name: moment(each) if isinstance(each, datetime) else str(each) for name, each in already.items()}
    problems = [
        problem(name, f"'#/{name}' {WORDS[code]}", code, **(told if code.startswith("already") else {}))
        for name, code in refusal.errors.items()
    ]
    return answer({"errors": problems}, 422)


def http_error(error: HTTPException) -> Response:
    """Any other error of the API, its unknown addresses included, as JSON."""
    title = getattr(error, "title", None) or TITLES.get(error.code, error.name)
    code, detail = DETAILS.get(error.code, (getattr(error, "reason", "bad_request"), error.description))
    if error.code >= 500 and g.get("is_done"):
        detail = DONE_BUT
    response = answer({"errors": [problem(title, detail, code)]}, error.code)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def moment(at: datetime | None) -> str | None:
    return at and at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def updated(at: datetime) -> str:
    """When something was updated, as it is told: never in the future, should a clock have been set back."""
    return moment(min(at, now()))


def day(on: date | None) -> str | None:
    return on and on.isoformat()
