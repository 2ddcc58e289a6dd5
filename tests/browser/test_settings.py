"""Pages for people who set up their browsers in their own way: high contrast, no motion, wide spacing, paper; and
pictures, which must come out the same whoever takes them."""

import re

import pytest
from playwright.sync_api import Page, expect

from scenarios import chromium
from tests.browser.looks import check_accessible, check_fits
from tests.browser.pages import button, follow, hold, link, refused, sign_in, to_question

NAME = "Steven Taylor"

# WCAG 2.2, 1.4.12
SPACED_OUT = """() => {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(`
        * { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }
        p { margin-bottom: 2em !important }`)
    document.adoptedStyleSheets.push(sheet)
}"""

CUT_OFF = """() => [...document.querySelectorAll('body *')].filter(element => {
    const { overflowX, overflowY, position } = getComputedStyle(element)
    const isCut = (overflowX !== 'visible' && element.scrollWidth > element.clientWidth + 1) ||
        (overflowY !== 'visible' && element.scrollHeight > element.clientHeight + 1)
    return isCut && position !== 'absolute' && !element.matches('input')
}).map(element => element.outerHTML.slice(0, 200))"""


def test_spaced_out_text_is_neither_cut_off_nor_wider_than_the_page(naomi):
    to_question(naomi, NAME)
    button(naomi, "Continue").click()
    refused(naomi)
    for address in (naomi.url, "/school/ects", naomi.url.partition("/change")[0]):
        if naomi.url != address:
            naomi.goto(address)
        naomi.evaluate(SPACED_OUT)
        for width in chromium.WIDTHS:
            naomi.set_viewport_size({"width": width, "height": 720})
            check_fits(naomi, address)
            assert not naomi.evaluate(CUT_OFF)


@pytest.mark.parametrize(
    "window", [{"forced_colors": "active", "reduced_motion": "reduce"}], ids=["high contrast"], indirect=True
)
def test_high_contrast_and_no_motion(naomi):
    naomi.clock.install()
    held = hold(naomi, re.compile(r"/school/ects/\d+(\?|$)"))
    link(naomi, NAME).click()
    naomi.clock.run_for(1000)
    waiting = naomi.locator(".app-waiting")
    expect(waiting).to_have_text("Loading")
    assert waiting.evaluate("box => getComputedStyle(box).borderTopStyle") == "solid", "its edge can be seen"
    held[0].continue_()
    follow(naomi, "select a lead provider", f"Change lead provider for {NAME}")
    button(naomi, "Continue").click()
    refused(naomi)
    check_accessible(naomi, "high contrast", known=set())
    naomi.keyboard.press("Tab")
    for place in (naomi.locator(".govuk-error-summary a"), naomi.get_by_role("button", name="Sign out")):
        place.focus()
        assert place.evaluate("place => getComputedStyle(place).outlineStyle") != "none", "the focus can be seen"
    assert naomi.evaluate("document.getAnimations().length") == 0
    assert not naomi.evaluate(
        "[...document.querySelectorAll('*')].filter(each => getComputedStyle(each).animationName !== 'none').length"
    )


def test_pictures_come_out_the_same_whoever_takes_them(naomi, browser, address):
    def take(page: Page) -> list[bytes]:
        to_question(page, NAME)
        button(page, "Continue").click()
        refused(page)
        return [chromium.take(page, width=width) for width in chromium.WIDTHS]

    with browser.new_context(base_url=address, viewport={"width": 700, "height": 500}) as context:
        page = context.new_page()
        sign_in(page)
        page.goto("/school/ects")
        page.mouse.move(100, 300)
        assert take(page) == take(naomi)
