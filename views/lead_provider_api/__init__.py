"""The lead providers' API, version 3: who asks, how much they may ask, and how they are answered. The resources are in
participants.py, transfers.py and partnerships.py; what may be asked and sent is in operations.py, what is told in
schemas.py, and the document about all of it in documentation.py.

Every lookup starts from the lead provider of the token, so another provider's people are 404. Refusals of the acts
become 422 here and nowhere else.
"""

import hashlib
import hmac
import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import HTTPException, TooManyRequests

from clock import now, today
from database import read_from_replica, save_if_possible
from domain.changes import RuleBroken
from models import ApiToken, LeadProvider, digest
from views import client_key
from web.rate_limits import RateLimit

api = Blueprint("api", __name__, url_prefix="/api/v3")

REQUESTS = RateLimit(1000, 5 * 60)
"""For each token."""

GUESSES = RateLimit(1500, 5 * 60)
"""For each address that has no token."""

LAST_USED_PRECISION = timedelta(minutes=5)

AT_ONCE = 500
"""How many rows of a long list are looked up together."""

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
    "stopped_today": "was withdrawn or deferred only today. Try again tomorrow",
    "trained_elsewhere": "is in training elsewhere now",
    "trained_later": "has other training planned already",
    "has_gone": "has gone from that school. Settle it with its induction tutor",
    "has_left": "has left, so you do not train this person now",
    "has_completed": "has completed induction or mentor training",
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
"""What is said of the attribute that a rule refuses, by the rule's code."""


# --- who asks ----------------------------------------------------------------------------------------------


@api.before_request
def require_token():
    """Puts the token's lead provider in `g.lead_provider`; 401 without one, 429 after too many requests."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    sent = digest(token.strip())
    found = ApiToken.select(ApiToken, LeadProvider).join(LeadProvider).where(ApiToken.digest == sent).first()
    if scheme.lower() not in ("bearer", "token") or not found or not hmac.compare_digest(found.digest, sent):
        if seconds := GUESSES.seconds_to_wait(f"guesses {client_key()}"):
            raise TooManyRequests(retry_after=seconds)
        response = answer({"error": "access denied"}, 401)
        response.headers["WWW-Authenticate"] = "Bearer"
        return response
    if seconds := REQUESTS.seconds_to_wait(f"API token {found.id}"):
        raise TooManyRequests(retry_after=seconds)
    if found.last_used_at is None or now() - found.last_used_at > LAST_USED_PRECISION:
        found.last_used_at = now()
        save_if_possible(found, ApiToken.last_used_at)
    g.lead_provider = found.lead_provider
    if request.method == "GET" and not request.view_args:
        # A list may be a moment late: whoever polls asks from where they came to. One person must be as they just made
        # them.
        read_from_replica()
    return None


# --- answers -----------------------------------------------------------------------------------------------


def answer(body: dict, status: int = 200) -> Response:
    return Response(as_json(body), status, content_type="application/json; charset=utf-8")


def as_json(body: dict) -> str:
    return json.dumps(body, ensure_ascii=False)


def one(row: tuple, told: Callable[[list], Iterable[dict]]) -> Response:
    """The answer about one thing: its id and when it was updated, and what `told` tells of it."""
    return unless_known([row], lambda: answer({"data": next(iter(told([row[0]])))}))


def listing(rows: list[tuple], told: Callable[[list], Iterable[dict]]) -> Response:
    """The answer with a page of a list: for each thing its id and when it was updated, in order, and what `told` tells
    of some of them, by their ids. However long the page is, only a few are in memory at a time, and the answer as it is
    sent."""
    ids = [row[0] for row in rows]

    def parts() -> Iterator[str]:
        yield '{"data": ['
        for start in range(0, len(ids), AT_ONCE):
            yield (", " if start else "") + ", ".join(map(as_json, told(ids[start : start + AT_ONCE])))
        yield "]}"

    return unless_known(rows, lambda: zipped(parts()))


def zipped(parts: Iterable[str]) -> Response:
    is_welcome = request.accept_encodings["gzip"] > 0
    zipper = zlib.compressobj(6, wbits=31)
    sent = [zipper.compress(part.encode()) if is_welcome else part.encode() for part in parts]
    response = Response([*sent, zipper.flush()] if is_welcome else sent)
    response.content_type = "application/json; charset=utf-8"
    if is_welcome:
        response.headers["Content-Encoding"] = "gzip"
    response.content_length = sum(map(len, response.response))
    return response


def unless_known(rows: list[tuple], respond: Callable[[], Response]) -> Response:
    """304 when whoever asks has it already. What is told changes with a row's time of update, and with the day."""
    etag = hashlib.sha256(repr((g.lead_provider.id, today(), rows)).encode()).hexdigest()[:32]
    response = Response(status=304) if request.if_none_match.contains_weak(etag) else respond()
    response.set_etag(etag, weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Authorization, Accept-Encoding"
    return response


def errors(status: int, title: str, detail: str) -> Response:
    return answer({"errors": [{"title": title, "detail": detail}]}, status)


@api.errorhandler(RuleBroken)
def refused(refusal: RuleBroken):
    details = [
        {"title": attribute, "detail": f"'#/{attribute}' {WORDS[code]}"} for attribute, code in refusal.errors.items()
    ]
    return answer({"errors": details}, 422)


TITLES = {400: "Bad request", 404: "Resource not found"}
DETAILS = {
    404: "nothing was found for this address or id",
    405: "that cannot be done at this address. Allow says what can be",
    413: "the body is larger than 64 kB",
    429: "you have sent too many requests. Wait as many seconds as Retry-After says",
    500: "something went wrong. Nothing was changed",
    503: "the service is busy. Nothing was changed. Try again in a moment",
}


def http_error(error: HTTPException) -> Response:
    """Any other error of the API, its unknown addresses included, as JSON."""
    title = getattr(error, "title", None) or TITLES.get(error.code, error.name)
    response = errors(error.code, title, DETAILS.get(error.code, error.description))
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def moment(at: datetime | None) -> str | None:
    return at and at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day(on: date | None) -> str | None:
    return on and on.isoformat()
