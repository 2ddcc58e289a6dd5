"""What every page says in every state, of ECTs and mentors, by the rules in words.py. Who there is, is in
scenarios/words.py; `flask scenario words` prints what is read here."""

from collections import defaultdict
from pathlib import Path

import pytest

from scenarios.demo import other_worlds_only
from scenarios.pages import Html, words
from scenarios.words import EVERYBODY, Reader, build
from tests.words import check_main


@pytest.fixture(scope="module")
def everybody(tmp_path_factory) -> Path:
    with other_worlds_only():
        return build(tmp_path_factory.mktemp("words"))


@pytest.fixture
def reader(app, everybody, tmp_path) -> Reader:
    with other_worlds_only():
        yield Reader(app, everybody, tmp_path)


def check(shown) -> str:
    """Gives the page's title."""
    html = Html(shown.html)
    check_main(html.css_first("main"), shown.path)
    return words(html.css_first("title").text())


def test_pages_about_nobody(reader):
    titles = [check(shown) for shown in reader.about_nobody()]
    assert len(titles) == len(set(titles)), titles


def test_pages_about_the_induction_tutor(reader):
    pages = {shown.page: check(shown) for shown in reader.induction_tutor()}
    assert list(pages) == [
        "change-induction-tutor",
        "check-induction-tutor",
        "induction-tutor-changed",
        "induction-tutor",
    ]


@pytest.mark.parametrize(("role", "name"), [(role, name) for role, people in EVERYBODY.items() for name in people])
def test_pages_about(reader, role, name):
    pages = defaultdict(set)
    for shown in reader.about(role, name):
        pages[check(shown)].add(shown.page)
    assert all(len(each) == 1 for each in pages.values()), "two pages with one title"
