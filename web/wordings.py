"""Other wordings of the same pages, to be compared: each is a folder that is laid over the ordinary templates. What it
hasn't got is as usual; what it has may extend `ordinary/…` and change only a block. Its journeys.toml may put the
questions of a journey in another order, and add some (forms/added.py).

What is saved in such a folder is what the next page shows."""

import hashlib
import tomllib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from flask import current_app, templating
from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader

from clock import current_world

TEMPLATES = Path(__file__).parent.parent / "templates"
FOLDER = TEMPLATES / "wordings"
MORE: list[Path] = []
"""Other folders that have wordings."""

JOURNEYS_FILE = "journeys.toml"


def names() -> list[str]:
    """Of all wordings there are."""
    there = {path.name for folder in (FOLDER, *MORE) if folder.is_dir() for path in folder.iterdir() if path.is_dir()}
    return sorted(there - {"__pycache__"})


def folder_of(name: str) -> Path:
    """Where this wording's files are."""
    return next((folder / name for folder in MORE if (folder / name).is_dir()), FOLDER / name)


def stamp(paths: Iterable[Path]) -> tuple:
    """Another one as soon as any of these files is there, gone, or saved again."""
    files = [path for path in paths if path.is_file()]
    return tuple((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in sorted(files))


def hash_of(paths: Iterable[Path]) -> str:
    """Of what is in these files."""
    return hash_as(stamp(paths))


@lru_cache(maxsize=200)
def hash_as(files: tuple) -> str:
    return hashlib.sha256(b"\0".join(Path(path).read_bytes() for path, *_ in files)).hexdigest()[:16]


def stamp_of(name: str) -> tuple:
    return stamp(folder_of(name).rglob("*")) if name else ()


def stamp_now(ordinary: str = "**/*.html") -> tuple:
    """Of all that the present world's pages are made of and may be saved while this runs: its wording, and where
    templates are being worked on the `ordinary` ones too."""
    is_live = current_app.jinja_env.auto_reload
    return *stamp_of(current_world().wording), *(stamp(TEMPLATES.glob(ordinary)) if is_live else ())


def is_seen(name: str, journeys: Iterable[str]) -> bool:
    """Whether this wording changes anything in these journeys, or on pages of no journey."""
    changed = {path.relative_to(folder_of(name)).parts for path in folder_of(name).rglob("*.html")}
    try:
        changed |= {("journeys", journey, "") for journey in journeys_in(name)}
    except tomllib.TOMLDecodeError:
        return True
    return any(parts[0] != "journeys" or len(parts) < 3 or parts[1] in journeys for parts in changed)


def misplaced(name: str) -> list[str]:
    """The templates of this wording that take the place of no ordinary one."""
    files = [str(path.relative_to(folder_of(name))) for path in sorted(folder_of(name).rglob("*.html"))]
    return [each for each in files if not (TEMPLATES / each).is_file()]


def journeys_in(name: str) -> dict[str, dict]:
    """What its journeys.toml says. Raises TOMLDecodeError."""
    file = folder_of(name) / JOURNEYS_FILE
    return journeys_as(file, stamp([file])) if name and file.is_file() else {}


@lru_cache(maxsize=100)
def journeys_as(file: Path, _stamp: tuple) -> dict[str, dict]:
    return tomllib.loads(file.read_text())


class Environment(templating.Environment):
    """Each wording has an environment of its own, so that a template compiled for one is never shown in another."""

    def get_template(self, *args, **kwargs):
        return (self.in_wording() or super()).get_template(*args, **kwargs)

    def select_template(self, *args, **kwargs):
        return (self.in_wording() or super()).select_template(*args, **kwargs)

    def make_globals(self, d):
        """A plain dict, so what is added after a template was loaded it doesn't know. Jinja's looks through two, in
        Python, for each of them: once for a page, and again for each import."""
        return self.globals | (d or {})

    def in_wording(self) -> "Environment | None":
        """The environment of the present world's wording, made anew when its files have changed. None if this is it."""
        name = current_world().wording
        if not name or self.overlayed:
            return None
        overlays, now = self.__dict__.setdefault("overlays", {}), stamp_of(name)
        made_of, environment = overlays.get(name, (None, None))
        if made_of != now:
            ordinary = FileSystemLoader(TEMPLATES) if self.loader is None else self.loader
            layers = [FileSystemLoader(folder_of(name)), ordinary, PrefixLoader({"ordinary": ordinary})]
            environment = self.overlay(loader=ChoiceLoader(layers))
            overlays[name] = now, environment
        return environment
