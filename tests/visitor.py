"""A visitor without script, who follows links and submits forms by the words on them. Every page fetched is checked for
what must be true of all pages."""

import re
from collections import Counter

from database import db
from scenarios.pages import Element, Html, filled_in, sent
from scenarios.pages import words as words_of
from vocabulary import DEFERRAL_REASONS, WITHDRAWAL_REASONS

REASONS = {reason for reason in WITHDRAWAL_REASONS + DEFERRAL_REASONS if "_" in reason}
MOTIVES = REASONS | {reason.replace("_", "-") for reason in REASONS}
"""What a provider may give as its reason. No page of the school's may hold any of it."""


class Visitor:
    sees_motives = False

    def __init__(self, app):
        self.client = app.test_client()
        self.response = None
        self.page: Html | None = None
        self.headers: dict[str, str] = {}

    # --- moving about ---

    def get(self, path: str, status: int = 200) -> "Visitor":
        return self._open(self.send("get", path), status)

    def post(self, path: str, data: dict | None = None, status: int = 200, *, token: bool = True) -> "Visitor":
        """What no page offers: a form made up by hand, with the token of the page shown."""
        data = dict(data or {})
        if token:
            data.setdefault("csrf_token", self.value("csrf_token"))
        return self._open(self.send("post", path, data=data), status)

    def send(self, method: str, path: str, *, follow_redirects: bool = True, **kwargs):
        """A plain request, its answer unchecked. The test's own connection is closed meanwhile: the service opens one
        for each request, and would notice one left open."""
        db.close()
        try:
            kwargs["headers"] = self.headers | kwargs.get("headers", {})
            return getattr(self.client, method)(path, follow_redirects=follow_redirects, **kwargs)
        finally:
            db.connect(reuse_if_open=True)

    def click(self, text: str, status: int = 200) -> "Visitor":
        links = [link for link in self.page.css("a[href]") if words(link) == text]
        assert links, f"no link “{text}” on {self.path}; there are {[words(link) for link in self.page.css('a')]}"
        return self.get(links[0].attrs["href"].split("#")[0] or self.path, status)

    def submit(self, button: str, status: int = 200, **answers: str) -> "Visitor":
        """Fill in by label (radios by their words, `Day="1"`), then press the button."""
        path, form, data = self.filled_in(button, **answers)
        if form.attributes.get("method", "get").lower() == "get":
            return self._open(self.send("get", path, query_string=data), status)
        return self._open(self.send("post", path, data=data), status)

    def filled_in(self, button: str, **answers: str) -> tuple[str, Element, dict]:
        """Where the form with this button goes, the form, and what it would send with these answers."""
        form = next(form for form in self.page.css("form") if button in map(words, form.css("button")))
        pressed = next(each for each in form.css("button") if words(each) == button).attributes
        data = filled_in(form, answers)
        data |= {pressed["name"]: pressed.get("value") or ""} if pressed.get("name") else {}
        return form.attributes.get("action") or self.response.request.full_path.rstrip("?"), form, data

    def choose(self, choice: str, button: str = "Continue", status: int = 200) -> "Visitor":
        """Select the radio with these words, then press the button."""
        return self.submit(button, status, choose=choice)

    def sign_in(self, name: str) -> "Visitor":
        """As this persona, landing on a page that is quick to make."""
        return self.get("/sign-in?next=/school/induction-tutor").choose(name, "Sign in")

    def _open(self, response, status: int) -> "Visitor":
        self.response = response
        self.page = Html(response.text)
        assert response.status_code == status, f"{response.request.path}: {response.status}\n{self.text}"
        check_page(self.page, self.path)
        for motive in () if self.sees_motives or self.path.startswith("/api/docs") else MOTIVES:
            assert motive not in response.text, f"{self.path} holds a provider's motive"
        return self

    # --- what the page says ---

    @property
    def path(self) -> str:
        return self.response.request.path

    @property
    def main(self) -> Element:
        return self.page.css_first("main")

    @property
    def text(self) -> str:
        return words(self.main or self.page.root)

    @property
    def heading(self) -> str:
        return words(self.page.css_first("h1"))

    @property
    def title(self) -> str:
        return words(self.page.css_first("title"))

    @property
    def links(self) -> list[str]:
        return [words(link) for link in self.main.css("a:not([href^='mailto:'])")]

    @property
    def buttons(self) -> list[str]:
        return [words(button) for button in self.main.css("button")]

    @property
    def errors(self) -> list[str]:
        return [words(item) for item in self.main.css(".govuk-error-summary__list li")]

    @property
    def choices(self) -> list[str]:
        return [words(label) for label in self.main.css(".govuk-radios__label")]

    @property
    def values(self) -> dict[str, str]:
        """What the page's form would send as it is."""
        return sent(self.main)

    def value(self, name: str) -> str:
        """What the first field of this name holds: often the token that the page was given."""
        return self.page.css_first(f"[name={name}]").attrs["value"] or ""

    def row(self, key: str) -> str:
        """What stands beside this key in a summary list; empty if the key isn't there."""
        return self.rows.get(key, "")

    @property
    def rows(self) -> dict[str, str]:
        return rows_of(self.main)

    def card(self, name: str) -> Element:
        return next(card for card in self.main.css(".govuk-summary-card") if words(card.css_first("h2")) == name)

    @property
    def cards(self) -> list[str]:
        return [words(title) for title in self.main.css(".govuk-summary-card h2")]


def words(element: Element) -> str:
    """What can be read there."""
    return words_of(element.text())


def rows_of(element: Element) -> dict[str, str]:
    rows = element.css(".govuk-summary-list__row")
    return {words(row.css_first("dt")): words(row.css_first("dd")) for row in rows}


def check_page(page: Html, path: str) -> None:
    """What is true of every page, whole or fragment."""
    assert page.css_first("title"), f"{path} has no title"
    (main,), (heading,) = page.css("main"), page.css("h1")
    summary = main.css_first(".govuk-error-summary")
    title, begins = words(page.css_first("title")), f"{'Error: ' if summary else ''}{words(heading)}"
    assert title.startswith(begins), f"{path}: title {title!r}, expected {begins!r}"
    assert title.endswith(" – Register early career teachers – GOV.UK"), f"{path}: title {title!r}"
    ids = Counter(tag.id for tag in page.css("[id]"))
    twice = [id_ for id_, count in ids.items() if count > 1]
    assert not twice, f"{path} has ids twice: {twice}"
    labelled = {label.attributes.get("for") for label in page.css("label")}
    for field in page.css("input:not([type=hidden]), textarea, select"):
        assert field.id in labelled, f"{path}: {field.html} has no label"
    for form in page.css("form[method=post i]"):
        assert form.css_first("[name=csrf_token]").attrs["value"], f"{path}: a form without a token"
    for link in summary.css("a") if summary else ():
        assert link.attrs["href"].removeprefix("#") in ids, f"{path}: an error leads nowhere: {link.html}"
    for link in page.css("a"):
        assert link.attributes.get("href"), f"{path}: a link leads nowhere: {link.html}"
        assert words(link), f"{path}: a link without words: {link.html}"
    described = {id_ for tag in page.css("[aria-describedby]") for id_ in tag.attrs["aria-describedby"].split()}
    assert described <= set(ids), f"{path}: aria-describedby leads nowhere"
    text = page.root.text()
    for program in page.css("pre"):
        text = text.replace(program.text(), "")
    missing = re.search(r"(?<![-\w])(None|Undefined)(?![-\w])", text)
    assert not missing, f"{path} shows a value that isn't there"


def section(visitor: Visitor, heading: str) -> list[str]:
    """What stands under this heading: paragraphs, items, and rows as "key: value". Empty without such a heading."""
    lines = []
    for title in visitor.main.css("h2"):
        if words(title) != heading:
            continue
        beside = list(title.parent.iter())
        for element in beside[beside.index(title) + 1 :]:
            if element.tag == "h2":
                break
            if element.tag == "dl":
                lines += [f"{key}: {value}" for key, value in rows_of(element).items()]
            else:
                lines += [words(line) for line in element.css("li") or [element]]
    return lines
