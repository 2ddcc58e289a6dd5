"""“Contact support”: a form for whoever is on any page, signed in or not; and support's list of what was written."""

import re
from urllib.parse import urlsplit

from flask import Blueprint, abort, current_app, g, redirect, render_template, request, session, url_for
from wtforms import HiddenField

from domain.participants import cleaned
from forms import Form
from forms.fields import TextField
from support import queries
from support.models import SupportQuery
from support.pages import blueprint
from views import client_key, sign_in_timeouts, this_browsers_sign_in
from web.rate_limits import RateLimit

contact = Blueprint("contact", __name__)

SENT = RateLimit(20, 600)
"""For each address, which a whole trust may share."""

LONGEST_WORDS = 5000
LONGEST_PAGE = 1000
NUMBER = re.compile(r"[A-Za-z0-9-]{8,64}")
"""What the number of a request can be: see web/logs.py."""


class LongTextField(TextField):
    """Lines of text that must be there."""

    def process_formdata(self, valuelist):
        if valuelist:
            self.data = "\n".join(map(cleaned, valuelist[0].splitlines())).strip()


class OptionalTextField(TextField):
    def pre_validate(self, form):
        if self.data:
            super().pre_validate(form)


class QueryForm(Form):
    """What somebody asks of support."""

    name = TextField()
    reach = TextField()
    school_name = OptionalTextField()
    words = LongTextField(max_length=LONGEST_WORDS)
    page = HiddenField()
    request_number = HiddenField()
    messages = {
        "name missing": "Enter your name",
        "reach missing": "Enter an email address or telephone number where support can reach you",
        "words missing": "Say what is wrong",
        "name too_long": "Use {max_length} characters or fewer for your name",
        "reach too_long": "Use {max_length} characters or fewer for how to reach you",
        "school_name too_long": "Use {max_length} characters or fewer for your school",
        "words too_long": "Use {max_length} characters or fewer to say what is wrong",
        "words too_often": "You have written to support many times in 10 minutes. Wait a few minutes, or email {email}",
    }


@contact.before_request
def know_school_user():
    """Who is signed in needn't say who they are. Nobody has to be."""
    sign_in = this_browsers_sign_in()
    if sign_in and not sign_in_timeouts().is_over(sign_in):
        g.school_user = sign_in.school_user
        g.school = g.school_user.school


@contact.route("/contact-support", methods=["GET", "POST"])
def ask():
    form = QueryForm() if request.method == "POST" else QueryForm(data=known())
    if form.is_submitted() and form.validate() and SENT.seconds_to_wait(f"queries {client_key()}"):
        form.add_error("words", "too_often", email=current_app.config["SUPPORT_EMAIL"])
    if not form.is_submitted() or form.errors:
        return render_template("support/ask.html", form=form), 422 if form.is_submitted() else 200
    told = form.answers | {"page": page_in(form.page.data), "request_number": number_in(form.request_number.data)}
    told["school_name"] = "" if g.get("school") else told["school_name"] or ""
    query = queries.ask(current_app.config, school=g.get("school"), **told)
    session["query"] = query.id
    return redirect(url_for("contact.asked"), 303)


def known() -> dict[str, str]:
    """What the form knows before anybody has typed: who is signed in, the page they come from, and its number."""
    user = g.get("school_user")
    told = {"name": user.name, "reach": user.email} if user else {}
    came_from = urlsplit(request.referrer or "")
    is_ours = came_from.netloc == request.host
    return told | {
        "page": page_in(came_from.path) if is_ours else "",
        "request_number": number_in(request.args.get("number")),
    }


def page_in(address: str | None) -> str:
    """The path alone: what was searched for is nobody's business."""
    path = urlsplit(address or "").path
    return path[:LONGEST_PAGE] if path.startswith("/") else ""


def number_in(text: str | None) -> str:
    return text if text and NUMBER.fullmatch(text) else ""


@contact.get("/contact-support/sent")
def asked():
    if "query" not in session:
        return redirect(url_for("contact.ask"), 303)
    return render_template("support/asked.html", number=session["query"])


# --- support's side ----------------------------------------------------------------------------------------


@blueprint.get("/support/queries")
def queries_page():
    return render_template(
        "support/queries.html",
        open_ones=queries.open_ones(),
        done_ones=queries.done_ones(),
        school_of=queries.school_of,
    )


@blueprint.post("/support/queries/<int:query_id>/done")
def query_done(query_id):
    query = SupportQuery.get_or_none(SupportQuery.id == query_id) or abort(404)
    if Form().validate():
        queries.finish(query, g.support_user)
    return redirect(url_for("support.queries_page"), 303)
