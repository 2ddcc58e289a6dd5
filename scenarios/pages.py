"""Pages by their ids, and read as a browser without script would read them: their words, links and forms."""

from datetime import date

from selectolax.lexbor import LexborHTMLParser as Html
from selectolax.lexbor import LexborNode as Element

from vocabulary import ISOLATES

WITHOUT_ISOLATES = str.maketrans("", "", ISOLATES)

AS_IT_STANDS = "input[name]:not([type=radio], [type=checkbox]), textarea, :is([type=radio], [type=checkbox])[checked]"
HIDDEN = "input[type=hidden]"
ASKED = ":is(input[name]:not([type=hidden]), textarea)"


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


def words(text: str) -> str:
    """What can be read there, without what keeps a name from turning the words around it."""
    return " ".join(text.translate(WITHOUT_ISOLATES).split())


class Page:
    """A page's words, links and forms. Forms are elements, which the functions below read and fill in."""

    def __init__(self, html: str):
        self.html = Html(html)

    @property
    def text(self) -> str:
        return words(self.html.root.text())

    @property
    def heading(self) -> str:
        return words(self.html.css_first("h1").text())

    @property
    def links(self) -> dict[str, str]:
        """Address → words."""
        return {link.attributes.get("href", ""): words(link.text()) for link in self.html.css("a")}

    @property
    def buttons(self) -> list[str]:
        return [words(button.text()) for button in self.html.css("button")]

    @property
    def question(self) -> Element | None:
        """The form in the page itself, and not the one in its header: the last that is sent by POST to the page."""
        return next(reversed(self.html.css("form[method=post i]:not([action])")), None)


def sent(form: Element | None, fields: str = AS_IT_STANDS) -> dict[str, str]:
    """What a browser would send of these fields of the form, nobody having touched it."""
    found = form.css(fields) if form else ()
    return {
        field.attrs["name"]: field.text() if field.tag == "textarea" else field.attributes.get("value") or ""
        for field in found
    }


def filled_in(form: Element, answers: dict) -> dict[str, str]:
    """What a browser would send: the form as it stands, with these answers. Each is of a field, by its name or label:
    what is typed into it, the words or the value of one of its radios (of any, as `choose`), or a date for its three
    boxes. Raises LookupError where the form has no such field."""
    data, labels = sent(form), {label.attributes.get("for"): words(label.text()) for label in form.css("label")}
    for asked, answer in answers.items():
        is_date = isinstance(answer, date)
        parts = {f"{asked}-{part}": str(getattr(answer, part)) for part in ("day", "month", "year")} if is_date else {}
        for name, value in (parts or {asked: answer}).items():
            data |= answered(form, labels, name, value)
    return data


def answered(form: Element, labels: dict[str, str], asked: str, answer: str) -> dict[str, str]:
    """One field's name and value, as a browser would send it."""
    for field in form.css("[name]:not(button)"):
        name, value, label = field.attrs["name"], field.attributes.get("value"), labels.get(field.id)
        is_meant = asked == name or asked.replace("_", " ") == label
        if field.attributes.get("type") in ("radio", "checkbox"):
            if (is_meant or asked == "choose") and answer in (value, label):
                return {name: value}
        elif is_meant:
            return {name: answer}
    raise LookupError(f"nothing there is {asked} “{answer}”: there are {', '.join(filter(None, labels.values()))}")
