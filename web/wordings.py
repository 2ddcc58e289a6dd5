"""Other wordings of the same pages, to be compared: each is a folder in templates/wordings/ that is laid over the
ordinary templates. What it hasn't got is as usual; what it has may extend `ordinary/…` and change only a block."""

from pathlib import Path

from flask import templating
from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader

from clock import current_world

TEMPLATES = Path(__file__).parent.parent / "templates"
FOLDER = TEMPLATES / "wordings"


def misplaced(name: str) -> list[str]:
    """The templates of this wording that take the place of no ordinary one."""
    names = [str(path.relative_to(FOLDER / name)) for path in sorted((FOLDER / name).rglob("*.html"))]
    return [each for each in names if not (TEMPLATES / each).is_file()]


class Environment(templating.Environment):
    """Each wording has an environment of its own, so that a template compiled for one is never shown in another."""

    def get_template(self, *args, **kwargs):
        return (self.in_wording() or super()).get_template(*args, **kwargs)

    def select_template(self, *args, **kwargs):
        return (self.in_wording() or super()).select_template(*args, **kwargs)

    def in_wording(self) -> "Environment | None":
        """The environment of the present world's wording. None if this is it."""
        name = current_world().wording
        if not name or self.overlayed:
            return None
        overlays = self.__dict__.setdefault("overlays", {})
        if name not in overlays:
            ordinary = FileSystemLoader(TEMPLATES) if self.loader is None else self.loader
            layers = [FileSystemLoader(FOLDER / name), ordinary, PrefixLoader({"ordinary": ordinary})]
            overlays[name] = self.overlay(loader=ChoiceLoader(layers))
        return overlays[name]
