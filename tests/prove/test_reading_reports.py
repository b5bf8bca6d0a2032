"""Reports are recognised by their content and counted; what does not count is named, what says nothing is not 0 %."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_reports import DETAIL, row, table

from uptake.prove.usage.model import NotAReportError, ReadLimits, Skipped
from uptake.prove.usage.reading import read_bytes

EXPECTED = {
    "Office365ActivationsUserDetail11_21_2026 9_06_40 AM.csv": ("activations_user_detail", "2026-11-19", 45),
    "ProPlusUsageUserDetailV211_21_2026 9_05_11 AM.csv": ("m365_app_user_detail", "2026-11-19", 41),
    "ProductList_11_21_2026_9_10_02_AM.csv": ("product_list", None, 3),
    "activation_counts.json": ("activation_counts", "2022-10-25", 1),
    "activation_counts.text.csv": ("activation_counts", "2022-10-25", 1),
    "activations_user_counts.beta.json": ("activations_user_counts", "2017-09-01", 1),
    "activations_user_counts.json": ("activations_user_counts", "2022-10-25", 1),
    "activations_user_counts.text.csv": ("activations_user_counts", "2022-10-25", 1),
    "activations_user_detail.beta.json": ("activations_user_detail", "2017-09-01", 1),
    "activations_user_detail.de.cp1252.semicolon.csv": ("activations_user_detail", "2026-11-19", 7),
    "activations_user_detail.ja.cp932.csv": ("activations_user_detail", "2026-11-19", 7),
    "activations_user_detail.ja.utf8bom.csv": ("activations_user_detail", "2026-11-19", 7),
    "activations_user_detail.json": ("activations_user_detail", "2022-10-25", 1),
    "activations_user_detail.text.csv": ("activations_user_detail", "2022-10-25", 1),
    "active_user_counts.json": ("active_user_counts", "2022-10-25", 1),
    "active_user_counts.text.csv": ("active_user_counts", "2022-10-25", 1),
    "active_user_detail.2026_columns.csv": ("active_user_detail", None, 1),
    "active_user_detail.csv": ("active_user_detail", None, 0),
    "active_user_detail.json": ("active_user_detail", "2022-10-23", 1),
    "active_user_detail.text.csv": ("active_user_detail", "2022-10-23", 1),
    "m365_app_platform_user_counts.header_only.csv": ("m365_app_platform_user_counts", None, 0),
    "m365_app_platform_user_counts.json": ("m365_app_platform_user_counts", "2020-06-30", 1),
    "m365_app_user_counts.header_only.csv": ("m365_app_user_counts", None, 0),
    "m365_app_user_counts.json": ("m365_app_user_counts", "2020-06-30", 1),
    "m365_app_user_detail.concealed.csv": ("m365_app_user_detail", "2026-11-19", 41),
    "m365_app_user_detail.header_only.csv": ("m365_app_user_detail", None, 0),
    "m365_app_user_detail.page1.json": ("m365_app_user_detail", "2020-06-30", 1),
    "m365_app_user_detail.quoted_all.csv": ("m365_app_user_detail", "2026-11-19", 5),
    "m365_app_user_detail.true_false.csv": ("m365_app_user_detail", "2026-11-19", 11),
    "m365_app_user_detail.utf16le.csv": ("m365_app_user_detail", "2026-11-19", 5),
    "m365_app_user_detail.zh-CN.gb18030.csv": ("m365_app_user_detail", "2026-11-19", 7),
    "report_settings_concealed.json": ("report_settings", None, 0),
    "services_user_counts.json": ("services_user_counts", "2022-10-23", 1),
    "services_user_counts.text.csv": ("services_user_counts", "2022-10-23", 1),
    "subscriptions_export.csv": ("subscriptions_export", None, 1),
    "users_export.de.semicolon.csv": ("users_export", None, 1),
    "users_export.en.csv": ("users_export", None, 1),
}
REFUSED = {
    "empty_value.json": "tomorrow",
    "error_json_not_supported_v1.json": "leave out",
    "error_not_found_segment.json": "name of the function",
    "other_mail_app_usage_user_detail.csv": "Export",
    "other_mail_app_usage_user_detail.json": "Export",
    "other_onedrive_activity_user_detail.json": "Export",
    "other_onedrive_activity_user_detail.text.csv": "Export",
    "header_aliases.json": "getM365AppUserDetail",
    "MANIFEST.json": "Export",
}


def test_every_sample_is_read_or_refused_with_what_to_do(samples: Path) -> None:
    for path in sorted(samples.iterdir()):
        if path.name in REFUSED:
            with pytest.raises(NotAReportError) as refusal:
                read_bytes(path.read_bytes(), path.name)
            assert REFUSED[path.name] in refusal.value.hint
        else:
            report = read_bytes(path.read_bytes(), path.name)
            refresh = report.refresh_date.isoformat() if report.refresh_date else None
            assert (report.report, refresh, report.rows) == EXPECTED[path.name], path.name


@pytest.mark.parametrize(
    ("name", "counted"),
    [
        ("ProPlusUsageUserDetailV211_21_2026 9_05_11 AM.csv", (24, 20, 23)),
        ("m365_app_user_detail.concealed.csv", (24, 20, 23)),
        ("m365_app_user_detail.true_false.csv", (6, 4, 6)),
        ("m365_app_user_detail.quoted_all.csv", (2, 0, 2)),
        ("m365_app_user_detail.utf16le.csv", (2, 0, 2)),
        ("m365_app_user_detail.zh-CN.gb18030.csv", (3, 1, 3)),
    ],
)
def test_active_users_of_the_samples(samples: Path, name: str, counted: tuple[int, int, int]) -> None:
    active = read_bytes((samples / name).read_bytes(), name).active
    assert ((active.any, active.desktop, active.without_teams), active.window_days) == (counted, 28)


def test_concealed_names_are_seen(samples: Path) -> None:
    concealed = {
        p.name for p in samples.iterdir() if p.name in EXPECTED and read_bytes(p.read_bytes(), p.name).concealed
    }
    assert "m365_app_user_detail.concealed.csv" in concealed
    assert "ProPlusUsageUserDetailV211_21_2026 9_05_11 AM.csv" not in concealed


def test_the_window_has_28_days_and_its_first_one_counts() -> None:
    report = read_bytes(table(row("a", "2026-10-23", "Web"), row("b", "2026-10-22", "Web")).encode(), "x.csv")
    assert (report.active.any, report.as_reported.any) == (1, 2)


def test_only_teams_is_no_use_of_the_other_apps_and_only_the_web_no_desktop() -> None:
    rows = [row("a", "2026-11-18", "Windows", "Teams"), row("b", "2026-11-18", "Web", "Word"), row("c", "")]
    active = read_bytes(table(*rows).encode(), "x.csv").active
    assert (active.any, active.desktop, active.without_teams) == (2, 1, 1)


def test_a_report_of_seven_days_says_nothing_of_28() -> None:
    rows = [row("a", "2026-11-18", "Web", period="7"), row("b", "2026-11-01", period="7")]
    report = read_bytes(table(*rows).encode(), "x.csv")
    assert (report.active.any, report.active.window_days) == (1, 7)


def test_flags_of_180_days_are_not_taken_for_28() -> None:
    active = read_bytes(table(row("a", "2026-11-18", "Windows", period="180")).encode(), "x.csv").active
    assert (active.any, active.desktop, active.window_days) == (1, None, 28)


@pytest.mark.parametrize("content", ["header", "json"])
def test_an_empty_report_is_never_zero_percent(content: str) -> None:
    if content == "json":
        with pytest.raises(NotAReportError, match="does not mean that nobody"):
            read_bytes(b'{"value": []}', "x.json")
    else:
        report = read_bytes(table().encode(), "x.csv")
        assert (report.rows, report.active.any, report.active.window_days) == (0, None, None)


def test_malformed_rows_are_named_with_their_lines() -> None:
    rows = [
        row("a", "2026-11-18", "Web"),
        row("b", "2026-11-18", "Web")[:-3],
        [*row("c", "2026-11-18", "Web"), "more"],
        row("d", "yesterday", "Web"),
        row("e", "2026-11-18", "Web", refresh="2026-11-12"),
        row("f", "2026-11-20", "Web"),
        row("A", "2026-11-18", "Web"),
        [*row("g", "2026-11-18")[:-1], "perhaps"],
        [*row("h", "2026-11-18", "Web"), "", ""],
        ["", *row("", "")[1:5], "maybe", *row("", "")[6:]],
    ]
    report = read_bytes(table(*rows).encode(), "x.csv")
    assert [each.line for each in report.skipped] == [3, 4, 5, 6, 7, 8, 11]
    assert "line 2" in report.skipped[5].why
    assert (report.rows, report.active.any) == (3, 3)


def test_flags_that_are_no_words_skip_their_row() -> None:
    fields = row("a", "2026-11-18")
    fields[DETAIL.index("Windows")] = "perhaps"
    report = read_bytes(table(fields).encode(), "x.csv")
    assert report.skipped == (Skipped(2, "Windows says neither yes nor no: 'perhaps'"),)


def test_unknown_users_count_each_for_themselves() -> None:
    rows = [row("(Unknown)", "2026-11-18", "Web")] * 3
    report = read_bytes(table(*rows).encode(), "x.csv")
    assert (report.rows, report.active.any, report.unnamed, report.concealed) == (3, 3, 3, False)


def test_fresh_columns_are_kept_by_name_wherever_they_stand() -> None:
    header = ("Copilot Last Activity Date", *DETAIL[::-1])
    rows = [["2026-11-01", *row("a", "2026-11-18", "Windows", "Word")[::-1]]]
    report = read_bytes(table(*rows, header=header).encode(), "x.csv")
    assert (report.active.desktop, report.unknown_columns) == (1, ("Copilot Last Activity Date",))


def test_a_page_of_several_is_not_the_tenant() -> None:
    item = {"reportRefreshDate": "2026-11-19", "userPrincipalName": "a", "lastActivityDate": "2026-11-18"}
    item["details"] = [{"reportPeriod": 30, "windows": True, "outlook": True, "word": None, "teams": False}]  # type: ignore[assignment]
    page = {"@odata.nextLink": "https://graph.microsoft.com/next", "value": [item]}
    report = read_bytes(json.dumps(page).encode(), "x.json")
    assert not report.is_complete
    assert report.skipped[0].line == 0


@pytest.mark.parametrize(
    "data",
    [b"", b"  \n", b"PK\x03\x04zip", b"%PDF-1.7", b"<html>", b"\xd0\xcf\x11\xe0old", b"{broken", b"[" * 100_000, b"7", b'"x"',
     b"a,b,c\n1,2,3\n", b"\x00\x01\x02\x03" * 50, b'{"value": [1, 2]}', b"x" * 3_000_000, b'"never closed\n' * 3],
)  # fmt: skip
def test_what_is_no_report_is_refused_with_a_hint(data: bytes) -> None:
    with pytest.raises(NotAReportError) as refusal:
        read_bytes(data, "x")
    assert refusal.value.hint


def test_a_quotation_mark_that_is_never_closed_is_no_traceback() -> None:
    text = table(row("a", "2026-11-18", "Web"), row('"b', "2026-11-18", "Web"), *[row("c", "")] * 2000)
    with pytest.raises(NotAReportError, match="line 3"):
        read_bytes(text.encode(), "x.csv")


def test_limits_are_refused_by_name() -> None:
    text = table(*[row(f"user{n}", "2026-11-18", "Web") for n in range(50)]).encode()
    with pytest.raises(NotAReportError, match="larger"):
        read_bytes(text, "x.csv", ReadLimits(size=1000))
    with pytest.raises(NotAReportError, match="lines"):
        read_bytes(text, "x.csv", ReadLimits(rows=10))
    with pytest.raises(NotAReportError, match="JSON"):
        read_bytes(b"[" + b" " * 2000 + b"]", "x.json", ReadLimits(json_size=1000))


def test_many_bad_lines_are_counted_and_not_all_listed() -> None:
    text = table(*[["x"]] * 500).encode()
    report = read_bytes(text, "x.csv", ReadLimits(skipped=10))
    assert (len(report.skipped), report.skipped_count) == (11, 500)
    assert "490 more" in report.skipped[-1].why


NAMES = st.text(alphabet="abcdefghij", min_size=3, max_size=12)
ROWS = st.dictionaries(
    NAMES,
    st.tuples(st.integers(0, 60), st.sets(st.sampled_from(["Windows", "Mac", "Web", "Word", "Excel", "Teams"]))),
    max_size=12,
)
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "cp932", "cp1252", "gb18030"]
SPELLINGS = ["Yes", "True", "1", "TRUE", "はい", "是", "Ja"]


@settings(deadline=None, max_examples=150)
@given(
    ROWS,
    st.sampled_from(ENCODINGS),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(SPELLINGS),
    st.sampled_from(["iso", "de", "us", "ja"]),
    st.booleans(),
)
def test_a_re_saved_report_says_what_the_original_says(
    users: dict[str, tuple[int, set[str]]], encoding: str, delimiter: str, yes: str, dates: str, quoted: bool
) -> None:
    try:
        yes.encode(encoding)
    except UnicodeEncodeError:
        yes = "Yes"

    def written(day: date) -> str:
        forms = {"iso": "%Y-%m-%d", "de": "%d.%m.%Y", "us": "%m/%d/%Y", "ja": "%Y/%m/%d"}
        return day.strftime(forms[dates])

    refresh = date(2026, 11, 19)
    original = [row(n, str(date.fromordinal(refresh.toordinal() - ago)), *used) for n, (ago, used) in users.items()]
    again = [
        row(n, written(date.fromordinal(refresh.toordinal() - ago)), *used, refresh=written(refresh), yes=yes)
        for n, (ago, used) in users.items()
    ]
    if quoted:
        again = [[f'"{field}"' for field in fields] for fields in again]
    if dates == "us" and delimiter == ";":
        delimiter = ","
    expected = read_bytes(table(*original).encode(), "x.csv")
    found = read_bytes(table(*again, delimiter=delimiter).encode(encoding), "x.csv")
    assert (found.active, found.as_reported, found.rows, found.skipped) == (
        expected.active, expected.as_reported, expected.rows, expected.skipped,
    )  # fmt: skip


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=400) | st.text(max_size=300).map(lambda text: (table() + text).encode("utf-8", "replace")))
def test_any_bytes_are_a_report_or_a_refusal(data: bytes) -> None:
    try:
        report = read_bytes(data, "x")
    except NotAReportError as refusal:
        answer = refusal.hint
    else:
        answer = report.report
    assert answer


def test_the_line_that_tells_excel_the_delimiter_is_no_header() -> None:
    text = "sep=;\r\n" + table(row("a", "18.11.2026", "Web", refresh="19.11.2026"), delimiter=";")
    report = read_bytes(text.encode("utf-16"), "x.csv")
    assert (report.rows, report.active.any) == (1, 1)


def test_dates_that_could_be_two_are_read_as_the_file_writes_its_others() -> None:
    days = [row(f"u{n}", f"11/{n:02}/2026", "Web", refresh="11/12/2026") for n in range(1, 13)]
    american = read_bytes(table(*days, row("x", "10/25/2026", "Web", refresh="11/12/2026")).encode(), "x.csv")
    assert (american.refresh_date, american.active.any) == (date(2026, 11, 12), 13)
    days = [row(f"u{n}", f"{n:02}/11/2026", "Web", refresh="12/11/2026") for n in range(1, 13)]
    british = read_bytes(table(*days, row("x", "25/10/2026", "Web", refresh="12/11/2026")).encode(), "x.csv")
    assert (british.refresh_date, british.active.any) == (date(2026, 11, 12), 13)
