"""The sandbox, in the demo only: a request may say on which day it happens, so that whoever withdraws somebody today
need not wait to try what they may report tomorrow. For that request all rules, and what is told, go by that day."""

from dataclasses import replace
from datetime import date, datetime

from flask import current_app, g, request
from peewee import fn

from clock import current_world, display, entered, in_utc, now
from models import ContractPeriod
from views.lead_provider_api import api
from views.lead_provider_api.operations import NotAsDocumented, time_in

HEADER = "X-With-Server-Date"


@api.before_request
def move_day() -> None:
    """What this request does is stamped when it is really done: `updated_at` is never in the future."""
    sent = request.headers.get(HEADER) if current_app.config["DEMO"] else None
    if sent:
        world = replace(current_world(), moment=moment_in(sent), stamped_at=now())
        g.world.enter_context(entered(world))


def moment_in(text: str) -> datetime:
    """The moment, or noon of the day, if there are contract periods then; 400 otherwise."""
    first, last = ContractPeriod.select(fn.MIN(ContractPeriod.started_on), fn.MAX(ContractPeriod.finished_on)).scalar(
        as_tuple=True
    )
    try:
        moment = time_in(text) if "T" in text.upper() else in_utc(date.fromisoformat(text.strip()))
        if moment and first <= moment.date() <= last:
            return moment
    except (ValueError, TypeError):  # no date, or no contract period
        pass
    must_be = f"must be a day, or a date and time with a time zone, from {display(first)} to {display(last)}"
    raise NotAsDocumented("server_date_invalid", f"{HEADER} {must_be}")
