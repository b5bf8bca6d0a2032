"""The connector against a Microsoft Graph of our own that does everything that was seen: no token and no address leaks."""

from __future__ import annotations

import io
import json
import logging
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import trustme
from fake_graph import BOM, FakeGraph, Tenant, detail, public_key_of, serving

from uptake.adapters.graph.client import (
    Answer,
    ConsentError,
    GraphClient,
    GraphError,
    Pauses,
    ThrottledError,
    Tokens,
    UntrustedAddressError,
)
from uptake.adapters.graph.clouds import SCOPES, Cloud, cloud_named, clouds, consent_link
from uptake.adapters.graph.pulling import CONCEALED, REPORTS, Connection, pull
from uptake.adapters.graph.secrets import Application, SecretError, read_secret
from uptake.core.errors import UptakeError
from uptake.prove.usage.reading import read_bytes
from uptake.prove.usage.snapshots import Outcome, Snapshot, is_truncated, merged, snapshot_of

DETAIL = "getM365AppUserDetail(period='D30')"
ALL = {function.partition("(")[0]: detail() for function in REPORTS.values()}


@pytest.fixture
def graph(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGraph]:
    monkeypatch.setenv("TEST_GRAPH_SECRET", "very secret")
    with serving() as fake:
        yield fake


@pytest.fixture(autouse=True)
def everything_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """All loggers at their loudest; whatever a test does, no secret may stand in what they wrote."""
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "msal", "uptake.graph", "httpcore.http11"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    return


def waits() -> tuple[Pauses, list[float]]:
    slept: list[float] = []
    return Pauses(slept.append, lambda: datetime(2026, 11, 22, tzinfo=UTC), random.Random(1)), slept


APPLICATION = Application("app", secret="env:TEST_GRAPH_SECRET")


def client(
    graph: FakeGraph, pauses: Pauses | None = None, application: Application = APPLICATION, **behaviour: object
) -> GraphClient:
    graph.tenants["t"] = Tenant(**behaviour)  # type: ignore[arg-type]
    http = httpx.Client(verify=graph.trust, trust_env=False)
    return GraphClient(graph.cloud, "t", Tokens(graph.cloud, application, http), http, pauses or waits()[0])


def fetched(connector: GraphClient, function: str = DETAIL) -> bytes:
    into = io.BytesIO()
    connector.download(function, into)
    return into.getvalue()


def no_secret_is_logged(graph: FakeGraph, caplog: pytest.LogCaptureFixture, *more: str) -> None:
    written = caplog.text + "".join(str(record.args) for record in caplog.records)
    assert graph.secrets
    for secret in (*graph.secrets, "very secret", *more):
        assert secret not in written


@pytest.mark.parametrize("how", ["redirect", "body", "address"])
def test_a_report_comes_by_redirect_as_body_or_as_address(
    graph: FakeGraph, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    data = fetched(client(graph, how=how))
    assert data.startswith(BOM)
    assert read_bytes(data, "x.csv").active.any == 3
    assert all(not seen.authorization for seen in graph.sent_to("download"))
    no_secret_is_logged(graph, caplog)


@pytest.mark.parametrize("how", ["foreign", "http", "hop"])
def test_a_report_at_a_host_that_is_none_of_theirs_is_not_fetched(
    graph: FakeGraph, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    with pytest.raises(UntrustedAddressError) as refusal:
        fetched(client(graph, how=how))
    assert graph.sent_to("foreign") == []
    assert not any(secret in f"{refusal.value} {refusal.value.hint}" for secret in graph.secrets)
    no_secret_is_logged(graph, caplog)


@pytest.mark.parametrize(("how", "said"), [("expired", "403"), ("loop", "redirected too often")])
def test_a_download_that_fails_says_so_without_its_address(graph: FakeGraph, how: str, said: str) -> None:
    with pytest.raises(GraphError, match=said) as problem:
        fetched(client(graph, how=how))
    assert "ticket" not in str(problem.value) + problem.value.hint


@pytest.mark.parametrize(
    ("header", "expected"),
    [("7", [7.0, 7.0]), ("Sun, 22 Nov 2026 00:00:30 GMT", [30.0, 30.0]), ("soon", None), (None, None)],
)
def test_throttling_is_waited_for(
    graph: FakeGraph, caplog: pytest.LogCaptureFixture, header: str | None, expected: list[float] | None
) -> None:
    pauses, slept = waits()
    assert fetched(client(graph, pauses, throttle=2, retry_after=header))
    if expected:
        assert slept == expected
    else:
        assert 1 <= slept[0] < slept[1] <= 4
    no_secret_is_logged(graph, caplog)


def test_throttling_without_end_is_left_for_the_next_run(graph: FakeGraph) -> None:
    with pytest.raises(ThrottledError):
        fetched(client(graph, throttle=99))
    pauses, slept = waits()
    with pytest.raises(ThrottledError):
        fetched(client(graph, pauses, throttle=99, retry_after="86400"))
    assert sum(slept) <= 900


@pytest.mark.parametrize("status", [500, 503])
def test_a_fault_on_their_side_is_tried_again_and_then_told(graph: FakeGraph, status: int) -> None:
    pauses, slept = waits()
    with pytest.raises(GraphError, match=str(status)) as problem:
        client(graph, pauses, fail={"/subscribedSkus": status}).get("/subscribedSkus")
    assert len(slept) == 5
    assert "secret details" not in str(problem.value)


def test_a_token_that_has_expired_is_renewed_once(graph: FakeGraph) -> None:
    assert fetched(client(graph, expire_tokens=1))
    assert len(graph.tokens) == 2
    with pytest.raises(ConsentError):
        fetched(client(graph, expire_tokens=99))


def test_consent_that_is_missing_is_told_with_what_to_do(graph: FakeGraph, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ConsentError, match="unauthorized_client") as problem:
        fetched(client(graph, consent=False))
    assert "consent link" in problem.value.hint
    with pytest.raises(ConsentError):
        client(graph, fail={"/subscribedSkus": 403}).get("/subscribedSkus")
    no_secret_is_logged(graph, caplog)


def test_a_report_that_a_cloud_does_not_offer_points_at_the_export(graph: FakeGraph) -> None:
    with pytest.raises(GraphError, match="400") as problem:
        fetched(client(graph), "getOffice365ActivationsUserDetail")
    assert "export" in problem.value.hint


def test_pages_are_joined(graph: FakeGraph) -> None:
    assert [item["skuId"] for item in client(graph, pages=3).pages("/subscribedSkus")] == ["sku1", "sku2", "sku3"]


def test_a_next_page_elsewhere_gets_nothing(graph: FakeGraph) -> None:
    with pytest.raises(UntrustedAddressError):
        list(client(graph, pages=2, foreign_page=True).pages("/subscribedSkus"))
    assert graph.sent_to("foreign") == []


def test_pages_without_end_are_noticed(graph: FakeGraph) -> None:
    with pytest.raises(GraphError, match="twice"):
        list(client(graph, pages=9, same_page=True).pages("/subscribedSkus"))


def test_what_has_not_changed_is_not_sent_again(graph: FakeGraph) -> None:
    connector = client(graph, etag='"7"')
    into = io.BytesIO()
    assert connector.download(DETAIL, into).etag == '"7"'
    again = connector.download(DETAIL, into, etag='"7"')
    assert (again.is_unchanged, again.size) == (True, 0)
    assert isinstance(connector.get("/admin/reportSettings"), Answer)


def test_a_download_that_breaks_off_is_no_report(graph: FakeGraph) -> None:
    with pytest.raises(GraphError, match="broke off"):
        fetched(client(graph, break_off=1))


def test_an_application_signs_in_with_its_certificate(
    graph: FakeGraph, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    issued = trustme.CA().issue_cert("app.example")
    certificate = issued.cert_chain_pems[0].bytes()
    pem = tmp_path / "app.pem"
    pem.write_bytes(issued.private_key_pem.bytes() + certificate)
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if not isinstance(load_pem_private_key(issued.private_key_pem.bytes(), None), rsa.RSAPrivateKey):
        issued = trustme.CA(key_type=trustme.KeyType.RSA).issue_cert("app.example", key_type=trustme.KeyType.RSA)
        certificate = issued.cert_chain_pems[0].bytes()
        pem.write_bytes(issued.private_key_pem.bytes() + certificate)
    graph.assertion_key = public_key_of(certificate)
    assert fetched(client(graph, application=Application("app", certificate=f"file:{pem}")))
    no_secret_is_logged(graph, caplog, pem.read_text().splitlines()[2])


def test_a_wrong_secret_is_told_without_it(graph: FakeGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_GRAPH_SECRET", "wrong horse")
    with pytest.raises(GraphError, match="invalid_client") as problem:
        fetched(client(graph))
    assert "wrong horse" not in f"{problem.value}{problem.value.hint}{problem.value.__context__}"


def test_a_host_that_is_not_there_is_told_by_name(graph: FakeGraph) -> None:
    connector = client(graph)
    fetched(connector)
    graph.stop()
    with pytest.raises(GraphError, match="localhost cannot be reached"):
        fetched(connector)


# Many tenants


def connection(graph: FakeGraph, **more: object) -> Connection:
    return Connection(graph.cloud, APPLICATION, verify=graph.trust, **more)  # type: ignore[arg-type]


def test_200_tenants_in_one_run_and_one_that_fails_costs_nobody(
    graph: FakeGraph, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    names = [f"tenant{n:03}.example" for n in range(200)]
    for n, name in enumerate(names):
        graph.tenants[name] = Tenant(
            reports=dict(ALL), how=("redirect", "body", "address")[n % 3], throttle=n % 2, concealed=n % 2 == 0
        )
    graph.tenants[names[7]].consent = False
    graph.tenants[names[8]].how = "foreign"
    found = pull(names, tmp_path, connection(graph), pauses=lambda: waits()[0])
    assert [each.tenant for each in found] == names
    assert [each.tenant for each in found if each.problems] == names[7:9]
    assert {each.concealed for each in found} == {True, False, None}
    assert (tmp_path / names[0] / found[0].file("m365_app_user_detail")).read_bytes() == detail()
    assert json.loads((tmp_path / names[0] / found[0].file("subscribed_skus")).read_bytes())["value"]
    assert all(not seen.authorization for seen in graph.sent_to("download"))
    no_secret_is_logged(graph, caplog)
    kept = "".join(path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file())
    assert not any(secret in kept for secret in graph.secrets)


def test_a_second_run_in_the_same_folder_asks_for_nothing_but_what_is_missing(graph: FakeGraph, tmp_path: Path) -> None:
    graph.tenants["t"] = Tenant(reports=dict(ALL), fail={"/subscribedSkus": 400})
    first = pull(["t"], tmp_path, connection(graph), pauses=lambda: waits()[0])
    assert [item.name for item in first[0].problems] == ["subscribed_skus"]
    graph.tenants["t"].fail = {}
    before = len(graph.sent_to("graph"))
    second = pull(["t"], tmp_path, connection(graph), pauses=lambda: waits()[0])
    assert second[0].problems == ()
    assert len(graph.sent_to("graph")) == before + 1


def test_etags_of_the_last_run_save_downloads(graph: FakeGraph, tmp_path: Path) -> None:
    graph.tenants["t"] = Tenant(reports=dict(ALL), etag='"1"')
    first = pull(["t"], tmp_path / "1", connection(graph), pauses=lambda: waits()[0])
    etags = {("t", item.name): item.etag for item in first[0].items if item.etag}
    second = pull(["t"], tmp_path / "2", connection(graph), etags=etags, pauses=lambda: waits()[0])
    assert {item.name for item in second[0].items if item.is_unchanged} == set(REPORTS)


def test_an_empty_report_is_a_problem_and_not_a_file(graph: FakeGraph, tmp_path: Path) -> None:
    graph.tenants["t"] = Tenant(reports={**ALL, "getM365AppUserDetail": b""}, how="body")
    found = pull(["t"], tmp_path, connection(graph), pauses=lambda: waits()[0])
    assert "does not mean" in found[0].problems[0].hint
    assert not list(tmp_path.rglob("*.part"))


def test_a_download_that_breaks_off_is_fetched_again(graph: FakeGraph, tmp_path: Path) -> None:
    graph.tenants["t"] = Tenant(reports=dict(ALL), break_off=2)
    found = pull(["t"], tmp_path, connection(graph), pauses=lambda: waits()[0])
    assert found[0].problems == ()
    assert (tmp_path / "t/m365_app_user_detail.csv").read_bytes() == detail()


def test_people_are_asked_for_only_when_wanted(graph: FakeGraph, tmp_path: Path) -> None:
    graph.tenants["t"] = Tenant(reports=dict(ALL))
    pull(["t"], tmp_path / "1", connection(graph), pauses=lambda: waits()[0])
    assert not any(seen.path == "/v1.0/users" for seen in graph.seen)
    pull(["t"], tmp_path / "2", connection(graph, with_people=True), pauses=lambda: waits()[0])
    assert any(seen.path == "/v1.0/users" for seen in graph.seen)


KILLED = """
import sys, ssl
from pathlib import Path
from uptake.adapters.graph.clouds import Cloud
from uptake.adapters.graph.pulling import Connection, pull
from uptake.adapters.graph.secrets import Application
graph, login, ca, folder = sys.argv[1:]
cloud = Cloud("fake", "Fake", graph, login, ("localhost",))
pull([f"t{n}" for n in range(12)], Path(folder), Connection(cloud, Application("app", secret="env:TEST_GRAPH_SECRET"), verify=ssl.create_default_context(cafile=ca)), workers=2)
"""


def test_a_kill_in_the_middle_loses_nothing_that_was_there(graph: FakeGraph, tmp_path: Path) -> None:
    for n in range(12):
        graph.tenants[f"t{n}"] = Tenant(reports=dict(ALL), delay=0.02)
    authority = tmp_path / "ca.pem"
    graph.authority.cert_pem.write_to_path(str(authority))
    folder = tmp_path / "run"
    command = [sys.executable, "-c", KILLED, graph.url("graph"), graph.url("login"), str(authority), str(folder)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    child = subprocess.Popen(command, env=environment)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and len(list(folder.glob("*/*.csv"))) < 15:
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait()
    there = {path: path.read_bytes() for path in folder.glob("*/*.csv")}
    assert 15 <= len(there) < 12 * len(REPORTS)
    graph.seen.clear()
    found = pull([f"t{n}" for n in range(12)], folder, connection(graph), pauses=lambda: waits()[0])
    assert all(not each.problems for each in found)
    assert all(path.read_bytes() == data for path, data in there.items())
    asked = [seen for seen in graph.sent_to("graph") if seen.path.startswith("/v1.0/reports/")]
    assert len(asked) <= 12 * len(REPORTS) - len(there) + 2
    assert not list(folder.rglob("*.part"))


@pytest.mark.parametrize("tenant", ["../../etc", "a/b", "", "a b", "x?y", "..", "a..b"])
def test_a_tenant_that_is_no_name_is_refused(graph: FakeGraph, tmp_path: Path, tenant: str) -> None:
    with pytest.raises(UptakeError, match="no id of a tenant"):
        pull([tenant], tmp_path, connection(graph))


# Clouds and secrets


def test_every_cloud_is_a_row() -> None:
    assert set(clouds()) == {"global", "gcc-high", "dod", "china"}
    assert cloud_named("dod").root == "https://dod-graph.microsoft.us/v1.0"
    with pytest.raises(UptakeError, match="no cloud"):
        cloud_named("moon")


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://reports.office.com/data/v1.0/download?token=x", True),
        ("https://reportsncu.office.com/x", True),
        ("http://reports.office.com/x", False),
        ("https://reports.office.com.evil.example/x", False),
        ("https://office.com.evil/x", False),
        ("https://user@reports.office.com/x", False),
        ("https://evil.example/?reports.office.com", False),
        ("https://[broken/x", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_downloads_come_from_hosts_of_the_cloud_only(url: str, allowed: bool) -> None:
    assert cloud_named("global").may_download(url) is allowed


@pytest.mark.parametrize(
    "url",
    [
        "https://graph.microsoft.com.evil/x",
        "https://graph.microsoft.com:444/x",
        "http://graph.microsoft.com/x",
        "https://a@graph.microsoft.com/",
        "https://[x",
    ],
)
def test_next_pages_are_microsoft_graphs_own(url: str) -> None:
    assert cloud_named("global").is_own("https://graph.microsoft.com/beta/x?$skiptoken=1")
    assert not cloud_named("global").is_own(url)


def test_a_consent_link_names_tenant_application_and_state() -> None:
    link = consent_link(
        cloud_named("global"), "contoso.onmicrosoft.com", "app id", "https://uptake.example/back", "s&t"
    )
    assert link.startswith(
        "https://login.microsoftonline.com/contoso.onmicrosoft.com/v2.0/adminconsent?client_id=app+id&"
    )
    assert "state=s%26t" in link
    assert not any("Write" in scope for scope in SCOPES)


def test_secrets_come_from_environment_file_or_command(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("from file\n", encoding="utf-8")
    assert read_secret("env:X", {"X": "from env"}) == "from env"
    assert read_secret(f"file:{path}") == "from file"
    assert read_secret(f"command:{sys.executable} -c \"print('from vault')\"") == "from vault"


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "plain text secret",
        "env:MISSING_NAME",
        "file:/nowhere/at/all",
        "command:false",
        "command:no-such-program",
        "env:",
    ],
)
def test_a_secret_that_cannot_be_read_is_told_without_it(reference: str) -> None:
    with pytest.raises(SecretError) as problem:
        read_secret(reference)
    assert "plain text secret" not in str(problem.value)


def test_a_pem_without_its_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.pem"
    path.write_text("-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n", encoding="utf-8")
    with pytest.raises(SecretError, match="PRIVATE KEY"):
        Application("app", certificate=f"file:{path}").credential()


def test_concealed_names_come_with_instructions_in_both_languages() -> None:
    assert "does not change" in CONCEALED["en"]
    assert "変更しません" in CONCEALED["ja"]
    assert isinstance(cloud_named("global"), Cloud)


def test_days_on_which_the_data_stands_still_is_restated_cut_off_or_missing(graph: FakeGraph, tmp_path: Path) -> None:
    """Eight days with the same refresh date, then other figures for it, 100 rows only, and an empty answer."""
    history: tuple[Snapshot, ...] = ()
    outcomes: list[object] = []
    reports = [detail(150)] * 8 + [detail(151), detail(100), BOM + detail(0).removeprefix(BOM)]
    for day, data in enumerate(reports):
        graph.tenants["t"] = Tenant(reports={**ALL, "getM365AppUserDetail": data})
        pulled = pull(["t"], tmp_path / str(day), connection(graph), pauses=lambda: waits()[0])[0]
        path = tmp_path / str(day) / "t" / pulled.file("m365_app_user_detail")
        report = read_bytes(path.read_bytes(), path.name)
        if is_truncated(report, 150, history[-1].rows if history else None):
            outcomes.append("cut off")
            continue
        try:
            history, outcome = merged(history, snapshot_of(report))
            outcomes.append(outcome)
        except UptakeError:
            outcomes.append("says nothing")
    assert outcomes == [Outcome.ADDED, *[Outcome.UNCHANGED] * 7, Outcome.RESTATED, "cut off", "cut off"]
    assert [each.active.any for each in history] == [151]
    assert [each.active.any for each in history[0].before] == [150]
