"""The guide for the people who write a lead provider's software: pages about subjects, and one for each resource, which
is made from the document (documentation.py)."""

import json
import tomllib
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from flask import Response, abort, current_app, render_template

from clock import today
from models import ContractPeriod
from views.lead_provider_api import DETAILS, REQUESTS, WORDS
from views.lead_provider_api.documentation import REF, RESOURCES, Resource, document, documentation
from views.lead_provider_api.meanings import MEANINGS
from views.lead_provider_api.operations import FORM

HERE = Path(__file__).parent
CLIENT = HERE / "example_client.py"

SANDBOX = "sandbox"
SUBJECTS = {
    "": "Lead providers’ API",
    "changes": "Keep up with changes",
    "example-client": "An example client",
    "people": "What happens to people",
    "errors": "Errors and limits",
    SANDBOX: "Try things out",
    "release-notes": "Release notes",
}
"""Their names in addresses → what their pages are called."""


@documentation.get("/docs", defaults={"name": ""})
@documentation.get("/docs/<name>")
def page(name: str):
    if name in RESOURCES:
        return render_template("lead_provider_api/resource.html", **everywhere(name), **about(RESOURCES[name]))
    if name not in subjects():
        abort(404)
    return render_template(f"lead_provider_api/{name or 'start'}.html", **everywhere(name), **FACTS.get(name, dict)())


@documentation.get("/docs/example_client.py")
def client():
    return Response(CLIENT.read_text(), content_type="text/plain; charset=utf-8")


def subjects() -> dict[str, str]:
    """Those that there are: outside the demo there is no sandbox."""
    return SUBJECTS if current_app.config["DEMO"] else {name: SUBJECTS[name] for name in SUBJECTS if name != SANDBOX}


def everywhere(name: str) -> dict:
    return {"page_name": name, "subjects": subjects(), "resources": RESOURCES, "limit": REQUESTS, "pretty": pretty}


FACTS = {
    "": lambda: {"what_there_is": [(each.title, each.about) for each in RESOURCES.values()]},
    "changes": lambda: {"keep_up": [(each.title, each.keep_up) for each in RESOURCES.values() if each.keep_up]},
    "example-client": lambda: {"client": CLIENT.read_text()},
    "people": lambda: {"cohorts": list(ContractPeriod.select().order_by(ContractPeriod.year)), "now": today()},
    "errors": lambda: {
        "form": rows(FORM),
        "rules": rows(WORDS),
        "others": [(f"`{code}`", f"{status}: {detail}") for status, (code, detail) in DETAILS.items()],
    },
    SANDBOX: lambda: {"tomorrow": (today() + timedelta(1)).isoformat()},
    "release-notes": lambda: tomllib.loads((HERE / "release_notes.toml").read_text()),
}
"""What the page of a subject tells beside its words."""


def rows(meanings: dict[str, str]) -> list[tuple[str, str]]:
    return [(f"`{value}`", meaning) for value, meaning in meanings.items()]


def pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


# --- resources ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Attribute:
    """What the guide says of an attribute or a parameter."""

    name: str
    kind: str
    description: str
    values: dict[str, str]
    must_be_given: bool


@cache
def about(resource: Resource) -> dict:
    """What the page of this resource tells: its operations, and the attributes that their answers have."""
    found = document(current_app._get_current_object())
    definitions = found["components"]["schemas"]
    at = {
        each["operationId"]: (path, method, each)
        for path, ways in found["paths"].items()
        for method, each in ways.items()
    }
    operations = [at[endpoint.replace("-", "_")] for endpoint in resource.endpoints]
    answer = operations[0][2]["responses"]["200"]["content"]["application/json"]["schema"]
    return {
        "resource": resource,
        "operations": [told(*each, definitions) for each in operations],
        "groups": groups(attributes_in(answer, definitions), definitions),
    }


def told(path: str, method: str, operation: dict, definitions: dict) -> dict:
    parameters = [each for each in operation.get("parameters", []) if each["in"] == "query"]
    sends = operation.get("requestBody", {}).get("content", {}).get("application/json")
    refusals = operation["responses"].get("422", {}).get("content", {}).get("application/json", {}).get("examples", {})
    errors = [example["value"]["errors"][0] for example in refusals.values()]
    return {
        "id": operation["operationId"],
        "summary": operation["summary"],
        "method": method.upper(),
        "path": path,
        "parameters": [attribute(each["name"], each["schema"], must_be_given=each["required"]) for each in parameters],
        "example": sends and sends["example"],
        "sent": sent_in(sends["schema"], definitions) if sends else [],
        "refusals": {title: list(same) for title, same in groupby(errors, key=lambda error: error["title"])},
        "answer": operation["responses"]["200"]["content"]["application/json"]["example"],
    }


def attributes_in(answer: dict, definitions: dict) -> dict:
    """The schema of the attributes of whatever is answered, one or many."""
    data = named(answer, definitions)["properties"]["data"]
    return named(data.get("items", data), definitions)["properties"]["attributes"]


def sent_in(body: dict, definitions: dict) -> list[Attribute]:
    """The attributes that may be sent."""
    attributes = body["properties"]["data"]["properties"]["attributes"]
    known = named(attributes["allOf"][0], definitions)["properties"]
    return [attribute(name, known[name], must_be_given=name in attributes["required"]) for name in known]


def groups(schema: dict, definitions: dict, name: str = "") -> list[tuple[str, list[Attribute]]]:
    """The attributes there, and after them those in each one that has some of its own, by its name."""
    properties = named(schema, definitions)["properties"]
    own = [attribute(each, properties[each]) for each in properties]
    further = [(each, one) for each in properties for one in either(properties[each]) if "$ref" in one]
    return [(name, own), *(group for each, one in further for group in groups(one, definitions, each))]


def named(schema: dict, definitions: dict) -> dict:
    return definitions[schema["$ref"].removeprefix(REF)] if "$ref" in schema else schema


def either(schema: dict) -> list[dict]:
    """What it may be, null and nothing left out; of a list, what is in it."""
    schemas = schema.get("anyOf") or schema.get("allOf") or [schema.get("items", schema)]
    return [each for each in schemas if each.get("type") != "null" and each.get("const") != ""]


def attribute(name: str, schema: dict, *, must_be_given: bool = False) -> Attribute:
    meant = next((each for each in (schema, *either(schema)) if MEANINGS in each), {MEANINGS: {}})
    values = {value: meant[MEANINGS][value] for value in meant.get("enum", meant[MEANINGS])}
    return Attribute(name, kind_of(schema), schema["description"], values, must_be_given)


KINDS = {"uuid": "id (UUID)", "date-time": "date and time", "date": "day"}
TYPES = {"string": "text", "boolean": "true or false", "integer": "whole number"}


def kind_of(schema: dict) -> str:
    """Such as “list of text”, “day, or null”."""
    kinds = [KINDS.get(each.get("format"), TYPES.get(each.get("type"), "object")) for each in either(schema)]
    kind = " or ".join(dict.fromkeys(kinds))
    if schema.get("type") == "array":
        kind = f"list of {'objects' if kind == 'object' else kind}"
    may_be_null = any(each.get("type") == "null" for each in schema.get("anyOf", []))
    return f"{kind}, or null" if may_be_null else kind
