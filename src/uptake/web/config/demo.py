"""A realistic portfolio for `uptake serve --demo`: invented customers at every stage, made through the same services as by people.

Nothing is written into tables behind their backs, so that what the demonstration shows is what the product does.
"""

from __future__ import annotations

import io
import json
import zipfile
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from uptake.adapters.scanning import Scan as ScanRun
from uptake.adapters.scanning import ScanRequest
from uptake.assess.samples import build_estate
from uptake.deploy.rollout.waves import WavePlan
from uptake.guide.elements import DecisionTopic, Question
from uptake.guide.engagement import Evidence, Note, Person
from uptake.web.accounts.models import Membership, Organisation, Team, User
from uptake.web.addins import services as addins
from uptake.web.addins.importing import read as read_collection
from uptake.web.addins.models import AddInRow
from uptake.web.assessments.importing import read
from uptake.web.assessments.models import Cluster, Scan
from uptake.web.assessments.selectors import open_rules
from uptake.web.common.playbook import playbook
from uptake.web.engagements import services
from uptake.web.engagements.models import Conversation, Engagement, Message, Objection, RequestRow
from uptake.web.engagements.store import change, load
from uptake.web.insights.reports import choose_plan, plan_of
from uptake.web.insights.reports import make as make_report
from uptake.web.insights.services import set_seats, take_report
from uptake.web.packages import services as packages
from uptake.web.packages.models import PilotRow

PASSWORD = "demo portfolio 2026"
PEOPLE = (
    ("fe@demo.example", "Ren Sato", "admin", "en"),
    ("fm@demo.example", "Mia Keller", "member", "en"),
    ("fe.ja@demo.example", "田中 美咲", "member", "ja"),
    ("it@kansai.example", "山本 健", "customer", "ja"),
)
CUSTOMERS = (
    ("Kansai Denki K.K.", 4200, "remediate", "OPP CORE"),
    ("Northwind Freight GmbH", 1850, "deploy", "OPP"),
    ("Hokuriku Foods K.K.", 760, "assess", "OPP OD"),
    ("Alpine Insurance AG", 9400, "blocked", "OPP EXO"),
    ("Setouchi Shipbuilding K.K.", 2300, "new", "OPP"),
    ("Harbour City Council", 5200, "unknown", "OPP TEAMS"),
    ("Tama Medical Centre", 1200, "no-intent", "OPP"),
    ("Riverside Universities", 1540, "success", "OPP"),
)
CHOICES = {
    "product": "O365ProPlusRetail", "architecture": "64", "channel": "MonthlyEnterprise", "languages": "ja-jp en-us",
    "excluded-apps": ["Groove", "Lync"], "additional-products": [], "delivery-tool": "configmgr", "installation-source": "configmgr",
    "source-path": "", "update-source": "cdn", "update-deadline": "5", "shared-computer": "no", "msi-removal": "yes",
    "display-level": "None", "force-app-shutdown": "no", "company-name": "", "pilot": "yes",
}  # fmt: skip


def load_demo() -> str:
    """Build the portfolio once; the password of its people."""
    if Organisation.objects.filter(name="Uptake Demo Partner").exists():
        return PASSWORD
    org = Organisation.objects.create(
        name="Uptake Demo Partner",
        partner_name="Uptake Demo Partner",
        fpm="Ida Holm",
        submission_destination="checklists@demo.example",
    )
    team = Team.objects.create(organisation=org, name="Deployment")
    users = []
    for email, name, role, language in PEOPLE:
        user = User.objects.create_user(email, PASSWORD, name=name, language=language)
        user.time_zone = "Asia/Tokyo" if language == "ja" else "Europe/Berlin"
        user.save()
        membership = Membership.objects.create(user=user, organisation=org, role=role)
        if role == "member":
            membership.teams.add(team)
        users.append(user)
    for index, (customer, seats, stage, scope) in enumerate(CUSTOMERS):
        _engagement(org, team, users, customer, seats, stage, scope.split(), index)
    return PASSWORD


def _engagement(
    org: Organisation,
    team: Team,
    users: list[User],
    customer: str,
    seats: int,
    stage: str,
    scope: list[str],
    index: int,
) -> None:
    fe, fm, ja, it = users
    lead = ja if "K.K." in customer else fe
    today = timezone.localdate()
    intent = {"unknown": "unknown", "no-intent": "no"}.get(stage, "yes")
    row = services.create(lead, org, {
        "customer": customer, "tenant": customer.split()[0].lower() + ".example", "cloud": "commercial", "seats": seats, "intent": intent,
        "intent_on": today - timedelta(days=40), "intent_said_by": "CIO", "scope": scope, "team": team, "playbook_version": "2020-04-30",
        "engagement_scenario": "partner-led", "eligible": "yes", "eligible_on": today - timedelta(days=38),
        "eligible_source": "Product list of the tenant",
    })  # fmt: skip
    Engagement.objects.filter(pk=row.pk).update(created=today - timedelta(days=42))
    services.add_person(lead, row, lead.name, "FE", lead.email)
    services.add_person(fm, row, fm.name, "FM", fm.email)
    if index == 0:
        services.add_person(lead, row, it.name, "CUSTOMER-IT", it.email)
    else:
        services.add_person(lead, row, f"IT {customer.split()[0]}", "CUSTOMER-IT", "")
    order = ("new", "assess", "remediate", "deploy", "success")
    depth = order.index(stage) if stage in order else 1 if stage == "blocked" else 0
    if intent == "yes":
        _status(fm, row, seats, today + timedelta(days=60 + 20 * index))
    for number, step in enumerate((_assess, _remediate, _deploy, _success), 1):
        if depth >= number:
            step(lead, fm, row, today, index)
    if stage == "blocked":
        _blocked(fm, row, today)
    if stage in ("unknown", "no-intent"):
        _silent(fm, row, stage, today)


def _status(fm: User, row: Engagement, seats: int, target: date) -> None:
    first = load(row).entitlements[0]
    services.set_entitlement(fm, row, first.id, {
        "service": "OPP", "seats": seats, "l1": "in-progress", "l2": first.l2, "target_date": target, "next_action": "Send the agenda of the workshop",
        "next_action_date": target - timedelta(days=57), "service_status": "Initiate", "engagement_scenario": "partner-led",
        "business_reasons": ["update-overhead", "anywhere"],
    })  # fmt: skip


def _assess(lead: User, fm: User, row: Engagement, today: date, index: int) -> None:
    held = today - timedelta(days=30 - index)
    people = [
        Person(lead.name, "FE"),
        Person(fm.name, "FM"),
        Person(load(row).people_in("CUSTOMER-IT")[0], "CUSTOMER-IT"),
    ]
    services.hold_meeting(lead, row, "workshop", {
        "on": held, "deck": "v4, 2026-10", "attendees": people, "outcome": "All decision points were discussed.", "next_on": held + timedelta(days=14),
    })  # fmt: skip
    for topic in playbook().of(DecisionTopic).values():
        values = {
            "choice": CHOICES[topic.id],
            "reason": "Agreed in the workshop.",
            "decider": people[2].name,
            "on": held,
        }
        services.decide(lead, row, topic.id, values, topic.choices)
    services.settle(lead, row.pk, "task:3080", {"state": "done", "on": held}, (
        Evidence("workshop", f"{held} · v4", held, lead.name), Evidence("responsible-it", people[2].name, held, lead.name),
    ))  # fmt: skip
    note = (
        "[OPP] Workshop held with IT; channel, languages and tool are decided because the pilot starts in four weeks."
    )
    services.write_note(lead, row, Note(
        "N3", note, lead.name, "FE", held, "OPP", status="on-track", next_action="Customer runs the scan", next_action_date=held + timedelta(days=7),
        next_action_owner=people[2].name,
    ))  # fmt: skip
    _scan(lead, row, today - timedelta(days=20 - index))
    if index < 2:
        _addins(lead, row, index)


def _scan(lead: User, row: Engagement, on: date) -> None:
    """The sample estate of `uptake demo`, scanned for real."""
    scan = Scan(
        engagement=row,
        name="results.jsonl",
        size=0,
        method="By the customer, stand-alone",
        coverage="Finance and HR shares",
        ran_on=on,
        by=lead.name,
    )
    body = b"".join(json.dumps(each).encode() + b"\n" for each in _results())
    scan.size = len(body)
    scan.file.save("scan", ContentFile(body))
    read(scan)
    services.prove(
        lead, row.pk, "step:ort", Evidence("scan", f"{on} · stand-alone · Finance and HR shares", on, lead.name)
    )


def _addins(lead: User, row: Engagement, index: int) -> None:
    """Collections of invented devices in the form of the collector, a statement of a vendor, and one add-in that was looked at."""
    files = collections_of(40 if index else 60)
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    body.seek(0)
    made = addins.keep_files(lead, row, [("collections.zip", body)], body.getbuffer().nbytes)
    read_collection(made)
    if not index:
        addins.keep_statement(lead, row, {
            "addin": "Mailkeep.Connect", "status": "Supported version available", "statement": "Version 9 has a 64-bit edition.",
            "source": "Letter of the vendor to the IT manager", "on": timezone.localdate() - timedelta(days=12),
        })  # fmt: skip
    AddInRow.objects.filter(engagement=row, key="ledgerlink.connect").update(
        state="assigned", assignee="Finance IT", process="Monthly closing", criticality="business-critical"
    )


SERVER = r"hklm\software\{view}classes\clsid\{clsid}\inprocserver32"
DEPARTMENTS = ("Finance", "HR", "Sales", "Logistics")


def collections_of(count: int) -> dict[str, bytes]:
    """Files as the collector writes them, of devices that the demonstration's inventory knows."""
    return {f"PC-{number:04}.json": json.dumps(_collection(number)).encode() for number in range(count)}


def _collection(number: int) -> dict[str, Any]:
    department = DEPARTMENTS[number % 4]
    keys, files = _registered(
        "outlook", "Mailkeep.Connect", "Mailkeep Archive", 1, "8.2", "32-only" if number % 5 else "64-only"
    )
    if department == "Finance":
        more_keys, more_files = _registered("excel", "LedgerLink.Connect", "LedgerLink for Excel", 2, "3.1", "32-only")
        keys, files = [*keys, *more_keys], [*files, *more_files]
        keys.append(
            {
                "path": r"hkcu\software\microsoft\office\16.0\excel\options",
                "values": {"OPEN": r'/R "C:\Tools\rates.xll"'},
            }
        )
        files.append({"path": r"C:\Tools\rates.xll", "bitness": "32-only", "company": "House", "version": "1.4"})
    if department in ("HR", "Sales"):
        keys.append({
            "path": r"hklm\software\microsoft\office\word\addins\Papermill.Templates",
            "values": {"FriendlyName": "Papermill Templates", "LoadBehavior": 3, "Manifest": "file:///C:/Papermill/papermill.vsto|vstolocal"},
        })  # fmt: skip
    if department == "Logistics":
        keys.append({
            "path": r"hklm\software\wow6432node\microsoft\windows\currentversion\uninstall\sapgui",
            "values": {"DisplayName": "SAP GUI for Windows 8.00", "Publisher": "SAP SE", "DisplayVersion": "8.00"},
        })  # fmt: skip
    keys.append(
        {
            "path": r"hkcu\software\microsoft\office\16.0\excel\add-in manager",
            "values": {r"C:\Office\Library\solver.xlam": ""},
        }
    )
    return {
        "schema": "uptake.addins/1", "device": f"PC-{number:04}", "user": f"user{number:04}", "department": department,
        "collected": f"{timezone.localdate() - timedelta(days=4)}T08:{number % 60:02}:00Z", "keys": keys, "files": files,
        "events": [], "manifests": [], "not_readable": [r"C:\Tools\old.dll"] if number % 20 == 7 else [],
    }  # fmt: skip


def _registered(
    app: str, progid: str, name: str, number: int, version: str, bitness: str
) -> tuple[list[Any], list[Any]]:
    """Keys and file of a COM add-in whose server is registered in the view of its bitness."""
    clsid, view = f"{{0000000{number}-0000-0000-0000-000000000000}}", "wow6432node\\" if bitness == "32-only" else ""
    path = rf"C:\Program Files\{name}\{progid.partition('.')[0].lower()}.dll"
    keys = [
        {
            "path": rf"hklm\software\{view}microsoft\office\{app}\addins\{progid}",
            "values": {"FriendlyName": name, "LoadBehavior": 3},
        },
        {"path": rf"hklm\software\classes\{progid}\clsid", "values": {"": clsid}},
        {"path": SERVER.format(view=view, clsid=clsid), "values": {"": path}},
    ]
    return keys, [{"path": path, "bitness": bitness, "company": name.split()[0], "version": version}]


@lru_cache(maxsize=1)
def _results() -> tuple[dict[str, Any], ...]:
    """Results of the sample estate, once a process."""
    found: list[dict[str, Any]] = []
    with TemporaryDirectory(prefix="uptake-") as folder:
        estate = Path(folder) / "shares"
        build_estate(estate)
        with (
            ScanRun(ScanRequest([str(estate)]), Path(folder) / "out", on_result=found.append) as scan,
            closing(scan.run()) as steps,
        ):
            for _step in steps:
                pass
        for each in found:
            each["path"] = str(each["path"]).replace(str(estate), "//files.kansai.example")
    return tuple(found)


def _remediate(lead: User, fm: User, row: Engagement, today: date, index: int) -> None:
    on = today - timedelta(days=15 - index)
    for cluster in Cluster.objects.filter(scan__engagement=row, by="cause", severity__gte=3):
        Cluster.objects.filter(pk=cluster.pk).update(
            state="assigned",
            assignee="Payroll team",
            process="Monthly payroll",
            criticality="business-critical" if cluster.severity == 4 else "important",
        )
    services.settle(
        lead, row.pk, "step:ort", {"state": "done", "on": on}, (Evidence("fe-review", lead.name, on, lead.name),)
    )
    Conversation.objects.create(
        engagement=row,
        on=on,
        audience="IT and heads of departments",
        material="Announcement, business value deck",
        outcome="Champions named",
        by=fm.name,
    )
    services.settle(
        fm,
        row.pk,
        "task:3738",
        {"state": "done", "on": on},
        (Evidence("conversation", f"{on} · IT and heads", on, fm.name),),
    )
    Objection.objects.create(
        engagement=row, on=on, who="Head of accounting", objection="Our macros will break.",
        answer="The scan names every line; the corrected ones are ready.", is_settled=True,
    )  # fmt: skip
    Message.objects.create(
        engagement=row,
        template="announcement",
        language="ja",
        audience="全社員",
        channel="イントラネット",
        planned_on=today + timedelta(days=10),
        text="…",
    )
    services.answer(
        lead, row, {each.id: _likely(each, number) for number, each in enumerate(playbook().of(Question).values())}
    )
    services.generate_checklist(lead, row, open_rules(row))
    services.settle(lead, row.pk, "task:3070", {"state": "done", "on": on}, ())
    row.refresh_from_db()
    checklist = load(row).checklist
    for number, item in enumerate(checklist.open if checklist else ()):
        resolved = number % 3 == 0
        services.set_item(lead, row, item.id, {
            "owner": "IT operations", "due": today + timedelta(days=number - 4), "state": "resolved" if resolved else "open",
            "evidence": "Seen in the review of the week" if resolved else "",
        })  # fmt: skip


def _likely(question: Question, number: int) -> Any:
    if question.answer == "many":
        return list(question.choices[:1])
    if question.answer == "choice":
        return question.choices[number % len(question.choices)]
    if question.answer == "number":
        return str(number * 10)
    return ("yes", "no")[number % 2] if question.answer == "yes-no" else "As discussed in the workshop"


def _deploy(lead: User, fm: User, row: Engagement, today: date, _index: int) -> None:
    on = today - timedelta(days=6)
    row.refresh_from_db()
    checklist = load(row).checklist
    for item in checklist.open if checklist else ():
        services.set_item(
            lead,
            row,
            item.id,
            {"owner": "IT operations", "due": on, "state": "resolved", "evidence": "Checked in the review"},
        )
    services.acknowledge_all(fm, row, on)
    services.settle(
        lead,
        row.pk,
        "task:3190",
        {"state": "done", "on": on},
        (Evidence("pilot", "38 devices, no case in ten days", on, lead.name),),
    )
    _package(lead, row, today)
    RequestRow.objects.create(
        engagement=row, raised_from="task:1247", reason="Content distribution is slow", by=lead.name,
        values={"role": "FastTrack Engineer SME", "workload": "OPP", "tenant-name": row.customer},
        reached={"submitted": (timezone.now() - timedelta(days=2)).isoformat()},
    )  # fmt: skip


def _package(lead: User, row: Engagement, today: date) -> None:
    """The package of the decisions, an inventory, the pilot with its proof, and waves."""
    made = packages.build(lead, row)
    packages.approve(lead, row, made)
    names = ("Finance", "HR", "Sales", "Logistics")
    lines = ["device,user,department,site,model,language,items"]
    for number in range(120):
        department = names[number % 4]
        items = f"addin{number % 7};macro{number % 23}" if number % 3 == 0 else f"addin{number % 7}"
        lines.append(
            f"PC-{number:04},user{number:04},{department},{'Hamburg' if number % 2 else 'Bremen'},Model {number % 3},de-de,{items}"
        )
    inventory = packages.take_inventory(lead, row, "\n".join(lines).encode(), "devices.csv")
    pilot = PilotRow.objects.create(inventory=inventory, exclusions="department=Board", by=lead.name)
    packages.compute(pilot.pk)
    pilot.refresh_from_db()
    packages.end_pilot(lead, row, pilot, "No case in ten days", today - timedelta(days=2))
    found = packages.pilot_of(pilot)
    wanted = WavePlan(today + timedelta(days=3), found.devices if found else (), 1, 20, exit_criteria=("No case of priority 1 in ten days",),
                      rollback="Back to the last build by policy")  # fmt: skip
    packages.plan(lead, row, inventory, wanted, "en")


def _success(lead: User, fm: User, row: Engagement, today: date, _index: int) -> None:
    on = today - timedelta(days=3)
    services.settle(lead, row.pk, "task:1247", {"state": "done", "on": on}, (
        Evidence("package", "configuration.xml compared with the decisions", on, lead.name), Evidence("deployment-started", "Finance, 400 devices", on, lead.name),
    ))  # fmt: skip
    row.refresh_from_db()
    _usage(fm, row, today, (31, 37, 44, 49, 50, 51, 52))
    choose_plan(fm, row, "month", today.day, 3, ["en", "ja"])
    make_report(plan_of(row), today)
    change(
        fm, row.pk, "completed", lambda before: replace(before, completed_on=on), "All waves have received the package"
    )


def _usage(fm: User, row: Engagement, today: date, percents: tuple[int, ...]) -> None:
    """Usage reports of the last months, read by the same reader as any export."""
    users = row.seats
    for months, percent in enumerate(reversed(percents)):
        on = today - timedelta(days=2 + 30 * months)
        report = io.BytesIO(user_detail(on, users, users * percent // 100))
        take_report(
            fm, row, report, f"ProPlusUsageUserDetail_{on}.csv", (io.BytesIO(_departments(users)), "departments.csv")
        )
    set_seats(fm, row, users, today - timedelta(days=2 + 30 * (len(percents) - 1)), "Product list of the tenant")


def _departments(users: int) -> bytes:
    """A list of people; departments differ in their share, one is small, and some people are in none."""
    lines = ["User principal name,Department"]
    for number in range(users):
        early = number < users // 2
        names = ("Finance", "Sales", "Sales" if early else "Logistics", "HR", "" if early else "Logistics")
        lines.append(f"user{number:05}@demo.example,{'Board' if number < 3 else names[number % 5]}")
    return "\n".join(lines).encode()


def user_detail(on: date, users: int, active: int) -> bytes:
    """The user detail report as the admin center exports it."""
    apps, platforms = (
        ("Outlook", "Word", "Excel", "PowerPoint", "OneNote", "Teams"),
        ("Windows", "Mac", "Mobile", "Web"),
    )
    heads = [
        "Report Refresh Date",
        "User Principal Name",
        "Last Activation Date",
        "Last Activity Date",
        "Report Period",
        *platforms,
        *apps,
    ]
    heads += [f"{app} ({platform})" for platform in platforms for app in apps]
    lines = [",".join(heads)]
    for number in range(users):
        is_active = number < active
        last = on - timedelta(days=number % 20 if is_active else 60 + number % 90)
        flags = [
            "Yes" if is_active and head in ("Windows", "Word", "Outlook", "Word (Windows)") else "No"
            for head in heads[5:]
        ]
        lines.append(",".join([str(on), f"user{number:05}@demo.example", "", str(last), "30", *flags]))
    return "\r\n".join(lines).encode()


def _blocked(fm: User, row: Engagement, today: date) -> None:
    services.report_block(fm, row, {
        "entitlement": load(row).entitlements[0].id, "l2": "app-compatibility",
        "text": "The underwriting add-in is not certified for 64-bit because the vendor has no build; the vendor was asked on Monday.",
        "unblock_date": today + timedelta(days=45), "next_action": "Vendor answers on the date of a 64-bit build",
        "next_action_date": today + timedelta(days=9),
    })  # fmt: skip


def _silent(fm: User, row: Engagement, stage: str, today: date) -> None:
    texts = {
        "unknown": (
            "status-unknown",
            "Three attempts by phone and mail to the IT manager; the account is managed, no answer because of a reorganisation.",
        ),
        "no-intent": ("no-intent", "No intent because the board keeps the perpetual licences until 2027."),
    }
    l1, text = texts[stage]
    services.write_note(fm, row, Note(
        "N2", text, fm.name, "FM", today - timedelta(days=5), "OPP", l1, next_action="Call the account team", next_action_date=today + timedelta(days=10),
        next_action_owner="ATU",
    ))  # fmt: skip
