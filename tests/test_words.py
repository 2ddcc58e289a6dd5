"""The words of every template, refusal and page, by the rules in words.py."""

import re
from pathlib import Path

import pytest

from app import ERRORS
from domain.changes import HEADINGS
from forms import EXPIRED, NO_COOKIES
from forms.journeys import JOURNEYS
from models import Participant, School, Teacher
from tests.conftest import person
from tests.visitor import Html, words
from tests.walks import WALKS
from tests.words import check_words, faults
from vocabulary import ISOLATES

TEMPLATES = Path(__file__).parent.parent / "templates"
FOR_PARTICIPANTS = {"code.html", "end.html", "next_task.html", "signed_out.html", "wait.html"}
FOR_PARTICIPANTS |= {"own_consent.html", "own_delete.html", "own_task_above.html"}
"""What of the research side somebody from a school is shown."""


def is_for_schools(path: Path) -> bool:
    part = path.relative_to(TEMPLATES).parts[0]
    return part != "lead_provider_api" and (part != "research" or path.name in FOR_PARTICIPANTS)


def test_the_words_of_refusals_headings_and_errors():
    texts = [EXPIRED, NO_COOKIES, *HEADINGS.values(), *ERRORS.values()]
    for journey in JOURNEYS.values():
        for question in journey.questions.values():
            texts += question.messages.values()
    for text in texts:
        plain = re.sub(r"\{(\w+)\}", "Name", text)
        assert not faults(plain), text
        assert not plain.endswith("."), f"an error message or heading has no full stop: {text}"


def test_the_words_of_templates():
    """Whatever state a template's words are for: what no page of the demo world shows is read here."""
    for path in filter(is_for_schools, TEMPLATES.glob("**/*.html")):
        source = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
        source = re.sub(r"\{%.*?%\}", " ", re.sub(r"\{\{.*?\}\}", "Name", source, flags=re.DOTALL), flags=re.DOTALL)
        for element in Html(source).css("h1, h2, p, li, label, legend, summary, button"):
            if "govuk-warning-text__icon" not in element.attributes.get("class", ""):
                # Alternatives stand side by side in a template, so the length of sentences says nothing.
                wrong = [fault for fault in faults(words(element)) if " words: " not in fault]
                assert not wrong, (path, wrong)


# --- what pages say: the journeys' are read in test_journeys.py ----------------------------------------------------


def test_the_words_of_lists_records_and_errors(naomi):
    for address in ("ects", "ects?q=taylor", "ects?q=nobody", "ects?page=9", "mentors", "induction-tutor"):
        check_words(naomi.get(f"/school/{address}"))
    for participant in list(Participant.select().where(Participant.school == School.get(urn="900001"))):
        check_words(naomi.get(f"/school/{participant.role}s/{participant.id}"))
    check_words(naomi.get("/school/ects/999", 404))


def test_the_words_of_what_anybody_may_read(visitor):
    for address in ("/sign-in", "/signed-out", "/accessibility", "/privacy"):
        check_words(visitor.get(address))


# --- names from right to left --------------------------------------------------------------------------------------

AMINA, YUSUF = "أمينة بن علي", "יוסף בן־דוד"
IN_A_SENTENCE = re.compile(rf"(?<!{ISOLATES[0]})({AMINA}|{YUSUF})|({AMINA}|{YUSUF})(?!{ISOLATES[1]})")


@pytest.mark.parametrize("walk", [walk for walk in WALKS if walk.name == "Steven Taylor"], ids=str)
def test_a_name_from_right_to_left_turns_nothing_around_it(naomi, walk):
    for first_name, name in (("Steven", AMINA), ("John", YUSUF)):
        Teacher.update(corrected_name=name).where(Teacher.trs_first_name == first_name).execute()
    addresses = ["/school/ects", "/school/mentors", walk.address, *[page for page, _, _ in walk.steps()]]
    pages = [naomi.get(address).page for address in addresses]
    pages += [walk.answer(naomi).page, naomi.submit(walk.confirm).page]
    for page in pages:
        assert AMINA in page.root.text() or words(page.css_first("h1")) == "Mentors"
        assert not IN_A_SENTENCE.search(page.root.text()), page.css_first("title").text()
    naomi.get([link.attrs["href"] for link in naomi.main.css("a")][-1])
    assert not IN_A_SENTENCE.search(naomi.page.root.text())


def test_a_name_copied_from_a_page_can_be_typed(naomi):
    steven = person("Steven Taylor")
    naomi.get(f"/school/ects/{steven.id}/change-name/name").submit("Continue", Full_name=YUSUF.join(ISOLATES))
    naomi.choose(f"Yes, {YUSUF} is the new name of Steven Taylor, TRN 3200001", "Confirm change")
    assert Teacher.get_by_id(steven.teacher_id).corrected_name == YUSUF
    naomi.get(f"/school/ects/{steven.id}/change-name/name")
    assert naomi.main.css_first("#name").attrs["value"] == YUSUF
