"""Start the application: database, static files, the first link, the background worker, and a production server.

`uptake serve` calls this. Everything runs as children of one process, so that one Ctrl-C ends all of it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

Say = Callable[[str], None]
DUE_EVERY, DUE_FIRST = 3600.0, 20.0
"""Seconds between two looks at what is due, and until the first."""


def prepare(say: Say) -> None:
    """Migrate the database and collect the static files."""
    import django
    from django.conf import settings
    from django.core.management import call_command

    Path(settings.DATA).mkdir(parents=True, exist_ok=True, mode=0o700)
    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False, clear=False)
    say(f"Data: {settings.DATA}")


def first_link(address: str) -> str:
    """The one-time link for the first administrator; empty when somebody administers already."""
    from uptake.web.accounts.models import Invitation, Membership, Organisation

    if Membership.objects.filter(role=Membership.Role.ADMIN, user__is_active=True).exists():
        return ""
    organisation, _made = Organisation.objects.get_or_create(name="My organisation")
    Invitation.objects.filter(organisation=organisation, email="", used_at=None).delete()
    _invitation, token = Invitation.make(organisation, days=1, role=Membership.Role.ADMIN)
    return f"{address}/join/{token}/"


def serve(host: str, port: int, workers: int) -> int:
    """Run gunicorn and the background worker until one of them ends or somebody stops us; the exit code."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "uptake.web.config.settings"}
    python = [sys.executable, "-m"]
    web = subprocess.Popen(
        [*python, "gunicorn", "uptake.web.config.wsgi", "--bind", f"{host}:{port}", "--workers", str(workers), "--threads", "4",
         "--timeout", "120", "--access-logfile", "/dev/null", "--no-control-socket"],
        env=environment,
    )  # fmt: skip
    worker = subprocess.Popen(
        [*python, "django", "db_worker", "--no-startup-delay", "--interval", "1"], env=environment
    )
    children = (web, worker)
    ended = threading.Event()

    def stop(_number: int, _frame: object) -> None:
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    waited = 0.0
    while not ended.wait(0.5) and all(child.poll() is None for child in children):
        waited += 0.5
        if waited % DUE_EVERY == DUE_FIRST:
            subprocess.Popen([*python, "django", "due"], env=environment, stdout=subprocess.DEVNULL)
    for child in children:
        if child.poll() is None:
            child.terminate()
    codes = []
    for child in children:
        try:
            codes.append(child.wait(15))
        except subprocess.TimeoutExpired:
            child.kill()
            codes.append(child.wait())
    return 0 if ended.is_set() else max(abs(code) for code in codes) or 3
