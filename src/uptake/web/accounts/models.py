"""People, the organisations that they work for, teams, invitations and tokens for the API."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


def digest(token: str) -> str:
    """What is stored of a token: it is long and random, so a plain digest cannot be turned back."""
    return hashlib.sha256(token.encode()).hexdigest()


class UserManager(BaseUserManager["User"]):
    """Makes users by e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A user; without a password only single sign-on lets them in."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    language = models.CharField(
        _("language"), max_length=5, default="en", choices=[("en", "English"), ("ja", "日本語")]
    )
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    is_active = models.BooleanField(default=True)
    is_staff = False
    joined = models.DateTimeField(default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name or self.email


class Organisation(models.Model):
    """Who delivers: a partner, or the IT department of a company. What belongs to one is never seen by another."""

    name = models.CharField(_("name"), max_length=160, unique=True)
    requires_mfa = models.BooleanField(_("second factor is required"), default=False)
    submission_destination = models.CharField(_("destination of submitted checklists"), max_length=300, blank=True)
    partner_name = models.CharField(_("partner name in requests"), max_length=160, blank=True)
    fpm = models.CharField(_("partner manager (FPM)"), max_length=160, blank=True)
    links = models.JSONField(default=dict, blank=True)
    """Id of a link of the registry → address of this organisation."""
    thresholds = models.JSONField(default=dict, blank=True)
    """Id of a threshold of the playbook → value of this organisation."""
    keep_people_days = models.PositiveSmallIntegerField(_("days that rows about people are kept"), default=35)
    """From the data date on; 0: they are never stored."""
    version = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.name


class Team(models.Model):
    """People who share engagements."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="teams")
    name = models.CharField(_("name"), max_length=120)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=("organisation", "name"), name="team_name")]
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person in an organisation. An administrator sees all of it, the others what their teams and roles bring."""

    class Role(models.TextChoices):
        """What a member may do."""

        ADMIN = "admin", _("Administrator")
        MEMBER = "member", _("Member")
        CUSTOMER = "customer", _("Customer")

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.MEMBER)
    teams = models.ManyToManyField(Team, blank=True, related_name="members", verbose_name=_("teams"))

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=("user", "organisation"), name="one_membership")]


class Invitation(models.Model):
    """A link that works once; handed over by the person who made it, never mailed by us."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail address"), blank=True)
    role = models.CharField(_("role"), max_length=10, choices=Membership.Role.choices, default=Membership.Role.MEMBER)
    teams = models.ManyToManyField(Team, blank=True, verbose_name=_("teams"))
    engagement_id = models.BigIntegerField(null=True, blank=True)
    engagement_role = models.CharField(max_length=20, blank=True)
    token_digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    @classmethod
    def make(cls, organisation: Organisation, *, days: int = 7, **fields: Any) -> tuple[Invitation, str]:
        """An invitation and the token of its link, which is not stored."""
        token = secrets.token_urlsafe(32)
        made = cls.objects.create(
            organisation=organisation,
            token_digest=digest(token),
            expires_at=timezone.now() + timedelta(days=days),
            **fields,
        )
        return made, token

    @classmethod
    def find(cls, token: str, now: datetime) -> Invitation | None:
        """The invitation of a token while it can be used."""
        return cls.objects.filter(token_digest=digest(token), used_at=None, expires_at__gt=now).first()


class ApiToken(models.Model):
    """A token of one person for scripts, with what it may do."""

    class Scope(models.TextChoices):
        """What a token may do."""

        READ = "read", _("Read")
        WRITE = "write", _("Read and write")

    user = models.ForeignKey(User, models.CASCADE, related_name="tokens")
    name = models.CharField(_("name"), max_length=80)
    scope = models.CharField(_("scope"), max_length=5, choices=Scope.choices, default=Scope.READ)
    token_digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(_("expires"))
    used_at = models.DateTimeField(null=True, blank=True)

    @classmethod
    def make(cls, user: User, name: str, scope: str, days: int) -> tuple[ApiToken, str]:
        """A token and its text, which is shown once and not stored."""
        text = "upt_" + secrets.token_urlsafe(32)
        expires = timezone.now() + timedelta(days=days)
        return cls.objects.create(
            user=user, name=name, scope=scope, token_digest=digest(text), expires_at=expires
        ), text
