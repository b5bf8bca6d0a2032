"""Paid seats of the apps: what counts, what stays out, and why."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from uptake import catalogue
from uptake.prove.usage.licences import joined, seats_of
from uptake.prove.usage.reading import read_bytes

E3, UNATTENDED = "05e9a617-0261-4cee-bb44-138d3ef5d965", "c2ac2ee4-9bb1-47e4-8541-d689c7e83371"
OFFICE, MOBILE = "43de0ff5-c92c-492b-9116-175376d08c38", "c63d4d19-e8cb-460e-b37c-4d6c34603745"
ROBOT = "8d77e2d9-9e28-4450-8431-0def64078fc5"


def sku(part: str, enabled: int, consumed: int, *plans: str, sku_id: str = "new", **more: Any) -> dict[str, Any]:
    units = {"enabled": enabled, "suspended": 0, "warning": more.pop("warning", 0), "lockedOut": 0}
    return {
        "skuId": sku_id, "skuPartNumber": part, "consumedUnits": consumed, "prepaidUnits": units, "appliesTo": "User",
        "capabilityStatus": "Enabled", "servicePlans": [{"servicePlanId": plan} for plan in plans], **more,
    }  # fmt: skip


def answer(*items: dict[str, Any]) -> bytes:
    return json.dumps({"value": list(items)}).encode()


def test_the_table_of_products_has_its_source_and_date_in_every_row() -> None:
    rows = catalogue.read_table("apps_skus")
    assert len(rows) == 72
    assert all(row["source"] and date.fromisoformat(row["date"]) for row in rows)
    assert {row["counts"] for row in rows} == {"user", "unattended", "device", "developer", "benefit"}


def test_seats_of_subscribed_skus_are_those_with_the_plan_of_the_apps() -> None:
    report = read_bytes(
        answer(
            sku("SPE_E3", 120, 113, OFFICE, sku_id=E3, warning=5),
            sku("FUTURE_PRODUCT", 10, 10, OFFICE),
            sku("O365_BUSINESS_ESSENTIALS", 50, 50, MOBILE),
            sku("SPE_E3_RPA1", 3, 3, ROBOT, sku_id=UNATTENDED),
            sku("OLD", 7, 7, OFFICE, capabilityStatus="Suspended"),
            sku("POWER_BI_STANDARD", 1_000_000, 40, "a403ebcc-fae0-4ca2-8c8c-7a907fd6c235"),
        ),
        "skus.json",
    )
    seats = seats_of(report, as_of=date(2026, 11, 19))
    assert (report.report, seats.paid, seats.assigned, seats.in_grace) == ("subscribed_skus", 130, 123, 5)
    assert {out.product: out.why for out in seats.left_out} == {
        "O365_BUSINESS_ESSENTIALS": "carries the apps for web and mobile only",
        "SPE_E3_RPA1": "for robots, not for users",
        "OLD": "its state is Suspended",
    }


def test_trials_are_taken_off() -> None:
    trials = read_bytes(
        answer(
            {"skuId": E3.upper(), "isTrial": True, "totalLicenses": 25},
            {"skuId": E3, "isTrial": False, "totalLicenses": 95},
        ),
        "subscriptions.json",
    )
    seats = seats_of(read_bytes(answer(sku("SPE_E3", 120, 113, OFFICE, sku_id=E3)), "s.json"), trials.trial_sku_ids)
    assert (seats.paid, seats.left_out[0].seats) == (95, 25)


@pytest.mark.parametrize(
    ("title", "paid"),
    [
        ("Microsoft 365 E3", 10), ("microsoft 365 apps for ENTERPRISE", 10), ("Microsoft 365 Business Standard", 10),
        ("Microsoft 365 E3 Trial", 0), ("Visio Plan 2", 0), ("Office 365 E1", 0), ("Microsoft 365 E3 - Unattended License", 0),
        ("Microsoft\xa0365 E5", 10),
    ],
)  # fmt: skip
def test_products_of_a_list_are_known_by_name(title: str, paid: int) -> None:
    data = f"Product Title,Total Licenses,Expired Licenses,Assigned licenses,Status Message\n{title},12,2,9,\n".encode()
    assert seats_of(read_bytes(data, "ProductList.csv")).paid == paid


def test_seats_of_the_sample_lists(samples: Path) -> None:
    name = "ProductList_11_21_2026_9_10_02_AM.csv"
    seats = seats_of(read_bytes((samples / name).read_bytes(), name))
    assert (seats.paid, seats.assigned, seats.counted) == (
        140,
        122,
        ("Microsoft 365 E3", "Microsoft 365 Apps for enterprise"),
    )
    other = seats_of(read_bytes((samples / "subscriptions_export.csv").read_bytes(), "subscriptions_export.csv"))
    assert (other.paid, other.assigned) == (12, 2)


def test_enabled_seats_leave_out_blocked_accounts_and_plans_that_are_off() -> None:
    def user(enabled: bool, *off: str) -> dict[str, Any]:
        return {"accountEnabled": enabled, "assignedLicenses": [{"skuId": E3, "disabledPlans": list(off)}]}

    report = read_bytes(answer(user(True), user(True, OFFICE), user(False), user(True, MOBILE)), "users.json")
    assert (report.report, seats_of(report).enabled, seats_of(report).paid) == ("licensed_users", 2, None)


def test_a_page_of_several_says_no_number_of_seats() -> None:
    page = {"@odata.nextLink": "next", "value": [sku("SPE_E3", 120, 113, OFFICE, sku_id=E3)]}
    assert seats_of(read_bytes(json.dumps(page).encode(), "skus.json")).paid is None


def test_denominators_of_several_sources_stand_side_by_side() -> None:
    one = seats_of(read_bytes(answer(sku("SPE_E3", 120, 113, OFFICE, sku_id=E3)), "a.json"))
    other = seats_of(read_bytes(answer({"accountEnabled": True, "assignedLicenses": [{"skuId": E3}]}), "b.json"))
    both = joined([one, other])
    assert (both.paid, both.assigned, both.enabled, both.source) == (120, 113, 1, "a.json, b.json")
