"""What leaves the console of a round: a zip with the counts and pictures that may be published and, only if asked for,
the pseudonymised data that may not."""

import csv
import io
import json
import shutil
import subprocess
import zipfile
from collections import Counter
from itertools import pairwise
from pathlib import Path

from clock import today
from filling.imports import safe
from research.journey_map import map_of, svg
from research.models import OUTCOMES, Entry, Note, Round, Session, store_folder
from research.post import map_name, post, taken
from research.results import WORDS, Result, consented_sessions, results_of, was_never_begun, wilson

SCHEMA_VERSION = 5

PEOPLE = "number of people"
PAGE = (
    "id of the page: the role, the journey and the page as in its address (ects, ect, "
    "ect/change-lead-provider/check-answers); other- before it is a page about somebody whom the task is not about; "
    "gone, changed, not-found or error is what was shown where the page itself could not be"
)
CODE = (
    "code of the error: which of the words that forms/questions.py has for this field was shown, never what was typed"
)
LAST = "of each person’s last attempt only"
SCENARIO = {"scenario": "id of the scenario"}
WORDING = {"wording": "name of the wording; empty for the ordinary one"}
PARTICIPANT = {"participant": "what the participant is called"}
SCHEMA = {
    "aggregate/results.csv": {
        **SCENARIO,
        **WORDING,
        "reached": f"{PEOPLE} who reached the task, those included whose outcome is not confirmed",
        **{outcome: f"{PEOPLE}: {WORDS[outcome].lower()}" for outcome in OUTCOMES},
        "unconfirmed": f"{PEOPLE} who took the task and whose outcome no moderator has confirmed; in no other count",
        "assisted": f"{PEOPLE} who were helped",
        "explored": f"{PEOPLE} who took a task that has no outcome",
        "interval_low": "lower end of the 95% Wilson interval of successes, from 0 to 1; empty where none is confirmed",
        "interval_high": "upper end of it",
        **{
            f"ease_{ease}": f"{PEOPLE} who said {ease}, from 1 (very difficult) to 7 (very easy)"
            for ease in range(1, 8)
        },
    },
    "aggregate/errors.csv": {
        **SCENARIO,
        **WORDING,
        "page": PAGE,
        "field": "name of the field",
        "code": CODE,
        "people": f"{PEOPLE} who met it, {LAST}",
    },
    "aggregate/paths.csv": {
        **SCENARIO,
        **WORDING,
        "origin": PAGE,
        "destination": "id of the page that was shown next; empty where people stopped",
        "people": f"{PEOPLE} who went there, {LAST}",
    },
    "research-data/sessions.csv": {
        **PARTICIPANT,
        "held_on": "the day of the session",
        "moderated": "whether a moderator held it; if not, the participant took the tasks on their own",
        **WORDING,
        "shown": "hash of what was shown, in that wording; more than one where it was changed during the session",
    },
    "research-data/tasks.csv": {
        **PARTICIPANT,
        "position": "the task's place in the session, from 1",
        **SCENARIO,
        "attempts": "how often it was begun, with what was done before it was opened as one; all else is of the last",
        "proposed": "the outcome that the machine proposed",
        "outcome": "the one that the moderator confirmed or, without a moderator, the participant’s words did; "
        "not_reached where the task was never begun, and empty where nobody confirmed one or the task has none",
        "assisted": "whether the participant was helped",
        "reason": "why the outcome is not the proposed one",
        "judged": "of each thing that only a person can see: the statement, and yes or no; empty if nobody has said",
        "ease": "1 (very difficult) to 7 (very easy)",
        "said_done": "without a moderator: whether the participant said that they had done it, or that they could not",
        "open_ms": "for how many milliseconds it was open, without pauses",
    },
    "research-data/log.csv": {
        **PARTICIPANT,
        **SCENARIO,
        "attempt": "which attempt at the task, from 1; all attempts are here",
        "at_ms": "milliseconds since this attempt was opened, without pauses",
        "kind": "page, error, change or provider",
        "page": f"{PAGE}; empty for a change and for a provider",
        "field": "name of the field that was refused",
        "code": f"of an error, {CODE}; of a change, the attribute; of a provider, its act",
    },
    "research-data/notes.csv": {
        **PARTICIPANT,
        "scenario": "id of the scenario that was open; empty if none was",
        "attempt": "which attempt at the task, from 1; empty if none was open",
        "at_ms": "milliseconds since this attempt was opened, without pauses",
        "by": "moderator or observer",
        "text": "what they wrote",
    },
}
"""The columns of each file and what they mean."""


def export(round_: Round, *, with_research_data: bool, screenshots: Path | None = None) -> bytes:
    """The zip. `screenshots` is the folder that `flask research screenshots` fills for this round."""
    results = results_of(round_)
    tables = aggregates(results) | (research_data(round_) if with_research_data else {})
    names = round_.scenarios
    files = {name: as_csv(name, rows) for name, rows in tables.items()}
    for result in results:
        title = f"{result.scenario.id}: {result.scenario.title}{f', {result.wording}' * bool(result.wording)}"
        files[f"aggregate/{map_name(result)}"] = svg(map_of([result]), title)
    pictures = taken(results, screenshots or pictures_folder(round_.id))
    files |= {f"aggregate/images/{picture.file.name}": picture.file.read_bytes() for picture in pictures}
    files["aggregate/post.md"] = post(round_, results, held(round_), pictures)
    files["schema.json"] = json.dumps({"version": SCHEMA_VERSION, "files": {f: SCHEMA[f] for f in tables}}, indent=2)
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "app_commit": app_commit(),
        "exported_on": today().isoformat(),
        "round": round_.title,
        "participants": len({session.id for session in held(round_)}),
        "unmoderated": sum(not session.is_moderated for session in held(round_)),
        "scenarios": {
            name: {"title": round_.scenario(name).title, "hash": (round_.files or {}).get(name, "")} for name in names
        },
        "wordings": round_.wordings,
        "shown": [{"wording": wording, "hash": shown} for wording, shown in sorted(hashes_of(held(round_)))],
        "has_research_data": with_research_data,
        "files": sorted([*files, "manifest.json"]),
    }
    files["manifest.json"] = json.dumps(manifest, indent=2, ensure_ascii=False)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name in sorted(files):
            zipped.writestr(name, files[name])
    return archive.getvalue()


def pictures_folder(round_id: int) -> Path:
    return store_folder() / "screenshots" / str(round_id)


def hashes_of(sessions: list[Session]) -> set[tuple[str, str]]:
    """Of what was shown in them, by wording."""
    return {(session.wording, shown) for session in sessions for shown in (session.shown or "").split()}


def held(round_: Round) -> list[Session]:
    """The sessions that there is something to report of."""
    were_held = Session.select().where(*consented_sessions(round_), Session.held_on.is_null(False))
    return [session for session in were_held.order_by(Session.number) if session.is_over]


def aggregates(results: list[Result]) -> dict[str, list[list]]:
    rows = {"aggregate/results.csv": [], "aggregate/errors.csv": [], "aggregate/paths.csv": []}
    for result in results:
        which = [result.scenario.id, result.wording]
        interval = [f"{end:.3f}" for end in wilson(result.successes, result.count)] if result.count else ["", ""]
        row = [*which, result.reached, *(result.outcomes[outcome] for outcome in OUTCOMES), result.unconfirmed]
        row += [result.assisted, result.explored, *interval, *(result.ease.count(number) for number in range(1, 8))]
        rows["aggregate/results.csv"].append(row)
        rows["aggregate/errors.csv"] += [[*which, *error, count] for error, count in sorted(result.errors.items())]
        ways = Counter()
        for path in result.paths:
            ways.update({*pairwise(path), *((page, "") for page in path[-1:])})
        rows["aggregate/paths.csv"] += [[*which, *way, count] for way, count in sorted(ways.items())]
    return rows


def research_data(round_: Round) -> dict[str, list[list]]:
    rows = {name: [] for name in SCHEMA if name.startswith("research-data/")}
    for session in held(round_):
        row = [session.name, session.held_on, session.is_moderated, session.wording, session.shown]
        rows["research-data/sessions.csv"].append(row)
        for task in session.in_order:
            said = zip(task.said.judged, task.judged, strict=False)
            judged = " | ".join(f"{statement} – {'yes' if is_so else 'no'}" for statement, is_so in said)
            is_not_reached = was_never_begun(task) and not task.said.is_exploratory
            outcome = "not_reached" if is_not_reached else task.outcome
            row = [session.name, task.position + 1, task.scenario, task.attempt, task.proposed, outcome]
            rows["research-data/tasks.csv"].append(
                [*row, task.is_assisted, task.reason, judged, task.ease, task.said_done, task.elapsed_ms]
            )
            rows["research-data/log.csv"] += [
                [session.name, task.scenario, *(getattr(entry, name) for name in LOGGED)]
                for entry in task.entries.order_by(Entry.id)
            ]
        for note in session.notes.order_by(Note.id):
            row = [session.name, note.task and note.task.scenario, note.attempt, note.at_ms]
            rows["research-data/notes.csv"].append([*row, "observer" if note.is_observers else "moderator", note.text])
    return rows


LOGGED = list(SCHEMA["research-data/log.csv"])[2:]


def as_csv(name: str, rows: list[list]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(SCHEMA[name])
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return text.getvalue()


def app_commit() -> str:
    """The commit of the service that was tested, if this is a checkout."""
    git = shutil.which("git")
    command = [git, "rev-parse", "HEAD"] if git else ["false"]
    done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True)  # noqa: S603
    return done.stdout.strip() or "unknown"
