"""The document about the API is true: the served API is tried against it, and what it tells of can happen. The guide
that is made from it is in test_guide.py."""

import os
import re
import secrets
import subprocess
import sys
from itertools import product
from pathlib import Path
from urllib.parse import urlsplit

from database import db
from tests.conftest import IS_NIGHTLY, person
from tests.reports import AMBITION, ask, said, token_of
from views.lead_provider_api import WORDS
from views.lead_provider_api.documentation import document
from views.lead_provider_api.operations import Operation

HERE = Path(__file__).parent
QUICK = "coverage,stateful"
"""Both ends of all that is documented, and one request after the other: without what is made up at random."""


def operations(app) -> dict[str, Operation]:
    """Endpoint → what is known of it."""
    views = {endpoint: view for endpoint, view in app.view_functions.items() if endpoint.startswith("api.")}
    return {endpoint: view.operation for endpoint, view in views.items()}


def test_every_address_of_the_api_is_an_operation(app):
    assert len(operations(app)) == len(document(app)["paths"]) + 2, "two addresses take two methods"


def test_the_api_does_what_its_document_says(visitor, app, address, monkeypatch, tmp_path):
    """Schemathesis sends what is documented and what is not, alone and one after the other, and checks the answers."""
    for limit in ("REQUESTS", "GUESSES"):
        monkeypatch.setattr(f"views.lead_provider_api.{limit}.most", 10**9)
    with db.connection_context():
        token, hannah = token_of(visitor, AMBITION), person("Hannah Clarke")
        partnership = hannah.training_period.school_partnership
        ids = {
            "PARTICIPANT": hannah.teacher.api_id,
            "PARTNERSHIP": partnership.api_id,
            "SCHOOL": hannah.school.api_id,
            "DELIVERY_PARTNER": partnership.delivery_partner.api_id,
        }
    phases, seed = ("examples,coverage,fuzzing,stateful", secrets.randbelow(2**32)) if IS_NIGHTLY else (QUICK, 0)
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", HERE / "schemathesis.toml", "run"),
        *(f"{address}/api/v3/openapi.json", "--header", f"Authorization: Bearer {token}", "--checks", "all"),
        *("--phases", phases, "--max-examples", "200" if IS_NIGHTLY else "3", "--seed", str(seed)),
        *("--continue-on-failure", "--no-color"),
    ]
    environment = os.environ | {name: str(each) for name, each in ids.items()}
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Tested: 18" in re.sub(r" +", " ", run.stdout)


def test_what_is_refused_by_rule_is_documented(app):
    codes = {code for each in operations(app).values() for codes in each.refusals.values() for code in codes}
    assert codes == set(WORDS)
    reports = [operations(app)[f"api.{act}"] for act in ("withdraw", "defer", "resume", "change-schedule")]
    assert all("being_changed" in each.refusals["participant_id"] for each in reports)


def test_the_example_of_a_body_is_in_the_documented_form(visitor, app):
    hannah = person("Hannah Clarke").teacher.api_id
    for path, method in product(document(app)["paths"], ("put", "post")):
        told = document(app)["paths"][path].get(method)
        if told and "partnership_id" not in path:
            example = told["requestBody"]["content"]["application/json"]["example"]
            response = ask(visitor, method, path.format(participant_id=hannah), json=example)
            assert response.status_code in (200, 422), response.text


def test_the_links_of_an_example_lead_on_in_the_same_list(visitor, app):
    lists = {path: told["get"]["responses"]["200"] for path, told in document(app)["paths"].items() if "get" in told}
    examples = {path: answer["content"]["application/json"]["example"] for path, answer in lists.items()}
    links = {path: example["links"] for path, example in examples.items() if "links" in example}
    assert len(links) == 6
    for path, example in links.items():
        address = urlsplit(example["changes"])
        response = ask(visitor, "get", f"{address.path}?{address.query}")
        assert (address.path, response.status_code) == (path, 200), response.text
        assert response.json["links"].keys() == example.keys()


def test_the_document_is_public(visitor):
    response = visitor.send("get", "/api/v3/openapi.json")
    assert (response.status_code, response.json["openapi"]) == (200, "3.1.0")


def test_errors_of_the_whole_api_are_json(visitor, monkeypatch):
    for path, method, status, title in (
        ("/api/v3/nowhere", "get", 404, "Resource not found"),
        ("/api/nowhere", "get", 404, "Resource not found"),
        ("/api/v3/participants", "delete", 405, "Method Not Allowed"),
        ("/api/v3/openapi.json", "post", 405, "Method Not Allowed"),
    ):
        response = visitor.send(method, path)
        assert (response.status_code, response.content_type) == (status, "application/json; charset=utf-8")
        assert response.json["errors"][0]["title"] == title
    monkeypatch.setattr("views.lead_provider_api.participants.participants_json", lambda ids: 1 / 0)
    response = ask(visitor, "get", "/api/v3/participants")
    problem = {"title": "Internal Server Error", "detail": "something went wrong. Nothing was changed"}
    assert (response.status_code, response.json) == (500, {"errors": [problem | {"code": "internal_error"}]})


def test_a_body_of_another_kind(visitor):
    path = f"/api/v3/participants/{person('Hannah Clarke').teacher.api_id}/withdraw"
    for content_type, data, headers in (
        ("application/xml", b"<data/>", {}),
        ("application/x-www-form-urlencoded", b"reason=other", {}),
        ("application/json", b"\x1f\x8b\x08", {"Content-Encoding": "gzip"}),
    ):
        response = ask(visitor, "put", path, data=data, content_type=content_type, headers=headers)
        assert response.status_code == 415
        assert said(response) == [("Unsupported Media Type", "the body must be JSON, sent as application/json")]
