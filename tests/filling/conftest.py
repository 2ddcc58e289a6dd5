"""A database outside the demo, with nothing in it, and what files bring into it."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from app import create_app
from clock import current_world, entered
from database import db
from filling.imports import Import
from filling.kind import Kind
from tests.identity import SETTINGS
from tests.reports import stored

IMPORTS = ("contract-periods", "lead-providers", "delivery-partners", "appropriate-bodies", "schools", "school-users")


@pytest.fixture
def deployed():
    """The service as it is deployed, and its commands."""
    opened = db.obj
    with entered(current_world()):
        app = create_app(**SETTINGS)
    db.obj.close_all()
    db.initialize(opened)
    return app


@pytest.fixture
def flask(deployed, engine, request) -> Callable:
    """Runs a command, on an empty database unless the test asks for the world: gives what it said, and fails unless it
    ended as it should."""
    if "world" not in request.fixturenames:
        request.getfixturevalue("migrated")

    def run(*arguments: object, fails: bool = False, typed: str | None = None) -> str:
        db.close()
        with deployed.app_context():
            result = deployed.test_cli_runner().invoke(args=[str(each) for each in arguments], input=typed)
        db.connect()
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert (result.exit_code != 0) == fails, result.output
        return result.output

    return run


@pytest.fixture
def bring(flask, tmp_path) -> Callable:
    """Brings in a file of this kind with this in it, and gives what was said of it. When it fails, and when it is a
    check, nothing is changed."""
    made = iter(range(1000))

    def run(kind: str, content: str | bytes, *options: object, fails: bool = False) -> str:
        path = tmp_path / f"{next(made)}.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        before = stored()
        said = flask("import", kind, path, *options, fails=fails)
        if fails or "--check" in options:
            assert stored() == before
            assert "othing was changed" in said
        return said.replace(str(path), "the file")

    return run


@pytest.fixture
def filled(flask, bring) -> None:
    """What the examples of all kinds bring."""
    for kind in IMPORTS:
        bring(kind, flask("import", kind, "--example"))


def brought_in(kind: Kind, text: str, folder: Path) -> bool:
    """Whether the file came in, without a command. If not, nothing is changed, and that by no rule of the database."""
    path = folder / "brought.csv"
    path.write_text(text)
    before = stored()
    with closing(Import(kind, path)) as done:
        done.read(lambda: None)
        done.write(lambda rows: None, is_check=False)
        refusals = list(done.faults())
    assert not refusals or stored() == before
    assert not any("database" in words for *_, words in refusals), refusals
    return not refusals
