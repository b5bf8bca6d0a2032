"""How fast the pages answer with 2,000 engagements, 60,000 tasks, 100,000 notes and a million findings.

    python3 tasks.py bench web [--small] [--keep FOLDER]

A database is filled (SQLite, or the PostgreSQL of DATABASE_URL), gunicorn is started as `uptake serve` starts it (2 workers, 4
threads each), and ten requests at once ask for the portfolio, engagements and findings. Printed: median, 95th percentile and
slowest answer in milliseconds, a kind of page. Bound: 300 ms at the 95th percentile.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

BOUND = 300.0
PORT = 8767
AT_ONCE = 10


def fill(engagements: int, notes: int, findings: int) -> tuple[str, list[int], list[int]]:
    """Rows as the application writes them, through its own bulk paths; a session key, engagements and clusters to ask for."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.utils import timezone

    from uptake.guide.playbook import load_playbook
    from uptake.web.accounts.models import Membership, Organisation, Team, User
    from uptake.web.assessments.models import Cluster, FindingRow, Scan
    from uptake.web.engagements import services
    from uptake.web.engagements.models import Engagement, EntitlementRow, NoteRow, Participant, ProgressRow
    from uptake.web.engagements.refresh import refresh
    from uptake.web.engagements.store import load

    chance, today = random.Random(1), timezone.localdate()
    org = Organisation.objects.create(name="Bench")
    team = Team.objects.create(organisation=org, name="One")
    user = User.objects.create_user("bench@example.org", "x" * 20, name="Ben")
    Membership.objects.create(user=user, organisation=org, role="admin")
    tasks = list(load_playbook().tasks)
    rows: list[Engagement] = []
    for number in range(engagements):
        values = {
            "customer": f"Customer {number:05}", "tenant": "", "cloud": "commercial", "seats": chance.randrange(100, 20_000), "intent": "yes",
            "intent_on": today, "intent_said_by": "CIO", "scope": ["OPP"], "team": team, "playbook_version": "2020-04-30",
        }  # fmt: skip
        if number == 0:  # through the service; the others are copies of what it wrote
            first = services.create(user, org, values)
            first.switched_on = tasks[:30]
            refresh(first, load(first))
            rows.append(first)
            continue
        copy = Engagement.objects.get(pk=first.pk)
        copy.pk, copy.customer, copy.phase = None, values["customer"], chance.choice(("assess", "remediate", "enable"))
        copy.next_due = today + timedelta(days=chance.randrange(-20, 60))
        rows.append(copy)
    rows[1:] = Engagement.objects.bulk_create(rows[1:], batch_size=500)
    Participant.objects.bulk_create(Participant(engagement=row, name="Ben", role="FE", user=user) for row in rows[1:])
    EntitlementRow.objects.bulk_create(
        EntitlementRow(
            engagement=row,
            id="OPP",
            service="OPP",
            seats=1000,
            l1="in-progress",
            l2="technical-onboarding",
            target_date=today,
        )
        for row in rows[1:]
    )
    done = [(row, task) for row in rows for task in tasks[:30]]
    ProgressRow.objects.bulk_create(
        (
            ProgressRow(engagement=row, reference=f"task:{task}", state="done", on=today, by="Ben", evidence=[])
            for row, task in done
        ),
        batch_size=5000,
    )
    NoteRow.objects.bulk_create(
        (
            NoteRow(engagement=rows[n % len(rows)], stream="N1", text=f"Note {n}: called because the date moved.", author="Ben", author_role="FM",
                    on=today - timedelta(days=n % 300), score="great")
            for n in range(notes)
        ),
        batch_size=5000,
    )  # fmt: skip
    clusters = _findings(rows, findings, Scan, Cluster, FindingRow, today)
    session = SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = (
        str(user.pk),
        "allauth.account.auth_backends.AuthenticationBackend",
    )
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key), [row.pk for row in rows], clusters


def _findings(rows: list, findings: int, Scan: type, Cluster: type, FindingRow: type, today: date) -> list[int]:  # noqa: N803
    """One engagement in twenty has a scan; causes are as uneven as in life."""
    chance, clusters = random.Random(2), []
    chosen = rows[::20]
    each = findings // len(chosen)
    for row in chosen:
        scan = Scan.objects.create(
            engagement=row,
            name="x",
            file="x",
            size=1,
            ran_on=today,
            state="complete",
            files=each,
            with_vba=each,
            by_severity={"limited": each},
        )
        made = Cluster.objects.bulk_create(
            Cluster(scan=scan, by="cause", key=f"{n}", title=f"Cause {n}", rule="B01", severity=chance.randrange(5), statement="Declare Sub Sleep",
                    findings_count=each // 200, files_count=each // 200)
            for n in range(200)
        )  # fmt: skip
        weights = [1 / (n + 1) for n in range(200)]
        picks = chance.choices(made, weights, k=each)
        FindingRow.objects.bulk_create(
            (
                FindingRow(cause=pick, path=f"//fs/share/{n}.xlsm", module="Module1", line=n % 400)
                for n, pick in enumerate(picks)
            ),
            batch_size=10_000,
        )
        clusters.append((row.pk, made[0].pk))
    return clusters


def ask(paths: list[str], session: str, count: int) -> list[float]:
    """Milliseconds of `count` answers, ten at once."""
    import httpx

    with httpx.Client(base_url=f"http://127.0.0.1:{PORT}", cookies={"sessionid": session}, timeout=60) as client:

        def one(number: int) -> float:
            begin = time.perf_counter()
            answer = client.get(paths[number % len(paths)])
            assert answer.status_code == 200, (answer.status_code, paths[number % len(paths)])
            return (time.perf_counter() - begin) * 1000

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(one, range(AT_ONCE * 2)))  # warm
            return list(pool.map(one, range(count)))


def timed(what: str, work: Callable[[], object]) -> object:
    begin = time.perf_counter()
    made = work()
    print(f"{what}: {time.perf_counter() - begin:.0f} s", flush=True)
    return made


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="a tenth of everything")
    parser.add_argument("--keep", type=Path, help="folder of the database, to look at it afterwards")
    parser.add_argument("--requests", type=int, default=200)
    options = parser.parse_args()
    scale = 10 if options.small else 1
    with tempfile.TemporaryDirectory(prefix="uptake-bench-") as folder:
        os.environ["UPTAKE_DATA"] = str(options.keep or folder)
        os.environ["DJANGO_SETTINGS_MODULE"] = "uptake.web.config.settings"
        os.environ["UPTAKE_PUBLIC_URL"] = f"http://127.0.0.1:{PORT}"
        from uptake.web.config import server

        server.prepare(print)
        session, engagements, clusters = timed(
            "filled", lambda: fill(2_000 // scale, 100_000 // scale, 1_000_000 // scale)
        )  # type: ignore[misc]
        process = subprocess.Popen([sys.executable, "-m", "gunicorn", "uptake.web.config.wsgi", "--bind", f"127.0.0.1:{PORT}", "--workers", "2",
                                    "--threads", "4", "--log-level", "warning"])  # fmt: skip
        try:
            _wait()
            return report(session, engagements, clusters, options.requests)
        finally:
            process.terminate()
            process.wait(20)


def _wait() -> None:
    import httpx

    for _ in range(100):
        try:
            httpx.get(f"http://127.0.0.1:{PORT}/health", timeout=2)
        except httpx.HTTPError:
            time.sleep(0.2)
        else:
            return


def report(session: str, engagements: list[int], clusters: list[tuple[int, int]], count: int) -> int:
    """Print the table; 1 when a page is slower than the bound."""
    chance = random.Random(3)
    some = chance.sample(engagements, min(100, len(engagements)))
    pages = {
        "portfolio": ["/portfolio/", "/portfolio/?phase=assess", "/portfolio/?only=overdue", "/portfolio/?page=20"],
        "engagement": [f"/e/{pk}/" for pk in some],
        "notes": [f"/e/{pk}/notes/" for pk in some],
        "readiness": [f"/e/{pk}/readiness/" for pk, _cluster in clusters],
        "findings": [f"/e/{pk}/readiness/{cluster}/" for pk, cluster in clusters],
        "reminders": ["/reminders/"],
    }
    slow = False
    print(f"{'page':12} {'median':>8} {'p95':>8} {'slowest':>8}   ms, {AT_ONCE} at once, {count} requests")
    for name, paths in pages.items():
        found = sorted(ask(paths, session, count))
        p95 = found[int(len(found) * 0.95) - 1]
        slow |= p95 > BOUND
        print(
            f"{name:12} {statistics.median(found):8.0f} {p95:8.0f} {found[-1]:8.0f}{'   over the bound' if p95 > BOUND else ''}",
            flush=True,
        )
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
