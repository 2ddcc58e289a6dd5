"""Fields that WTForms hasn't got."""

from wtforms import RadioField, ValidationError


class ChoiceField(RadioField):
    """Radios of which one must be chosen. `missing` and `unknown` are the sentences for none and for any other."""

    def __init__(self, *, missing: str = "", unknown: str = "", **kwargs):
        super().__init__(validate_choice=False, **kwargs)
        self.missing, self.unknown, self.is_unknown = missing, unknown, False

    def process_formdata(self, valuelist):
        try:
            self.data = self.coerce(valuelist[0]) if valuelist and valuelist[0] else None
        except ValueError:
            self.data, self.is_unknown = None, True

    def pre_validate(self, form):
        if self.is_unknown:
            raise ValidationError(self.unknown)
        if self.data is None:
            raise ValidationError(self.missing)

    @property
    def chosen(self) -> str:
        """The words of the choice that was made."""
        return next(label for value, label in self.choices if value == self.data)

    @property
    def items(self) -> list[dict]:
        """The choices as the GOV.UK radios component takes them."""
        return [{"value": value, "text": label, "checked": value == self.data} for value, label in self.choices]
