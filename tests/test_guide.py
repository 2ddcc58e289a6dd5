"""The guide to the API: everything that may be sent or told is described there, with what every value means, and every
code; and the client that it shows works against the service as it is served."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from database import db
from models import ContractPeriod
from tests.conftest import person
from tests.reports import AMBITION, ask, codes, tell, token_of
from views import lead_provider_api
from views.lead_provider_api import DETAILS, REQUESTS, WORDS
from views.lead_provider_api.documentation import RESOURCES, document
from views.lead_provider_api.guide import CLIENT, SUBJECTS
from views.lead_provider_api.meanings import MEANINGS
from views.lead_provider_api.operations import FORM

HERE = Path(__file__).parent
PAGES = [f"/api/docs/{name}".rstrip("/") for name in (*SUBJECTS, *RESOURCES)]


def test_every_page_leads_to_all_others_and_is_not_endless(visitor):
    elsewhere = set()
    for page in PAGES:
        visitor.get(page)
        nav = visitor.page.css_first("nav[aria-label='Guide to the API']")
        assert [link.attrs["href"] for link in nav.css("a")] == PAGES
        (here,) = nav.css("[aria-current=page]")
        assert here.attrs["href"] == page
        for link in visitor.main.css("a"):
            path, _, place = link.attrs["href"].partition("#")
            elsewhere.add(path)
            assert path or visitor.page.css_first(f'[id="{place}"]'), place
        levels = [int(each.tag[1]) for each in visitor.main.css("h1, h2, h3, h4")]
        assert levels[0] == 1
        assert all(after - before <= 1 for before, after in pairwise(levels)), levels
        assert len(visitor.text.split()) < 1800
    for path in elsewhere - {""}:
        assert visitor.send("get", path).status_code == 200, path


def test_there_is_no_other_page(visitor):
    assert visitor.send("get", "/api/docs/nothing").status_code == 404


# --- the document ------------------------------------------------------------------------------------------


def schemas_in(value, place: str = ""):
    """Every part of the document that describes an attribute or a parameter, with its place."""
    if isinstance(value, dict):
        for name, schema in value.get("properties", {}).items():
            yield f"{place}.{name}", schema
        if "in" in value and value["in"] == "query":
            yield f"{place}?{value['name']}", value["schema"]
        for name, inside in value.items():
            if name not in ("example", "examples", "x-enumDescriptions"):
                yield from schemas_in(inside, f"{place}/{name}")
    elif isinstance(value, list):
        for inside in value:
            yield from schemas_in(inside, place)


def test_every_attribute_and_every_value_is_described(app):
    found = dict(schemas_in(document(app)))
    assert len(found) > 150
    envelopes = re.compile(r"\.(data|type|attributes)$")
    assert not [place for place, its in found.items() if not envelopes.search(place) and not its.get("description")]
    for place, its in found.items():
        for each in (its, *its.get("anyOf", [])):
            if "enum" in each:
                assert list(each["enum"]) == [value for value in each["enum"] if each[MEANINGS].get(value)], place


def test_every_operation_is_on_one_page(app):
    ways = [each for path in document(app)["paths"].values() for each in path.values()]
    titles = [resource.title for resource in RESOURCES.values()]
    assert [tag["name"] for tag in document(app)["tags"]] == titles
    assert all(len(each["tags"]) == 1 and each["tags"][0] in titles for each in ways)
    assert len(ways) == sum(len(resource.endpoints) for resource in RESOURCES.values())


@pytest.mark.parametrize("name", RESOURCES)
def test_the_page_has_every_attribute_value_and_refusal(visitor, app, name):
    text = visitor.get(f"/api/docs/{name}").text
    definitions = document(app)["components"]["schemas"]
    for path, ways in document(app)["paths"].items():
        for method, each in ways.items():
            if each["tags"] != [RESOURCES[name].title]:
                continue
            assert f"{method.upper()} {path}" in text
            said = {}
            for parameter in each.get("parameters", []):
                said[parameter["name"]] = parameter["schema"] if parameter["in"] == "query" else {}
            if each.get("requestBody"):
                said |= reached(each["requestBody"]["content"]["application/json"]["schema"], definitions)
            elif "422" not in each["responses"]:
                said |= reached(each["responses"]["200"]["content"]["application/json"]["schema"], definitions)
            for attribute, schema in said.items():
                assert attribute in text, attribute
                for value, meaning in schema.get(MEANINGS, {}).items():
                    assert f"{value}: {meaning}" in text, value
            refused = (
                each["responses"].get("422", {}).get("content", {}).get("application/json", {}).get("examples", {})
            )
            for example in refused:
                attribute, _, code = example.partition(": ")
                assert f"{code}: {WORDS[code]}" in text, example
                assert attribute in text


def reached(schema: dict, definitions: dict) -> dict[str, dict]:
    """Every attribute there, however deep, and the schema of its values. What holds the links is about all lists."""
    found = {}
    for inside in (schema, *schema.get("anyOf", []), *schema.get("allOf", [])):
        if "$ref" in inside:
            found |= reached(definitions[inside["$ref"].rpartition("/")[2]], definitions)
        if "items" in inside:
            found |= reached(inside["items"], definitions)
        for name, its in inside.get("properties", {}).items():
            if name != "links":
                values = next((each for each in (its, *its.get("anyOf", [])) if MEANINGS in each), {})
                found |= {} if name == "data" else {name: values}
                found |= reached(its, definitions)
    return found


def test_the_same_document_is_there_as_yaml(visitor):
    response = visitor.send("get", "/api/docs/v3/swagger.yaml")
    assert response.content_type == "application/yaml"
    assert yaml.safe_load(response.text) == visitor.send("get", "/api/v3/openapi.json").json


def test_the_cohorts_that_there_are(visitor):
    told = visitor.get("/api/docs/people").rows
    for cohort in ContractPeriod.select():
        state = "closed" if cohort.is_closed() else "not begun" if cohort.year > 2025 else "open"
        assert told[str(cohort.year)] == f"1 June {cohort.year} to 31 May {cohort.year + 1}: {state}"


# --- codes -------------------------------------------------------------------------------------------------


def test_every_code_is_told(visitor):
    sources = [path.read_text() for path in Path(lead_provider_api.__file__).parent.glob("*.py")]
    raised = {code for source in sources for code in re.findall(r"NotAsDocumented\(\s*\"(\w+)\"", source)}
    assert raised == FORM.keys() - {"bad_request"}
    told = visitor.get("/api/docs/errors").rows
    assert told.keys() == {*FORM, *WORDS, *(code for code, _ in DETAILS.values())}
    for code, meaning in WORDS.items():
        assert told[code] == meaning


WITHDRAW = "participants/5f0c3a52-0000-4000-8000-000000000001/withdraw"
KINDS = {"type": "participant-withdraw", "attributes": {}}
BROKEN = {
    "server_date_invalid": ("get", "participants", {"headers": {"X-With-Server-Date": "tomorrow"}}),
    "parameter_missing": ("get", "schools", {}),
    "parameter_invalid": ("get", "participants?page[page]=2.5", {}),
    "given_twice": ("get", "participants?sort=created_at&sort=created_at", {}),
    "not_a_group": ("get", "participants?filter=2025", {}),
    "json_invalid": ("put", WITHDRAW, {"data": "{"}),
    "duplicate_key": ("put", WITHDRAW, {"data": '{"data": 1, "data": 2}'}),
    "shape_invalid": ("put", WITHDRAW, {"json": {"data": {}}}),
    "type_invalid": ("put", WITHDRAW, {"json": {"data": KINDS | {"type": "x"}}}),
    "attributes_invalid": ("put", WITHDRAW, {"json": {"data": KINDS}}),
    "attribute_invalid": ("put", WITHDRAW, {"json": {"data": KINDS | {"attributes": {"reason": 1.5}}}}),
}
"""Code → a request that breaks the form by it."""


def test_what_breaks_the_form_has_its_code(visitor):
    assert BROKEN.keys() == FORM.keys() - {"bad_request"}
    for code, (method, path, sent) in BROKEN.items():
        response = ask(visitor, method, f"/api/v3/{path}", **sent)
        assert (response.status_code, codes(response)) == (400, [code])


# --- release notes -----------------------------------------------------------------------------------------


def promised(app) -> list[str]:
    """All that version 3 takes and tells: addresses, parameters, attributes, values and codes, one a line."""
    found = document(app)
    lines = {f"code {code}" for code in (*FORM, *WORDS, *(code for code, _ in DETAILS.values()))}
    for path, ways in found["paths"].items():
        for method, each in ways.items():
            lines.add(f"{method.upper()} {path}")
            for parameter in each.get("parameters", []):
                lines.add(f"{method.upper()} {path} takes {parameter['name']}")
    for name, schema in found["components"]["schemas"].items():
        for attribute, its in schema.get("properties", {}).items():
            lines.add(f"{name} has {attribute}")
            for each in (its, *its.get("anyOf", [])):
                lines |= {f"{name} has {attribute} {value}" for value in each.get("enum", [])}
    return sorted(lines)


def test_nothing_that_was_promised_goes(app):
    """No line of promised_api.txt ever goes. `WRITE_PROMISES=1` adds what is new, which release_notes.toml tells."""
    file, now = HERE / "promised_api.txt", promised(app)
    assert set(file.read_text().splitlines()) - set(now) == set()
    if os.environ.get("WRITE_PROMISES"):
        file.write_text("\n".join(now) + "\n")
    assert now == file.read_text().splitlines(), "WRITE_PROMISES=1 python3 run.py test tests/test_guide.py -k promised"


def test_release_notes_are_told_the_newest_first(visitor):
    notes = tomllib.loads((CLIENT.parent / "release_notes.toml").read_text())["releases"]
    visitor.get("/api/docs/release-notes")
    days = [release["on"] for release in notes]
    assert days == sorted(days, reverse=True)
    for release in notes:
        for change in release["changes"]:
            assert change.replace("`", "") in visitor.text


# --- the example client ------------------------------------------------------------------------------------


@pytest.fixture
def client(app, visitor, address, tmp_path):
    """The client as it is shown and handed out, run in a folder of its own. Gives how to run it, and how to see its
    copy."""
    shown = visitor.send("get", "/api/docs/example_client.py").text
    assert shown == CLIENT.read_text()
    (tmp_path / "example_client.py").write_text(shown)
    environment = {"API": f"{address}/api/v3", "TOKEN": token_of(visitor, AMBITION)}

    def run() -> str:
        db.close()
        command = [sys.executable, "example_client.py"]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
        db.connect(reuse_if_open=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    run.copy = lambda: json.loads((tmp_path / "participants.json").read_text())
    run.environment = environment
    return run


def whole_list(visitor) -> dict:
    return {each["id"]: each for each in ask(visitor, "get", "/api/v3/participants").json["data"]}


def test_the_client_keeps_a_copy(visitor, client, monkeypatch):
    assert client() == "6 of 6 people are new or have changed."
    assert client.copy()["people"] == whole_list(visitor)
    known = client.copy()["etag"]
    assert client() == "0 of 6 people are new or have changed."
    tell(visitor, "withdraw", person("Hannah Clarke"))
    assert client() == "1 of 6 people are new or have changed."
    assert client.copy()["people"] == whole_list(visitor)
    assert client.copy()["etag"] != known


def test_the_client_goes_from_page_to_page(visitor, client, monkeypatch):
    monkeypatch.setattr("views.lead_provider_api.operations.MOST_PER_PAGE", 4)
    assert client() == "6 of 6 people are new or have changed."
    assert client.copy()["people"] == whole_list_by_links(visitor)


def whole_list_by_links(visitor) -> dict:
    found, path = {}, "/api/v3/participants"
    while path:
        answer = ask(visitor, "get", path).json
        found |= {each["id"]: each for each in answer["data"]}
        following = answer["links"]["next"]
        path = following and "?".join(urlsplit(following)[2:4])
    return found


def test_the_client_waits_as_long_as_it_is_told(app, visitor, client, monkeypatch):
    """Two requests in a second, and more pages than that."""
    monkeypatch.setitem(app.config, "TODAY", None)
    monkeypatch.setattr("views.lead_provider_api.operations.MOST_PER_PAGE", 1)
    monkeypatch.setattr(REQUESTS, "most", 2)
    monkeypatch.setattr(REQUESTS, "seconds", 1)
    assert client() == "6 of 6 people are new or have changed."


def test_the_client_reports_and_takes_a_second_time_for_done(visitor, client, monkeypatch, capsys):
    hannah = person("Hannah Clarke")
    for name, value in client.environment.items():
        monkeypatch.setenv(name, value)
    spec = importlib.util.spec_from_file_location("example_client", CLIENT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    db.close()
    for _ in range(2):
        told = module.report(str(hannah.teacher.api_id), "withdraw", reason="other", course_identifier="ecf-induction")
        assert told["attributes"]["ecf_enrolments"][0]["training_status"] == "withdrawn"
    assert "already_withdrawn" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="404"):
        module.report("5f0c3a52-0000-4000-8000-000000000001", "resume", course_identifier="ecf-induction")
    db.connect(reuse_if_open=True)
