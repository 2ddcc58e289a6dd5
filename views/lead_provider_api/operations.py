"""What may be asked and sent: the check of every request, written down so that the document about the API can be made
from it (documentation.py). What breaks it is 400; the rules, which are 422, are the acts' own."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Annotated, Any
from urllib.parse import unquote

from flask import request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema, model_validator
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from views.lead_provider_api import meanings, one_moment
from views.lead_provider_api.meanings import MEANINGS
from views.lead_provider_api.pages import cursor_in

MOST_PER_PAGE = 3000
MOST_ROWS = 2**31
"""No list is longer; a database counts no further than this many squared."""


FORM = {
    "parameter_missing": "a parameter that must be given isn’t: `filter[cohort]` of schools",
    "parameter_invalid": "a parameter is not in its documented form, such as `page[page]=2.5` or another `sort`",
    "given_twice": "a parameter is given twice. Write values of one with commas between",
    "not_a_group": "`filter` or `page` is given without its brackets",
    "json_invalid": "the body is not JSON. `detail` says in which line and column",
    "duplicate_key": "an object of the body has the same key twice",
    "shape_invalid": "the body has no `data` with `type` and `attributes`",
    "type_invalid": "`data.type` is not the one of this operation",
    "attributes_invalid": "`data.attributes` is not an object, or has no attribute that is known",
    "attribute_invalid": "an attribute is not text",
    "server_date_invalid": "in the sandbox: `X-With-Server-Date` is no day on which there is a contract period",
    "bad_request": "the request breaks the rules of HTTP",
}
"""Code → what about the form of a request is wrong: 400."""


class NotAsDocumented(BadRequest):
    """400: what is wrong (`reason`, one of FORM), and a sentence about it."""

    def __init__(self, reason: str, detail: str, title: str = "Bad request"):
        super().__init__(detail)
        self.reason, self.title = reason, title


@dataclass(frozen=True)
class Operation:
    """One thing that can be asked of the API."""

    summary: str
    answers: type[BaseModel]
    query: type[BaseModel] | None = None
    sends: type[BaseModel] | None = None
    refusals: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Attribute → the codes of the rules that may refuse it."""
    makes: dict = field(default_factory=dict)
    """What is different in the answer, as an example of it."""


def operation(summary: str, **known) -> Callable:
    """Marks a view as this operation: it is called with its checked `query`, or with the `attributes` sent."""
    this = Operation(summary, **known)

    def decorate(view: Callable) -> Callable:
        @wraps(view)
        def checked(**values):
            if this.query:
                values["query"] = query_of(this.query)
            if this.sends:
                return view(**values, attributes=attributes_of(this.sends))
            with one_moment():
                return view(**values)

        checked.operation = this
        return checked

    return decorate


# --- questions: filter[…], sort and page[…] ------------------------------------------------------------------


def years(text: str) -> list[int] | None:
    """Years with commas between; what isn't one is passed over. None, which is no filter, for nothing at all."""
    if not text.strip():
        return None
    return [int(part) for part in text.split(",") if re.fullmatch(r"\s*[0-9]{1,9}\s*", part, re.ASCII)]


def time_in(text: str) -> datetime | None:
    """A date and time with its zone in ISO 8601, which may have been percent-encoded once more than it needed."""
    text = unquote(text).strip().upper()
    if not text:
        return None
    # A plus sign that nobody encoded arrives as a space.
    text = re.sub(r"(:[\d.]+) (\d{2}:?\d{2})$", r"\1+\2", text)
    # The last moment of a day may be called 24:00:00, and a minute may have had a second more.
    later = timedelta(days="T24:00" in text or "T2400" in text, seconds=bool(re.search(r":\d\d:60", text)))
    text = re.sub(r"T24(:?00)", r"T00\1", re.sub(r"(:\d\d):60", r"\1:59", text))
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if not found or not found.tzinfo or not re.search(r"\d[T ]\d", text):
        raise ValueError("must be a date and time with a time zone in ISO 8601, such as 2026-04-20T09:00:00Z")
    try:
        return (found + later).astimezone(UTC)
    except OverflowError:  # before or after all time that there is
        return datetime(found.year, found.month, found.day, tzinfo=UTC)


def whole_number(text: Any) -> int:
    digits = str(text).lstrip("0")
    if not digits or not (digits.isascii() and digits.isdigit()):
        raise ValueError("must be a whole number, 1 or more")
    return int(digits) if len(digits) < 10 else MOST_ROWS


def known_sort(text: str) -> str:
    if text not in meanings.SORT:
        raise ValueError(f"must be one of {', '.join(meanings.SORT)}")
    return text


def words(text: str) -> list[str] | None:
    return [part.strip() for part in text.split(",")] if text.strip() else None


def described(kind: Any, check: Callable, description: str, **schema) -> Any:
    """A parameter: what the views get, how it is read from text, and what is said of it."""
    schema = {"type": "string", "description": description} | schema
    return Annotated[kind | None, BeforeValidator(check), WithJsonSchema(schema)]


Years = described(
    list[int],
    years,
    "Cohorts by their year, with commas between. What is no year is passed over.",
    examples=["2024,2025"],
)
Since = described(
    datetime,
    time_in,
    "Only what changed at this moment or later: a date and time with a time zone, in ISO 8601.",
    anyOf=[{"format": "date-time"}, {"const": ""}],
    examples=["2026-04-20T09:00:00Z"],
)
Text = Annotated[str | None, BeforeValidator(lambda text: text.strip() or None)]
Ids = described(list[str], words, "Only those with these delivery partners: their ids, with commas between.")
After = Annotated[Any, BeforeValidator(cursor_in), WithJsonSchema({"type": "string"})]
Count = Annotated[int, BeforeValidator(whole_number), WithJsonSchema({"type": "integer", "minimum": 1})]
Sort = Annotated[
    str,
    BeforeValidator(known_sort),
    WithJsonSchema({"type": "string", "enum": list(meanings.SORT), MEANINGS: meanings.SORT}),
]


class Page(BaseModel):
    page: Count = Field(1, description="Which page. One past the end is empty.")
    per_page: Count = Field(100, description=f"How many on a page. More than {MOST_PER_PAGE} count as {MOST_PER_PAGE}.")
    after: After = Field(
        None, description="Where the last page ended, as `links.next` has it, instead of `page[page]`."
    )

    @model_validator(mode="after")
    def has_one_place(self):
        if self.after and "page" in self.model_fields_set:
            raise ValueError("must not be given with page[after]")
        return self

    @property
    def limit(self) -> int:
        return min(self.per_page, MOST_PER_PAGE)

    @property
    def offset(self) -> int:
        return 0 if self.after else min((self.page - 1) * self.limit, MOST_ROWS)


class Query(BaseModel):
    page: Page = Page()
    sort: Sort = Field("created_at", description="The order.")

    @model_validator(mode="after")
    def goes_on_as_it_began(self):
        if self.page.after and self.page.after.sort != self.sort:
            raise ValueError("must be the one that page[after] was given with")
        return self


class UpdatedSince(BaseModel):
    updated_since: Since = None


class Cohorts(BaseModel):
    cohort: Years = None


class ParticipantsFilter(Cohorts, UpdatedSince):
    training_status: Text = Field(
        None,
        description="Only those with this status, in either role. With any other value the list is empty.",
        json_schema_extra={MEANINGS: meanings.TRAINING_STATUS},
    )
    from_participant_id: Text = Field(None, description="Only the person who had this id before.")


class ParticipantsQuery(Query):
    filter: ParticipantsFilter = ParticipantsFilter()


class ChangesQuery(Query):
    filter: UpdatedSince = UpdatedSince()


class Cohort(BaseModel):
    cohort: Years = Field(description="One cohort, by its year. For a year that is none the list is empty.")


class SchoolsFilter(Cohort, UpdatedSince):
    urn: Text = Field(None, description="Only the school with this unique reference number.")


class SchoolsQuery(Query):
    filter: SchoolsFilter


class SchoolQuery(BaseModel):
    filter: Cohort


class PartnershipsFilter(Cohorts, UpdatedSince):
    delivery_partner_id: Ids = None


class PartnershipsQuery(Query):
    filter: PartnershipsFilter = PartnershipsFilter()


class DeliveryPartnersFilter(Cohorts, UpdatedSince):
    pass


class DeliveryPartnersQuery(Query):
    filter: DeliveryPartnersFilter = DeliveryPartnersFilter()


def query_of(model: type[BaseModel]) -> BaseModel:
    """The request's filter, sort and page; 400 for what breaks the documented form. What isn't known is ignored."""
    given: dict[str, Any] = {}
    for name, values in request.args.lists():
        if len(values) > 1 and not name.endswith("[]"):
            raise NotAsDocumented("given_twice", f"{name} is given twice")
        if any("\0" in value for value in values):  # PostgreSQL has no text with it
            raise NotAsDocumented("parameter_invalid", f"{name} must not have a null character")
        found = re.fullmatch(r"(filter|page)\[(\w+)\](\[\])?", name)
        if found:
            group = given.setdefault(found[1], {})
            if isinstance(group, dict):
                group[found[2]] = ",".join(values) if found[3] else values[-1]
        elif name in ("filter", "page", "sort", "filter[]", "page[]"):
            given[name.removesuffix("[]")] = values[-1]
    try:
        return model.model_validate(given)
    except ValidationError as error:
        found = error.errors()[0]
    # What is wrong with no one parameter is wrong with the sort: goes_on_as_it_began.
    place, message = found["loc"] or ("sort",), str(found.get("ctx", {}).get("error", ""))
    name = place[0] + "".join(f"[{part}]" for part in place[1:])
    if found["type"] == "missing":
        name = "filter[cohort]" if name == "filter" else name
        raise NotAsDocumented("parameter_missing", f"{name} must be given", "Bad parameter")
    if not message:
        raise NotAsDocumented("not_a_group", f"{name} must be given as {name}[…]=…", "Bad parameter")
    raise NotAsDocumented("parameter_invalid", f"{name} {message}")


# --- bodies ------------------------------------------------------------------------------------------------


class Attributes(BaseModel):
    """At least one known attribute must be there; unknown ones are ignored. Which must be given, the rules say."""

    model_config = ConfigDict(strict=True)

    @model_validator(mode="after")
    def has_something_known(self):
        if not self.model_fields_set:
            raise ValueError("attributes is empty")
        return self


def choice(values: dict[str, str], description: str) -> Any:
    return Field(None, description=description, json_schema_extra={"enum": list(values), MEANINGS: values})


class Resumption(Attributes):
    course_identifier: str | None = choice(meanings.COURSE, "The role that this is about.")


class Withdrawal(Resumption):
    reason: str | None = choice(meanings.WITHDRAWAL_REASON, "Why. The school never sees it.")


class Deferral(Resumption):
    reason: str | None = choice(meanings.DEFERRAL_REASON, "Why. The school never sees it.")


class ChangeOfSchedule(Resumption):
    schedule_identifier: str | None = choice(
        dict(sorted(meanings.SCHEDULE.items(), key=lambda each: each[0] != "ecf-extended-september")),
        "The new schedule.",
    )
    cohort: str | int | None = Field(
        None, description="The year of another cohort, if it changes too.", examples=["2026"]
    )


ID = "5f0c3a52-0000-4000-8000-000000000001"
PARTNER = Field(None, description="The `id` from `GET /delivery-partners`.", examples=[ID])


class NewPartnership(Attributes):
    cohort: str | int | None = Field(None, description="The cohort by its year. It must have begun.", examples=["2025"])
    school_id: str | None = Field(None, description="The `id` from `GET /schools`.", examples=[ID])
    delivery_partner_id: str | None = PARTNER


class OtherDeliveryPartner(Attributes):
    delivery_partner_id: str | None = PARTNER


TYPES = {
    Withdrawal: "participant-withdraw",
    Deferral: "participant-defer",
    Resumption: "participant-resume",
    ChangeOfSchedule: "participant-change-schedule",
    NewPartnership: "partnership",
    OtherDeliveryPartner: "partnership",
}
"""What `data.type` says when such attributes are sent."""

OPTIONAL = {(ChangeOfSchedule, "cohort")}
"""All other attributes must be given."""


def attributes_of(model: type[Attributes]) -> dict[str, str | None]:
    """The attributes of `{"data": {"type": …, "attributes": {…}}}`; 400 for any other body."""
    try:
        sent = json_in(request.get_data())
        try:
            data = sent["data"]
            kind, attributes = data["type"], data["attributes"]
        except (KeyError, TypeError):
            raise NotAsDocumented("shape_invalid", "the body is not in the documented shape") from None
        if kind != TYPES[model]:
            raise NotAsDocumented("type_invalid", "data.type is another one")
        attributes = checked_attributes(model, attributes)
    except NotAsDocumented as error:
        error.description += f": it must have data.type {TYPES[model]!r} and data.attributes"
        raise
    return {name: str(value) if isinstance(value, int) else value for name, value in attributes.items()}


def checked_attributes(model: type[Attributes], attributes: Any) -> dict:
    try:
        return model.model_validate(attributes).model_dump()
    except ValidationError as error:
        place = error.errors()[0]["loc"]
    if place:
        raise NotAsDocumented("attribute_invalid", f"data.attributes.{place[0]} must be text")
    raise NotAsDocumented("attributes_invalid", "data.attributes has no attribute that is known")


def json_in(body: bytes) -> Any:
    """What the body says. It is JSON whatever its Content-Type says: libraries call it application/vnd.api+json, and
    curl a form. 400 says where it isn't; 415 for what wasn't meant to be."""
    try:
        return json.loads(body.decode(), object_pairs_hook=without_twins, parse_constant=refuse_constant)
    except UnicodeDecodeError as error:
        what = f"byte {error.start + 1} is not UTF-8"
    except json.JSONDecodeError as error:
        what = f"{error.msg[0].lower()}{error.msg[1:]} at line {error.lineno}, column {error.colno}"
    except RecursionError:
        what = "it is nested too deeply"
    except ValueError:
        what = "a number in it has too many digits"
    if request.content_encoding or (request.mimetype and "json" not in request.mimetype):
        raise UnsupportedMediaType
    raise NotAsDocumented("json_invalid", f"the body is not JSON ({what})")


def without_twins(pairs: list) -> dict:
    if len(found := dict(pairs)) < len(pairs):
        names = [name for name, _ in pairs]
        twin = next(name for name in found if names.count(name) > 1)
        raise NotAsDocumented("duplicate_key", f"the body has {json.dumps(twin)[:100]} twice in one object")
    return found


def refuse_constant(name: str):
    raise NotAsDocumented("json_invalid", f"the body is not JSON ({name} is no number)")
