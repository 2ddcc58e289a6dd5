"""What the school sees of one ECT or mentor, in every state: on the record, and on the card in the list."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import pytest

from clock import LONDON, clock_at, display
from models import Participant
from tests.conftest import TODAY
from tests.given import (
    ADA,
    AWAITING,
    SCHOOL_LED,
    deferred,
    ect,
    mentor,
    registered_elsewhere,
    training,
    withdrawn,
)
from tests.reports import (
    AMBITION,
    april,
    given_to_teach_first,
    leaving,
    made_school_led,
    not_continuing,
    resumed,
    train,
)
from tests.visitor import Element, Visitor, rows_of, section, words
from vocabulary import INDUCTION_IS_OVER

ALPHA = "Alpha Teaching School Hub"
SECRET_DAYS = ("8 April 2026", "9 April 2026", "2026-04-08", "2026-04-09")
TOMORROW, JULY = TODAY + timedelta(days=1), date(2026, 7, 17)
GIVEN_UP, PAUSED, BACK = (april(8), withdrawn), (april(8), deferred), (april(15), resumed)
LEAVES, NO_LONGER = (TODAY, leaving(JULY)), (april(9), not_continuing)

CONTACT_THEM = "Contact them at schools@ambition-institute.example.org if that is wrong."
REGISTERED = ("Registered", "green", "")
WITHDRAWN = (
    "Action required",
    "red",
    f"Ambition Institute has told us they no longer train Ada Moss. {CONTACT_THEM}",
)
DEFERRED = (
    "Training paused",
    "orange",
    f"Ambition Institute has told us Ada Moss’s training is paused. {CONTACT_THEM}",
)
ASSIGN_LINK = "Assign a mentor to Ada Moss"
ASSIGN = f"! Warning {ASSIGN_LINK}"
NO_MENTOR = ("Action required", "red", "Ada Moss needs a mentor.")
LEAVING = ("Leaving school", "yellow", "")
EXEMPT = ("Exempt", "grey", "")
PASSED = ("Completed induction", "blue", "")
FAILED = ("Failed induction", "magenta", "")


@dataclass(frozen=True)
class Training:
    """What is shown of the training: on the record, which links there, and which rows and paragraphs on the card."""

    record: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    card: dict[str, str] = field(default_factory=dict)
    beside: list[str] = field(default_factory=list)


PROGRAMME_LINK, PROVIDER_LINK = "Change training programme", "Change lead provider"
PARTNER_HINT = "Contact Ambition Institute at schools@ambition-institute.example.org to change the delivery partner"
SELECT = "Select a lead provider: Ada Moss"
LEFT = "ell us they have left or are leaving: Ada Moss"
STEPS = {
    WITHDRAWN: [SELECT, "Change to school-led training: Ada Moss", f"T{LEFT}"],
    DEFERRED: [f"t{LEFT}"],
    NO_MENTOR: [ASSIGN_LINK],
}
"""What the status offers to do."""
WAIT = (
    "If they are coming back to this training, you do not need to do anything. "
    "Ambition Institute will tell us when training starts again. If they are not coming back, "
)

NO_PARTNER = "Teach First has not told us the delivery partner yet"

ABSENT = Training()
CONFIRMED = Training(
    [
        "Training programme: Provider-led",
        "Lead provider: Ambition Institute Confirmed by Ambition Institute",
        f"Delivery partner: {ALPHA} {PARTNER_HINT}",
    ],
    [PROGRAMME_LINK, PROVIDER_LINK],
    {"Lead provider": AMBITION, "Delivery partner": ALPHA},
)
AWAITED = Training(
    [
        "Training programme: Provider-led",
        "Lead provider: Teach First Awaiting confirmation by Teach First",
        f"Delivery partner: {NO_PARTNER}",
    ],
    [PROGRAMME_LINK, PROVIDER_LINK],
    {"Lead provider": "Teach First", "Delivery partner": NO_PARTNER},
)
STOPPED = Training(
    [
        WITHDRAWN[2],
        "If they will continue provider-led training, select a lead provider.",
        "If your school will train them, tell us you are changing their programme type to school-led.",
    ],
    ["select a lead provider", "changing their programme type to school-led"],
)
AT_SCHOOL = Training(["Training programme: School-led"], [PROGRAMME_LINK])


@dataclass(frozen=True)
class Case:
    status: tuple[str, str, str]
    training: Training
    history: tuple = ()
    row: dict = field(default_factory=dict)


def marks(withdrawn_on: int, deferred_on: int, **columns):
    """Both marks on the training that ended on 8 April, made at noon on these days of April."""
    moments = [datetime(2026, 4, day, 12, tzinfo=LONDON) for day in (withdrawn_on, deferred_on)]
    return TODAY, training(
        **{"withdrawn_at": moments[0], "withdrawal_reason": "changed_lead_provider", "finished_on": april(8)}
        | {"deferred_at": moments[1], "deferral_reason": "parental_leave"}
        | columns
    )


def planned(by: str):
    return TODAY, lambda ada: train(ada, by, started_on=date(2026, 9, 1))


ECTS = {
    "confirmed": Case(REGISTERED, CONFIRMED),
    "awaiting confirmation": Case(REGISTERED, AWAITED, row={"training": AWAITING}),
    "withdrawn": Case(WITHDRAWN, STOPPED, (GIVEN_UP,)),
    "withdrawn, no mentor": Case(WITHDRAWN, STOPPED, (GIVEN_UP,), {"mentor": None}),
    "deferred": Case(DEFERRED, CONFIRMED, (PAUSED,)),
    "deferred, no mentor": Case(DEFERRED, CONFIRMED, (PAUSED,), {"mentor": None}),
    "deferred, then withdrawn": Case(WITHDRAWN, STOPPED, (PAUSED, (april(9), withdrawn))),
    "withdrawn, then deferred": Case(DEFERRED, CONFIRMED, (marks(8, 9),)),
    "withdrawn and deferred at once": Case(WITHDRAWN, STOPPED, (marks(8, 8),)),
    "school-led": Case(REGISTERED, AT_SCHOOL, row={"training": SCHOOL_LED}),
    "school-led with stray marks": Case(
        REGISTERED, AT_SCHOOL, (marks(8, 9, finished_on=JULY),), {"training": SCHOOL_LED}
    ),
    "leaving": Case(LEAVING, CONFIRMED, (LEAVES,)),
    "leaving today": Case(LEAVING, CONFIRMED, ((TODAY, leaving(TODAY)),)),
    "withdrawn, then leaving": Case(LEAVING, STOPPED, (GIVEN_UP, LEAVES)),
    "leaving, then withdrawn": Case(LEAVING, STOPPED, ((april(7), leaving(JULY)), GIVEN_UP)),
    "leaving, deferred": Case(LEAVING, CONFIRMED, (PAUSED, LEAVES)),
    "leaving, exempt": Case(LEAVING, CONFIRMED, (LEAVES,), {"induction": "Exempt"}),
    "last day before another school": Case(REGISTERED, CONFIRMED, ((TODAY, registered_elsewhere(TODAY)),)),
    "no mentor": Case(NO_MENTOR, CONFIRMED, row={"mentor": None}),
    "exempt": Case(EXEMPT, CONFIRMED, row={"induction": "Exempt"}),
    "exempt, withdrawn": Case(EXEMPT, STOPPED, (GIVEN_UP,), {"induction": "Exempt"}),
    "passed": Case(PASSED, CONFIRMED, row={"induction": "Passed"}),
    "failed": Case(FAILED, CONFIRMED, row={"induction": "Failed"}),
    "failed, deferred, no mentor": Case(FAILED, CONFIRMED, (PAUSED,), {"induction": "Failed", "mentor": None}),
    "failed in Wales": Case(REGISTERED, CONFIRMED, row={"induction": "FailedInWales"}),
    "training ended": Case(REGISTERED, CONFIRMED, ((TODAY, training(finished_on=date(2026, 3, 27))),)),
    "no training": Case(REGISTERED, ABSENT, row={"training": None}),
    "resumed": Case(REGISTERED, CONFIRMED, (GIVEN_UP, BACK)),
    "withdrawn, then to another provider": Case(REGISTERED, AWAITED, (GIVEN_UP, (april(15), given_to_teach_first))),
    "withdrawn, then school-led": Case(REGISTERED, AT_SCHOOL, (GIVEN_UP, (april(15), made_school_led))),
    "withdrawn, more training planned": Case(REGISTERED, CONFIRMED, (GIVEN_UP, planned(AMBITION))),
    "in training, more planned": Case(
        REGISTERED, CONFIRMED, ((TODAY, training(finished_on=JULY)), planned("Teach First"))
    ),
    "still to start": Case(REGISTERED, CONFIRMED, row={"started_on": date(2026, 9, 1), "induction_started_on": None}),
}


def every(cases: dict[str, Case]):
    return pytest.mark.parametrize("case", cases.values(), ids=cases.keys())


GUIDANCE = "guidance on induction for early career teachers"
"""Beside what is said of a break: test_what_is_said_of_leaving."""


@every(ECTS)
def test_an_ect(naomi, case):
    ada = ect(*case.history, **case.row)
    naomi.get("/school/ects")
    shows_no_motive(naomi)
    has_mentor = case.row.get("mentor", "Peter Marsh")
    if case.row.get("induction") in INDUCTION_IS_OVER:
        assert ADA not in naomi.cards
    else:
        card = naomi.card(ADA)
        assert status_of(card) == case.status
        rows = rows_of(card)
        assert rows.pop("Mentor").startswith("Peter Marsh" if has_mentor else ASSIGN)
        assert (
            rows
            == {
                "Status": words_of(case.status),
                "TRN": ada.teacher.trn,
                "School start date": display(ada.started_on),
                "Appropriate body": ALPHA,
            }
            | case.training.card
        )
        warning = [words(link) for link in card.css(".govuk-summary-card__content > .govuk-warning-text a")]
        asked = ["Tell us if Ada Moss will continue training or has left"]
        assert warning == (asked if case.status == WITHDRAWN else [])
        assert not warning or naomi.click(warning[0]).main.css_first("h2#training-details")
    naomi.get(f"/school/ects/{ada.id}")
    assert naomi.heading == ADA
    assert f"TRN: {ada.teacher.trn}" in naomi.text
    assert status_of(naomi.main) == case.status
    assert section(naomi, "Training details") == case.training.record
    assert [each for each in naomi.links if each != GUIDANCE] == [
        "Change name",
        "Change email address",
        *(["Peter Marsh", "Change mentor"] if has_mentor else [ASSIGN_LINK]),
        *STEPS.get(case.status, []),
        "Change working pattern",
        *case.training.links,
        *leaving_links(ada),
    ]
    shows_no_motive(naomi)


# --- mentors -------------------------------------------------------------------------------------------------

MENTOR_WITHDRAWN = ("Action required", "red", WITHDRAWN[2].replace(ADA, "Ada Moss as a mentor"))
MENTOR_DEFERRED = ("Training paused", "orange", DEFERRED[2].replace("training", "mentor training"))
IN_TRAINING = "Ada Moss is registered for mentor training."
ANOTHER = "If another lead provider will train them, "
ON_RECORD = ANOTHER + "or they are not continuing mentor training, tell us on Ada Moss’s record."
STOP = "Tell us they are not continuing mentor training: Ada Moss"
STILL_A_MENTOR = "They can still be a mentor without mentor training."
STEPS |= {MENTOR_WITHDRAWN: [SELECT, STOP, f"T{LEFT}"], MENTOR_DEFERRED: [f"t{LEFT}"]}

MENTOR_CONFIRMED = Training(
    CONFIRMED.record[1:],
    [PROVIDER_LINK],
    {"Lead provider": f"{AMBITION} Confirmed by {AMBITION}", "Delivery partner": ALPHA},
    [IN_TRAINING],
)
MENTOR_AWAITED = Training(
    AWAITED.record[1:],
    [PROVIDER_LINK],
    {"Lead provider": "Teach First Awaiting confirmation by Teach First", "Delivery partner": NO_PARTNER},
    [IN_TRAINING],
)
MENTOR_STOPPED = Training(
    [
        MENTOR_WITHDRAWN[2],
        f"{ANOTHER}select a lead provider.",
        "If not, tell us they are not continuing mentor training.",
        STILL_A_MENTOR,
    ],
    ["select a lead provider", "not continuing mentor training"],
    beside=[ON_RECORD],
)
MENTOR_WITHOUT = Training(
    [
        "Ada Moss is not in mentor training. Your school told us they are not continuing.",
        MENTOR_WITHDRAWN[2],
        f"{ANOTHER}select a lead provider.",
        STILL_A_MENTOR,
    ],
    ["select a lead provider"],
    beside=["Ada Moss is not in mentor training."],
)
MENTOR_PAUSED = Training([MENTOR_DEFERRED[2], *MENTOR_CONFIRMED.record], [PROVIDER_LINK])
COMPLETED = Training(["Ada Moss finished mentor training on 18 July 2025."])
NOT_COMPLETED = Training(
    [
        "Ada Moss cannot do any more mentor training. They either did it before, or started and did not finish.",
        "Their ECTs’ lead provider can see they are the mentor, and can give them the training materials. "
        "Ask that lead provider if the materials do not arrive.",
    ]
)


def over(reason: str) -> dict:
    return {"funding_ended": {"on": date(2025, 7, 18), "reason": reason}}


def with_message(shown: Training, message: str) -> Training:
    """For somebody whose status speaks of something else, so that the card has to say it beside."""
    return replace(shown, beside=[message, *shown.beside])


MENTORS = {
    "confirmed": Case(REGISTERED, MENTOR_CONFIRMED),
    "awaiting confirmation": Case(REGISTERED, MENTOR_AWAITED, row={"training": AWAITING}),
    "still to start": Case(REGISTERED, MENTOR_CONFIRMED, row={"started_on": date(2026, 9, 1)}),
    "withdrawn": Case(MENTOR_WITHDRAWN, MENTOR_STOPPED, (GIVEN_UP,)),
    "deferred": Case(MENTOR_DEFERRED, MENTOR_PAUSED, (PAUSED,)),
    "deferred, then withdrawn": Case(MENTOR_WITHDRAWN, MENTOR_STOPPED, (PAUSED, (april(9), withdrawn))),
    "resumed": Case(REGISTERED, MENTOR_CONFIRMED, (GIVEN_UP, BACK)),
    "withdrawn, then to another provider": Case(
        REGISTERED, MENTOR_AWAITED, (GIVEN_UP, (april(15), given_to_teach_first))
    ),
    "completed": Case(REGISTERED, COMPLETED, row=over("completed_declaration_received")),
    "completed, never trained": Case(
        REGISTERED, COMPLETED, row={"training": None} | over("completed_during_early_roll_out")
    ),
    "completed, withdrawn": Case(REGISTERED, COMPLETED, (GIVEN_UP,), over("completed_declaration_received")),
    "not completed": Case(REGISTERED, NOT_COMPLETED, row=over("started_not_completed")),
    "never trained": Case(REGISTERED, ABSENT, row={"training": None}),
    "training ended": Case(REGISTERED, ABSENT, ((TODAY, training(finished_on=april(19))),)),
    "last day of training": Case(REGISTERED, MENTOR_CONFIRMED, ((TODAY, training(finished_on=TODAY)),)),
    "leaving": Case(LEAVING, MENTOR_CONFIRMED, (LEAVES,)),
    "leaving, withdrawn": Case(LEAVING, replace(MENTOR_STOPPED, beside=[MENTOR_WITHDRAWN[2]]), (GIVEN_UP, LEAVES)),
    "not continuing": Case(REGISTERED, MENTOR_WITHOUT, (GIVEN_UP, NO_LONGER)),
    "not continuing, leaving": Case(LEAVING, MENTOR_WITHOUT, (GIVEN_UP, NO_LONGER, LEAVES)),
    "leaving, deferred": Case(LEAVING, with_message(MENTOR_PAUSED, MENTOR_DEFERRED[2]), (PAUSED, LEAVES)),
    "leaving, never trained": Case(LEAVING, ABSENT, (LEAVES,), {"training": None}),
}


@every(MENTORS)
def test_a_mentor(naomi, case):
    ada = mentor(*case.history, **case.row)
    card = naomi.get("/school/mentors").card(ADA)
    shows_no_motive(naomi)
    assert status_of(card) == case.status
    rows = {"Status": words_of(case.status), "TRN": ada.teacher.trn, "Assigned ECTs": "No ECTs assigned"}
    assert rows_of(card) == rows | case.training.card
    assert [words(paragraph) for paragraph in card.css("p.govuk-body:not(.app-steps)")] == case.training.beside
    if ON_RECORD in case.training.beside:
        naomi.click("tell us on Ada Moss’s record")
        assert naomi.main.css_first("h2#training-details")
    naomi.get(f"/school/mentors/{ada.id}")
    assert naomi.heading == ADA
    assert f"TRN: {ada.teacher.trn}" in naomi.text
    assert status_of(naomi.main) == case.status
    assert naomi.row("Assigned ECTs") == "No ECTs assigned"
    assert section(naomi, "Early career teacher entitlement (ECTE) mentor training details") == case.training.record
    assert naomi.links == [
        "Change name",
        "Change email address",
        *STEPS.get(case.status, []),
        *case.training.links,
        *leaving_links(ada),
    ]
    shows_no_motive(naomi)


# --- leaving -------------------------------------------------------------------------------------------------

AMBITION = "Ambition Institute at schools@ambition-institute.example.org"
BREAK = f"The appropriate body can tell you how a break changes their induction. Read the {GUIDANCE}."
TELL_US = "Tell us if Ada Moss has left or is leaving your school permanently"


@pytest.mark.parametrize(
    ("history", "heading", "last_day"),
    [
        ([], TELL_US, None),
        ([(TODAY, registered_elsewhere(JULY))], TELL_US, None),
        ([LEAVES], "Ada Moss is leaving your school", "17 July 2026"),
        ([(TODAY, leaving(TODAY))], "Ada Moss is leaving your school today", "today, 20 April 2026"),
    ],
    ids=["staying", "going to another school", "leaving", "leaving today"],
)
@pytest.mark.parametrize("given", [ect, mentor])
def test_what_is_said_of_leaving(naomi, given, history, heading, last_day):
    ada = given(*history)
    naomi.get(f"/school/{ada.role}s/{ada.id}")
    tell = f"Tell {AMBITION}{' and their appropriate body' if ada.is_ect else ''} instead."
    break_advice = [BREAK] if ada.is_ect else []
    assert section(naomi, heading) == (
        [
            f"Your school told us their last day is {last_day}. You cannot see or change this record after that day.",
            "Change Ada Moss’s last day",
            "Tell us that Ada Moss is staying",
        ]
        if last_day
        else [
            "We need to know if they leave your school and are not expected to come back.",
            f"You do not need to tell us about a break, such as parental leave. {tell}",
            *break_advice,
            "Tell us that Ada Moss is leaving permanently",
        ]
    )


@pytest.mark.parametrize(
    ("engine", "given", "step", "why"),
    [
        ("sqlite", ect, leaving(TOMORROW), "Your school told us their last day was 21 April 2026."),
        ("sqlite", mentor, leaving(TOMORROW), "Your school told us their last day was 21 April 2026."),
        ("sqlite", mentor, registered_elsewhere(TOMORROW), "last day at your school was 21 April 2026."),
        ("postgresql", ect, registered_elsewhere(TOMORROW), "last day at your school was 21 April 2026."),
    ],
    indirect=["engine"],
)
def test_after_the_last_day_the_record_is_gone_and_says_why(naomi, given, step, why):
    ada = given((TODAY, step))
    address, people = f"/school/{ada.role}s", "ECTs" if ada.is_ect else "mentors"
    with clock_at(TOMORROW):
        assert ADA in naomi.get(address).cards
        naomi.get(f"{address}/{ada.id}")
    with clock_at(TOMORROW + timedelta(days=1)):
        assert ADA not in naomi.get(address).cards
        assert not naomi.get(f"{address}?q=Ada").cards
        naomi.get(f"{address}/{ada.id}", 404)
        assert naomi.heading == "You can no longer see Ada Moss’s record"
        assert why in naomi.text
        assert naomi.click(f"Back to your school’s {people}").path == address


def status_of(shown: Element) -> tuple[str, str, str]:
    """The tag's words, its colour, and the message under it."""
    (tag,) = shown.css(".govuk-tag")
    (colour,) = [name.removeprefix("govuk-tag--") for name in tag.attrs["class"].split() if name != "govuk-tag"]
    message = shown.css_first(".govuk-tag ~ .govuk-hint")
    return words(tag), colour, words(message) if message else ""


def words_of(status: tuple[str, str, str]) -> str:
    tag, _colour, message = status
    steps = " ".join(STEPS.get(status, []))
    return " ".join(filter(None, [tag, message, f"{WAIT}{steps}." if tag == "Training paused" else steps]))


def leaving_links(ada: Participant) -> list[str]:
    if ada.is_leaving:
        return [f"Change {ADA}’s last day", f"Tell us that {ADA} is staying"]
    return [f"Tell us that {ADA} is leaving permanently"] if ada.started_on <= TODAY else []


def shows_no_motive(visitor: Visitor) -> None:
    """Never why a provider withdrew or deferred, and when only in the history: it did so on 8 or 9 April."""
    shown = visitor.response.text.partition("What has changed")[0]
    for secret in ("bereavement", "left_teaching", "left-teaching", *SECRET_DAYS):
        assert secret not in shown
