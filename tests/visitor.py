"""A visitor without script, who follows links and submits forms by the words on them. Every page fetched is checked for
what must be true of all pages."""

import re
from collections import Counter, defaultdict

from bs4 import BeautifulSoup, Tag

from database import db
from vocabulary import DEFERRAL_REASONS, ISOLATES, WITHDRAWAL_REASONS

REASONS = {reason for reason in WITHDRAWAL_REASONS + DEFERRAL_REASONS if "_" in reason}
MOTIVES = REASONS | {reason.replace("_", "-") for reason in REASONS}
"""What a provider may give as its reason. No page of the school's may hold any of it."""


TYPED = "input:not([type=radio], [type=checkbox]), textarea"


class Visitor:
    def __init__(self, app):
        self.client = app.test_client()
        self.response = None
        self.page: BeautifulSoup | None = None
        self.headers: dict[str, str] = {}

    # --- moving about ---

    def get(self, path: str, status: int = 200) -> "Visitor":
        return self._open(self.send("get", path), status)

    def post(self, path: str, data: dict | None = None, status: int = 200, *, token: bool = True) -> "Visitor":
        """What no page offers: a form made up by hand, with the token of the page shown."""
        data = dict(data or {})
        if token:
            data.setdefault("csrf_token", self.page.select_one("[name=csrf_token]")["value"])
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
        links = [link for link in self.page.select("a[href]") if words(link) == text]
        assert links, f"no link “{text}” on {self.path}; there are {[words(link) for link in self.page.select('a')]}"
        return self.get(links[0]["href"].split("#")[0] or self.path, status)

    def submit(self, button: str, status: int = 200, **answers: str) -> "Visitor":
        """Fill in by label (radios by their words, `Day="1"`), then press the button."""
        path, form, data = self.filled_in(button, **answers)
        if form.get("method", "get").lower() == "get":
            return self._open(self.send("get", path, query_string=data), status)
        return self._open(self.send("post", path, data=data), status)

    def filled_in(self, button: str, **answers: str) -> tuple[str, Tag, dict]:
        """Where the form with this button goes, the form, and what it would send with these answers."""
        pressed = next(b for b in self.page.select("button") if words(b) == button)
        form = pressed.find_parent("form")
        data = {field["name"]: field.get("value", "") for field in form.select(TYPED)}
        data |= {
            box["name"]: box["value"] for box in form.select("input[type=radio][checked], [type=checkbox][checked]")
        }
        for label, answer in answers.items():
            data |= self._answer(form, label.replace("_", " "), answer)
        return form.get("action") or self.response.request.full_path.rstrip("?"), form, data

    def choose(self, choice: str, button: str = "Continue", status: int = 200) -> "Visitor":
        """Select the radio with these words, then press the button."""
        return self.submit(button, status, choose=choice)

    def sign_in(self, name: str) -> "Visitor":
        """As this persona, landing on a page that is quick to make."""
        return self.get("/sign-in?next=/school/induction-tutor").choose(name, "Sign in")

    def _answer(self, form: Tag, label: str, answer: str) -> dict:
        wanted = answer if label == "choose" else label
        found = next((element for element in form.select("label") if words(element) == wanted), None)
        assert found, f"no label “{wanted}”; there are {[words(element) for element in form.select('label')]}"
        field = form.find(id=found["for"])
        return {field["name"]: field["value"] if label == "choose" else answer}

    def _open(self, response, status: int) -> "Visitor":
        self.response = response
        self.page = BeautifulSoup(response.text, "html.parser")
        assert response.status_code == status, f"{response.request.path}: {response.status}\n{self.text}"
        check_page(self.page, self.path)
        for motive in MOTIVES if self.path != "/api/docs" else ():
            assert motive not in response.text, f"{self.path} holds a provider's motive"
        return self

    # --- what the page says ---

    @property
    def path(self) -> str:
        return self.response.request.path

    @property
    def main(self) -> Tag:
        return self.page.select_one("main")

    @property
    def text(self) -> str:
        return words(self.main or self.page)

    @property
    def heading(self) -> str:
        return words(self.page.select_one("h1"))

    @property
    def title(self) -> str:
        return words(self.page.title)

    @property
    def links(self) -> list[str]:
        return [words(link) for link in self.main.select("a")]

    @property
    def errors(self) -> list[str]:
        return [words(item) for item in self.main.select(".govuk-error-summary__list li")]

    @property
    def choices(self) -> list[str]:
        return [words(label) for label in self.main.select(".govuk-radios__label")]

    def row(self, key: str) -> str:
        """What stands beside this key in a summary list; empty if the key isn't there."""
        return self.rows.get(key, "")

    @property
    def rows(self) -> dict[str, str]:
        return rows_of(self.main)

    def card(self, name: str) -> Tag:
        cards = self.main.select(".govuk-summary-card")
        return next(card for card in cards if words(card.select_one("h2")) == name)

    @property
    def cards(self) -> list[str]:
        return [words(title) for title in self.main.select(".govuk-summary-card h2")]


def words(element: Tag) -> str:
    """What can be read there, without what keeps a name from turning the words around it."""
    return re.sub(rf"[{ISOLATES}]", "", re.sub(r"\s+", " ", element.get_text())).strip()


def rows_of(element: Tag) -> dict[str, str]:
    return {
        words(row.select_one("dt")): words(row.select_one("dd")) for row in element.select(".govuk-summary-list__row")
    }


def check_page(page: BeautifulSoup, path: str) -> None:
    """What is true of every page, whole or fragment. Without selectors: they would take most of the tests' time."""
    named, ids, described = defaultdict(list), Counter(), []
    for tag in page.find_all(True):
        named[tag.name].append(tag)
        ids.update([tag["id"]] if tag.has_attr("id") else [])
        described += tag.get("aria-describedby", "").split()
    assert named["title"], f"{path} has no title"
    assert len(named["main"]) == len(named["h1"]) == 1
    summary = named["main"][0].find(class_="govuk-error-summary")
    expected = f"{'Error: ' if summary else ''}{words(named['h1'][0])} – Register early career teachers – GOV.UK"
    assert words(page.title) == expected, f"{path}: title {words(page.title)!r}, expected {expected!r}"
    twice = [id_ for id_, count in ids.items() if count > 1]
    assert not twice, f"{path} has ids twice: {twice}"
    labelled = {label.get("for") for label in named["label"]}
    for field in [each for name in ("input", "textarea", "select") for each in named[name]]:
        assert field.get("type") == "hidden" or field["id"] in labelled, f"{path}: {field} has no label"
    for form in named["form"]:
        is_post = form.get("method", "get").lower() == "post"
        assert not is_post or form.find(attrs={"name": "csrf_token"})["value"], f"{path}: a form without a token"
    for link in summary.find_all("a") if summary else ():
        assert link["href"].removeprefix("#") in ids, f"{path}: an error leads to {link['href']}, which isn't there"
    for link in named["a"]:
        assert link.get("href"), f"{path}: a link leads nowhere: {link}"
        assert words(link), f"{path}: a link without words: {link}"
    assert set(described) <= set(ids), f"{path}: aria-describedby leads nowhere"
    missing = re.search(r"(?<![-\w])(None|Undefined)(?![-\w])", page.get_text())
    assert not missing, f"{path} shows a value that isn't there"
