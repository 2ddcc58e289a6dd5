"""The form that asks a school who its induction tutor is now. It is no journey: those are about a person."""

from domain import schools
from forms import Form
from forms.fields import EmailField, TextField
from models import School


class InductionTutorForm(Form):
    name = TextField(max_length=100)
    email = EmailField()
    messages = {
        "missing": "Enter the induction tutor’s {what}",
        "too_long": "Use {max_length} characters or fewer",
        "odd_letter": "An email address cannot have {letter} in it. Check the address",
        "not_an_address": "Enter an email address in the correct format, like name@example.com",
        "already": "{present} is already recorded with this email address. Change the name or the email address",
    }

    def __init__(self, school: School, *args, **kwargs):
        self.school = school
        super().__init__(*args, **kwargs)
        self["name"].facts["what"], self.email.facts["what"] = "full name", "email address"

    def rule(self):
        schools.check_induction_tutor(self.school, self["name"].data, self.email.data)
