"""One run over many tenants: reports and licences into a folder, kept item by item, so that a kill loses one download at most.

A tenant that fails costs itself and nobody else. What is there is not fetched again in the same run; a part that was being
written when the process died is thrown away. The folder holds no secret.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from uptake.adapters.graph.client import (
    TIMEOUT,
    BrokenOffError,
    ConsentError,
    Download,
    GraphClient,
    GraphError,
    Pauses,
    Tokens,
    silence_transport,
)
from uptake.adapters.graph.clouds import Cloud
from uptake.adapters.graph.secrets import Application
from uptake.core.errors import UptakeError

log = logging.getLogger("uptake.graph")
REPORTS = {
    "m365_app_user_detail": "getM365AppUserDetail(period='D30')",
    "m365_app_user_counts": "getM365AppUserCounts(period='D180')",
    "m365_app_platform_user_counts": "getM365AppPlatformUserCounts(period='D180')",
    "activations_user_detail": "getOffice365ActivationsUserDetail",
    "activations_user_counts": "getOffice365ActivationsUserCounts",
}
LISTS = {"subscribed_skus": "/subscribedSkus", "directory_subscriptions": "/directory/subscriptions"}
USERS = (
    "/users?$select=id,userPrincipalName,accountEnabled,department,assignedLicenses,assignedPlans"
    "&$filter=assignedLicenses/$count ne 0&$count=true&$top=999"
)
SETTINGS = "report_settings"
TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,99}")
WORKERS = 8
TRIES = 3
"""Of a download that breaks off."""
CONCEALED = {
    "en": "Names of users are concealed in this tenant. Percentages are right all the same. To see departments, an administrator "
    "can show names: Microsoft 365 admin center, Settings, Org settings, Services, Reports. uptake does not change this setting.",
    "ja": "このテナントではユーザー名が匿名化されています。割合は正しく計算できます。部署別に見るには、管理者が名前を表示できます："
    "Microsoft 365 管理センター、設定、組織設定、サービス、レポート。uptake はこの設定を変更しません。",
}
"""The way through the admin center is from memory of 2026-11 and unverified."""


@dataclass(frozen=True, slots=True)
class Item:
    """One report or list of one tenant."""

    name: str
    file: str = ""
    size: int = 0
    etag: str = ""
    is_unchanged: bool = False
    problem: str = ""
    hint: str = ""
    is_consent_missing: bool = False


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a run got of one tenant."""

    tenant: str
    items: tuple[Item, ...]
    concealed: bool | None = None
    """None: the setting could not be read; the report itself shows it then."""

    @property
    def problems(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.problem)

    def file(self, name: str) -> str:
        return next((item.file for item in self.items if item.name == name and not item.problem), "")


@dataclass(frozen=True, slots=True)
class Connection:
    """All that a run needs besides the tenants; holds references to secrets, no secrets."""

    cloud: Cloud
    application: Application
    verify: Any = True
    """Passed to httpx: True, or an SSLContext with a certificate authority of one's own."""
    with_people: bool = False
    """Also `/users`, for departments; needs User.Read.All."""
    proxy: str | None = None


@dataclass(slots=True)
class _Folder:
    """Items of one tenant on disk: the files, and a line for each that is done."""

    root: Path
    done: dict[str, Item] = field(default_factory=dict)

    def open(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        for part in self.root.glob("*.part"):
            part.unlink()
        with suppress(FileNotFoundError):
            for line in (self.root / "done.jsonl").read_text(encoding="utf-8").splitlines():
                with suppress(ValueError, TypeError):  # the last line of a process that was killed
                    item = Item(**json.loads(line))
                    if not item.problem and (item.is_unchanged or not item.file or (self.root / item.file).exists()):
                        self.done[item.name] = item

    def keep(self, item: Item) -> None:
        with (self.root / "done.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(item), ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.done[item.name] = item


def pull(
    tenants: Iterable[str],
    folder: Path,
    connection: Connection,
    *,
    etags: Mapping[tuple[str, str], str] | None = None,
    workers: int = WORKERS,
    pauses: Callable[[], Pauses] = Pauses,
    on_tenant: Callable[[Pulled], None] = lambda _: None,
) -> tuple[Pulled, ...]:
    """One run. The same folder again goes on where the last process ended.

    `etags` are those of the run before, by tenant and item: what has not changed since is not fetched.
    """
    silence_transport()
    verify = httpx.create_ssl_context() if connection.verify is True else connection.verify
    wanted = [_checked(tenant) for tenant in tenants]
    known = etags or {}

    def one(tenant: str) -> Pulled:
        with httpx.Client(verify=verify, timeout=TIMEOUT, proxy=connection.proxy, trust_env=False) as http:
            tokens = Tokens(connection.cloud, connection.application, http)
            client = GraphClient(connection.cloud, tenant, tokens, http, pauses())
            own = {item: etag for (whose, item), etag in known.items() if whose == tenant}
            return _pull_one(client, folder / tenant, own, with_people=connection.with_people)

    found: dict[str, Pulled] = {}
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        running = {pool.submit(one, tenant): tenant for tenant in wanted}
        for future in as_completed(running):
            pulled = future.result()
            found[pulled.tenant] = pulled
            on_tenant(pulled)
    return tuple(found[tenant] for tenant in wanted)


def _checked(tenant: str) -> str:
    """A tenant's id or domain; it becomes part of an address and of a path."""
    if not TENANT.fullmatch(tenant) or ".." in tenant:
        raise UptakeError(
            f"{tenant!r} is no id of a tenant", hint="A GUID, or a domain such as contoso.onmicrosoft.com."
        )
    return tenant


def _pull_one(client: GraphClient, root: Path, etags: Mapping[str, str], *, with_people: bool) -> Pulled:
    kept = _Folder(root)
    kept.open()
    items = []
    for name, fetch in _work(client, root, etags, with_people=with_people):
        item = kept.done.get(name)
        if item is None:
            item = _fetched(name, fetch)
            if not item.problem:
                kept.keep(item)
            else:
                log.warning("tenant %s: %s: %s", client.tenant, name, item.problem)
        items.append(item)
        if item.is_consent_missing and name == SETTINGS and item.problem.startswith("signing in"):
            break  # without a token nothing else will come either
    return Pulled(client.tenant, tuple(items), _is_concealed(root))


Fetch = Callable[[], Item]


def _work(
    client: GraphClient, root: Path, etags: Mapping[str, str], *, with_people: bool
) -> Iterator[tuple[str, Fetch]]:
    yield SETTINGS, lambda: _setting(client, root)
    for name, function in REPORTS.items():
        yield name, lambda name=name, function=function: _report(client, root, name, function, etags.get(name, ""))  # type: ignore[misc]
    for name, path in LISTS.items():
        yield name, lambda name=name, path=path: _list(client, root, name, path, {})  # type: ignore[misc]
    if with_people:
        yield "licensed_users", lambda: _list(client, root, "licensed_users", USERS, {"ConsistencyLevel": "eventual"})


def _fetched(name: str, fetch: Fetch) -> Item:
    try:
        return replace(fetch(), name=name)
    except UptakeError as error:
        return Item(name, problem=str(error), hint=error.hint, is_consent_missing=isinstance(error, ConsentError))


def _setting(client: GraphClient, root: Path) -> Item:
    content = client.get("/admin/reportSettings").content
    return _saved(
        root, SETTINGS, json.dumps({"displayConcealedNames": content.get("displayConcealedNames") is True}).encode()
    )


def _saved(root: Path, name: str, data: bytes) -> Item:
    file = f"{name}.json"
    part = root / f"{file}.part"
    part.write_bytes(data)
    part.replace(root / file)
    return Item(name, file, len(data))


def _report(client: GraphClient, root: Path, name: str, function: str, etag: str) -> Item:
    file = f"{name}.csv"
    part = root / f"{file}.part"
    try:
        found = _downloaded(client, function, part, etag)
        if found.is_unchanged:
            part.unlink()
            return Item(name, "", 0, etag, is_unchanged=True)
        if not found.size:
            raise GraphError(
                "the report came empty", "That does not mean that nobody is active; the next run tries again."
            )
        part.replace(root / file)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return Item(name, file, found.size, found.etag)


def _downloaded(client: GraphClient, function: str, part: Path, etag: str) -> Download:
    """A report in a file of its own; one that breaks off is fetched again from its start."""
    for attempt in range(TRIES):
        try:
            with part.open("wb") as into:
                return client.download(function, into, etag=etag)
        except BrokenOffError:
            if attempt == TRIES - 1:
                raise
    raise AssertionError  # the loop returns or raises


def _list(client: GraphClient, root: Path, name: str, path: str, headers: Mapping[str, str]) -> Item:
    return _saved(root, name, json.dumps({"value": list(client.pages(path, headers))}, ensure_ascii=False).encode())


def _is_concealed(root: Path) -> bool | None:
    try:
        content = json.loads((root / f"{SETTINGS}.json").read_bytes())
    except (OSError, ValueError):
        return None
    return content.get("displayConcealedNames") is True if isinstance(content, dict) else None
