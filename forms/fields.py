"""Fields that WTForms hasn't got. They refuse by one of their `codes`; the form has the words for it. `shown` is the
answer as "check answers" shows it."""

import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from wtforms import Field, StringField, ValidationError

from clock import display
from domain.participants import cleaned, is_email_address, letter_that_no_address_has
from models import MOST_ID

MONTHS = [f"{date(2000, month, 1):%B}".lower() for month in range(1, 13)]


def whole_number(text: str) -> int:
    """A number that a row can have as its id; ValueError for all else, digits of other scripts included."""
    if not re.fullmatch("[0-9]{1,10}", text) or int(text) > MOST_ID:
        raise ValueError
    return int(text)


class ChoiceField(Field):
    """Radios of which one must be chosen, from `choices`: (value, words) pairs. `hints()`: value → what is said under
    it. Refuses as `missing`, or as `unknown` what can't be any of them; whether it is one of them, the question's rule
    says."""

    codes = ("missing", "unknown")
    data: Any

    def __init__(self, *, choices: Iterable[tuple] = (), coerce=str, **kwargs):
        super().__init__(**kwargs)
        self.choices, self.coerce, self.is_unknown = list(choices), coerce, False
        self.hints: Callable[[], dict] = dict

    def process_formdata(self, valuelist):
        try:
            self.data = self.coerce(valuelist[0]) if valuelist and valuelist[0] else None
        except ValueError:
            self.data, self.is_unknown = None, True

    def pre_validate(self, form):
        if self.is_unknown:
            raise ValidationError("unknown")
        if self.data is None:
            raise ValidationError("missing")

    @property
    def shown(self) -> str:
        """The words of the choice that was made."""
        return next(label for value, label in self.choices if value == self.data)

    @property
    def items(self) -> list[dict]:
        """The choices as the GOV.UK radios component takes them."""
        hints = self.hints()
        return [
            {"value": value, "text": label, "checked": value == self.data}
            | ({"hint": {"text": hints[value]}} if value in hints else {})
            for value, label in self.choices
        ]


class TextField(StringField):
    """One line of text that must be there, cleaned of what can't be seen. Refuses as `missing` or `too_long`."""

    codes = ("missing", "too_long")

    def __init__(self, *, max_length: int = 255, **kwargs):
        super().__init__(**kwargs)
        self.facts: dict[str, Any] = {"max_length": max_length}

    def process_formdata(self, valuelist):
        if valuelist:
            self.data = cleaned(valuelist[0])

    def pre_validate(self, form):
        if not self.data:
            raise ValidationError("missing")
        if len(self.data) > self.facts["max_length"]:
            raise ValidationError("too_long")

    @property
    def shown(self) -> str:
        return self.data


class EmailField(TextField):
    """An email address to which GOV.UK Notify delivers. Refuses as TextField does, as `odd_letter` (with the `letter`)
    or as `not_an_address`."""

    codes = (*TextField.codes, "odd_letter", "not_an_address")

    def pre_validate(self, form):
        super().pre_validate(form)
        if letter := letter_that_no_address_has(self.data):
            self.facts["letter"] = f"“{letter}”" if letter != " " else "a space"
            raise ValidationError("odd_letter")
        if not is_email_address(self.data):
            raise ValidationError("not_an_address")


class DateField(Field):
    """The GOV.UK date input: day (5, 5th or 5.), month (a number or its name) and year in three boxes, of which the
    wrong ones are marked. Refuses as `missing`, `incomplete` (with the missing `parts`), `short_year` or
    `not_a_date`."""

    codes = ("missing", "incomplete", "short_year", "not_a_date")
    data: Any
    PARTS = {"day": range(1, 32), "month": range(1, 13), "year": range(1900, 2200)}

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.parts, self.wrong, self.facts = dict.fromkeys(self.PARTS, ""), [], {}

    def process(self, formdata, data=None, extra_filters=None):
        self.data = data if isinstance(data, date) else self.default
        self.process_errors = ()
        if formdata:
            self.parts = {part: formdata.get(f"{self.name}-{part}", "").strip() for part in self.PARTS}
        elif self.data:
            self.parts = {part: str(getattr(self.data, part)) for part in self.PARTS}

    def pre_validate(self, form):
        self.data = None
        empty = [part for part, text in self.parts.items() if not text]
        self.wrong = empty or [part for part in self.PARTS if self._number(part) not in self.PARTS[part]]
        if len(empty) == len(self.PARTS):
            raise ValidationError("missing")
        if empty:
            self.facts = {"parts": "a " + " and a ".join(empty)}
            raise ValidationError("incomplete")
        if self.wrong == ["year"] and 0 <= self._number("year") < 100:
            raise ValidationError("short_year")
        try:
            self.data = date(*(self._number(part) for part in ("year", "month", "day") if not self.wrong))
        except (TypeError, ValueError):
            raise ValidationError("not_a_date") from None

    def _number(self, part: str) -> int:
        """-1 for what is none. Only plain digits: int() would also take “+3”, “1_0” and the digits of other scripts."""
        text = self.parts[part].lower().rstrip(".,")
        if part == "day":
            text = re.sub(r"(?<=\d) ?(st|nd|rd|th)$", "", text)
        if part == "month" and len(text) >= 3:
            return next((number for number, name in enumerate(MONTHS, 1) if name.startswith(text)), -1)
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else -1

    @property
    def shown(self) -> str:
        """As people write it."""
        return display(self.data)

    @property
    def part_names(self) -> list[str]:
        return [f"{self.name}-{part}" for part in self.PARTS]

    @property
    def wrong_parts(self) -> list[str]:
        """The boxes to mark: the wrong ones, or all when only the date as a whole is refused."""
        return (self.wrong or list(self.PARTS)) if self.errors else []

    @property
    def anchor(self) -> str:
        """The box that the error summary leads to."""
        return f"{self.name}-{next(iter(self.wrong_parts), 'day')}"

    @property
    def items(self) -> list[dict]:
        """The boxes as the GOV.UK date input component takes them."""
        return [
            {
                "name": part,
                "value": text,
                "classes": f"govuk-input--width-{4 if part == 'year' else 2}"
                + (" govuk-input--error" if part in self.wrong_parts else ""),
            }
            for part, text in self.parts.items()
        ]
