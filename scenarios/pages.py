"""Pages by their ids, and read as a browser without script would read them: their words, links and forms."""

from datetime import date
from html.parser import HTMLParser


def page_id(endpoint: str, values: dict) -> str:
    """What a page of the school's is called, whoever it is about: `ects`, `ect`, `mentor/change-lead-provider/…`."""
    name = endpoint.removeprefix("school.").removeprefix("about.")
    if name == "step":
        return "/".join((values["people"].removesuffix("s"), values["journey_name"], values["page"]))
    return name.replace("_", "-")


def refused_page(template: str, status: int) -> str | None:
    """What is shown where the page itself can't be, by its template: `not-found`, `gone`, `changed` or `error`."""
    folder, _, name = template.removesuffix(".html").partition("/")
    return None if folder != "errors" else "not-found" if name == "error" and status == 404 else name


class Page(HTMLParser):
    """A page's `text`, its `heading`, its `links` (address → words), its `buttons`, and its `forms`: each form's
    attributes with its `fields`, and each field's attributes with its `label`."""

    def __init__(self, html: str):
        super().__init__()
        self.heading, self.forms = "", []
        self.links, self._labels = {}, {}
        self.buttons, self._said, self._open = [], [], []
        self.feed(html)
        self.text = one_line(self._said)
        for form in self.forms:
            for field in form["fields"]:
                field["label"] = self._labels.get(field.get("id"), "")

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self.forms.append({"fields": [], **attrs})
        elif tag == "input" and self.forms:
            self.forms[-1]["fields"].append({"value": "", **attrs})
        elif tag in ("a", "label", "button", "h1"):
            self._open.append((tag, attrs, len(self._said)))

    def handle_endtag(self, tag):
        if not self._open or self._open[-1][0] != tag:
            return
        _, attrs, began = self._open.pop()
        words = one_line(self._said[began:])
        if tag == "a":
            self.links[attrs.get("href", "")] = words
        elif tag == "label":
            self._labels[attrs.get("for")] = words
        elif tag == "h1":
            self.heading = words
        else:
            self.buttons.append(words)

    def handle_data(self, data):
        self._said.append(data)

    @property
    def question(self) -> dict | None:
        """The form in the page itself, and not the one in its header: the last that is sent by POST."""
        forms = [form for form in self.forms if form.get("method") == "post" and not form.get("action")]
        return forms[-1] if forms else None


def one_line(said: list[str]) -> str:
    return " ".join("".join(said).split())


def filled_in(form: dict, answers: dict) -> dict:
    """What a browser would send: the form as it stands, with these answers. Of radios the one whose value or words the
    answer is; a date goes into its three boxes."""
    sent = {}
    for field in form["fields"]:
        name, is_chosen = field["name"], field.get("type") != "radio" or "checked" in field
        stem, _, part = name.rpartition("-")
        if isinstance(answers.get(stem), date):
            sent[name] = str(getattr(answers[stem], part))
        elif name not in answers:
            sent |= {name: field["value"]} if is_chosen else {}
        elif field.get("type") != "radio":
            sent[name] = answers[name]
        elif answers[name] in (field["value"], field["label"]):
            sent[name] = field["value"]
    return sent
