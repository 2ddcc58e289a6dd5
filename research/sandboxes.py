"""The sandboxes of a session: for each task a SQLite file, copied from the scenario's template. They are in a folder of
the session's own, and what the participant said about their school is there too and nowhere else."""

import json
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

from clock import World, entered
from research.models import Session, Task, store_folder
from scenarios import WORLD, build, fresh_copy, template, world_of

PROFILE = ("school", "appropriate_body", "lead_provider")
"""What may be called as the participant's own are."""

PROFILE_FILE = "profile.json"


def folder_of(session: Session) -> Path:
    return store_folder() / "sandboxes" / session.folder


def file_of(task: Task) -> Path:
    return folder_of(task.session) / f"{task.position}-{task.attempt}.sqlite3"


def fresh_file_of(task: Task) -> Path:
    """What the task's sandbox was when it began."""
    return folder_of(task.session) / f"fresh-{task.position}.sqlite3"


def make(task: Task) -> None:
    """Begin this task's sandbox anew."""
    folder_of(task.session).mkdir(parents=True, exist_ok=True)
    for earlier in folder_of(task.session).glob(f"{task.position}-*"):
        if not earlier.name.startswith(f"{task.position}-{task.attempt}."):
            earlier.unlink()
    if names := shown_names(task.session):
        build(file_of(task), task.scenario, task.said.today, names)
    else:
        fresh_copy(template(task.scenario, store_folder() / "templates"), file_of(task))
    fresh_copy(file_of(task), fresh_file_of(task))


def world_inside(task: Task) -> World:
    return task.said.world_in(file_of(task), task.session.wording)


def inside(task: Task):
    """In this task's sandbox, on its day. What is in it is read and written as ever."""
    return entered(world_inside(task))


def remove(folder: Path) -> None:
    """Leave no file of a session: first what the participant said of their school, then the sandboxes."""
    (folder / PROFILE_FILE).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def last_used_at(folder: Path) -> datetime:
    """When anything in it was last written."""
    return datetime.fromtimestamp(max(path.stat().st_mtime for path in (folder, *folder.iterdir())), UTC)


# --- the participant's own school --------------------------------------------------------------------------


def profile_file(session: Session) -> Path:
    return folder_of(session) / PROFILE_FILE


def profile(session: Session) -> dict[str, str]:
    """What the participant's school, appropriate body and lead provider are called, as far as they said."""
    file = profile_file(session)
    return json.loads(file.read_text()) if file.exists() else {}


def save_profile(session: Session, said: dict[str, str]) -> None:
    folder_of(session).mkdir(parents=True, exist_ok=True)
    profile_file(session).write_text(json.dumps({key: name for key, name in said.items() if name}))


def ordinary_names() -> dict[str, str]:
    """What of PROFILE → its name in the base world."""
    school = world_of(WORLD)["schools"][0]
    ect = school["ects"][0]
    return dict(zip(PROFILE, (school["name"], ect["appropriate_body"], ect["training"]["lead_provider"]), strict=True))


def lead_providers() -> list[str]:
    """Those of the base world, of which the participant's own must be one: any other name would be on pages beside the
    same provider's real one."""
    return sorted(world_of(WORLD)["lead_providers"])


def shown_names(session: Session) -> dict[str, str]:
    """Name in the base world → name in this session's sandboxes. Where the participant's own is another's in the base
    world, the two change places."""
    names = {}
    for key, own in profile(session).items():
        ordinary = ordinary_names()[key]
        if own != ordinary:
            names |= {own: ordinary, ordinary: own}
    return names


SHORT = {"UCL Institute of Education": "UCL", "Best Practice Network (home of Outstanding Leaders Partnership)": "BPN"}
"""Names → what they are called for short in prompts."""


def in_their_words(text: str, session: Session) -> str:
    """A prompt with the names that this session's participant sees, short ones too."""
    return with_names(text, with_short_ones(shown_names(session)))


def with_names(text: str, names: dict[str, str]) -> str:
    longest_first = sorted(names, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest_first)), lambda name: names[name[0]], text) if names else text


def with_short_ones(names: dict[str, str]) -> dict[str, str]:
    return names | {SHORT[name]: SHORT.get(other, other) for name, other in names.items() if name in SHORT}


def names_left(text: str, session: Session) -> list[str]:
    """Beginnings of names that the participant sees as others, and that this prompt has in a form that isn't known."""
    names = with_short_ones(shown_names(session))
    rest = with_names(text, dict.fromkeys(names, ""))
    heads = {name.split()[0] if len(name.split()[0]) > 3 else " ".join(name.split()[:2]) for name in names}
    return sorted(head for head in heads if re.search(rf"\b{re.escape(head)}\b", rest))
