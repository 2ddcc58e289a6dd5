"""A participant's way in: their link, or a code that carries it to another device. All other pages that they see are
the service's own."""

import logging

from flask import render_template, request, session

from forms import Form
from forms.fields import TextField
from research import sessions, unmoderated
from research.console import PARTICIPANT, blueprint, cookie_name, end_page, let_in, start_of
from research.console.unmoderated import ask_consent
from research.models import BETWEEN_TASKS
from views import own_database
from views.sign_in import refuse_too_many

log = logging.getLogger("service.sign_ins")


class CodeForm(Form):
    code = TextField(max_length=20)
    messages = {
        "missing": "Enter the code",
        "too_long": "The code has 8 letters and numbers",
        "unknown": "This code is wrong, was used already, or is too old. Ask for a new one",
    }


@blueprint.route("/visit/<token>", methods=["GET", "POST"])
def visit(token):
    found = unmoderated.find(token)
    if not found:
        return end_page("unknown", 404)
    if found.is_over:
        return end_page("finished", 410, found)
    return let_in(found) if found.is_moderated else ask_consent(found)


@blueprint.route("/code", methods=["GET", "POST"])
def code():
    form = CodeForm()
    if not form.is_submitted():
        return render_template("research/code.html", form=form)
    if form.validate():
        # Guesses are counted with what else begins at an address, in the service's own database.
        with own_database():
            refuse_too_many("codes")
        if found := sessions.use_code(form.code.data):
            return let_in(found)
        log.warning("a code was wrong")
        form.add_error("code", "unknown")
    return render_template("research/code.html", form=form), 422


@blueprint.get("/follow")
def follow():
    """What an open page asks every second: the `place` where the participant is now and, if the page is of another
    (which it names once it knows it), the address that it is to go `to`."""
    visit = sessions.find_by_token(request.cookies.get(cookie_name(PARTICIPANT), ""))
    if not visit or visit.is_over:
        return {"place": "over", "to": "/"}
    is_there = request.args.get("place", session.get("place", BETWEEN_TASKS)) == visit.place
    return {"place": visit.place} | ({} if is_there else {"to": start_of(visit)})
