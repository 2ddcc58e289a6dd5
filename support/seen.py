"""What others see of a person: each lead provider by the API, each school on its pages. The same code makes it as for
them, so it is what they see."""

import re
from contextlib import contextmanager

from flask import g, render_template
from markupsafe import Markup

from domain.queries import events_of
from models import Enrolment, LeadProvider, Participant, Teacher
from views.lead_provider_api.participants import participants_json
from views.records import induction_of


def told_to_providers(teacher: Teacher) -> dict[str, dict]:
    """Lead provider → what the API tells it of the person now; for each that was ever told of them."""
    told_of = LeadProvider.id << Enrolment.select(Enrolment.lead_provider).where(Enrolment.teacher == teacher)
    documents = {}
    for provider in LeadProvider.select().where(told_of).order_by(LeadProvider.name):
        with asked_by(provider):
            documents[provider.name] = next(iter(participants_json([teacher.id])))
    return documents


@contextmanager
def asked_by(provider: LeadProvider):
    """What the API tells is told to whoever asks."""
    g.lead_provider = provider
    try:
        yield
    finally:
        del g.lead_provider


def as_the_school_sees(participant: Participant) -> Markup:
    """The record as its school's page has it, without the links that it has there."""
    html = render_template(
        f"records/{participant.role}.html",
        layout="support/record.html",
        participant=participant,
        induction=induction_of(participant),
        events=events_of(participant),
        back="",
    )
    return Markup(read_only(html))  # noqa: S704 - all of it is our own template, which has escaped what was typed


def read_only(html: str) -> str:
    """Links become what they say, and nothing asks the server for anything."""
    html = re.sub(
        r"(</?h)([12])", lambda tag: f"{tag[1]}{int(tag[2]) + 1}", html
    )  # below the heading of support's page
    html = re.sub(r"<a\b[^>]*>", '<span class="app-link-there">', html).replace("</a>", "</span>")
    return re.sub(r'\s(?:hx-[\w:-]+|id|role)="[^"]*"', "", html)
