"""The API does what the pages do, refuses in JSON, and never fails for whatever is sent."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings

from uptake.web.accounts.models import ApiToken
from uptake.web.engagements.models import Engagement, NoteRow
from web_world import World


class Caller:
    """The API as one person calls it."""

    def __init__(self, world: World, scope: str = "write") -> None:
        self.client = world.client(None)
        self.token = ApiToken.make(world.member, "test", scope, 1)[1]

    def __call__(self, method: str, path: str, data: Any = None) -> Any:
        sent = {} if data is None else {"data": json.dumps(data, default=str), "content_type": "application/json"}
        return getattr(self.client, method)(f"/api{path}", headers={"Authorization": f"Bearer {self.token}"}, **sent)


@pytest.fixture
def call(world: World) -> Caller:
    return Caller(world)


def test_an_engagement_is_made_and_found(call: Caller) -> None:
    made = call(
        "post",
        "/engagements",
        {"customer": "Fabrikam", "seats": 10, "intent": "yes", "intent_on": "2026-01-05", "intent_said_by": "CIO"},
    )
    assert made.status_code == 201, made.content
    pk = made.json()["id"]
    assert call("get", f"/engagements/{pk}").json()["customer"] == "Fabrikam"
    assert pk in [each["id"] for each in call("get", "/engagements").json()]
    refused = call("post", "/engagements", {"customer": "Fabrikam", "seats": 10, "intent": "yes"})
    assert refused.status_code == 409


def test_a_task_is_settled_with_its_evidence_only(world: World, call: Caller) -> None:
    path = f"/engagements/{world.row.pk}/tasks/step:ort"
    refused = call("post", path, {"state": "done"})
    assert refused.status_code == 409
    assert "lacks evidence" in refused.json()["detail"]
    done = call(
        "post",
        path,
        {"state": "done", "evidence": [{"kind": "scan", "what": "1 Nov"}, {"kind": "fe-review", "what": "Ben"}]},
    )
    assert done.json()["state"] == "done"
    assert call("post", f"/engagements/{world.row.pk}/tasks/task:9999", {"state": "done"}).status_code == 404


def test_notes_answers_and_the_checklist_go_in_and_out(world: World, call: Caller) -> None:
    base = f"/engagements/{world.row.pk}"
    verdict = call("post", f"{base}/notes", {"stream": "N1", "text": "ok", "author_role": "FM"})
    assert verdict.json()["score"] == "poor"
    assert NoteRow.objects.filter(engagement=world.row).count() == 1
    assert call("get", f"{base}/notes").json()[0]["text"] == "ok"
    assert call("put", f"{base}/answers", {"answers": {"A-ID-01": "no"}}).json() == {"changed": 1}
    assert call("put", f"{base}/answers", {"answers": {"A-ID-01": "perhaps"}}).status_code == 409
    items = call("post", f"{base}/checklist").json()["items"]
    assert [each["id"] for each in items] == ["A-ID-01"]
    resolved = call("put", f"{base}/checklist/A-ID-01", {"state": "resolved", "evidence": "Seen"})
    assert resolved.json()["items"][0]["state"] == "resolved"
    assert call("put", f"{base}/checklist/A-XX-99", {"state": "open"}).status_code == 404


def test_a_scan_goes_in(world: World, call: Caller) -> None:
    body = SimpleUploadedFile("results.jsonl", b'{"path": "a.xlsm", "status": "has VBA", "findings": []}\n')
    answer = call.client.post(
        f"/api/engagements/{world.row.pk}/scans", {"file": body}, headers={"Authorization": f"Bearer {call.token}"}
    )
    assert answer.status_code == 202
    assert call("get", f"/engagements/{world.row.pk}/scans").json()[0]["state"] == "complete"


@pytest.fixture
def open_connections() -> Iterator[None]:
    """As Django's own test client does: the end of a request does not close the connection that holds the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.slow
@pytest.mark.usefixtures("open_connections")
def test_whatever_is_sent_the_server_does_not_fail(world: World) -> None:
    """Schemathesis over the OpenAPI document: every operation with values that fit and values that do not."""
    token = ApiToken.make(world.member, "test", "write", 1)[1]
    headers = {"Authorization": f"Bearer {token}"}
    app = get_wsgi_application()
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    failures: list[str] = []
    for found in schema.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy())
        @settings(
            max_examples=25, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
        )
        def run(case: Any) -> None:
            if case.path_parameters and "pk" in case.path_parameters:
                case.path_parameters["pk"] = world.row.pk
            answer = case.call(headers=headers)
            if answer.status_code >= 500:
                failures.append(f"{case.method} {case.path}: {answer.status_code}")

        run()
    assert failures == []
    assert Engagement.objects.filter(pk=world.row.pk).exists()


def test_package_pilot_waves_and_usage_go_through_the_api(world: World, call: Caller) -> None:
    from datetime import timedelta

    from django.utils import timezone

    from uptake.web.config.demo import user_detail
    from uptake.web.engagements import services

    today = timezone.localdate()
    base = f"/engagements/{world.row.pk}"
    services.decide(
        world.member, world.row, "channel", {"choice": "Current", "reason": "Agreed", "decider": "Kai", "on": today}, ()
    )
    made = call("post", f"{base}/packages")
    assert made.status_code == 201
    assert 'Channel="Current"' in made.json()["content"]
    assert [each["number"] for each in call("get", f"{base}/packages").json()] == [1]
    assert call("post", f"{base}/pilot", {}).status_code == 404
    headers = {"Authorization": f"Bearer {call.token}"}
    body = b"device,department,items\nD1,Finance,a;b\nD2,HR,a\n"
    assert (
        call.client.post(f"/api{base}/inventory", {"file": SimpleUploadedFile("i.csv", body)}, headers=headers).json()[
            "devices"
        ]
        == 2
    )
    assert call("post", f"{base}/pilot", {}).status_code == 202
    assert call("get", f"{base}/pilot").json()["pilot"]["status"] == "optimal"
    ended = call("post", f"{base}/pilot/result", {"result": "no open problem", "ended_on": str(today)})
    assert (ended.status_code, ended.json()["result"]) == (200, "no open problem")
    assert call("post", f"{base}/waves/1/progress", {"installed": 1, "on": str(today)}).status_code == 409
    waves = call("post", f"{base}/waves", {"start": str(today + timedelta(days=9))})
    assert waves.status_code == 201
    assert call("get", f"{base}/waves").json() == waves.json()
    kept = call("post", f"{base}/waves/0/progress", {"installed": 1, "failed": 0, "on": str(today), "remark": "Oslo"})
    assert kept.status_code == 201, kept.content
    assert call("get", f"{base}/waves/progress").json() == [kept.json()]
    report = SimpleUploadedFile("d.csv", user_detail(today - timedelta(days=2), 10, 4))
    assert call.client.post(f"/api{base}/usage", {"file": report}, headers=headers).json()["outcome"] == "added"
    assert call("get", f"{base}/usage").json()["healthy"] == "unknown"


def test_a_version_is_uploaded_explained_compared_approved_and_delivered_through_the_api(
    world: World, call: Caller
) -> None:
    base, headers = f"/engagements/{world.row.pk}", {"Authorization": f"Bearer {call.token}"}
    xml = '<Configuration><Add OfficeClientEdition="{}" Channel="MonthlyEnterprise"><Product ID="O365ProPlusRetail"><Language ID="ja-jp"/></Product></Add></Configuration>'
    wrong = '<Configuration><Add Channel="Nothing"><Product ID="VisioPro2019Volume"><Language ID="en-us"/></Product></Add></Configuration>'
    for content in (xml.format("32"), xml.format("64"), wrong):
        body = SimpleUploadedFile("c.xml", content.encode())
        assert call.client.post(f"/api{base}/packages/upload", {"file": body}, headers=headers).status_code == 201
    whole = call("get", f"{base}/packages/2?language=ja").json()
    assert (whole["number"], whole["errors"]) == (2, 0)
    assert whole["explanation"][0]["sentences"]
    assert {each["rule"] for each in whole["findings"]} == set(whole["rules"])
    changes = call("get", f"{base}/packages/2/since/1").json()
    assert [(each["before"], each["after"]) for each in changes] == [("32", "64")]
    assert call("get", f"{base}/packages/2/since/9").status_code == 404
    assert call("post", f"{base}/packages/3/approve").status_code == 409
    assert call("post", f"{base}/packages/2/approve").json()["approved_by"] == "Ben"
    zipped = call("get", f"{base}/packages/2/artefacts")
    with zipfile.ZipFile(io.BytesIO(zipped.content)) as archive:
        assert "configuration.xml" in archive.namelist()
    assert call("get", f"{base}/packages/2/artefacts?site=P01").status_code == 409
    assert call("get", f"{base}/packages/2/artefacts?site=P0%22").status_code == 422
