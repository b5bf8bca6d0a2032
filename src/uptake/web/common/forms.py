"""Forms: errors beside their fields, and nobody's text lost when two people edit the same thing.

A form carries, signed, the values that its reader was shown. When it comes back and the stored values are others by then, it
is shown again with what was typed, and with what somebody else has written meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core import signing
from django.core.serializers.json import DjangoJSONEncoder
from django.forms.renderers import TemplatesSetting
from django.utils.translation import gettext as _

SEEN = "_seen"


class Renderer(TemplatesSetting):
    """Fields as our own template draws them."""

    field_template_name = "parts/field.html"
    form_template_name = "parts/fields.html"


def bounded(file: Any, most: int) -> Any:
    """An uploaded file of at most so many bytes, for `clean_…`; nothing where nothing was chosen."""
    if file and file.size > most:
        raise forms.ValidationError(_("The file is larger than %(size)s MB.") % {"size": most // 1_000_000})
    return file


class DateInput(forms.DateInput):
    """A date that the browser picks in the reader's own format."""

    input_type = "date"

    def __init__(self, **more: Any) -> None:
        super().__init__(format="%Y-%m-%d", **more)


class Form(forms.Form):
    """A form whose dates are picked, whose texts are bounded, and which notices that somebody else was quicker.

    `stored`: the values as they are in the database now, by field name.
    """

    required_css_class = "required"
    error_css_class = "wrong"

    def __init__(
        self, data: Any = None, files: Any = None, *, stored: Mapping[str, Any] | None = None, **more: Any
    ) -> None:
        self.stored = dict(stored) if stored is not None else None
        initial = {**(self.stored or {}), **more.pop("initial", {})}
        super().__init__(data, files, initial=initial, **more)
        for field in self.fields.values():
            _tune(field)
        self.conflicts: list[tuple[str, str, str]] = []
        if self.stored is not None:
            self.fields[SEEN] = forms.CharField(widget=forms.HiddenInput, required=False)
            self.initial[SEEN] = self.seal()

    def seal(self) -> str:
        """The stored values, signed."""
        return signing.dumps(_comparable(self.stored or {}), salt=SEEN, compress=True)

    def clean(self) -> dict[str, Any]:
        """Refuse once when what is stored is no longer what the reader saw; sent again, it is meant."""
        values = super().clean() or {}
        if self.stored is not None:
            self._compare(values)
        return values

    def _compare(self, values: dict[str, Any]) -> None:
        try:
            seen = signing.loads(self.data.get(self.add_prefix(SEEN), ""), salt=SEEN)
        except signing.BadSignature:
            seen = {}
        now = _comparable(self.stored or {})
        typed = _comparable({name: values.get(name) for name in now})
        for name, current in now.items():
            if name in seen and seen[name] != current and typed.get(name) != current:
                label = str(self.fields[name].label) if name in self.fields else name
                self.conflicts.append((name, label, _shown(current)))
        for name, _label, current in self.conflicts:
            self.add_error(
                name if name in self.fields else None,
                _("Somebody else has changed this meanwhile to “%(value)s”. Send again to keep yours.")
                % {"value": current},
            )
        if self.conflicts:
            again = self.data.copy()  # type: ignore[attr-defined]
            again[self.add_prefix(SEEN)] = self.seal()
            self.data = again


def _comparable(values: Mapping[str, Any]) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(json.dumps(dict(values), cls=DjangoJSONEncoder))
    return {name: "" if value is None else value for name, value in loaded.items()}


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _tune(field: forms.Field) -> None:
    if isinstance(field, forms.DateField) and not isinstance(field.widget, forms.HiddenInput):
        field.widget = DateInput()
        field.widget.is_required = field.required
    if isinstance(field, forms.CharField) and field.max_length is None:
        field.max_length = 20_000
    if isinstance(field.widget, forms.Textarea):
        field.widget.attrs.setdefault("rows", 4)


def text_field(label: Any, *, lines: int = 0, required: bool = True, most: int = 0, hint: Any = "") -> forms.CharField:
    """A text; with `lines` a text area."""
    widget = forms.Textarea(attrs={"rows": lines}) if lines else forms.TextInput()
    return forms.CharField(
        label=label, required=required, widget=widget, help_text=hint, max_length=most or (20_000 if lines else 300)
    )


def choice_field(
    label: Any, choices: Any = (), *, required: bool = True, hint: Any = "", empty: Any = "—"
) -> forms.ChoiceField:
    """One of some values; an optional one can be left empty. `choices` may be a function."""

    def offered() -> list[tuple[str, Any]]:
        found = list(choices() if callable(choices) else choices)
        return found if required else [("", empty), *found]

    return forms.ChoiceField(label=label, choices=offered, required=required, help_text=hint)


def date_field(label: Any, *, required: bool = True, hint: Any = "") -> forms.DateField:
    """A date."""
    return forms.DateField(label=label, required=required, help_text=hint, widget=DateInput())
