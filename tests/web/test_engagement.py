"""One engagement through its pages: what starts it, what a gate needs, what is kept when two people write."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction

from uptake.guide.engagement import State
from uptake.web.engagements import services
from uptake.web.engagements.models import Attachment, AuditEntry, Engagement, Message, NoteRow
from uptake.web.engagements.refresh import LISTED, refresh
from uptake.web.engagements.store import load
from web_world import World, values_of

Post = Callable[..., Any]


def errors(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 422, answer.content[:300]
    return {name: list(map(str, found)) for name, found in answer.context["form"].errors.items()}


def test_without_intent_nothing_starts_and_the_status_says_why(world: World) -> None:
    row = services.create(world.member, world.org, values_of(intent="no", team=world.team))
    engagement = load(row)
    assert engagement.entitlements[0].l1 == "no-intent"
    answer = world.client(world.member).post(
        f"/e/{row.pk}/do/step:ort/", {"state": "not_applicable", "on": "2026-01-05", "reason": "x"}
    )
    assert answer.status_code in (302, 422)
    done = world.client(world.member).post(
        f"/e/{row.pk}/do/step:ort/",
        {"state": "done", "on": "2026-01-05", "evidence_scan": "a", "evidence_fe-review": "b"},
    )
    assert done.status_code == 422
    assert "Without the customer" in done.content.decode()


def test_a_task_is_done_only_with_its_evidence_and_each_gap_is_named_at_its_field(
    world: World, post: Post, today: date
) -> None:
    found = errors(post("do/task:3080/", state="done", on=today))
    assert found["evidence_workshop"] == ["This evidence is missing."]
    assert "evidence_responsible-it" in found
    assert "Missing: " in found["state"][0]  # a decision cannot be typed, it is derived
    post("workshop/channel/", choice="Current", reason="Agreed", decider="Kai", on=today)
    answer = post(
        "do/task:3080/", state="done", on=today, evidence_workshop="1 Nov, v4", **{"evidence_responsible-it": "Kai"}
    )
    assert answer.status_code == 302
    assert load(world.fresh()).recorded("task:3080").state is State.DONE


def test_a_step_is_bypassed_with_reason_and_evidence_only(post: Post, today: date, world: World) -> None:
    assert set(errors(post("do/step:ort/", state="bypassed", on=today))) == {"reason", "evidence_file"}
    assert (
        post(
            "do/step:ort/", state="bypassed", on=today, reason="Done in May", evidence_file="Report of 3 May"
        ).status_code
        == 302
    )
    assert load(world.fresh()).recorded("step:ort").state is State.BYPASSED


def test_a_date_in_the_future_is_refused(post: Post, today: date) -> None:
    assert "on" in errors(post("do/step:ort/", state="not_applicable", on=today + timedelta(days=1), reason="x"))


def test_recording_a_workshop_proves_it_and_warns_without_responsible_it(world: World, post: Post, today: date) -> None:
    post("workshop/new/", on=today, deck="v4", attendees="Ben, FE")
    page = world.client(world.member).get(f"/e/{world.row.pk}/workshop/").content.decode()
    assert "Nobody of the customer" in page
    post("workshop/new/", on=today, deck="v4", attendees="Ben, FE\nKai, CUSTOMER-IT")
    kinds = {each.kind for each in load(world.fresh()).recorded("task:3080").evidence}
    assert kinds == {"workshop", "responsible-it"}
    assert "attendees" in errors(post("workshop/new/", on=today, deck="v4", attendees="Somebody"))


def test_the_second_of_two_editors_sees_what_changed_and_loses_nothing(world: World, today: date) -> None:
    first, second = world.client(world.member), world.client(world.admin)
    path = f"/e/{world.row.pk}/details/"
    seen = {client: client.get(path).context["form"]["_seen"].value() for client in (first, second)}
    base = {
        "customer": "Contoso Kansai",
        "tenant": "",
        "cloud": "commercial",
        "engagement_scenario": "",
        "scope": "OPP",
    }
    assert first.post(path, {**base, "customer": "Contoso Osaka", "_seen": seen[first]}).status_code == 302
    answer = second.post(path, {**base, "customer": "Contoso Kyoto", "_seen": seen[second]})
    assert answer.status_code == 422
    html = answer.content.decode()
    assert "Contoso Kyoto" in html
    assert "Contoso Osaka" in html
    assert world.fresh().customer == "Contoso Osaka"
    again = second.post(path, {**base, "customer": "Contoso Kyoto", "_seen": answer.context["form"].data["_seen"]})
    assert again.status_code == 302
    assert world.fresh().customer == "Contoso Kyoto"


def test_two_people_who_change_different_fields_do_not_disturb_each_other(world: World) -> None:
    client = world.client(world.member)
    path = f"/e/{world.row.pk}/details/"
    seen = client.get(path).context["form"]["_seen"].value()
    Engagement.objects.filter(pk=world.row.pk).update(tenant="changed.example")
    values = {"customer": "Contoso Osaka", "tenant": "changed.example", "cloud": "commercial", "engagement_scenario": "partner-led",
              "scope": "OPP", "_seen": seen}  # fmt: skip
    assert client.post(path, values).status_code == 302


def test_a_status_needs_what_the_playbook_asks_for(world: World, post: Post, today: date) -> None:
    key = load(world.row).entitlements[0].id
    base = {"service": "OPP", "seats": "10"}
    found = errors(post(f"status/of/{key}/", **base, l1="blocked", l2="adoption"))
    assert found["l2"] == ["This L2 does not belong to this L1."]
    assert {"unblock_date", "why"} <= set(found)
    assert "target_date" in errors(post(f"status/of/{key}/", **base, l1="in-progress", l2="adoption"))
    assert "l2" in errors(post(f"status/of/{key}/", **base, l1="no-intent", why="Board decided"))
    ahead = today + timedelta(days=30)
    answer = post(
        f"status/of/{key}/", **base, l1="blocked", l2="app-compatibility", unblock_date=ahead, why="Vendor has no build"
    )
    assert answer.status_code == 302
    engagement = load(world.fresh())
    assert engagement.entitlements[0].l1 == "blocked"
    assert engagement.notes[-1].stream == "N2"
    assert world.fresh().is_blocked


def test_one_form_for_a_block_writes_note_status_and_dates_together_or_nothing(
    world: World, post: Post, today: date
) -> None:
    key = load(world.row).entitlements[0].id
    values = {"entitlement": key, "l2": "app-compatibility", "text": "The add-in is not certified because the vendor is slow",
              "unblock_date": today + timedelta(days=9), "next_action": "Call", "next_action_date": today + timedelta(days=2)}  # fmt: skip
    before = load(world.fresh())
    assert "unblock_date" in errors(post("status/block/", **{**values, "unblock_date": today - timedelta(days=1)}))
    assert load(world.fresh()) == before
    assert post("status/block/", **values).status_code == 302
    after = load(world.fresh())
    assert (after.entitlements[0].l1, after.entitlements[0].l2) == ("blocked", "app-compatibility")
    assert after.notes[-1].text == values["text"]
    assert (after.notes[-1].stream, after.notes[-1].l1) == ("N1", "blocked")


def test_a_split_adds_up_or_is_refused(world: World, post: Post) -> None:
    key = load(world.row).entitlements[0].id
    values = {"reason": "geography", "name1": "Japan", "seats1": "4000", "name2": "Korea"}
    assert "The parts have 4100 seats" in errors(post(f"status/of/{key}/split/", **values, seats2="100"))["seats1"][0]
    assert "approval" in errors(post(f"status/of/{key}/split/", **{**values, "reason": "bundle"}, seats2="200"))
    assert post(f"status/of/{key}/split/", **values, seats2="200").status_code == 302
    assert {each.id: each.seats for each in load(world.fresh()).entitlements} == {
        f"{key}/Japan": 4000,
        f"{key}/Korea": 200,
    }
    assert world.client(world.member).get(f"/e/{world.row.pk}/status/of/{key}/Japan/").status_code == 200


def test_questionnaires_make_the_checklist_and_people_keep_their_work(world: World, post: Post, today: date) -> None:
    client = world.client(world.member)
    form = client.get(f"/e/{world.row.pk}/checklist/questions/m365-apps/").context["form"]
    answers = {}
    for question in form.questions:
        answers[question.id] = {
            "yes-no": "no", "number": "5", "text": "As discussed", "choice": question.choices[0] if question.choices else "",
            "many": question.choices[0] if question.choices else "",
        }[question.answer]  # fmt: skip
    assert post("checklist/questions/m365-apps/", **answers).status_code == 302
    assert post("checklist/generate/").status_code == 302
    checklist = load(world.fresh()).checklist
    assert checklist is not None
    assert checklist.is_complete
    assert not checklist.is_resolved
    item = checklist.open[0].id
    assert "evidence" in errors(post(f"checklist/item/{item}/", state="resolved", owner="", due=""))
    post(f"checklist/item/{item}/", state="resolved", owner="Kai", due=today, evidence="Seen in the portal")
    post("checklist/generate/")
    kept = next(each for each in load(world.fresh()).checklist.items if each.id == item)  # type: ignore[union-attr]
    assert (kept.owner, kept.evidence) == ("Kai", ("Seen in the portal",))
    assert not kept.is_open
    assert "checklist-resolved" not in [each.kind for each in load(world.fresh()).recorded("task:3190").evidence]


def test_a_wrong_edition_is_refused_in_words(world: World, post: Post) -> None:
    Engagement.objects.filter(pk=world.row.pk).update(cloud="gcc-high-dod", scope=["OPP", "TEAMS"])
    answer = world.client(world.member).post(f"/e/{world.row.pk}/checklist/generate/", follow=True)
    engagement = load(world.fresh())
    if engagement.checklist is None:
        assert "made for another cloud" in answer.content.decode()


def test_a_customer_answers_acknowledges_and_confirms_and_does_nothing_else(world: World, today: date) -> None:
    client = world.client(world.customer)
    assert client.get("/")["Location"] == f"/e/{world.row.pk}/customer/"
    base = f"/e/{world.row.pk}"
    assert client.post(f"{base}/checklist/questions/m365-apps/", {"A-ID-01": "no"})["Location"] == f"{base}/customer/"
    services.generate_checklist(world.member, world.fresh(), None)
    assert client.post(f"{base}/customer/acknowledge/A-ID-01/").status_code == 302
    checklist = load(world.fresh()).checklist
    assert next(each for each in checklist.items if each.id == "A-ID-01").acknowledged_by == "Kai"  # type: ignore[union-attr]
    client.post(f"{base}/customer/acknowledge/")
    assert not load(world.fresh()).recorded("task:3190").evidence
    page = client.get(f"{base}/customer/").content.decode()
    assert f"{base}/notes" not in page
    assert f"{base}/audit" not in page


def test_what_a_note_lacks_is_said_and_never_stops_it(world: World, post: Post) -> None:
    verdict = post("notes/check/", stream="N3", author_role="FE", text="ok").content.decode()
    assert "Poor" in verdict
    assert post("notes/new/", stream="N3", author_role="FE", text="ok").status_code == 302
    assert NoteRow.objects.get(engagement=world.row).score == "poor"


def test_a_note_of_hostile_text_is_inert_on_the_page_and_in_the_trail(world: World, post: Post) -> None:
    text = '<script>alert(1)</script>=HYPERLINK("http://x")\u202e'
    post("notes/new/", stream="N1", author_role="FM", text=text)
    client = world.client(world.member)
    assert "<script>alert" not in client.get(f"/e/{world.row.pk}/notes/").content.decode()
    services.add_person(world.member, world.fresh(), '=cmd|"/c calc"!A1', "FM", "")
    trail = b"".join(client.get(f"/e/{world.row.pk}/audit.csv").streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert ",=cmd" not in trail
    assert ',"=cmd' not in trail
    assert "\u202e" not in trail


def test_every_change_leaves_who_when_before_after_and_why(world: World, post: Post, today: date) -> None:
    post("do/step:ort/", state="bypassed", on=today, reason="Done in May", evidence_file="Report")
    entries = AuditEntry.objects.filter(engagement=world.row, action="bypassed")
    assert entries
    assert all(each.who == "Ben <ben@example.org>" and each.why == "Done in May" for each in entries)
    assert any("step:ort" in each.what for each in entries)


def test_the_database_itself_refuses_to_change_the_trail(world: World) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.update(who="nobody")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM engagements_auditentry")


def test_evidence_is_known_by_its_content(world: World) -> None:
    client = world.client(world.member)
    path = f"/e/{world.row.pk}/files/add/task:3080/"
    for name, content, is_kept in (
        ("report.pdf", b"%PDF-1.7 x", True),
        ("report.pdf", b"<html><script>alert(1)</script>", False),
        ("report.exe", b"MZ\x90\0", False),
        ("image.svg", b"<svg onload=alert(1)>", False),
        ("../../etc/passwd.txt", b"plain text", True),
        ("メモ.txt", "日本語".encode("cp932"), True),
        ("empty.txt", b"", True),
    ):
        before = Attachment.objects.count()
        client.post(path, {"file": SimpleUploadedFile(name, content)})
        assert (Attachment.objects.count() > before) is is_kept, name
    kept = Attachment.objects.get(name="passwd.txt")
    answer = client.get(f"/e/{world.row.pk}/files/{kept.pk}/")
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Type"] == "application/octet-stream"
    assert b"".join(answer.streaming_content) == b"plain text"  # type: ignore[attr-defined]
    assert kept.sha256[:12] in next(
        each.what for each in load(world.fresh()).recorded("task:3080").evidence if "passwd" in each.what
    )


def test_evidence_that_is_too_large_is_refused(world: World, settings: Any) -> None:
    settings.MOST_EVIDENCE = 10
    world.client(world.member).post(
        f"/e/{world.row.pk}/files/add/task:3080/", {"file": SimpleUploadedFile("a.txt", b"x" * 11)}
    )
    assert not Attachment.objects.exists()


def test_the_workbook_opens_and_holds_no_formula(world: World, post: Post) -> None:
    import io

    from openpyxl import load_workbook

    post("checklist/questions/m365-apps/", **{"A-ID-01": "no"})
    post("checklist/generate/")
    post("checklist/item/A-ID-01/", state="resolved", owner="=1+1", due="", evidence="@SUM(A1)")
    answer = world.client(world.member).get(f"/e/{world.row.pk}/checklist/export.xlsx")
    book = load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == ["Overview", "Checklist", "Hidden"]
    assert book["Hidden"].sheet_state == "hidden"
    cells = [cell for row in book["Checklist"].iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    assert "=1+1" in [cell.value for cell in cells]
    page = world.client(world.member).get(f"/e/{world.row.pk}/checklist/export.html")
    assert page["Content-Disposition"].startswith("attachment")


def test_a_submission_is_recorded_and_nothing_is_mailed(world: World, post: Post, mailoutbox: list[Any]) -> None:
    post("checklist/questions/m365-apps/", **{"A-ID-01": "no"})
    post("checklist/generate/")
    assert post("checklist/submit/", destination="channel@example.org").status_code == 302
    assert b"channel@example.org" in world.client(world.member).get(f"/e/{world.row.pk}/checklist/").content
    assert mailoutbox == []


def test_a_template_is_filled_with_what_is_known_and_brackets_what_is_not(world: World, post: Post) -> None:
    client = world.client(world.member)
    for lang, word in (("en", "Contoso Kansai"), ("ja", "Contoso Kansai に")):
        form = client.get(f"/e/{world.row.pk}/adoption/message/?template=announcement&lang={lang}").context["form"]
        assert word in form.initial["text"]
        assert "[" in form.initial["text"]
    path = "adoption/message/?template=announcement&lang=ja"
    post(path, audience="全社員", text="本文")
    assert Message.objects.get().language == "ja"
    assert client.get(f"/e/{world.row.pk}/adoption/message/?template=nothing&lang=xx").status_code == 404


def test_a_request_has_its_clock_and_says_what_may_have_it_denied(world: World, post: Post) -> None:
    client = world.client(world.member)
    form = client.get(f"/e/{world.row.pk}/requests/new/?from=step:ort").context["form"]
    values = {
        name: form.initial.get(name) or (field.choices[-1][0] if hasattr(field, "choices") else "x")
        for name, field in form.fields.items()
        if name != "reason"
    }
    assert post("requests/new/?from=step:ort", **values, reason="The scan stops").status_code == 302
    page = client.get(f"/e/{world.row.pk}/requests/").content.decode()
    assert "It may be denied" in page
    assert "Readiness Toolkit" in page


def test_a_session_keeps_a_snapshot_of_the_progress(world: World, post: Post, today: date) -> None:
    post(
        "meetings/new/",
        kind="follow-on",
        on=today,
        attendees="Ben, FE",
        outcome="Fine",
        next_on=today + timedelta(days=14),
    )
    page = world.client(world.member).get(f"/e/{world.row.pk}/meetings/").content.decode()
    assert "Snapshot:" in page
    assert "0 of 6 tasks settled" in page


def test_what_lists_show_is_what_the_engine_says(world: World, post: Post, today: date) -> None:
    post("do/step:ort/", state="bypassed", on=today, reason="Done in May", evidence_file="Report")
    row = world.fresh()
    shown = {name: getattr(row, name) for name in LISTED if name != "changed_at"}
    refresh(row, load(row))
    assert shown == {name: getattr(world.fresh(), name) for name in shown}


def test_what_is_written_is_what_is_loaded(world: World, post: Post, today: date) -> None:
    """The rows hold every field of the frozen value: nothing is lost between two loads."""
    post("workshop/channel/", choice="Current", reason="Agreed", decider="Kai", on=today)
    post("do/step:ort/", state="bypassed", on=today, reason="r", evidence_file="e")
    post(
        "notes/new/",
        stream="N1",
        author_role="FM",
        text="Called because of the date",
        next_action="Call",
        next_action_date=today,
    )
    first = load(world.fresh())
    assert first == load(world.fresh())
    assert first.decisions[0].options
    assert first.notes[0].next_action_date == today


def test_an_executive_summary_is_assembled_from_what_is_recorded_and_bounded(world: World, post: Post) -> None:
    page = world.client(world.member).get(f"/e/{world.row.pk}/notes/summary/")
    assert "OPP 4200: In Progress" in page.context["form"].initial["snapshot"]
    values = {"customer": "A" * 257, "status": "reactive", "deployment": "not", "relationship": "Good", "snapshot": "x"}
    assert "customer" in errors(post("notes/summary/", **values))
    assert post("notes/summary/", **{**values, "customer": "Contoso"}).status_code == 302
    assert NoteRow.objects.get(engagement=world.row).stream == "N5"
