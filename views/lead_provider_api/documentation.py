"""The document about the API (OpenAPI 3.1), made from the operations that check its requests. The guide (guide.py) is
made from it."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from flask import Blueprint, Flask, Response, current_app
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from werkzeug.exceptions import TooManyRequests
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.routing import Rule

from views import client_key
from views.lead_provider_api import DETAILS, REQUESTS, TITLES, WORDS, answer, problem, schemas
from views.lead_provider_api.operations import ID, OPTIONAL, TYPES, Operation
from views.lead_provider_api.pages import changes_since
from web.rate_limits import RateLimit

documentation = Blueprint("documentation", __name__, url_prefix="/api")

READINGS = RateLimit(300, 5 * 60)
"""For each address that reads."""

REF = "#/components/schemas/"


@dataclass(frozen=True)
class Resource:
    """What the guide has a page about."""

    title: str
    about: str
    endpoints: tuple[str, ...]
    """Its operations, in the order in which they are described."""
    keep_up: str = ""
    """How to keep a copy of the list up to date."""


RESOURCES = {
    "participants": Resource(
        "Participants",
        "The people whom you train, or once trained, as far as you have confirmed it.",
        ("participants", "participant"),
        "Follow `links.changes`. Nobody goes from this list.",
    ),
    "reports": Resource(
        "Reports on participants",
        "What you tell us of somebody’s training. Their school sees it at once, and never sees why.",
        ("withdraw", "defer", "resume", "change-schedule"),
    ),
    "transfers": Resource(
        "Transfers",
        "Who of your participants left a school or joined one.",
        ("transfers", "participant_transfers"),
        "Follow `links.changes`, and ask for the whole list once a day: who stays after all goes from this list.",
    ),
    "unfunded-mentors": Resource(
        "Unfunded mentors",
        "The mentors of your ECTs whom you do not train: whoever is told as a mentor_id can be looked up.",
        ("unfunded_mentors", "unfunded_mentor"),
        "Follow `links.changes`. A mentor whom you come to train goes from this list, and is a participant.",
    ),
    "schools": Resource(
        "Schools",
        "Every school, with whether it wants you in a cohort.",
        ("schools", "school"),
        "Follow `links.changes` for each cohort by itself. A change in one cohort moves a school’s `updated_at` in all "
        "of them, so you may be told of a school where nothing is new.",
    ),
    "delivery-partners": Resource(
        "Delivery partners",
        "With whom you may work, and in which cohorts.",
        ("delivery_partners", "delivery_partner"),
        "Ask for the whole list once a day. With whom you may work in no cohort any more goes from this list.",
    ),
    "partnerships": Resource(
        "Partnerships",
        "At which schools you train in which cohort, and with which delivery partner.",
        ("partnerships", "partnership", "create_partnership", "change_delivery_partner"),
        "Follow `links.changes`.",
    ),
}
"""Its name in addresses → the resource."""

PROBLEMS = {
    400: "The request is not in the documented form",
    404: "There is nothing with this id that you may see",
    413: "The body is too large",
    415: "The body is not JSON",
    429: f"You have sent more than {REQUESTS.most:,} requests in {REQUESTS.seconds // 60} minutes",
    503: "The service is busy",
}
"""Status → when it is answered."""


@documentation.before_request
def limit_readings():
    if seconds := READINGS.seconds_to_wait(f"documentation {client_key()}"):
        raise TooManyRequests(retry_after=seconds)


@documentation.get("/v3/openapi.json")
def openapi():
    return answer(document(current_app._get_current_object()))


@documentation.get("/docs/v3/swagger.yaml")
def openapi_as_yaml():
    return Response(as_yaml(document(current_app._get_current_object())), content_type="application/yaml")


def as_yaml(value: Any, indent: str = "\n") -> str:
    """What JSON can say, in YAML, each value as JSON has it on a line of its own."""
    if not value or not isinstance(value, dict | list):
        return " " + json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "".join(f"{indent}-{as_yaml(each, indent + '  ')}" for each in value)
    return "".join(f"{indent}{json.dumps(name)}:{as_yaml(value[name], indent + '  ')}" for name in value)


@cache
def document(app: Flask) -> dict:
    """The whole document. It is the same for everybody, and as long as the service runs."""
    rules = [rule for rule in app.url_map.iter_rules() if hasattr(app.view_functions[rule.endpoint], "operation")]
    operations = [(rule, app.view_functions[rule.endpoint].operation) for rule in rules]
    models = {model for _, each in operations for model in (each.answers, each.sends) if model}
    models |= {schemas.Problems, schemas.AccessDenied}
    named = sorted(models, key=lambda model: model.__name__)
    references, definitions = models_json_schema(
        [(model, "validation") for model in named], ref_template=REF + "{model}"
    )
    definitions = definitions["$defs"]
    for model in {each.sends for _, each in operations if each.sends}:
        # Null is as good as nothing, and what must be given must not be that.
        its = definitions[model.__name__]["properties"]
        its.update({name: plain(its[name], may_be_null=(model, name) in OPTIONAL) for name in its})
    at = {model: references[model, "validation"] for model in named}
    paths: dict[str, dict] = {}
    for rule, each in operations:
        path = re.sub(r"<(?:[^:>]*:)?([^>]+)>", r"{\1}", rule.rule)
        (method,) = rule.methods - {"HEAD", "OPTIONS"}
        paths.setdefault(path, {})[method.lower()] = described(rule, each, at, definitions)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Lead providers’ API",
            "version": "3",
            "description": "For the software of lead providers: whom they train at which school, and what they report.",
        },
        "security": [{"token": []}],
        "tags": [{"name": each.title, "description": each.about} for each in RESOURCES.values()],
        "paths": paths,
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}, "schemas": definitions},
    }


def described(rule: Rule, operation: Operation, at: dict, definitions: dict) -> dict:
    endpoint = rule.endpoint.removeprefix("api.")
    (resource,) = [each for each in RESOURCES.values() if endpoint in each.endpoints]
    told = {"operationId": endpoint.replace("-", "_"), "summary": operation.summary, "tags": [resource.title]}
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
        for name in sorted(rule.arguments)
    ]
    if operation.query:
        parameters += asked_of(operation.query)
    if parameters:
        told["parameters"] = parameters
    if operation.sends:
        schema = body_schema(operation.sends, at[operation.sends])
        told["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema, "example": sample(schema, definitions)}},
        }
    told["responses"] = responses(rule, operation, at, definitions)
    return told


def asked_of(query: type[BaseModel]) -> list[dict]:
    """The parameters: `sort`, and each part of `filter` and of `page`, such as `filter[cohort]`."""
    schema = query.model_json_schema()
    parameters = []
    for name in ("filter", "sort", "page"):
        asked = schema["properties"].get(name, {"properties": {}})
        group = schema["$defs"].get(asked.get("$ref", "").rpartition("/")[2], {})
        inside = {f"{name}[{part}]": each for part, each in group["properties"].items()} if group else {name: asked}
        needed = [f"{name}[{part}]" for part in group.get("required", ())]
        parameters += [
            {"name": each, "in": "query", "required": each in needed, "schema": plain(inside[each])}
            for each in inside
            if name in schema["properties"]
        ]
    return parameters


def plain(schema: dict, *, may_be_null: bool = False) -> dict:
    """Without what Python adds: null, and a title, which a name doesn’t need."""
    kinds = [either for either in schema.get("anyOf", []) if may_be_null or either.get("type") != "null"]
    if kinds:
        schema = kinds[0] | schema | {"anyOf": None} if len(kinds) == 1 else schema | {"anyOf": kinds}
    return {key: value for key, value in schema.items() if key != "title" and value is not None}


def body_schema(sends: type[BaseModel], reference: dict) -> dict:
    needed = [name for name in sends.model_fields if (sends, name) not in OPTIONAL]
    data = {
        "type": "object",
        "required": ["type", "attributes"],
        "properties": {
            "type": {"type": "string", "const": TYPES[sends]},
            "attributes": {"allOf": [reference], "required": needed},
        },
    }
    return {"type": "object", "required": ["data"], "properties": {"data": data}}


def responses(rule: Rule, operation: Operation, at: dict, definitions: dict) -> dict:
    answers = at[operation.answers]
    example = sample(answers, definitions)
    if "links" in example:
        needed = {each["name"]: "2025" for each in asked_of(operation.query) if each["required"]}
        address = f"https://ects.example.org{rule.rule}"
        example["links"]["changes"] = changes_since(datetime(2026, 4, 20, 9, tzinfo=UTC), address, needed)
    if operation.makes:
        example["data"]["attributes"]["ecf_enrolments"][0] |= operation.makes
    told = {"200": said("Done" if operation.sends else "Found", answers, example)}
    if not operation.sends:
        told["304"] = {"description": "Nothing changed since the answer with the ETag that If-None-Match gives"}
    problems = {"401": said("There is no valid token", at[schemas.AccessDenied], {"error": "access denied"})}
    for status in expected(rule, operation):
        problems[str(status)] = said(PROBLEMS[status], at[schemas.Problems], {"errors": [example_of(status)]})
    if operation.refusals:
        examples = {
            f"{attribute}: {code}": {"value": {"errors": [problem(attribute, f"'#/{attribute}' {WORDS[code]}", code)]}}
            for attribute, codes in operation.refusals.items()
            for code in codes
        }
        told_of = {"schema": at[schemas.Problems], "examples": examples}
        problems["422"] = {"description": "A rule refuses it", "content": {"application/json": told_of}}
    return told | dict(sorted(problems.items()))


def expected(rule: Rule, operation: Operation) -> set[int]:
    statuses = {429, 503}
    if operation.sends or operation.query:
        statuses.add(400)
    if operation.sends:
        statuses |= {413, 415}
    return statuses | ({404} if rule.arguments else set())


def example_of(status: int) -> dict:
    """What is said with this status."""
    if status == 400:
        return problem(TITLES[400], "page[page] must be a whole number, 1 or more", "parameter_invalid")
    code, detail = DETAILS[status]
    return problem(TITLES.get(status) or HTTP_STATUS_CODES[status], detail, code)


def said(description: str, schema: dict, example: Any) -> dict:
    return {"description": description, "content": {"application/json": {"schema": schema, "example": example}}}


def sample(schema: dict, definitions: dict) -> Any:
    """Something of this schema: its own example where it has one."""
    if "$ref" in schema:
        return sample(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "allOf" in schema:
        return sample(schema["allOf"][0], definitions)
    for key in ("const", "example", "default"):
        if schema.get(key) is not None:
            return schema[key]
    if choices := schema.get("examples") or schema.get("enum"):
        return choices[0]
    if "anyOf" in schema:
        return sample(schema["anyOf"][0], definitions)
    if schema.get("type") == "object":
        return {name: sample(inside, definitions) for name, inside in schema["properties"].items()}
    if schema.get("type") == "array":
        return [sample(schema["items"], definitions)]
    formats = {"uuid": ID, "date-time": "2026-04-20T09:00:00Z", "date": "2026-04-20"}
    kinds = {"boolean": False, "integer": 1, "string": "text"}
    return formats.get(schema.get("format"), kinds.get(schema.get("type")))
