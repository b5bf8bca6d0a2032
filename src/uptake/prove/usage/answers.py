"""JSON answers of Microsoft Graph → a header and records as a table has them, so that one reader does for both.

The beta reports nest one level (`details`, `userCounts`, `userActivationCounts`); command-line tools save a plain list with the
names of the CSV columns. Errors and empty answers are told apart from reports: they are never “0 %”.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from uptake.prove.usage.model import LicenceLine, NotAReportError
from uptake.prove.usage.tables import Header, read_header

DEEPEST = 50


@dataclass(frozen=True, slots=True)
class Answer:
    """What a JSON file holds: a report's records, licences, or one setting."""

    header: Header
    records: Sequence[tuple[int, list[str]]]
    """(number of the item, fields)."""
    is_complete: bool = True
    kind: str = ""
    """subscribed_skus, directory_subscriptions, licensed_users or report_settings; empty: a report, told by its columns."""
    licences: tuple[LicenceLine, ...] = ()
    trials: Mapping[str, int] | None = None
    rows: int = 0
    concealed: bool = False


def read_answer(data: bytes, name: str) -> Answer:
    """The answer, or `NotAReportError` that says what to do."""
    content = _content(data, name)
    if isinstance(content, dict) and "error" in content:
        raise _refused(content["error"], name)
    if isinstance(content, dict) and isinstance(content.get("displayConcealedNames"), bool):
        return Answer(read_header([]), (), kind="report_settings", concealed=content["displayConcealedNames"])
    items = content.get("value") if isinstance(content, dict) else content
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise NotAReportError(f"{name} is JSON, but no answer of a report", hint=HINT)
    if not items:
        raise NotAReportError(
            f"{name} is an empty answer, which does not mean that nobody is active",
            hint="Microsoft sends such answers when the data is late. Fetch the report again tomorrow; nothing was stored.",
        )
    is_complete = not (isinstance(content, dict) and content.get("@odata.nextLink"))
    return _licences(items, is_complete) or _report(items, is_complete)


HINT = "Fetch getM365AppUserDetail from Microsoft Graph v1.0 (CSV), or export the report from the admin center."


def _content(data: bytes, name: str) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig" if data[:2] not in (b"\xff\xfe", b"\xfe\xff") else "utf-16"))
    except (ValueError, RecursionError) as error:
        raise NotAReportError(f"{name} is not readable JSON: {error}"[:300], hint=HINT) from None


def _refused(error: Any, name: str) -> NotAReportError:
    message = str(error.get("message", "") if isinstance(error, dict) else error)[:200]
    hint = HINT
    if "JSON format is not supported" in message:
        hint = "Version 1.0 of these reports gives CSV only: leave out $format=application/json."
    elif "Resource not found for the segment" in message:
        hint = "The name of the function is wrong or this cloud does not offer it; see the list in docs/en/usage.md."
    return NotAReportError(f"{name} is an error message of Microsoft Graph, not a report: {message}", hint=hint)


def _report(items: Sequence[Mapping[str, Any]], is_complete: bool) -> Answer:
    rows = [(number, row) for number, item in enumerate(items, 1) for row in _flat(item)]
    keys: dict[str, None] = {}
    for _, row in rows:
        keys.update(dict.fromkeys(row))
    records = [(number, [_text(row.get(key)) for key in keys]) for number, row in rows]
    return Answer(read_header(list(keys)), records, is_complete)


def _flat(item: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """One row for each entry of a nested list; the item itself where it has none."""
    outer = {key: value for key, value in item.items() if not key.startswith("@") and not _is_nested(value)}
    nested = [value for value in item.values() if _is_nested(value) and value]
    if not nested:
        yield outer
    for each in nested[:1]:
        for entry in each:
            yield {**outer, **entry}


def _is_nested(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, dict) for entry in value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "+".join(map(str, value))
    return str(value)


def _licences(items: Sequence[Mapping[str, Any]], is_complete: bool) -> Answer | None:
    """`/subscribedSkus`, `/directory/subscriptions` and `/users` with licences."""
    nothing = read_header([])
    first = items[0]
    if "prepaidUnits" in first:
        lines = tuple(_sku(item) for item in items)
        return Answer(nothing, (), is_complete, "subscribed_skus", lines, rows=len(items))
    if "isTrial" in first:
        trials: dict[str, int] = {}
        for item in items:
            if item.get("isTrial") is True:
                key = str(item.get("skuId", "")).lower()
                trials[key] = trials.get(key, 0) + _number(item.get("totalLicenses"))
        return Answer(nothing, (), is_complete, "directory_subscriptions", trials=trials, rows=len(items))
    if "assignedPlans" in first or "assignedLicenses" in first:
        return Answer(nothing, (), is_complete, "licensed_users", _assigned(items), rows=len(items))
    return None


def _sku(item: Mapping[str, Any]) -> LicenceLine:
    units = item.get("prepaidUnits")
    units = units if isinstance(units, dict) else {}
    plans = item.get("servicePlans")
    return LicenceLine(
        product=str(item.get("skuPartNumber", "")),
        sku_id=str(item.get("skuId", "")).lower(),
        part_number=str(item.get("skuPartNumber", "")),
        total=_number(units.get("enabled")),
        expired=_number(units.get("suspended")) + _number(units.get("lockedOut")),
        warning=_number(units.get("warning")),
        assigned=_number(item.get("consumedUnits")),
        status=str(item.get("capabilityStatus", "")),
        plans=tuple(str(plan.get("servicePlanId", "")).lower() for plan in plans if isinstance(plan, dict))
        if isinstance(plans, list)
        else (),
        is_company_wide=item.get("appliesTo") == "Company",
    )


def _assigned(items: Sequence[Mapping[str, Any]]) -> tuple[LicenceLine, ...]:
    """Licences of users, by SKU: how many users of enabled accounts have each, plans that are switched off left out."""
    counts: dict[tuple[str, tuple[str, ...]], int] = {}
    for item in items:
        if item.get("accountEnabled") is False:
            continue
        licences = item.get("assignedLicenses")
        for licence in licences if isinstance(licences, list) else ():
            if isinstance(licence, dict):
                off = licence.get("disabledPlans")
                disabled = tuple(sorted(str(each).lower() for each in off)) if isinstance(off, list) else ()
                key = (str(licence.get("skuId", "")).lower(), disabled)
                counts[key] = counts.get(key, 0) + 1
    return tuple(
        LicenceLine(sku, sku, assigned=count, plans=tuple(f"-{plan}" for plan in off))
        for (sku, off), count in counts.items()
    )


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
