"""Every address of the application."""

from __future__ import annotations

from django.urls import include, path, re_path

from uptake.web.accounts import views as people_views
from uptake.web.api import api
from uptake.web.assessments import views as scans
from uptake.web.common.health import health
from uptake.web.engagements.views import (
    adoption,
    checklist,
    customer,
    meetings,
    notes,
    overview,
    people,
    portfolio,
    records,
    statuses,
    workshop,
)  # fmt: skip
from uptake.web.insights import views as insights

REFERENCE = r"(?P<reference>(?:task|step|item):[A-Za-z0-9._-]{1,60})"

engagement = [
    path("", overview.overview, name="engagement"),
    path("board/", overview.board, name="board"),
    path("tasks/", overview.tasks, name="tasks"),
    path("tasks/linked/", overview.linked_tasks, name="linked-tasks"),
    re_path(rf"^do/{REFERENCE}/$", overview.settle, name="task"),
    re_path(rf"^files/add/{REFERENCE}/$", records.upload, name="upload-file"),
    path("files/<int:number>/", records.download, name="file"),
    path("details/", overview.details, name="details"),
    path("intent/", overview.intent, name="intent"),
    path("eligibility/", overview.eligibility, name="eligibility"),
    path("complete/", overview.completion, name="completion"),
    path("people/", people.people, name="people"),
    path("people/<int:person>/remove/", people.remove, name="remove-person"),
    path("status/", statuses.entitlements, name="entitlements"),
    path("status/new/", statuses.entitlement, name="new-entitlement"),
    path("status/block/", statuses.block, name="block"),
    path("status/of/<path:key>/split/", statuses.split, name="split"),
    path("status/of/<path:key>/", statuses.entitlement, name="entitlement"),
    path("workshop/", workshop.workshop, name="workshop"),
    path("workshop/new/", workshop.hold, name="new-workshop"),
    path("workshop/<slug:topic>/", workshop.decision, name="decision"),
    path("adoption/", adoption.adoption, name="adoption"),
    path("adoption/new/", adoption.converse, name="new-conversation"),
    path("adoption/objection/", adoption.objection, name="new-objection"),
    path("adoption/objection/<int:number>/", adoption.objection, name="objection"),
    path("adoption/message/", adoption.message, name="new-message"),
    path("adoption/message/<int:number>/", adoption.message, name="message"),
    path("readiness/", scans.readiness, name="readiness"),
    path("readiness/upload/", scans.upload, name="upload-scan"),
    path("readiness/<int:number>/", scans.cluster, name="cluster"),
    path("readiness/sign/<int:number>/", scans.sign, name="sign-scan"),
    path("checklist/", checklist.checklist, name="checklist"),
    path("checklist/generate/", checklist.generate, name="generate"),
    path("checklist/questions/<slug:key>/", checklist.questionnaire, name="questionnaire"),
    path("checklist/item/<slug:key>/", checklist.item, name="item"),
    re_path(r"^checklist/export\.(?P<kind>xlsx|html)$", checklist.export, name="export-checklist"),
    path("checklist/submit/", checklist.submit, name="submit-checklist"),
    path("notes/", notes.notes, name="notes"),
    path("notes/new/", notes.new_note, name="new-note"),
    path("notes/check/", notes.check_note, name="check-note"),
    path("notes/summary/", notes.summary, name="summary"),
    path("meetings/", meetings.meetings, name="meetings"),
    path("meetings/new/", meetings.new_meeting, name="new-meeting"),
    path("requests/", meetings.requests, name="requests"),
    path("requests/new/", meetings.new_request, name="new-request"),
    path("requests/<int:number>/", meetings.stage, name="request-stage"),
    path("audit/", records.trail, name="audit"),
    path("audit.csv", records.trail_csv, name="audit-csv"),
    path("handover/", records.handover, name="handover"),
    path("usage/", insights.usage, name="usage"),
    path("usage/import/", insights.take, name="take-usage"),
    path("usage/seats/", insights.seats, name="usage-seats"),
    path("usage/formula/", insights.formula, name="usage-formula"),
    path("usage/verdict/<int:number>/", insights.verdict, name="verdict"),
    re_path(r"^usage/report\.(?P<kind>html|xlsx|pptx)$", insights.report, name="usage-report"),
    path("acceleration/", insights.acceleration, name="acceleration"),
    path("acceleration/solution/", insights.solution, name="new-solution"),
    path("acceleration/<int:number>/", insights.case, name="case"),
    path("acceleration/<int:number>/reason/", insights.choose, name="case-choose"),
    path("acceleration/<int:number>/answer/", insights.answer, name="case-answer"),
    path("acceleration/<int:number>/effort/", insights.effort, name="case-effort"),
    path("acceleration/<int:number>/block/", insights.block, name="case-block"),
    path("acceleration/<int:number>/close/", insights.close, name="case-close"),
    path("acceleration/<int:number>/do/<slug:move>/", insights.act, name="case-act"),
    path("customer/", customer.progress, name="customer"),
    path("customer/acknowledge/", customer.acknowledge_all, name="acknowledge-all"),
    path("customer/acknowledge/<slug:key>/", customer.acknowledge, name="acknowledge"),
]

urlpatterns = [
    path("", portfolio.home, name="home"),
    path("health", health, name="health"),
    path("language/", people_views.language, name="language"),
    path("portfolio/", portfolio.portfolio, name="portfolio"),
    path("portfolio/new/", portfolio.new, name="new-engagement"),
    path("reminders/", portfolio.reminders, name="reminders"),
    path("watch/", insights.watch, name="watch"),
    path("search/", portfolio.search, name="search"),
    path("playbook/", portfolio.playbook_page, name="playbook"),
    path("e/<int:pk>/", include(engagement)),
    path("me/", people_views.profile, name="profile"),
    path("me/token/", people_views.token, name="new-token"),
    path("me/token/<int:number>/revoke/", people_views.revoke, name="revoke-token"),
    path("organisation/<int:organisation>/", people_views.organisation, name="organisation"),
    path("organisation/<int:organisation>/invite/", people_views.invite, name="invite"),
    path("organisation/<int:organisation>/team/", people_views.team, name="new-team"),
    path("organisation/<int:organisation>/thresholds/", insights.thresholds, name="thresholds"),
    path("organisation/<int:organisation>/links/", people_views.links, name="links"),
    path("organisation/<int:organisation>/member/<int:number>/", people_views.member, name="member"),
    path("join/<str:token>/", people_views.join, name="join"),
    path("account/", include("allauth.urls")),
    path("api/", api.urls),
]
handler400 = "uptake.web.common.errors.bad_request"
handler403 = "uptake.web.common.errors.forbidden"
handler404 = "uptake.web.common.errors.not_found"
handler500 = "uptake.web.common.errors.server_error"
