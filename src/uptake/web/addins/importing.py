"""Files of endpoints → devices with their add-ins as rows, in the background.

A first pass says which file is of which device; then one device after the other is read, judged and written, so that thousands do
not stand in memory together. What is wrong with a file is named, and the others are read all the same.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any, cast

import orjson
from django.db import transaction
from django.utils import timezone
from django_tasks import task

from uptake.adapters.endpoint_files import read_endpoints
from uptake.assess.addins.programs import shipped_programs
from uptake.assess.addins.readiness import SCHEMA, Collected, Endpoint, Judged, file_of
from uptake.core.errors import UptakeError
from uptake.core.plain import as_plain, from_plain
from uptake.reporting.clean import visible
from uptake.web.addins.archives import Files, Member, TooMuchError
from uptake.web.addins.counting import count_addins, departments_of, device_key, severities_of
from uptake.web.addins.models import AddInRow, Collection, DevicePart, DeviceRow, Installed

BATCH = 100
"""Devices that are written together."""
SAID = 8
FILLED = ("name", "file", "publisher")
MOST_ADDINS = 5_000
"""Add-ins of one device; a device with more is no device."""


@dataclass(slots=True)
class Tally:
    """Numbers of a collection while it is read."""

    files: int = 0
    skipped: int = 0
    devices: int = 0
    new: int = 0
    replaced: int = 0
    same: int = 0
    older: int = 0
    problems: list[str] = field(default_factory=list)

    def skip(self, why: str) -> None:
        self.skipped += 1
        self.tell(why)

    def tell(self, why: str) -> None:
        if len(self.problems) < SAID:
            self.problems.append(visible(why)[:300])


@dataclass(frozen=True, slots=True)
class _Part:
    """A device as one user has it, and when."""

    at: datetime
    packed: bytes
    """JSON of the `Endpoint`, compressed."""
    endpoint: Endpoint


def _packed(endpoint: Endpoint) -> bytes:
    return zlib.compress(orjson.dumps(endpoint, default=as_plain), 3)


def _part_of(row: DevicePart) -> _Part:
    """A part that was kept."""
    packed = bytes(row.content)
    return _Part(row.collected_at, packed, from_plain(Endpoint, orjson.loads(zlib.decompress(packed))))


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A device that is to be written."""

    endpoint: Endpoint
    digest: str
    parts: Mapping[str, _Part]
    """User → the newest part of that user."""

    @property
    def at(self) -> datetime:
        return max(part.at for part in self.parts.values())


@dataclass(slots=True)
class _Parts:
    """What belongs to one device: files that are read when its turn comes, and what was read already."""

    name: str
    files: dict[str, tuple[str, Member]] = field(default_factory=dict)
    """User → when, and the newest file of that user."""
    read: list[Collected] = field(default_factory=list)


@task()
def read_collection(pk: int) -> None:
    """Background task: read one upload."""
    read(Collection.objects.select_related("engagement").get(pk=pk))


def read(collection: Collection) -> None:
    """Read an upload to its end; what is wrong is kept with it."""
    from uptake.web.engagements.services import renew_checklist

    Collection.objects.filter(pk=collection.pk).update(state="reading")
    tally = Tally()
    try:
        with collection.file.open("rb") as file, zipfile.ZipFile(cast("Any", file)) as archive:
            _read(collection, Files(archive), tally)
        if not tally.devices:
            raise UptakeError("no device was found in these files: " + ("; ".join(tally.problems) or "they are empty"))
    except (UptakeError, zipfile.BadZipFile) as error:
        Collection.objects.filter(pk=collection.pk).update(
            state="failed", problem=str(error), files=tally.files, skipped=tally.skipped
        )
        count_addins(collection.engagement)
        return
    addins = count_addins(collection.engagement)
    Collection.objects.filter(pk=collection.pk).update(
        state="complete", problem="\n".join(tally.problems), files=tally.files, skipped=tally.skipped, devices=tally.devices, new=tally.new,
        replaced=tally.replaced, same=tally.same, older=tally.older, addins=addins, by_severity=severities_of(collection.engagement),
    )  # fmt: skip
    problem = renew_checklist(collection.engagement)
    if problem:
        Collection.objects.filter(pk=collection.pk).update(problem=problem)


def _read(collection: Collection, files: Files, tally: Tally) -> None:
    writer = _Writer(collection, tally)
    for parts in _sorted(files, collection.device, tally).values():
        found = [_with(parts.name, each, parts.read) for each in _collected(files, parts, tally)]
        if not found and parts.read:
            if not any(each.registry.keys or each.listed for each in parts.read):
                tally.skip(f"{parts.name}: events and manifests say nothing without the device's own files beside them")
                continue
            found = [_with(parts.name, *parts.read)]
        if found:
            writer.add(found)
    writer.flush()


def _with(name: str, *parts: Collected | list[Collected]) -> Collected:
    """A device from its parts. Users stay apart, for each has keys of the same names."""
    made = Collected(name)
    for each in parts:
        for one in each if isinstance(each, list) else [each]:
            made.add(one)
    return made


def _sorted(files: Files, device: str, tally: Tally) -> dict[str, _Parts]:
    """Key of a device → its parts. The collector's files are only looked into; everything else is small or rare, and read."""
    found: dict[str, _Parts] = {}

    def parts(name: str) -> _Parts:
        shown = visible(device or name)[:200]
        return found.setdefault(device_key(shown), _Parts(shown))

    for member in files.members():
        tally.files += 1
        try:
            content = files.read(member)
            head = _head(content)
            if head:
                mine, user, at = (
                    parts(head["device"] or PurePath(member.name).stem).files,
                    head["user"],
                    head["collected"],
                )
                if user not in mine or at >= mine[user][0]:
                    mine[user] = (at, member)
                continue
            several = read_endpoints(content, member.name)
            for each in several:
                each.problems[:] = each.problems[:50]
                (parts(each.device) if len(several) == 1 else _of_its_own(found, each.device)).read.append(each)
        except TooMuchError:
            raise
        except UptakeError as error:
            tally.skip(f"{member.name}: {error}")
    for problem in files.problems:
        tally.skip(problem)
    return found


def _of_its_own(found: dict[str, _Parts], name: str) -> _Parts:
    """A device of a list of many: the one name that people gave stands for files of one device, and not for these."""
    shown = visible(name)[:200]
    return found.setdefault(device_key(shown), _Parts(shown))


def _head(content: bytes) -> dict[str, str] | None:
    """Device, user and time of the collector's JSON; None for everything else."""
    if not content.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{"):
        return None
    try:
        loaded = orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
    except ValueError:
        return None
    if not isinstance(loaded, dict) or loaded.get("schema") != SCHEMA:
        return None
    return {name: str(loaded.get(name) or "") for name in ("device", "user", "collected")}


def _collected(files: Files, parts: _Parts, tally: Tally) -> Iterator[Collected]:
    for _at, member in parts.files.values():
        try:
            yield from read_endpoints(files.read(member), member.name)
        except TooMuchError:
            raise
        except UptakeError as error:
            tally.skip(f"{member.name}: {error}")


class _Writer:
    """Devices in batches: each is complete or as it was before, and other writers get their turn between two batches."""

    def __init__(self, collection: Collection, tally: Tally) -> None:
        self.collection, self.row, self.tally = collection, collection.engagement, tally
        self.addins = {(each.app, each.key): each for each in AddInRow.objects.filter(engagement=self.row)}
        self.departments = departments_of(self.row)
        self.known = dict(DeviceRow.objects.filter(engagement=self.row).values_list("key", "digest"))
        self.programs = shipped_programs()
        self.waiting: list[_Waiting] = []

    def add(self, found: Sequence[Collected]) -> None:
        """One device as each of its users has it, unless it is known as it is, or newer."""
        key = device_key(found[0].device)
        before = self._parts_before(key)
        newer = self._newer(found, before)
        if not newer:
            self.tally.devices += 1
            self.tally.older += 1
            return
        kept = {user: _part_of(row) for user, row in before.items() if user not in newer}
        parts = dict(sorted((kept | newer).items()))
        endpoint = _joined([part.endpoint for part in parts.values()])
        if len(endpoint.addins) > MOST_ADDINS:
            self.tally.skip(f"{endpoint.device}: more than {MOST_ADDINS:,} add-ins")
            return
        self.tally.devices += 1
        waiting = _Waiting(endpoint, _digest(endpoint), parts)
        if self.known.get(key) == waiting.digest:
            self.tally.same += 1
            self._seen_again(key, waiting)
        else:
            self.tally.replaced += key in self.known
            self.tally.new += key not in self.known
            self.known[key] = waiting.digest
            self.waiting.append(waiting)
            if len(self.waiting) >= BATCH:
                self.flush()

    @transaction.atomic
    def _seen_again(self, key: str, waiting: _Waiting) -> None:
        """Nothing that pages show has changed, but when it was seen."""
        row = DeviceRow.objects.get(engagement=self.row, key=key)
        DeviceRow.objects.filter(pk=row.pk).update(collected_at=waiting.at)
        for user, part in waiting.parts.items():
            DevicePart.objects.update_or_create(
                device=row, user=user, defaults={"collected_at": part.at, "content": part.packed}
            )

    def _parts_before(self, key: str) -> dict[str, DevicePart]:
        if key not in self.known:
            return {}
        rows = DevicePart.objects.filter(device__engagement=self.row, device__key=key)
        return {each.user: each for each in rows}

    def _newer(self, found: Sequence[Collected], before: Mapping[str, DevicePart]) -> dict[str, _Part]:
        """Parts of users of whom nothing newer is known."""
        made = {}
        for each in found:
            user, at = visible(each.user)[:200], _moment(each.collected)
            if user not in before or before[user].collected_at <= at:
                endpoint = each.endpoint((), self.programs)
                made[user] = _Part(at, _packed(endpoint), endpoint)
        return made

    @transaction.atomic
    def flush(self) -> None:
        """Write what waits."""
        if not self.waiting:
            return
        keys = [device_key(each.endpoint.device) for each in self.waiting]
        DeviceRow.objects.filter(engagement=self.row, key__in=keys).delete()
        devices = DeviceRow.objects.bulk_create([self._device(each) for each in self.waiting])
        DevicePart.objects.bulk_create(
            DevicePart(device=device, user=user, collected_at=part.at, content=part.packed)
            for device, each in zip(devices, self.waiting, strict=True)
            for user, part in each.parts.items()
        )
        self._new_addins(judged for each in self.waiting for judged in each.endpoint.addins)
        Installed.objects.bulk_create(
            [
                self._installed(device, judged)
                for device, each in zip(devices, self.waiting, strict=True)
                for judged in each.endpoint.addins
            ],
            batch_size=2_000,
        )
        self.waiting.clear()

    def _device(self, waiting: _Waiting) -> DeviceRow:
        endpoint = waiting.endpoint
        key, own = device_key(endpoint.device), visible(endpoint.department)[:200]
        return DeviceRow(
            engagement=self.row, collection=self.collection, name=endpoint.device, key=key, user=visible(endpoint.user)[:200],
            own_department=own, department=self.departments.get(key, own), collected_at=waiting.at, digest=waiting.digest, severity=int(endpoint.severity),
            addins_count=len(endpoint.addins), problems=[visible(each)[:200] for each in endpoint.problems[:20]],
        )  # fmt: skip

    def _new_addins(self, all_judged: Iterable[Judged]) -> None:
        new: dict[tuple[str, str], AddInRow] = {}
        fuller: dict[int, AddInRow] = {}
        for judged in all_judged:
            key = key_of(judged)
            made = _addin(self.row.pk, judged, key)
            known = self.addins.get(key) or new.setdefault(key, made)
            if _fill(known, made) and known.pk:
                fuller[known.pk] = known
        AddInRow.objects.bulk_update(fuller.values(), FILLED, batch_size=300)
        for made in AddInRow.objects.bulk_create(new.values()):
            self.addins[made.app, made.key] = made

    def _installed(self, device: DeviceRow, judged: Judged) -> Installed:
        addin = judged.addin
        return Installed(
            device=device, addin=self.addins[key_of(judged)], version=visible(addin.version)[:60], path=visible(addin.path)[:500],
            bitness=addin.bitness[:10], severity=int(judged.severity),
            findings=[
                {
                    "rule": each.rule, "severity": each.severity.id, "certainty": each.certainty, "message": visible(each.message)[:1000],
                    "arguments": {name: visible(value)[:300] for name, value in each.arguments.items()},
                }
                for each in judged.findings
            ],
        )  # fmt: skip


def _joined(endpoints: Sequence[Endpoint]) -> Endpoint:
    """A device over its users: each add-in once, as it stands worst; what only a list names, as the registry knows it."""
    worst: dict[tuple[str, str], Judged] = {}
    for judged in (judged for each in endpoints for judged in each.addins):
        known = worst.setdefault(key_of(judged), judged)
        if (bool(judged.addin.hives), judged.severity) > (bool(known.addin.hives), known.severity):
            worst[key_of(judged)] = judged
    return Endpoint(
        endpoints[0].device, ", ".join(dict.fromkeys(each.user for each in endpoints if each.user)),
        next((each.department for each in endpoints if each.department), ""), tuple(worst.values()),
        tuple(dict.fromkeys(problem for each in endpoints for problem in each.problems)),
    )  # fmt: skip


def key_of(judged: Judged) -> tuple[str, str]:
    """Application and id of an add-in, for comparing."""
    return visible(judged.addin.app)[:40], visible(judged.addin.id).casefold()[:255]


def _addin(engagement: int, judged: Judged, key: tuple[str, str]) -> AddInRow:
    addin = judged.addin
    return AddInRow(
        engagement_id=engagement, app=key[0], key=key[1], title=visible(addin.id)[:255], name=visible(addin.name)[:255],
        file=visible(file_of(addin.path)).casefold()[:255], publisher=visible(addin.publisher)[:200], kind=addin.kind[:20],
    )  # fmt: skip


def _fill(known: AddInRow, other: AddInRow) -> bool:
    """Take over what another device tells of an add-in that nobody told so far; whether there was something."""
    told = [name for name in FILLED if getattr(other, name) and not getattr(known, name)]
    for name in told:
        setattr(known, name, getattr(other, name))
    return bool(told)


def _digest(endpoint: Endpoint) -> str:
    """Of everything that pages show, so that the same file again, and only that, changes nothing."""
    text = json.dumps(endpoint.as_json(), sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _moment(text: str) -> datetime:
    """The collector's time; now for what has none, and for a clock that is ahead."""
    now = timezone.now()
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return now
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return min(found, now)
