"""Words for the values of the engine, and which of the three meanings they have: ok, wait, bad."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from uptake.guide.elements import Criterion, EndState, EvidenceKind, Question, Questionnaire, Step
from uptake.web.common.playbook import playbook, say

WORDS = {
    "future": _("Not yet"),
    "ready": _("Ready"),
    "done": _("Done"),
    "bypassed": _("Bypassed"),
    "not_applicable": _("Not applicable"),
    "open": _("Open"),
    "resolved": _("Resolved"),
    "triggered": _("triggered by the answer"),
    "found": _("opened by the scan"),
    "cleared": _("closed by the scan"),
    "not triggered": _("not triggered"),
    "unanswered": _("unanswered"),
    "out of scope": _("out of scope"),
    "other edition": _("other edition"),
    "retired": _("no longer in the template"),
    "intent is not recorded": _("Intent is not recorded"),
    "not done, bypassed or not applicable": _("Not done yet"),
    "evidence is missing": _("Evidence is missing"),
    "not so": _("Not so yet"),
    "not known": _("Not known"),
    "next_action_date": _("Next action is overdue"),
    "unblock_date": _("Projected unblock date has passed"),
    "target_date": _("Target date has passed"),
    "checklist item": _("Checklist item is overdue"),
    "checklist is stale": _("Checklist is out of date"),
    "meeting": _("Meeting is due"),
    "note": _("Note is due"),
    "request": _("Request waits too long"),
    "no owner": _("Nobody is in charge"),
    "field": _("Field is missing"),
    "great": _("Great"),
    "marginal": _("Marginal"),
    "poor": _("Poor"),
    "commercial": _("Commercial"),
    "gcc-high-dod": _("GCC High / DoD"),
    "fasttrack": _("FastTrack"),
    "customer": _("Customer"),
    "shared": _("Shared"),
    "significant": _("Significant remediation"),
    "limited": _("Limited remediation"),
    "minimal": _("Minimal validation"),
    "design": _("Code awareness"),
    "ready64": _("Ready to upgrade"),
    "untriaged": _("Not looked at"),
    "assigned": _("Assigned"),
    "fixed": _("Fixed"),
    "accepted": _("Accepted as it is"),
    "business-critical": _("Business-critical"),
    "important": _("Important"),
    "convenience": _("Convenience"),
    "queued": _("Waiting"),
    "reading": _("Being read"),
    "complete": _("Complete"),
    "failed": _("Failed"),
    "draft": _("Draft"),
    "reached": _("reached"),
    "not reached": _("not reached"),
    "unknown": _("unknown"),
    "certain": _("certain"),
    "likely": _("likely"),
    "possible": _("possible"),
    "task": _("Task"),
    "step": _("Step"),
    "late": _("Late"),
    "blocks": _("Blocks the gate"),
    "due": _("Due"),
    "missing": _("Missing"),
    "FTC-led": _("FTC-led"),
    "partner-led": _("FastTrack partner"),
    "other-partner": _("other partner"),
    "customer-led": _("customer-led"),
    "met": _("yes"),
    "not_met": _("no"),
    "stall": _("Stall"),
    "added": _("new"),
    "restated": _("restated"),
    "unchanged": _("known already"),
    "upload": _("Uploaded"),
    "run": _("Run here"),
    "ort": _("ORT workbook"),
}
CASE = {
    "ready": _("Can be done"),
    "done": _("Done"),
    "later": _("Later"),
    "ask": _("A question comes first"),
    "not_needed": _("Not needed"),
    "above": _("above the forecast"),
    "within": _("as foretold"),
    "below": _("below the forecast"),
    "unknown": _("not known yet"),
}
FIELDS = {
    "l1": _("L1 Consumption Status"),
    "l2": _("L2 reason"),
    "l3": _("L3 engineering reason"),
    "owner": _("Owner"),
    "note": _("Note"),
    "seats": _("Seats"),
    "start_date": _("Engagement start date"),
    "business_reasons": _("Business reasons"),
}
TOPICS = {
    "access": _("Access"),
    "accessibility": _("Accessibility"),
    "add-ins": _("Add-ins"),
    "authentication": _("Authentication"),
    "channel": _("Update channel"),
    "client": _("Clients"),
    "communications": _("Support and communications"),
    "edition": _("Edition"),
    "existing-office": _("Existing Office"),
    "files": _("Files and OneDrive"),
    "folders": _("Folders"),
    "identity": _("Identity and licensing"),
    "languages": _("Languages"),
    "macros": _("Macros"),
    "mailboxes": _("Mailboxes"),
    "management": _("Management tools"),
    "network": _("Network"),
    "outlook": _("Outlook"),
    "pilot": _("Pilot"),
    "rollback": _("Rollback"),
    "shared-and-vdi": _("Shared computers and VDI"),
}
OK = frozenset(
    (
        "done",
        "bypassed",
        "not_applicable",
        "resolved",
        "cleared",
        "great",
        "complete",
        "fixed",
        "accepted",
        "reached",
        "met",
        "ready64",
    )
)
BAD = frozenset(
    ("significant", "poor", "failed", "blocked", "late", "no-intent", "next_action_date", "unblock_date", "target_date", "critical",
     "business-critical", "stalled", "error")
)  # fmt: skip
WAIT = frozenset(
    ("ready", "open", "triggered", "found", "limited", "marginal", "reading", "queued", "assigned", "status-unknown", "blocks", "due",
     "evidence is missing", "not done, bypassed or not applicable", "intent is not recorded", "important", "not reached", "not so",
     "not_met", "missing", "warning")
)  # fmt: skip


def say_word(key: str) -> str:
    """A value in the reader's language; a value nobody has named is shown as it is."""
    return str(WORDS.get(key, key))


def say_case(key: str) -> str:
    """A state of a move of the acceleration tree, or the effect of an action."""
    return str(CASE.get(key, key))


def say_topic(key: str) -> str:
    """A topic of a questionnaire in the reader's language."""
    return str(TOPICS.get(key, key))


def say_field(key: str) -> str:
    """A field of an entitlement in the reader's language."""
    return str(FIELDS[key]) if key in FIELDS else say_word(key)


def tone(key: str) -> str:
    """`ok`, `wait`, `bad` or `none`."""
    for name, keys in (("ok", OK), ("bad", BAD), ("wait", WAIT)):
        if key in keys:
            return name
    return "none"


def say_reference(reference: str) -> str:
    """What a reference of the engine points to, in the reader's language."""
    kind, _sep, key = reference.partition(":")
    book = playbook()
    if kind == "task" and key in book.tasks:
        return f"{key} {say(book.tasks[key])}"
    element = {
        "step": book.of(Step).get(key),
        "end_state": book.of(EndState).get(key),
        "fact": book.of(EvidenceKind).get(key) or next((c for c in book.of(Criterion).values() if c.fact == key), None),
    }.get(kind) or book.of(Question).get(reference) or book.of(Questionnaire).get(reference)  # fmt: skip
    return say(element) if element else reference
