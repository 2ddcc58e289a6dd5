"""The document about the API (OpenAPI 3.1), made from the operations that check its requests, and a page made from
that."""

import json
import re
from functools import cache
from typing import Any

from flask import Blueprint, Flask, current_app, render_template
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from werkzeug.exceptions import TooManyRequests
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.routing import Rule

from views import client_key
from views.lead_provider_api import DETAILS, TITLES, WORDS, answer, schemas
from views.lead_provider_api.operations import ID, OPTIONAL, TYPES, Operation
from web.rate_limits import RateLimit

documentation = Blueprint("documentation", __name__, url_prefix="/api")

READINGS = RateLimit(300, 5 * 60)
"""For each address that reads."""

REF = "#/components/schemas/"

PROBLEMS = {
    "400": ("The request is not in the documented form", "page[page] must be a whole number, 1 or more"),
    "404": ("There is nothing with this id that you may see", DETAILS[404]),
    "413": ("The body is too large", DETAILS[413]),
    "415": ("The body is not JSON", "the body must be JSON, sent as application/json"),
    "429": ("You have sent more than 1,000 requests in 5 minutes", DETAILS[429]),
    "503": ("The service is busy", DETAILS[503]),
}
"""Status → when it is answered, and what is said then."""


@documentation.before_request
def limit_readings():
    if seconds := READINGS.seconds_to_wait(f"documentation {client_key()}"):
        raise TooManyRequests(retry_after=seconds)


@documentation.get("/v3/openapi.json")
def openapi():
    return answer(document(current_app._get_current_object()))


@documentation.get("/docs")
def page():
    return render_template("documentation.html", document=document(current_app._get_current_object()), pretty=pretty)


def pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


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
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": definitions,
        },
    }


def described(rule: Rule, operation: Operation, at: dict, definitions: dict) -> dict:
    told = {"operationId": rule.endpoint.removeprefix("api.").replace("-", "_"), "summary": operation.summary}
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


def plain(schema: dict) -> dict:
    """Without what Python adds: an address has no null, and a name needs no title."""
    kinds = [either for either in schema.get("anyOf", []) if either.get("type") != "null"]
    schema = kinds[0] | schema | {"anyOf": None} if len(kinds) == 1 else schema
    return {key: value for key, value in schema.items() if key != "title" and value is not None}


def body_schema(sends: type[BaseModel], reference: dict) -> dict:
    needed = [name for name in sends.model_fields if (sends, name) not in OPTIONAL]
    data = {
        "type": "object",
        "required": ["type", "attributes"],
        "properties": {"type": {"const": TYPES[sends]}, "attributes": {"allOf": [reference], "required": needed}},
    }
    return {"type": "object", "required": ["data"], "properties": {"data": data}}


def responses(rule: Rule, operation: Operation, at: dict, definitions: dict) -> dict:
    answers = at[operation.answers]
    example = sample(answers, definitions)
    if operation.makes:
        example["data"]["attributes"]["ecf_enrolments"][0] |= operation.makes
    told = {"200": said("Done" if operation.sends else "Found", answers, example)}
    if not operation.sends:
        told["304"] = {"description": "Nothing changed since the answer with the ETag that If-None-Match gives"}
    problems = {"401": said("There is no valid token", at[schemas.AccessDenied], {"error": "access denied"})}
    for status in expected(rule, operation):
        description, detail = PROBLEMS[status]
        title = TITLES.get(int(status)) or HTTP_STATUS_CODES[int(status)]
        problems[status] = said(description, at[schemas.Problems], {"errors": [{"title": title, "detail": detail}]})
    if operation.refusals:
        examples = {
            f"{attribute}: {code}": {
                "value": {"errors": [{"title": attribute, "detail": f"'#/{attribute}' {WORDS[code]}"}]}
            }
            for attribute, codes in operation.refusals.items()
            for code in codes
        }
        told_of = {"schema": at[schemas.Problems], "examples": examples}
        problems["422"] = {"description": "A rule refuses it", "content": {"application/json": told_of}}
    return told | dict(sorted(problems.items()))


def expected(rule: Rule, operation: Operation) -> set[str]:
    statuses = {"429", "503"}
    if operation.sends or operation.query:
        statuses.add("400")
    if operation.sends:
        statuses |= {"413", "415"}
    return statuses | ({"404"} if rule.arguments else set())


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
