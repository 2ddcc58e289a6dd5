"""What README, CONTRIBUTING and docs say is so: what they name is there, and the commands that they show can be run."""

import re
import runpy
import shlex
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from settings import DEFAULTS

ROOT = Path(__file__).parent.parent
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "tests" / "bench" / "RESULTS.md"]
TEXTS = {str(page.relative_to(ROOT)): page.read_text() for page in PAGES}

every_page = pytest.mark.parametrize("page", TEXTS)


@every_page
def test_links_lead_somewhere(page):
    for address in re.findall(r"\]\(([^)\s]+)\)", TEXTS[page]):
        path, _, heading = address.partition("#")
        if not address.startswith(("http", "mailto:")):
            target = (ROOT / page).parent / path if path else ROOT / page
            assert target.exists(), address
            assert not heading or heading in headings(target.read_text()), address


def headings(text: str) -> set[str]:
    """As GitHub makes addresses of them."""
    found = re.findall(r"^#+ (.*)", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


@every_page
def test_files_that_are_named_are_there(page):
    packages = ("database", "domain", "web", "views", "views/lead_provider_api", "forms", "research", "scenarios")
    others = ("docs", "tests", "support", "filling", "templates", "templates/journeys")
    rooms = [ROOT, ROOT / page, *(ROOT / name for name in packages + others)]
    for name in re.findall(r"`([\w./]+(?:\.(?:py|html|toml|js|css|conf)|/))(?:::\w+)?`", TEXTS[page]):
        is_made_later = name.startswith(
            ("instance", ".venv", "node_modules", "static/vendor", "database/migrations/000N")
        )
        is_made_later |= page == "docs/research.md" and name.endswith("/")  # of what a study leaves
        assert is_made_later or any((room / name).exists() for room in rooms), name


@every_page
def test_tests_functions_and_modules_that_are_named_are_there(page):
    """Such as `training.change_lead_provider`."""
    for path, test in re.findall(r"`(?:tests/)?(test_\w+\.py)::(\w+)`", TEXTS[page]):
        assert f"def {test}(" in (ROOT / "tests" / path).read_text(), f"{path}::{test}"
    for module, name in re.findall(r"`([\w.]+)\.(\w+)[`(]", TEXTS[page]):
        path = ROOT / f"{module.replace('.', '/')}.py"
        if path.exists() and name != "py":
            assert re.search(rf"^(def|class) {name}\b|^{name} = ", path.read_text(), re.MULTILINE), f"{module}.{name}"
    for name in re.findall(r"python -m (tests\.(?:drills|bench)[\w.]*)", TEXTS[page]):
        assert find_spec(name), name


@every_page
def test_commands_that_are_shown_exist(page, app):
    started = runpy.run_path(str(ROOT / "run.py"), run_name="documents")
    for command in re.findall(r"python3 run\.py ([a-z-]+)", TEXTS[page]):
        assert command == "help" or callable(started.get({"set-up": "install"}.get(command, command))), command
    shown = re.findall(
        r"(?:run\.py|deploy/|`)flask ([a-z][^`\n#|]*)", TEXTS[page].replace("deploy/flask", "deploy/flask ")
    )
    for words in map(shlex.split, shown):
        found, rest = command_of(app, words)
        for option in rest:
            if option.startswith("--"):
                assert any(option in each.opts for each in found.params), words


OPTIONAL = {"research": "research.console.commands", "support": "support.commands"}


def command_of(app, words: list[str]):
    """The command that these words call, and the rest of them. Some are there with a setting only."""
    found = app.cli
    if words[0] in OPTIONAL:
        found, words = import_module(OPTIONAL[words[0]]).commands, words[1:]
    while words and hasattr(found, "commands") and words[0] in found.commands:
        found, words = found.commands[words[0]], words[1:]
    assert found is not app.cli, f"there is no command {words}"
    return found, words


def test_settings_and_constants_that_are_named_exist():
    elsewhere = {"PORT", "TOKEN", "API", "BROWSER", "RESULTS", "HYPOTHESIS_PROFILE", "INFO", "WARNING"}
    elsewhere |= {"WRITE_SCHEMA", "WRITE_PROMISES"}
    files = [path for pattern in ("*.py", "[a-z]*/*.py", "views/*/*.py") for path in ROOT.glob(pattern)]
    code = "\n".join(path.read_text() for path in files)
    named = {name for text in TEXTS.values() for name in re.findall(r"`([A-Z][A-Z_]{3,})(?:=[^`]*)?`", text)}
    for name in named - elsewhere - DEFAULTS.keys():
        assert name.startswith("REQUIRE_") or re.search(rf"^{name}\b.* = ", code, re.MULTILINE), name


RUN = ["settings", "journeys", "journeys --mermaid", "tokens list", "demo-data --schools 1 --seed 1", "verify", "prune"]


def test_commands_run(app, world):
    for command in RUN:
        done = app.test_cli_runner().invoke(args=shlex.split(command))
        assert done.exit_code == 0, done.output
