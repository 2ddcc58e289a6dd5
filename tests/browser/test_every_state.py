"""Every page in every state that `flask scenario words` prints: nothing in it is a barrier, the keyboard reaches all
that a mouse does, and it fits a phone, where letters are twice as large too. Pages that differ in their words alone
are looked at once."""

from itertools import chain

import pytest
from playwright.sync_api import Page

from scenarios.demo import other_worlds_only
from scenarios.pages import Html
from scenarios.words import EVERYBODY, Reader, build
from tests.browser.looks import check_accessible, check_fits

FEWEST_STATES = {"nobody": 14, "ect": 80, "mentor": 60}

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


@pytest.fixture
def states(app, tmp_path):
    with other_worlds_only():
        reader = Reader(app, build(tmp_path), tmp_path)
        yield (
            lambda about: (
                chain.from_iterable(reader.about(about, name) for name in EVERYBODY[about])
                if about in EVERYBODY
                else chain(reader.about_nobody(), reader.induction_tutor())
            )
        )


def structure(html: Html) -> str:
    """What axe goes by: elements and attributes, without words."""
    found = []
    for element in html.css("#page *"):
        told = {name: value for name, value in element.attributes.items() if name in ("class", "role", "type")}
        found.append((element.tag, element.parent.tag, sorted(element.attributes), told))
    return repr(found)


def check(page: Page, name: str) -> None:
    check_accessible(page, name)
    check_fits(page, name)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    check_fits(page, f"{name} in large letters")
    page.evaluate("document.documentElement.style.fontSize = ''")
    faults = page.evaluate(KEYBOARD)
    assert not faults, f"{name}: {faults}"


@pytest.mark.parametrize("about", FEWEST_STATES)
def test_every_state(naomi, states, about):
    naomi.set_viewport_size({"width": 320, "height": 720})
    seen, count = set(), 0
    for count, shown in enumerate(states(about), 1):
        html = Html(shown.html)
        if (key := structure(html)) not in seen:
            seen.add(key)
            parts = [html.css_first("title").text(), html.css_first("#page").inner_html]
            naomi.evaluate(SHOW, parts)
            check(naomi, f"{shown.path} of {about}, page {count}")
    assert len(seen) >= FEWEST_STATES[about], f"{count} pages with {len(seen)} structures"


@pytest.mark.parametrize(
    ("tag", "style", "fault"),
    [
        ("input", "", "label"),
        ("h4", "", "heading-order"),
        ("p", "color: #ccc", "color-contrast"),
        ("p", "width: 400px", "scrolls sideways at 320"),
        ("p", "width: 14rem", "in large letters scrolls sideways"),
        ("div", "cursor: pointer", "for the mouse alone"),
        ("button", "visibility: hidden", "not reached"),
        (
            "button",
            "outline: none !important; box-shadow: none !important; background: #fff !important",
            "show its focus",
        ),
        ("button", "position: relative; top: -300px; padding: 30px", "out of turn"),
    ],
)
def test_a_barrier_is_found(naomi, tag, style, fault):
    naomi.set_viewport_size({"width": 320, "height": 720})
    naomi.evaluate(
        """([tag, style]) => {
            const barrier = document.createElement(tag)
            barrier.textContent = 'Something'
            barrier.style.cssText = style
            document.querySelector('main').append(barrier)
        }""",
        [tag, style],
    )
    with pytest.raises(AssertionError, match=fault):
        check(naomi, "a page with a barrier")
