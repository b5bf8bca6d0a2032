"""Forms of people and organisations."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from uptake.web.accounts.models import ApiToken, Membership, Organisation, User
from uptake.web.common.forms import Form, choice_field, text_field


class ProfileForm(Form):
    """Name, language and time zone."""

    name = text_field(_l("Name"), most=120)
    language = choice_field(_l("Language"), [("en", "English"), ("ja", "日本語")])
    time_zone = choice_field(_l("Time zone"), lambda: [(each, each) for each in sorted(zoneinfo.available_timezones())])


class TokenForm(Form):
    """A token for scripts."""

    name = text_field(_l("What it is for"), most=80)
    scope = choice_field(_l("Scope"), ApiToken.Scope.choices)
    days = forms.IntegerField(label=_l("Days until it expires"), min_value=1, max_value=366, initial=90)


class InvitationForm(Form):
    """Somebody who may come in."""

    email = forms.EmailField(label=_l("E-mail address"), max_length=254)
    role = choice_field(_l("Role"), Membership.Role.choices)
    teams: forms.ModelMultipleChoiceField[Any] = forms.ModelMultipleChoiceField(
        label=_l("Teams"), queryset=None, required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, organisation: Organisation, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["teams"].queryset = organisation.teams.all()  # type: ignore[attr-defined]


class TeamForm(Form):
    """A team."""

    name = text_field(_l("Name"), most=120)


class OrganisationForm(Form):
    """What holds for a whole organisation."""

    name = text_field(_l("Name"), most=160)
    requires_mfa = forms.BooleanField(label=_l("A second factor is required"), required=False)
    submission_destination = text_field(_l("Destination of submitted checklists"), required=False)
    partner_name = text_field(_l("Partner name in requests"), required=False, most=160)
    fpm = text_field(_l("Partner manager (FPM)"), required=False, most=160)
    keep_people_days = forms.IntegerField(
        label=_l("Days that rows about people are kept"),
        min_value=0,
        max_value=180,
        help_text=_l("Of usage reports and lists of people, from the date of their data. 0: they are never stored."),
    )


class JoinForm(Form):
    """The account of somebody who was invited."""

    name = text_field(_l("Your name"), most=120)
    email = forms.EmailField(label=_l("E-mail address"), max_length=254)
    password = forms.CharField(
        label=_l("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_l("At least 12 characters."),
        max_length=200,
    )
    language = choice_field(_l("Language"), [("en", "English"), ("ja", "日本語")])

    def __init__(self, *args: Any, fixed_email: str, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fixed_email = fixed_email
        if fixed_email:
            del self.fields["email"]
        self.fields["name"].widget.attrs["autocomplete"] = "name"

    def clean(self) -> dict[str, Any]:
        """A password that holds, and an address that is not taken."""
        values = super().clean()
        address = (self.fixed_email or values.get("email") or "").lower()
        if address and User.objects.filter(email=address).exists():
            # Only somebody who holds an unused invitation reads this.
            self.add_error(
                "name" if self.fixed_email else "email", _("There is an account with this address; sign in with it.")
            )
        if values.get("password"):
            try:
                validate_password(values["password"], User(email=address, name=values.get("name") or ""))
            except ValidationError as error:
                self.add_error("password", error)
        values["email"] = address
        return values
