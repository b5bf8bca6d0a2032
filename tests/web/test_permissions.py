"""Every address and every operation of the API, asked for by everybody: nobody sees what is not theirs."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from uptake.web.accounts.models import ApiToken
from uptake.web.addins.models import AddInRow, Collection, DeviceRow, Statement
from uptake.web.api import api
from uptake.web.assessments.models import Cluster, Scan
from uptake.web.engagements.models import Engagement
from web_world import World

LIBRARY = ("allauth.", "django.", "ninja.")
EXAMPLES = {
    "reference": "task:3080", "number": "1", "person": "1", "key": "OPP", "topic": "channel", "kind": "html", "token": "nothing",
    "organisation": "0", "move": "discuss", "other": "2", "wave": "1", "lang": "en",
}  # fmt: skip
WHO = ("anonymous", "stranger", "colleague", "other_customer", "customer", "guest", "member", "admin")
INSIDE = {
    "engagement:customer": {"customer", "guest", "member", "admin"},
    "engagement:member": {"guest", "member", "admin"},
    "engagement:admin": {"admin"},
}


def is_ours(each: URLPattern) -> bool:
    """Not of a library; the operations of the API have a test of their own."""
    view = getattr(each.callback, "func", each.callback)
    return not getattr(view, "__module__", "").startswith(LIBRARY)


def addresses(patterns: object = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for each in patterns or get_resolver().url_patterns:  # type: ignore[attr-defined]
        route = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from addresses(each.url_patterns, route)
        else:
            yield route, each


def path_of(route: str, world: World) -> str:
    route = (
        re.sub(r"\(\?P<(\w+)>(?:\([^()]*\)|[^()])*\)", lambda match: f"<{match[1]}>", route)
        .replace("^", "")
        .replace("$", "")
        .replace("\\", "")
    )
    values = {**EXAMPLES, "pk": str(world.row.pk), "organisation": str(world.org.pk)}
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda match: values[match[1]], route)


def test_every_page_declares_who_may_open_it() -> None:
    silent = [
        route for route, each in addresses()
        if is_ours(each) and not hasattr(each.callback, "access")
    ]  # fmt: skip
    assert silent == []


def test_nobody_opens_a_page_that_is_not_theirs(world: World) -> None:
    leaks, locked = [], []
    for route, each in addresses():
        access = getattr(each.callback, "access", "")
        if not is_ours(each) or access == "public":
            continue
        path = path_of(route, world)
        for who in WHO:
            for method in ("get", "post"):
                client = world.client(getattr(world, who, None))
                answer = getattr(client, method)(path)
                is_in = answer.status_code in (200, 422) or (
                    answer.status_code in (302, 303) and "/account/login" not in answer["Location"]
                )
                may = _may(access, who)
                if is_in and not may:
                    leaks.append((who, method, path, answer.status_code))
                if may and answer.status_code == 403:
                    locked.append((who, method, path, answer.status_code))
                assert answer.status_code < 500, (who, method, path)
    assert leaks == []
    assert locked == []


def _may(access: str, who: str) -> bool:
    if who == "anonymous":
        return False
    if access.startswith("engagement:"):
        return who in INSIDE[access]
    return {"signed-in": True, "delivery": who not in ("customer", "other_customer"), "org-admin": who == "admin"}[
        access
    ]


def test_what_somebody_must_not_know_of_looks_like_nothing(world: World) -> None:
    client = world.client(world.stranger)
    hidden, nothing = client.get(f"/e/{world.row.pk}/"), client.get("/e/999999/")
    assert hidden.status_code == nothing.status_code == 404
    plain = [re.sub(rb"value=\"[^\"]*\"", b"", each.content) for each in (hidden, nothing)]  # tokens differ each time
    assert plain[0] == plain[1]


def test_lists_and_search_show_only_what_is_theirs(world: World) -> None:
    for who, sees in (("member", True), ("admin", True), ("guest", True), ("colleague", False), ("stranger", False)):
        client = world.client(getattr(world, who))
        for path in ("/portfolio/", "/search/?q=Contoso"):
            # The words that somebody typed are shown to them; a link to the engagement is what would be a leak.
            assert (f"/e/{world.row.pk}/".encode() in client.get(path).content) is sees, (who, path)


def test_parts_of_another_engagement_are_not_reached_through_ones_own(world: World) -> None:
    """A scan, a cluster, a file or a request is looked up inside the engagement of the address."""
    other = Engagement.objects.create(organisation=world.other_org, customer="Rival's", cloud="commercial", scenario="opp-standalone",
                                      playbook_version="2020-04-30", created="2026-01-01")  # fmt: skip
    scan = Scan.objects.create(engagement=other, name="x", file="x", size=1, ran_on="2026-01-01", state="complete")
    cluster = Cluster.objects.create(scan=scan, by="cause", key="k", title="secret", severity=4)
    collection = Collection.objects.create(engagement=other, name="x", file="x", size=1)
    device = DeviceRow.objects.create(
        engagement=other, collection=collection, name="x", key="x", collected_at=timezone.now()
    )
    addin = AddInRow.objects.create(engagement=other, app="excel", key="x", title="secret", kind="com")
    said = Statement.objects.create(
        organisation=world.other_org, key="x", addin="x", status="Unknown", source="s", on="2026-01-01"
    )
    client = world.client(world.member)
    base = f"/e/{world.row.pk}"
    for path in (
        f"/addins/{addin.pk}/",
        f"/addins/devices/{device.pk}/",
        f"/addins/statements/{said.pk}/",
        f"/readiness/{cluster.pk}/",
        "/files/1/",
        "/requests/1/",
        "/adoption/objection/1/",
        "/adoption/message/1/",
    ):
        assert client.get(base + path).status_code == 404, path
    assert client.post(f"{base}/readiness/sign/{scan.pk}/").status_code == 404
    assert client.post(f"{base}/addins/devices/{device.pk}/forget/").status_code == 404
    assert client.post(f"{base}/addins/statements/{said.pk}/remove/").status_code == 404


@pytest.mark.parametrize("who", WHO)
def test_every_operation_of_the_api_asks_for_the_same_level(world: World, who: str) -> None:
    user = getattr(world, who, None)
    headers = {"Authorization": f"Bearer {ApiToken.make(user, 'test', 'write', 1)[1]}"} if user else {}
    for template, operations in api.get_openapi_schema()["paths"].items():
        path = (
            template.replace("{pk}", str(world.row.pk)).replace("{reference}", "task:3080").replace("{item}", "A-ID-01")
            .replace("{number}", "1").replace("{other}", "1").replace("{wave}", "0")
        )  # fmt: skip
        for method in operations:
            sent = {} if method == "get" else {"data": "{}", "content_type": "application/json"}
            answer = getattr(world.client(None), method)(path, headers=headers, **sent)
            if user is None:
                assert answer.status_code == 401, (method, path)
            elif "{pk}" in template:
                level = "customer" if template.endswith("/answers") else "member"
                may = who in INSIDE[f"engagement:{level}"]
                if method == "get" and not may:
                    assert answer.status_code in (403, 404), (who, method, path, answer.content)
                elif not may:
                    # What is sent is read before it is known whose it is: 422 says nothing about the engagement.
                    assert answer.status_code in (403, 404, 422), (who, method, path, answer.content)
            assert answer.status_code < 500, (who, method, path)


def test_a_token_that_reads_does_not_write(world: World) -> None:
    text = ApiToken.make(world.member, "test", "read", 1)[1]
    headers = {"Authorization": f"Bearer {text}"}
    client = world.client(None)
    assert client.get(f"/api/engagements/{world.row.pk}", headers=headers).status_code == 200
    answer = client.post(f"/api/engagements/{world.row.pk}/checklist", headers=headers)
    assert answer.status_code == 403


def test_an_expired_token_and_one_of_a_closed_account_do_nothing(world: World) -> None:
    expired = ApiToken.make(world.member, "old", "write", -1)[1]
    text = ApiToken.make(world.guest, "closed", "write", 1)[1]
    world.guest.is_active = False
    world.guest.save()
    for token in (expired, text, "upt_nothing"):
        assert (
            world.client(None).get("/api/engagements", headers={"Authorization": f"Bearer {token}"}).status_code == 401
        )
