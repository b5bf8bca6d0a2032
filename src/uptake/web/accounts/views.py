"""Pages of people: the profile with its tokens, the organisation with members, teams and invitations, and joining by a link."""

from __future__ import annotations

from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from uptake.web.accounts.forms import InvitationForm, JoinForm, OrganisationForm, ProfileForm, TeamForm, TokenForm
from uptake.web.accounts.models import ApiToken, Invitation, Membership, Organisation, Team, User
from uptake.web.common.access import org_admin, public, signed_in, user_of
from uptake.web.common.pages import form_page, paged, show
from uptake.web.common.playbook import playbook
from uptake.web.engagements.forms import LinksForm
from uptake.web.engagements.models import AuditEntry, Participant
from uptake.web.engagements.store import Change

BACKEND = settings.AUTHENTICATION_BACKENDS[0]


def record(organisation: Organisation, user: User, action: str, *changes: Change) -> None:
    AuditEntry.objects.bulk_create(
        AuditEntry(
            organisation=organisation,
            who=f"{user.name} <{user.email}>",
            action=action,
            what=each.what,
            before=each.before,
            after=each.after,
        )
        for each in changes
        if each.before != each.after
    )


@public
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Switch the language: for the person who is signed in, else for this browser."""
    chosen = request.POST.get("language", "en")
    chosen = chosen if chosen in dict(settings.LANGUAGES) else "en"
    target = request.POST.get("next", "/")
    response = redirect(target if url_has_allowed_host_and_scheme(target, {request.get_host()}) else "/")
    if isinstance(request.user, User):
        User.objects.filter(pk=request.user.pk).update(language=chosen)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        chosen,
        max_age=31_536_000,
        samesite="Lax",
        httponly=True,
        secure=settings.LANGUAGE_COOKIE_SECURE,
    )
    return response


@signed_in
def profile(request: HttpRequest) -> HttpResponse:
    """Name, language, time zone, second factor, tokens."""
    user = user_of(request)
    form = ProfileForm(
        request.POST or None, stored={name: getattr(user, name) for name in ("name", "language", "time_zone")}
    )

    def save(values: dict[str, Any]) -> None:
        User.objects.filter(pk=user.pk).update(**{name: values[name] for name in ("name", "language", "time_zone")})
        translation.activate(values["language"])

    return form_page(
        request,
        form,
        save,
        reverse("profile"),
        title=_("Your profile"),
        template="accounts/profile.html",
        tokens=user.tokens.order_by("-pk"),
        has_mfa=is_mfa_enabled(user),
        memberships=user.memberships.select_related("organisation"),
    )


@signed_in
def token(request: HttpRequest) -> HttpResponse:
    """Make a token; its text is shown once."""
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        made, text = ApiToken.make(user_of(request), values["name"], values["scope"], values["days"])
        return show(request, "accounts/token.html", token=made, text=text, title=_("New token"))
    return form_page(
        request, form, lambda _values: None, reverse("profile"), title=_("New token"), submit=_("Make the token")
    )


@require_POST
@signed_in
def revoke(request: HttpRequest, number: int) -> HttpResponse:
    """Delete a token of one's own."""
    ApiToken.objects.filter(user=user_of(request), pk=number).delete()
    messages.success(request, _("The token no longer works."))
    return redirect("profile")


@org_admin
def organisation(request: HttpRequest, org: Organisation) -> HttpResponse:
    """Members, teams, invitations, settings."""
    names = ("name", "requires_mfa", "submission_destination", "partner_name", "fpm", "keep_people_days")
    form = OrganisationForm(request.POST or None, stored={name: getattr(org, name) for name in names})

    def save(values: dict[str, Any]) -> None:
        changes = [Change(name, str(getattr(org, name)), str(values[name])) for name in names]
        Organisation.objects.filter(pk=org.pk).update(**{name: values[name] for name in names})
        record(org, user_of(request), "organisation", *changes)
        from uptake.web.insights.tasks import forget_people

        forget_people.enqueue()

    return form_page(
        request,
        form,
        save,
        reverse("organisation", args=[org.pk]),
        title=org.name,
        template="accounts/organisation.html",
        section="organisation",
        org=org,
        members=paged(request, org.memberships.select_related("user").prefetch_related("teams").order_by("user__name")),
        teams=org.teams.all(),
        invitations=org.invitations.filter(used_at=None, expires_at__gt=timezone.now()).order_by("-pk"),
    )


@org_admin
def invite(request: HttpRequest, org: Organisation) -> HttpResponse:
    """Make an invitation; its link is shown once, to be handed over."""
    form = InvitationForm(request.POST or None, organisation=org)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        made, text = Invitation.make(org, email=values["email"].lower(), role=values["role"])
        made.teams.set(values["teams"])
        record(org, user_of(request), "invited", Change("invitation", "", f"{values['email']} {values['role']}"))
        link = request.build_absolute_uri(reverse("join", args=[text]))
        return show(
            request,
            "accounts/invitation.html",
            invitation=made,
            link=link,
            title=_("Invitation"),
            section="organisation",
        )
    return form_page(
        request,
        form,
        lambda _values: None,
        reverse("organisation", args=[org.pk]),
        title=_("Invite somebody"),
        section="organisation",
        submit=_("Make the link"),
        intro=_("The link works once, for seven days. It is shown to you and mailed to nobody."),
    )


@org_admin
def team(request: HttpRequest, org: Organisation) -> HttpResponse:
    """Add a team."""
    form = TeamForm(request.POST or None)

    def save(values: dict[str, Any]) -> None:
        Team.objects.get_or_create(organisation=org, name=values["name"])
        record(org, user_of(request), "team", Change("team", "", values["name"]))

    return form_page(
        request, form, save, reverse("organisation", args=[org.pk]), title=_("New team"), section="organisation"
    )


@org_admin
def links(request: HttpRequest, org: Organisation) -> HttpResponse:
    """The link registry of this organisation (S78)."""
    form = LinksForm(request.POST or None, stored=org.links)

    def save(values: dict[str, Any]) -> None:
        chosen = {key: value for key, value in values.items() if key in form.fields and key != "_seen" and value}
        record(
            org,
            user_of(request),
            "links",
            *(Change(key, org.links.get(key, ""), chosen.get(key, "")) for key in {**org.links, **chosen}),
        )
        Organisation.objects.filter(pk=org.pk).update(links=chosen)

    return form_page(
        request,
        form,
        save,
        reverse("organisation", args=[org.pk]),
        title=_("Links"),
        section="organisation",
        intro=_("Addresses rot; each can be changed here, in one place. Empty: the playbook's own."),
        book=playbook(),
    )


@require_POST
@org_admin
def member(request: HttpRequest, org: Organisation, number: int) -> HttpResponse:
    """Take a member out of the organisation, or change the role; the last administrator stays."""
    found = org.memberships.select_related("user").filter(pk=number).first()
    if found is None:
        raise Http404
    role = request.POST.get("role", "")
    is_last = found.role == Membership.Role.ADMIN and org.memberships.filter(role=Membership.Role.ADMIN).count() == 1
    if is_last and role != Membership.Role.ADMIN:
        messages.error(request, _("The last administrator stays."))
    elif role in Membership.Role.values:
        record(org, user_of(request), "member", Change(found.user.email, found.role, role))
        org.memberships.filter(pk=number).update(role=role)
        messages.success(request, _("Saved."))
    else:
        record(org, user_of(request), "member", Change(found.user.email, found.role, ""))
        Participant.objects.filter(user=found.user, engagement__organisation=org).update(user=None)
        found.delete()
        messages.success(request, _("Removed."))
    return redirect("organisation", org.pk)


@public
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Make an account with an invitation, or the first administrator with the link of the terminal."""
    invitation = Invitation.find(token, timezone.now())
    if invitation is None:
        raise Http404
    form = JoinForm(
        request.POST or None,
        fixed_email=invitation.email,
        initial={"language": (translation.get_language() or "en")[:2]},
    )
    if request.method == "POST" and form.is_valid():
        user = _accept(invitation, form.cleaned_data)
        if user is None:
            raise Http404
        login(request, user, backend=BACKEND)
        return redirect("home")
    return form_page(
        request,
        form,
        lambda _values: None,
        reverse("home"),
        title=_("Join %(organisation)s") % {"organisation": invitation.organisation.name},
        submit=_("Create the account"),
        intro=invitation.email,
    )


@transaction.atomic
def _accept(invitation: Invitation, values: dict[str, Any]) -> User | None:
    """The account of an invitation; None when somebody was quicker."""
    if not Invitation.objects.filter(pk=invitation.pk, used_at=None).update(used_at=timezone.now()):
        return None
    user = User.objects.create_user(
        values["email"], values["password"], name=values["name"], language=values["language"]
    )
    user.time_zone = settings.TIME_ZONE
    user.save()
    membership = Membership.objects.create(user=user, organisation=invitation.organisation, role=invitation.role)
    membership.teams.set(invitation.teams.all())
    Participant.objects.filter(engagement__organisation=invitation.organisation, email=user.email, user=None).update(
        user=user
    )
    record(invitation.organisation, user, "joined", Change("member", "", f"{user.email} {invitation.role}"))
    return user
