"""Who the school's induction tutor is, whether the reader wants emails, and three pages that say who it is now: the
question, "check answers" and the confirmation, as in a journey."""

from datetime import datetime

from flask import abort, current_app, g, redirect, render_template, request, url_for

from clock import now
from domain import schools
from domain.changes import ChangedSince, RuleBroken
from domain.sign_ins import UNFINISHED_ANSWERS_KEPT
from forms import Confirm, Form
from forms.induction_tutor import InductionTutorForm
from models import SchoolEvent, SchoolUser
from views import school, unsent_answer
from views.journeys import is_cancelled
from web import emails


@school.get("/induction-tutor")
def induction_tutor():
    return render_template("induction_tutor/page.html", events=schools.events_of(g.school), form=Form())


@school.route("/induction-tutor/emails", methods=["GET", "POST"])
def switch_emails():
    """Stop the reader's emails, or start them again, by the button that was pressed. Whoever had to sign in again comes
    back by a GET, and finds the button once more."""
    if emails.means(current_app.config) is None:
        abort(404)
    if request.method == "POST" and Form().validate() and request.form.get("emails") in ("stop", "start"):
        schools.switch_emails(g.school_user, on=request.form["emails"] == "start")
    return redirect(url_for("school.induction_tutor"), 303)


@school.route("/induction-tutor/change", methods=["GET", "POST"])
def change_induction_tutor():
    if is_cancelled():
        return cancel()
    if request.method == "GET":
        # Not what is recorded now: whoever changes the name alone would leave the former tutor's address.
        form = InductionTutorForm(g.school, unsent_answer(), data=answered())
        return show("question", form=form)
    form = InductionTutorForm(g.school)
    if not form.validate():
        return show("question", form=form), 422
    keep({"answered": {"name": form["name"].data, "email": form.email.data}, "at": now().isoformat()})
    return redirect(url_for("school.check_induction_tutor"), 303)


@school.route("/induction-tutor/check-answers", methods=["GET", "POST"])
def check_induction_tutor():
    if is_cancelled():
        return cancel()
    form, answers, status = Confirm(), answered(), 200
    if request.method == "POST" and (g.school_user.new_tutor or {}).get("confirmed") == form.seen.data:
        return redirect(url_for("school.induction_tutor_changed"), 303)
    if not answers:
        return redirect(url_for("school.change_induction_tutor"), 303)
    if request.method == "POST" and form.validate():
        try:
            event = schools.change_induction_tutor(g.school_user, **answers, seen=form.seen.data or "")
        except (ChangedSince, RuleBroken):
            status = 409
        else:
            keep({"confirmed": form.seen.data, "event": event.id, "at": now().isoformat()})
            return redirect(url_for("school.induction_tutor_changed"), 303)
    form.seen.data = schools.state_of(g.school, answers)
    return show("check-answers", form=form, answers=answers, has_changed=status == 409), 422 if form.errors else status


@school.get("/induction-tutor/confirmation")
def induction_tutor_changed():
    event = SchoolEvent.get_or_none(id=(g.school_user.new_tutor or {}).get("event"), school=g.school)
    return show("confirmation", event=event) if event else redirect(url_for("school.induction_tutor"), 303)


def show(page: str, **context) -> str:
    back = {"question": "school.induction_tutor", "check-answers": "school.change_induction_tutor"}.get(page)
    return render_template(f"induction_tutor/{page}.html", back=back and url_for(back), **context)


def answered() -> dict[str, str] | None:
    """The reader's answers of the last day that aren't confirmed yet."""
    kept = g.school_user.new_tutor or {}
    is_fresh = "answered" in kept and datetime.fromisoformat(kept["at"]) > now() - UNFINISHED_ANSWERS_KEPT
    return kept["answered"] if is_fresh else None


def keep(answers: dict | None) -> None:
    g.school_user.new_tutor = answers
    g.school_user.save(only=[SchoolUser.new_tutor])


def cancel():
    """Forget the answers, and go back."""
    keep(None)
    return redirect(url_for("school.induction_tutor"), 303)
