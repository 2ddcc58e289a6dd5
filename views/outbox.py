"""The emails that schools would get, to be looked at. Only the demo has this page, for there they go nowhere else."""

from flask import Blueprint, current_app, render_template
from peewee import JOIN

from domain import notices
from models import Message, School

blueprint = Blueprint("outbox", __name__)

MOST = 50
"""As many as one page shows."""


@blueprint.get("/outbox")
def outbox():
    """What is going to be sent, then what was, the newest first."""
    sent = Message.select(Message, School).join(School, JOIN.LEFT_OUTER).where(Message.sent_at.is_null(False))
    coming = notices.upcoming(current_app.config)
    return render_template(
        "outbox.html",
        messages=[*coming, *sent.order_by(Message.sent_at.desc(), Message.id.desc()).limit(MOST)],
        begins=notices.QUARTER.seconds // 60,
    )
