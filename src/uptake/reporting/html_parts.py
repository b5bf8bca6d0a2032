"""The parts of the HTML report but the findings: headline, overview, what was not read, files, rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from uptake.reporting.charts import stacked_bar
from uptake.reporting.clean import visible
from uptake.reporting.html_base import cell, path_cell, showing, table, tag, text
from uptake.reporting.html_rules import rule_table
from uptake.reporting.model import SEVERITIES, ScanReport, rule_title
from uptake.reporting.summary import below_root
from uptake.reporting.verdict import first_rule, shown_labels, state_counts, sub_line, verdict
from uptake.reporting.words import Words

STATES = ("work", "check", "ready", "unread", "other")
STATE_CLASSES = {"work": "s4", "check": "s2", "ready": "s0", "unread": "su", "other": "so"}
OWNERS, FORMATS, REASONS = 40, 12, 100


def navigation(report: ScanReport, words: Words) -> str:
    """Links to the parts that are there."""
    links = [("what", "what"), ("findings", "findings")] if report.summary["findings"] else []
    links += [("unread", "could_not_read")] if report.summary["unread"] else []
    links += [("files", "worst_files"), ("rules", "rules")] if report.summary["findings"] else []
    short = {"could_not_read": "unread", "worst_files": "all_files", "rules": "rules_short"}
    return "".join(f'<a href="#{where}">{escape(words(short.get(key, key)))}</a>' for where, key in links)


def headline(report: ScanReport, words: Words) -> str:
    """Verdict, its other numbers, and the step to take now."""
    summary = report.summary
    sub = " · ".join(escape(part) for part in sub_line(summary, words))
    sources = text(", ".join(summary.get("sources", ())))
    crumb = f'<p class="crumb">{sources}</p>' if sources else ""
    return (
        f'<div class="head"><div>{crumb}<h1>{escape(verdict(summary, words))}</h1><p class="sub">{sub}</p></div>'
        f"{_next_step(report, words)}</div>\n"
    )


def _next_step(report: ScanReport, words: Words) -> str:
    rule, states = first_rule(report), state_counts(report.summary)
    if rule:
        row = report.summary["rules"][rule]
        strong = text(words("next_rule", rule=rule, title=rule_title(report.rules, rule)))
        counts = {
            "files": words.count("files", row["files"]),
            "findings": words.count("findings_count", row["findings"]),
        }
        note, link, label = words("next_why", proposals=row["proposals"], **counts), "findings", words("show_findings")
    elif states["unread"]:
        strong, note = escape(words("next_unread")), words.count("files", states["unread"])
        link, label = "unread", words("see_unread")
    else:
        strong, note, link, label = escape(words("next_none")), "", "", ""
    button = f'<a class="btn" href="#{link}">{escape(label)}</a>' if link else ""
    lead = escape(words("next"))
    said = f"<strong>{strong}</strong><span>{escape(note)}</span>"
    return f'<div class="next"><span class="lbl">{lead}</span>{said}{button}</div>'


def overview(report: ScanReport, words: Words) -> str:
    """Severities, rules and folders on the left, the facts of the scan at the side."""
    left = _severities(report.summary, words) + rule_table(report, words) + _owners(report.summary, words)
    return f'<div class="cols"><div>{left}</div><aside>{_facts(report.summary, words)}</aside></div>\n'


def _severities(summary: Mapping[str, Any], words: Words) -> str:
    counts, modules = summary["severities"], summary["unique_macros"]
    numbers = ", ".join(f"{words(word)} {counts[word]:,}" for word in SEVERITIES)
    bar = stacked_bar(
        [(f"s{n}", counts[word]) for n, word in enumerate(SEVERITIES)], f"{words('by_severity')}: {numbers}"
    )
    rows = (
        f'<tr><td data-l=""><i class="sw b{n}"></i>{escape(words(word))}'
        f'<span class="meta">{escape(words(word + "_means"))}</span></td>'
        f"{cell(counts[word], words('all_files'), number=True)}"
        f"{cell(modules[word], words('macros_by_severity'), number=True)}</tr>"
        for n, word in reversed(list(enumerate(SEVERITIES)))
    )
    headings = (("", words("severity")), ("n", words("all_files")), ("n", words("macros_by_severity")))
    note = f'<p class="meta">{escape(words("lower_bound"))}</p>' if summary["unique_is_lower_bound"] else ""
    body = f'<div class="verdict">{bar}{table(headings, rows, css="bare")}{note}</div>'
    return f"<section><h2>{escape(words('by_severity'))}</h2>{body}</section>"


def _owners(summary: Mapping[str, Any], words: Words) -> str:
    owners = summary["owners"]
    if len(owners) < 2:
        return ""
    rows = []
    for row in owners[:OWNERS]:
        numbers = ", ".join(f"{words.state(state)} {row[state]:,}" for state in STATES if row[state])
        bar = stacked_bar([(STATE_CLASSES[s], row[s]) for s in STATES], numbers, width=160, height=10, css="mini")
        rows.append(
            f"<tr>{cell(text(row['owner']) or escape(words('root_folder')), words('folder'))}"
            f"<td>{bar}</td>"
            + "".join(cell(row[key], words.state(key), number=True) for key in STATES[:4])
            + cell(row["files"], words("all_files"), number=True)
            + "</tr>"
        )
    headings = [
        ("", words("folder")),
        ("", ""),
        *(("n", words.state(key)) for key in STATES[:4]),
        ("n", words("all_files")),
    ]
    note = f" {showing(OWNERS, len(owners), words)}" if len(owners) > OWNERS else ""
    return f'<section id="where"><h2>{escape(words("where"))}{note}</h2>{table(headings, rows, css="sort")}</section>'


def _facts(summary: Mapping[str, Any], words: Words) -> str:
    copies = summary["duplicates"]
    facts = [
        (words("all_files"), f"{summary['files']:,} · {words.size(summary['bytes'])}"),
        (words("macros"), f"{summary['with_macros']:,}"),
        (
            words("modules"),
            f"{summary['modules']:,} · {words('unique_modules')} {sum(summary['unique_macros'].values()):,}",
        ),
        (words("code_lines"), f"{summary['lines']:,}"),
        (words("findings"), f"{summary['findings']:,}"),
        (words("duplicates"), words.count("duplicates_value", copies["files"], size=words.size(copies["bytes"]))),
    ]
    if summary.get("labels"):
        facts.append((words("labels"), visible(shown_labels(summary))))
    lines = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts)
    statuses = _counts([(words.maybe(name), n) for name, n in summary["statuses"].items()], words("status"), words)
    formats = _counts(list(summary["formats"].items())[:FORMATS], words("format"), words)
    return (
        f"<h2>{escape(words('numbers'))}</h2><dl>{lines}</dl>"
        f"<h2>{escape(words('statuses'))}</h2>{statuses}<h2>{escape(words('formats'))}</h2>{formats}"
    )


def _counts(rows: Sequence[tuple[str, int]], label: str, words: Words) -> str:
    most = max((number for _, number in rows), default=1)
    lines = (
        f"<tr>{cell(text(name), label)}<td>{_meter(number, most, f'{name}: {number:,}')}</td>"
        f"{cell(number, words('all_files'), number=True)}</tr>"
        for name, number in rows
    )
    return table((("", label), ("", ""), ("n", words("all_files"))), lines, css="bare counts")


def _meter(number: int, most: int, title: str) -> str:
    return (
        '<svg class="mini" viewBox="0 0 100 8" preserveAspectRatio="none" role="img">'
        f"<title>{text(title)}</title>"
        f'<rect class="ac" x="0" y="0" width="{100 * number / max(most, 1):.1f}" height="8"/></svg>'
    )


def unread(summary: Mapping[str, Any], words: Words) -> str:
    """Every reason with its number of files and one of them."""
    reasons, roots = summary["unread"], summary.get("roots", ())
    if not reasons:
        return ""
    rows = (_unread_row(row, below_root(row["example"], roots), words) for row in reasons[:REASONS])
    headings = (("", words("status")), ("", words("reason")), ("n", words("all_files")), ("", words("example")))
    left_out = f" {showing(REASONS, len(reasons), words)}" if len(reasons) > REASONS else ""
    note = f'<p class="sub">{escape(words("could_not_read_note"))}</p>'
    title = f"<h2>{escape(words('could_not_read'))}{left_out}</h2>"
    return f'<section id="unread">{title}{note}{table(headings, rows, css="sort wide")}</section>\n'


def _unread_row(row: Mapping[str, Any], example: str, words: Words) -> str:
    cells = (
        cell(escape(words.maybe(row["status"])), words("status")),
        cell(text(row["reason"]), words("reason")),
        cell(row["files"], words("all_files"), number=True),
        cell(path_cell(example), words("example")),
    )
    return f"<tr>{''.join(cells)}</tr>"


def worst_files(files: Sequence[Mapping[str, Any]], total: int, words: Words) -> str:
    """The files with findings, the worst first."""
    if not files:
        return ""
    rows = (
        f'<tr><td data-l="{escape(words("severity"))}" data-v="{row["severity"]}">'
        f"{tag(SEVERITIES[row['severity']], words)}</td>"
        f"{cell(path_cell(row['path']), words('file'))}{cell(row['count'], words('findings'), number=True)}"
        f"{cell(escape(words.maybe(row['status'])), words('status'))}{cell(text(row['format']), words('format'))}"
        f'<td class="n" data-l="{escape(words("size"))}" data-v="{row["size"] or 0}">'
        f"{words.size(row['size'] or 0)}</td></tr>"
        for row in files
    )
    keys = (("", "severity"), ("", "file"), ("n", "findings"), ("", "status"), ("", "format"), ("n", "size"))
    headings = [(css, words(key)) for css, key in keys]
    body = table(headings, rows, css="sort wide")
    title = f"{escape(words('worst_files'))} {showing(len(files), total, words)}"
    return f'<section id="files"><h2>{title}</h2>{body}</section>\n'


def about(words: Words) -> str:
    """How the numbers are meant."""
    return (
        f'<section id="about"><h2>{escape(words("about"))}</h2><p class="sub">{escape(words("about_text"))} '
        f"{escape(words('proposal_note'))}</p></section>\n"
    )
