"""How fast the pages answer with 2,000 engagements, 60,000 tasks, 100,000 notes, a million findings, and 24 months of usage each.

    python3 tasks.py bench web [--small] [--keep FOLDER] [--only PAGE …]

A database is filled (SQLite, or the PostgreSQL of DATABASE_URL), gunicorn is started as `uptake serve` starts it (2 workers, 4
threads each), and ten requests at once ask for the portfolio, the watch list, engagements and findings; then the same one request
at a time, which is what a page costs where nobody else asks. Each engagement has 24 snapshots, imports and stored verdicts, a
table of departments and its line in the watch list. Printed: median, 95th percentile and slowest answer in milliseconds, a kind
of page, and the load of the machine. Bound: 300 ms at the 95th percentile, ten at once.
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
MONTHS = 24


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
    _usage(rows, today)
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


def _usage(rows: list, today: date) -> None:
    """24 months of usage of every engagement: what an import of each month and the worker of each would have left."""
    from uptake.core.plain import as_plain as stored
    from uptake.prove.usage.forecast import forecast
    from uptake.prove.usage.rules import judge
    from uptake.web.insights.models import DepartmentsRow, SnapshotRow, UsageImport, VerdictRow
    from uptake.web.insights.services import stand
    from usage import tenants

    last = today - timedelta(days=2)
    for start in range(0, len(rows), 100):
        some, snapshots, imports, verdicts, departments = rows[start : start + 100], [], [], [], []
        for row, points in zip(some, tenants(len(some), MONTHS, start, last), strict=True):
            snapshots += [SnapshotRow(engagement=row, refresh_date=p.date, value=stored(_snapshot(p))) for p in points]
            imports += [
                UsageImport(engagement=row, name="detail.csv", report="m365_app_user_detail", refresh_date=p.date, rows=p.paid, outcome="added",
                            digest="0" * 64, by="Ben")
                for p in points
            ]  # fmt: skip
            for number, point in enumerate(points, 1):
                judged = judge(points[:number], point.date + timedelta(days=2), formula="any/28/paid")
                verdicts.append(
                    VerdictRow(
                        engagement=row,
                        as_of=judged.as_of,
                        version=judged.version,
                        stalled=str(judged.stalled),
                        value=stored(judged),
                    )
                )
            departments.append(DepartmentsRow(engagement=row, data_date=last, value=stored(_departments(points[-1]))))
            stand(row, judged, forecast(points))
        SnapshotRow.objects.bulk_create(snapshots)
        UsageImport.objects.bulk_create(imports)
        VerdictRow.objects.bulk_create(verdicts)
        DepartmentsRow.objects.bulk_create(departments)


def _snapshot(point: object) -> object:
    from uptake.prove.usage.licences import Seats
    from uptake.prove.usage.model import Active
    from uptake.prove.usage.snapshots import Snapshot

    on, active, paid = point.date, point.active, point.paid  # type: ignore[attr-defined]
    counted = Active(active, active * 9 // 10, active * 8 // 10, 28)
    seats = Seats(paid, paid, paid, counted=("Microsoft 365 Apps for enterprise",), as_of=on, source="products.csv")
    return Snapshot(on, counted, counted, seats, paid, "detail.csv", "0" * 64)


def _departments(point: object) -> object:
    from uptake.prove.usage.departments import Departments, Line
    from uptake.prove.usage.model import Active

    lines = tuple(Line(f"Department {n}", 40 + n, Active(20 + n, 10, 9, 28)) for n in range(30))
    return Departments(point.date, lines, "people.csv", "detail.csv")  # type: ignore[attr-defined]


def ask(paths: list[str], session: str, count: int, at_once: int) -> list[float]:
    """Milliseconds of `count` answers, so many at once."""
    import httpx

    with httpx.Client(base_url=f"http://127.0.0.1:{PORT}", cookies={"sessionid": session}, timeout=60) as client:

        def one(number: int) -> float:
            begin = time.perf_counter()
            answer = client.get(paths[number % len(paths)])
            assert answer.status_code == 200, (answer.status_code, paths[number % len(paths)])
            return (time.perf_counter() - begin) * 1000

        with ThreadPoolExecutor(at_once) as pool:
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
    parser.add_argument("--only", action="append", help="one kind of page; may be given several times")
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
            return report(session, engagements, clusters, options)
        finally:
            process.terminate()
            process.wait(20)


def _p95(found: list[float]) -> float:
    return found[int(len(found) * 0.95) - 1]


def _wait() -> None:
    import httpx

    for _ in range(100):
        try:
            httpx.get(f"http://127.0.0.1:{PORT}/health", timeout=2)
        except httpx.HTTPError:
            time.sleep(0.2)
        else:
            return


def report(session: str, engagements: list[int], clusters: list[tuple[int, int]], options: argparse.Namespace) -> int:
    """Print the table; 1 when a page is slower than the bound."""
    chance = random.Random(3)
    some = chance.sample(engagements, min(100, len(engagements)))
    pages = {
        "watch list": [
            "/watch/",
            "/watch/?page=10",
            "/watch/?only=stalled",
            "/watch/?only=healthy",
            "/watch/?only=unknown",
        ],
        "usage": [f"/e/{pk}/usage/" for pk in some],
        "portfolio": ["/portfolio/", "/portfolio/?phase=assess", "/portfolio/?only=overdue", "/portfolio/?page=20"],
        "engagement": [f"/e/{pk}/" for pk in some],
        "notes": [f"/e/{pk}/notes/" for pk in some],
        "readiness": [f"/e/{pk}/readiness/" for pk, _cluster in clusters],
        "findings": [f"/e/{pk}/readiness/{cluster}/" for pk, cluster in clusters],
        "reminders": ["/reminders/"],
    }
    slow, head = False, f"{'median':>8} {'p95':>8} {'slowest':>8}"
    print(f"ms, {options.requests} requests; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"{'':12} {f'{AT_ONCE} at once':^26}    {'one at a time':^26}\n{'page':12} {head}    {head}")
    for name, paths in pages.items():
        if options.only and name not in options.only:
            continue
        many, single = (sorted(ask(paths, session, options.requests, at_once)) for at_once in (AT_ONCE, 1))
        slow |= _p95(many) > BOUND
        shown = "    ".join(
            f"{statistics.median(each):8.0f} {_p95(each):8.0f} {each[-1]:8.0f}" for each in (many, single)
        )
        print(f"{name:12} {shown}{'   over the bound' if _p95(many) > BOUND else ''}", flush=True)
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
