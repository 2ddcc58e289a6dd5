"""What is reported of a round, and what leaves the console."""

import csv
import hashlib
import io
import json
import re
import zipfile
from collections import Counter
from xml.etree import ElementTree

import pytest

import scenarios
from clock import World, entered
from database import db
from forms.journeys import JOURNEYS
from models import School, Teacher
from research import sandboxes, sessions
from research.export import SCHEMA, export, safe
from research.journey_map import WIDTH, map_of, svg
from research.models import Entry, Note, Round, Session, research_db
from research.post import chosen
from research.results import Result, results_of, wilson, without_repeats
from scenarios.scenario import scenario
from scenarios.screenshots import named
from tests.research.conftest import again, change_lead_provider, make_ready, task_of
from tests.visitor import words


def test_the_interval():
    for successes, count, interval in ((5, 6, "44% to 97%"), (0, 5, "0% to 43%"), (1, 1, "21% to 100%")):
        low, high = wilson(successes, count)
        assert f"{low:.0%} to {high:.0%}" == interval
        result = Result(scenario("S01"), "", Counter(direct=successes, gave_up=count - successes, not_reached=3))
        assert (result.successes, result.count, result.interval) == (successes, count, interval)


LIST, RECORD = ("page", "ects"), ("page", "ect")
QUESTION = ("page", "ect/change-lead-provider/lead-provider")
CHECK = ("page", "ect/change-lead-provider/check-answers")
DONE = ("page", "ect/change-lead-provider/confirmation")
MISSING = ("error", "ect/change-lead-provider/lead-provider", "lead_provider_id", "missing")
DIRECT = [LIST, RECORD, QUESTION, CHECK, DONE]


def end(session: Session, consent: str = "given") -> None:
    held = {"state": "ended", "consent": consent, "held_on": "2026-04-28"}
    Session.update(held).where(Session.id == session.id).execute()


@pytest.fixture
def round_(plan) -> Round:
    """Six people: four directly (one after an error, one with help), one by a detour, one gave up on the list; one more
    whose consent is refused."""
    paths = [
        (DIRECT, "direct"),
        (DIRECT, "direct"),
        ([LIST, RECORD, QUESTION, QUESTION, MISSING, CHECK, DONE], "direct"),
        (DIRECT, "direct"),
        ([LIST, ("page", "other-ect"), *DIRECT], "indirect"),
        ([LIST], "gave_up"),
        (DIRECT, None),
    ]
    planned = plan("S01", "S07", sessions_=7, is_rotated=False)
    with research_db.connection_context():
        for number, (session, (path, outcome)) in enumerate(zip(planned, paths, strict=True)):
            consent = "given" if outcome else "refused"
            end(session, consent)
            task = session.in_order[0]
            task.state, task.outcome, task.proposed, task.is_assisted = "closed", outcome, outcome, number == 1
            task.ease = number + 1
            task.save()
            for place, (kind, page, *more) in enumerate(path if outcome else []):
                field, code = more or ("", "")
                Entry.create(task=task, attempt=1, at_ms=place, kind=kind, page=page, field=field, code=code)
            if number == 0:
                Note.create(session=session, task=task, attempt=1, at_ms=1, key="k", text='=HYPERLINK("x")')
        return planned[0].round


def test_a_round_in_the_console(round_, moderator):
    moderator.get(f"/research/rounds/{round_.id}")
    row = next(row for row in moderator.main.css("tbody tr") if words(row).startswith("S01"))
    cells = [" ".join(cell.text(separator=" ").split()) for cell in row.css("td")]
    assert words(row).startswith("S01, ordinary wording ECT withdrawn, changed lead provider 5 of 6")
    assert cells[:6] == ["5 of 6 44% to 97%", "4", "1", "0", "1", "1"]
    assert cells[6].startswith("1, 2, 3, 4, 5, 6")
    assert "Explored by 0" in moderator.text
    assert f"1 met “Select the lead provider who will train …” on {QUESTION[1]}" in moderator.text
    assert "%" not in moderator.text.replace("44% to 97%", "").replace("95% Wilson", ""), "no bare percentage"
    drawn = moderator.send("get", f"/research/rounds/{round_.id}/map-S01.svg")
    assert drawn.mimetype == "image/svg+xml"
    assert moderator.send("get", f"/research/rounds/{round_.id}/map-S99.svg").status_code == 404


def test_the_journey_map(round_):
    with research_db.connection_context():
        map_ = map_of([result for result in results_of(round_) if result.scenario.id == "S01"])
    assert map_.people["ects"] == 6
    assert map_.ways["ects", "ect"] == 5
    assert map_.ways["ects", "other-ect"] == map_.ways["other-ect", "ects"] == 1
    assert map_.ends == {("ects", "gave_up"): 1, (DONE[1], "direct"): 4, (DONE[1], "indirect"): 1}
    assert map_.errors == {QUESTION[1]: 1}
    assert map_.places["other-ect"] == (1, 1)
    drawn = svg(map_, "S01 & more")
    tree = ElementTree.fromstring(drawn)  # noqa: S314 - our own
    spaces = {"s": "http://www.w3.org/2000/svg"}
    for said in ("4 succeeded directly", "1 succeeded by a detour", "1 gave up"):
        assert said in drawn
    assert "ended here" not in drawn
    assert "5 people went from ects to ect." in tree.find("s:desc", spaces).text
    assert len(tree.findall("s:rect[@rx]", spaces)) == 5, "a number on each way on"
    assert len(tree.findall("s:rect", spaces)) == 1 + 6 + 5
    assert ">1 went to ects<" in drawn, "and the way back in words"
    assert drawn.count('stroke-width="5" marker-end') == 4, "the direct path is bold"
    assert svg(map_of([Result(scenario("S01"), "")]), "nobody yet").count("<rect") == 1 + 5 + 4


@pytest.mark.parametrize("people", [6, 200])
def test_nothing_on_the_map_hides_anything(people):
    result = Result(scenario("S01"), "")
    pages = [page for _, page in DIRECT]
    ways = [
        pages,
        [pages[0], "other-ect", *pages],
        [*pages[:3], "ect", "ects", "mentors", "ects"],
        ["ects", "mentors", "mentor", "ects", "ect"],
        ["ects", "mentors", QUESTION[1], "ects", "other-ect", QUESTION[1], "other-ect", "ect/change-name/name"],
    ]
    result.paths = [ways[number % 5] for number in range(people)]
    drawn = ElementTree.fromstring(svg(map_of([result]), "many"))  # noqa: S314 - our own
    rects = list(drawn.iter("{http://www.w3.org/2000/svg}rect"))
    numbers, boxes = (
        [[float(each.get(name)) for name in ("x", "y", "width", "height")] for each in these]
        for these in ([each for each in rects if each.get("rx")], [each for each in rects[1:] if not each.get("rx")])
    )
    for place, (x, y, width, height) in enumerate(numbers):
        for other_x, other_y, other_width, _ in numbers[:place]:
            is_apart = x >= other_x + other_width or other_x >= x + width or abs(y - other_y) >= height
            assert is_apart, "each can be read"
    for path in drawn.iter("{http://www.w3.org/2000/svg}path"):
        if not path.get("marker-end"):
            continue
        at, *moves = re.findall(r"([MHV])(\d+)(?: (\d+))?", path.get("d"))
        x, y = float(at[1]), float(at[2])
        for move, to, _ in moves:
            to_x, to_y = (float(to), y) if move == "H" else (x, float(to))
            for left, top, width, height in boxes:
                is_right_of = min(x, to_x) >= left + width
                is_beside = is_right_of or max(x, to_x) <= left or min(y, to_y) >= top + height or max(y, to_y) <= top
                assert is_beside, "no line runs behind a box"
            x, y = to_x, to_y


def test_a_boxs_words_stay_within_it():
    journey = max(JOURNEYS, key=len)
    page = f"mentor/{journey}/check-answers"
    drawn = ElementTree.fromstring(svg(map_of([Result(scenario("S01"), "", paths=[[page]])]), "one"))  # noqa: S314
    text = next(each for each in drawn.iter("{http://www.w3.org/2000/svg}text") if each.text == f"{journey}/")
    assert len(text.text) * float(text.get("font-size")) / 2 <= WIDTH - 12, "a letter is half as wide as high, or less"


def test_a_page_shown_again_is_one_stay():
    assert without_repeats(["a", "a", "b", "a"]) == ["a", "b", "a"]


def opened(archive: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(archive)) as zipped:
        return {name: zipped.read(name).decode(errors="replace") for name in zipped.namelist()}


def rows(text: str) -> list[dict]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_export(round_, tmp_path):
    question, check = (page.replace("/", "-") for _, page in (QUESTION, CHECK))
    shown = {"S01-01-ects": "Early career teachers (ECTs)", "S01-02-mentors": "Mentors"}
    shown |= {f"S01-03-{question}-error": "Which?", f"S01-04-{check}-error": "Check", f"S01-05-{check}": "Check"}
    for name in shown:
        (tmp_path / f"{name}-1280.png").write_bytes(b"picture")
    (tmp_path / "S01.json").write_text(json.dumps(shown))
    with research_db.connection_context():
        files = opened(export(round_, with_research_data=False, screenshots=tmp_path))
    manifest = json.loads(files["manifest.json"])
    # Nobody came to the mentors, and nobody met an error where the answers are checked.
    chosen = ["S01-01-ects", f"S01-03-{question}-error", f"S01-05-{check}"]
    tables = ["results.csv", "errors.csv", "paths.csv", *(f"images/{name}-1280.png" for name in chosen)]
    expected = [f"aggregate/{name}" for name in ("post.md", "map-S01.svg", "map-S07.svg", *tables)]
    assert sorted(files) == manifest["files"] == sorted(["manifest.json", "schema.json", *expected])
    assert len(manifest["app_commit"]) == 40
    file = (scenarios.HERE / "S01.toml").read_bytes()
    assert manifest["scenarios"]["S01"]["hash"] == hashlib.sha256(file).hexdigest()[:16]
    assert (manifest["participants"], manifest["has_research_data"]) == (6, False)
    s01 = rows(files["aggregate/results.csv"])[0]
    counts = [s01[name] for name in ("reached", "direct", "indirect", "gave_up", "assisted", "interval_low")]
    assert counts == ["6", "4", "1", "1", "1", "0.436"]
    assert rows(files["aggregate/errors.csv"]) == [
        {"scenario": "S01", "wording": "", "page": MISSING[1], "field": MISSING[2], "code": MISSING[3], "people": "1"}
    ]
    assert {"scenario": "S01", "wording": "", "origin": "ects", "destination": "", "people": "1"} in rows(
        files["aggregate/paths.csv"]
    )
    post = files["aggregate/post.md"]
    for said in (
        'title: "Autumn round"',
        "![Draft: The page with the heading “Early career teachers (ECTs)”.](images/S01-01-ects-1280.png)",
        "![Draft: The page with the heading “Which?”, with an error message beside the field.]",
        "6 people took part, on 1 day.",
        "- 1 met the error “Select the lead provider who will train …”",
        "(map-S01.svg)",
        "5 of 6 succeeded (95% interval: 44% to 97%): 4 directly and 1 by a detour.",
        "0 came to a wrong end, 1 gave up. 1 had help. Ease, from 1 to 7: the median of 6 is 3.5.",
        "To write: only people can say",
        "- Mentor withdrawn, changed lead provider",
    ):
        assert said in post


def test_pictures_of_a_round_are_those_of_its_post(research, round_, pictures):
    def run(*more: str):
        with research.app_context():
            return research.test_cli_runner().invoke(args=["research", "screenshots", str(round_.id), *more])

    def exported() -> list[str]:
        with research_db.connection_context():
            files = opened(export(round_, with_research_data=False))
        pictures = [name for name in files if name.endswith(".png")]
        assert all(name.removeprefix("aggregate/") in files["aggregate/post.md"] for name in pictures)
        assert sum(map(len, files.values())) < 3_000_000
        return [name.removeprefix("aggregate/images/").removesuffix("-1280.png") for name in pictures]

    done = run()
    assert done.exit_code == 0, done.output
    assert len(done.output.splitlines()) == len(exported()) == 6
    names = [line.partition(":")[0] for line in run("--list").output.splitlines()]
    assert sorted(names) == sorted(exported())
    assert run(names[3]).exit_code == 0
    assert exported() == [names[3]], "those chosen by hand"
    assert run("S99").output == "Error: There is no page S99. --list says which there are.\n"
    assert len(exported()) == 1


def test_pictures_of_a_round_are_of_what_differs_between_its_wordings(research, tmp_path, kept):
    leaving = "ect/report-teacher-leaving"
    pages = [f"{leaving}/{page}" for page in ("leaving-date", "check-answers", "confirmation")]
    path, results = ["ects", "ect", *pages], []
    for wording, names in (("", ("S01", "S03", "S04")), ("as-a-question", ("S03", "S04"))):
        for name in names:
            asked = Counter({pages[0]: 1} if name == "S04" else {})
            paths = [[each.page for each in scenario("S01").direct_path]] * 6 if name == "S01" else [path] * 3
            results.append(Result(scenario(name), wording, paths=paths, refused_on=asked))
            with entered(World()):
                named(research, scenario(name), wording, tmp_path, is_whole=False, templates=kept / "templates")
    found = chosen(results[::-1], tmp_path)
    assert len(found) == 10
    question = [(picture.wording, picture.has_error) for picture in found if picture.page.endswith("leaving-date")]
    assert sorted(question) == [("", False), ("", True), ("as-a-question", False), ("as-a-question", True)]
    others = [picture for picture in found if not picture.page.endswith("leaving-date")]
    assert {picture.wording for picture in others} == {""}, "they are the same in both"
    assert len({picture.hash for picture in found}) == 10


def test_every_file_is_as_the_schema_says(round_):
    with research_db.connection_context():
        files = opened(export(round_, with_research_data=True))
    tables = {name: text for name, text in files.items() if name.endswith(".csv")}
    assert set(tables) == set(SCHEMA) == set(json.loads(files["schema.json"])["files"])
    for name, text in tables.items():
        assert next(csv.reader(io.StringIO(text))) == list(SCHEMA[name])
    assert len(rows(files["research-data/log.csv"])) == 4 * 5 + 2 + 7 + 1
    (note,) = rows(files["research-data/notes.csv"])
    assert list(note.values()) == ["P1", "S01", "1", "1", "moderator", '\'=HYPERLINK("x")']


def test_a_session_that_is_being_deleted_is_in_no_export(round_):
    with research_db.connection_context():
        Session.update(state="purging").where(Session.round == round_, Session.number == 1).execute()
        files = opened(export(round_, with_research_data=True))
    for name in ("sessions", "tasks", "log", "notes"):
        assert "P1" not in {row["participant"] for row in rows(files[f"research-data/{name}.csv"])}


def test_no_cell_runs_in_a_spreadsheet():
    for cell in ("=1", "+1", "-1", "@a", "\t=1", "\r=1"):
        assert safe(cell) == f"'{cell}"
    assert safe(-1) == -1
    assert safe("a=b") == "a=b"


def test_the_export_holds_nothing_that_must_not_be_there(held, participant, moderator):
    """A session with everything typed that can be, exported with all that may be."""
    session = held("S03")
    window = participant(session)
    window.client.environ_base["HTTP_USER_AGENT"] = "Telltale/1.0"
    with research_db.connection_context():
        sessions.save_profile(session, {"school": "Our Own Primary", "appropriate_body": "Our Body"})
    change_lead_provider(window)
    window.get("/school/ects/6/change-name/name").submit("Continue", Full_name="Gustav Typed").submit("Confirm change")
    for page, typed in (
        ("7/change-email-address/email-address", {"Email_address": "typed@example.org"}),
        ("8/report-teacher-leaving/leaving-date", {"Day": "17", "Month": "7", "Year": "2026"}),
    ):
        window.get(f"/school/ects/{page}").submit("Continue", **typed)
    moderator.get(f"/research/sessions/{session.id}").submit("Make a code for another device")
    with research_db.connection_context():
        live = Session.get_by_id(session.id)
        secrets = {live.token, live.watch_token, live.code, live.folder}
        sessions.watch(live, "key", "Observing Dev")
    with sandboxes.inside(task_of(session)), db.connection_context():
        people = {each.name for each in Teacher.select()} | {each.trn for each in Teacher.select()}
        schools = {each.name for each in School.select()}
    moderator.submit("End the session")
    with research_db.connection_context():
        files = opened(export(session.round, with_research_data=True))
    secrets |= (people - {"Steven Taylor"}) | schools  # the task names him
    secrets |= {"Our Own Primary", "Our Body", "Gustav Typed", "typed@", "17 July"}
    secrets |= {"Telltale", "127.0.0.1", "Ruth Allen", "ruth.allen", "Naomi", "Observing", "example.org", "csrf"}
    for name, text in files.items():
        for secret in secrets:
            assert secret not in text, f"{name} holds {secret}"
    for name in ("research-data/log.csv", "research-data/tasks.csv", "aggregate/paths.csv", "aggregate/errors.csv"):
        assert "Steven" not in files[name]
    assert not [text for name, text in files.items() if name.endswith(".csv") and ":" in text.replace("http:", "")]


def test_each_wording_has_its_map_and_they_are_compared(plan, moderator):
    planned = plan("S03", "S04", sessions_=4, wordings=["", "as-a-question"], is_rotated=False)
    with research_db.connection_context():
        for session, pages, outcome in ((planned[0], ["ects", "ect"], "direct"), (planned[1], ["ects"], "gave_up")):
            end(session)
            task = session.in_order[0]
            task.state, task.outcome = "closed", outcome
            task.save()
            for page in pages:
                Entry.create(task=task, attempt=1, at_ms=0, kind="page", page=page)
        end(planned[3])
        files = opened(export(planned[0].round, with_research_data=True))
        post = files["aggregate/post.md"]
    tasks = [(row["participant"], row["scenario"], row["outcome"]) for row in rows(files["research-data/tasks.csv"])]
    assert ("P2", "S03", "gave_up") in tasks
    assert ("P4", "S03", "not_reached") in tasks
    told = {(row["scenario"], row["wording"]): row["not_reached"] for row in rows(files["aggregate/results.csv"])}
    assert Counter(outcome for *_, outcome in tasks)["not_reached"] == sum(map(int, told.values())) == 4
    for said in (
        "### ECT withdrawn, left teaching, in the ordinary wording\n",
        "1 of 1 succeeded (95% interval: 21% to 100%): 1 directly and 0 by a detour. 0 came to a wrong end, 0 gave up.",
        "0 directly and 0 by a detour. 0 came to a wrong end, 1 gave up. 0 had help. 1 did not reach it.",
        "where they ended: ECT withdrawn, left teaching, in the ordinary wording.](map-S03.svg)",
        "where they ended: ECT withdrawn, left teaching, in the wording “as-a-question”.](map-S03-as-a-question.svg)",
        "- went from ects to ect: 1 of 1 in the ordinary wording, 0 of 1 in as-a-question\n",
    ):
        assert said in post
    assert post.count("Where people went in one wording more") == 1
    page = f"/research/rounds/{planned[0].round_id}"
    moderator.get(page)
    assert "Journey map of S03, as-a-question: ECT withdrawn, left teaching" in moderator.text
    assert "went from ects to ect: 1 of 1 in the ordinary wording, 0 of 1 in as-a-question" in moderator.text
    assert "gave up on ects: 0 of 1 in the ordinary wording, 1 of 1 in as-a-question" in moderator.text
    ordinary, other = (
        moderator.send("get", f"{page}/map-S03.svg{asked}").text for asked in ("", "?wording=as-a-question")
    )
    assert "1 succeeded directly" in ordinary
    assert "1 gave up" in other
    assert moderator.send("get", f"{page}/map-S03.svg?wording=none").status_code == 404


def test_times_and_everybody_who_reached_a_task_are_exported(round_):
    with research_db.connection_context():
        task = round_.sessions.order_by(Session.number)[0].in_order[0]
        task.outcome, task.elapsed_ms = None, 61_500
        task.save()
        files = opened(export(round_, with_research_data=True))
    s01 = rows(files["aggregate/results.csv"])[0]
    assert (s01["reached"], s01["direct"], s01["unconfirmed"]) == ("6", "3", "1")
    assert rows(files["research-data/tasks.csv"])[0]["open_ms"] == "61500"


@pytest.mark.parametrize("how", ["reset", "open close reset", "open reset open pause"])
def test_each_task_is_either_reached_or_not(plan, how):
    """Also one that was begun anew and never opened again. It was not reached if nothing ever was."""
    (session,) = plan("S01", is_rotated=False)
    acts = {
        "open": sessions.open_task,
        "reset": sessions.reset,
        "close": lambda task: sessions.close(task, lambda _: "gave_up"),
        "pause": sessions.pause,
    }
    make_ready(session, "given")
    with research_db.connection_context():
        for act in how.split():
            acts[act](again(session).task)
        sessions.end(session)
        (result,) = results_of(again(session).round)
    assert (result.reached, result.outcomes["not_reached"]) == ((1, 0) if "open" in how else (0, 1))
