"""Every page in every state that `flask scenario words` prints: its words keep to the rules in tests/words.py, nothing
in it is a barrier, the keyboard reaches all that a mouse does, and it fits a phone where letters are twice as large.
By day everybody's record is read, and the journeys of a few; looked at are pages with something in a place where none
before had it. At night, and in the build, all."""

from collections import defaultdict
from itertools import count as count_from
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Page
from werkzeug.exceptions import default_exceptions

from app import ERRORS
from database import elsewhere
from forms.journeys import JOURNEYS
from scenarios.pages import Html
from scenarios.words import EVERYBODY, Reader, build
from tests.browser.looks import check_accessible, check_fits, places
from tests.browser.pages import to_question
from tests.conftest import IS_NIGHTLY
from tests.visitor import words
from tests.words import check_main
from views.openid import NotSignedIn
from views.sign_in import OUTCOMES

WALKED = {"Dora Deferred", "Lena Leaving", "Mark Withdrawn"}
"""Whose journeys are walked by day: between them they have all."""

FEWEST_PLACES = {"nobody": 214, "ect": 204, "mentor": 189}
"""Of whom → how many different places their pages have, at least: when states vanish, so do places."""

KEYBOARD = """() => {
    const faults = []
    const main = document.querySelector('#page')
    const answers = 'a[href], button, input, select, textarea, summary, [tabindex]'
    const places = [...main.querySelectorAll(answers)].filter(place => place.checkVisibility())
    // GOV.UK Frontend draws a radio, and its focus, before the label.
    const look = place => [place, ...place.labels ?? []].flatMap(each => [null, '::before'].map(part => {
        const { outline, boxShadow, backgroundColor } = getComputedStyle(each, part)
        return [outline, boxShadow, backgroundColor]
    })).join()
    let above = 0
    for (const place of places.filter(place => !place.matches('[tabindex="-1"]'))) {
        document.activeElement.blur()
        const before = look(place)
        place.focus({ preventScroll: true })
        if (document.activeElement !== place) faults.push(`not reached: ${place.outerHTML}`)
        if (look(place) === before) faults.push(`does not show its focus: ${place.outerHTML}`)
        const { top, bottom } = place.getBoundingClientRect()
        if (place.tabIndex > 0 || bottom < above) faults.push(`out of turn: ${place.outerHTML}`)
        above = top
    }
    for (const place of main.querySelectorAll('*')) {
        const isMouse = getComputedStyle(place).cursor === 'pointer'
        const isReached = places.some(each => each.contains(place) && each.tabIndex >= 0) || place.closest('label')
        if (isMouse && place.checkVisibility() && !isReached) faults.push(`for the mouse alone: ${place.outerHTML}`)
    }
    return faults
}"""

SHOW = """([title, html]) => {
    document.title = title
    document.querySelector('#page').innerHTML = html
}"""


@pytest.fixture(scope="module")
def file(app, tmp_path_factory) -> Path:
    with elsewhere(None):
        return build(tmp_path_factory.mktemp("everybody"))


@pytest.fixture
def stories(app, file, tmp_path):
    """What is told of nobody, or of each of the people in a role."""

    def told(about: str) -> list:
        if about == "nobody":
            return [reader.about_nobody(), reader.induction_tutor()]
        return [reader.about(about, name, journeys_of(name)) for name in EVERYBODY[about]]

    with elsewhere(None):
        reader = Reader(app, file, tmp_path)
        yield told


def journeys_of(name: str) -> set[str]:
    return set(JOURNEYS) if IS_NIGHTLY or name in WALKED else set()


def check(page: Page, name: str) -> None:
    check_accessible(page, name)
    check_usable(page, name)


def check_usable(page: Page, name: str) -> None:
    """In large letters, and by the keyboard."""
    # What has room for letters twice as large has room for them as they are.
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    check_fits(page, f"{name} in large letters")
    page.evaluate("document.documentElement.style.fontSize = ''")
    faults = page.evaluate(KEYBOARD)
    assert not faults, f"{name}: {faults}"


def test_every_state(naomi, stories):
    naomi.set_viewport_size({"width": 320, "height": 720})
    looked_at, walked = set(), set()
    for about, fewest in FEWEST_PLACES.items():
        seen, count = set(), count_from(1)
        for story in stories(about):
            titles = defaultdict(set)
            for shown, number in zip(story, count, strict=False):
                html = Html(shown.html)
                title = html.css_first("title").text()
                titles[title].add(shown.page)
                here = places(html.css_first("#page"))
                seen |= here
                if IS_NIGHTLY or not here <= looked_at:
                    looked_at |= here
                    naomi.evaluate(SHOW, [title, html.css_first("#page").inner_html])
                    check(naomi, f"{shown.path} of {about}, page {number}")
                check_main(html.css_first("main"), shown.path)
                walked |= JOURNEYS.keys() & set(shown.path.split("/"))
            assert all(len(pages) == 1 for pages in titles.values()), f"two pages with one title: {titles}"
        assert len(seen) >= fewest, f"{next(count)} pages with {len(seen)} places"
    assert walked == JOURNEYS.keys()


def check_errors(page: Page, app, monkeypatch, endpoint: str, *methods: str, outcomes: dict | None = None) -> set[str]:
    """Whatever may go wrong at the address of this page, or how a signing in may end there, is told in its page shell,
    and is no barrier. Where such pages lead to."""
    shell, leads_to = navigation(page.content()), set()
    page.set_viewport_size({"width": 320, "height": 720})
    facts = {"organisation": "Bede Academy", "email": "ava@example.org"}
    ends = [(default_exceptions[code](), code, title) for code, title in ERRORS.items()]
    if outcomes:
        ends = [(NotSignedIn(end, **facts), code, title) for end, (code, title, _) in outcomes.items()]
    for (error, code, title), method in product(ends, ("GET", *methods)):
        monkeypatch.setitem(app.view_functions, endpoint, lambda error=error, **_: raised(error))
        answer = page.request.fetch(page.url, method=method)
        html = Html(answer.text())
        assert (answer.status, html.css_first("h1").text(), navigation(answer.text())) == (code, title, shell)
        page.evaluate(SHOW, [html.css_first("title").text(), html.css_first("#page").inner_html])
        check(page, f"{title} at {endpoint}")
        check_main(html.css_first("main"), f"{title} at {endpoint}")
        leads_to |= {link.attrs["href"] for link in html.css("main a:not([href^=mailto])")}
    return leads_to


def raised(error: Exception):
    raise error


def navigation(html: str) -> str:
    return words(Html(html).css_first(".govuk-service-navigation"))


def test_every_error_of_a_school(naomi, app, monkeypatch):
    to_question(naomi, "Steven Taylor")
    assert check_errors(naomi, app, monkeypatch, "school.step", "POST") == {"/school/ects"}
    naomi.context.clear_cookies()
    naomi.goto("/sign-in")
    assert check_errors(naomi, app, monkeypatch, "sign_in.sign_in", outcomes=OUTCOMES) == {"/sign-in"}


BARRIERS = [
    (check_accessible, "input", "", "label"),
    (check_accessible, "h4", "", "heading-order"),
    (check_accessible, "p", "color: #ccc", "color-contrast"),
    (check_usable, "p", "width: 400px", "in large letters scrolls sideways at 320"),
    (check_usable, "p", "width: 14rem", "in large letters scrolls sideways at 320"),
    (check_usable, "div", "cursor: pointer", "for the mouse alone"),
    (check_usable, "button", "visibility: hidden", "not reached"),
    (
        check_usable,
        "button",
        "outline: none !important; box-shadow: none !important; background: #fff !important",
        "not show its focus",
    ),
    (check_usable, "button", "position: relative; top: -300px; padding: 30px", "out of turn"),
]


def test_a_barrier_is_found(naomi):
    naomi.set_viewport_size({"width": 320, "height": 720})
    for look, tag, style, fault in BARRIERS:
        naomi.evaluate(
            """([tag, style]) => {
                document.querySelector('#barrier')?.remove()
                document.documentElement.style.fontSize = ''
                const barrier = document.createElement(tag)
                barrier.id = 'barrier'
                barrier.textContent = 'Something'
                barrier.style.cssText = style
                document.querySelector('main').append(barrier)
            }""",
            [tag, style],
        )
        with pytest.raises(AssertionError, match=fault):
            look(naomi, "a page with a barrier")


def test_each_list_and_search_has_a_title_of_its_own(stories):
    titles = [Html(shown.html).css_first("title").text() for shown in stories("nobody")[0]]
    assert len(titles) == len(set(titles)), titles
