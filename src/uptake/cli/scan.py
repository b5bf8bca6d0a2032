"""`uptake scan`: folders in, reports out; wiring of options, progress and formats."""

from __future__ import annotations

import gc
import os
import re
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from uptake.adapters.concealment import KEY_FILE, Concealer
from uptake.adapters.scanning import Progress, Scan, ScanRequest, count_files
from uptake.adapters.sources.local import absolute, displayed
from uptake.adapters.stores.scans import ScanStore, StoredReport
from uptake.assess.documents import Limits
from uptake.assess.scan import ScanOptions
from uptake.core.errors import UptakeError
from uptake.core.severity import Severity, Target
from uptake.reporting import FORMATS, write_report, write_text
from uptake.reporting.model import ScanReport
from uptake.reporting.summary import Summary
from uptake.rules.translation import LANGUAGES, message_in, reason_in, rule_texts

TARGETS = [Target.M365_64.value, Target.M365_32.value, Target.MIXED.value, Target.LEGACY.value]
SEVERITIES = [severity.id for severity in Severity]
TO_FILES_ONLY = ("html", "xlsx", "parquet")
PARQUET_FILES = ("parquet/files.parquet", "parquet/findings.parquet")
UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


class Size(click.ParamType[int]):
    """`500M`, `2G`, `1000`: bytes, at least `least`."""

    name = "size"

    def __init__(self, least: int = 1) -> None:
        self._least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"(\d{1,12}(?:\.\d+)?)\s*([kmg]?)(?:i?b)?", str(value).strip().lower())
        size = int(float(found[1]) * UNITS[found[2]]) if found else -1
        if size < self._least:
            self.fail(f"{value!r} is no size; write for example 500M or 2G", param, ctx)
        return size


class Label(click.ParamType[tuple[str, str]]):
    """`KEY=VALUE`."""

    name = "key=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        key, separator, text = str(value).partition("=")
        if not separator or not key.strip():
            self.fail(f"{value!r} is no label; write KEY=VALUE", param, ctx)
        return key.strip(), text.strip()


@click.command("scan", short_help="Scan folders and files.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(readable=False))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for results; kept, so that a later scan of the same PATHS reads only what changed.",
)
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(list(FORMATS)),
    help="Report to write; may be given several times.",
)
@click.option(
    "--target",
    type=click.Choice(TARGETS),
    default=TARGETS[0],
    show_default=True,
    help="Office that the files must run on.",
)
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Language of the reports.")
@click.option("--workers", type=click.IntRange(1, 256), help="Worker processes.  [default: one for each processor]")
@click.option(
    "--fail-at", type=click.Choice(SEVERITIES), help="Exit with 1 when a finding is as severe as this, or worse."
)
@click.option("--resume", is_flag=True, help="Go on with a scan that was interrupted.")
@click.option("--fresh", is_flag=True, help="Forget what is known from an earlier scan in the same folder.")
@click.option(
    "--conceal-names", is_flag=True, help="Mask file names and paths; the clear names go to a key file of their own."
)
@click.option(
    "--key-file",
    type=click.Path(path_type=Path),
    help="Where the clear names go.  [default: names.key.tsv beside --out]",
)
@click.option(
    "--label",
    "labels",
    multiple=True,
    type=Label(),
    help="KEY=VALUE to store with the results; may be given several times.",
)
@click.option(
    "--max-seconds", type=click.FloatRange(0.1, 3600), default=120, show_default=True, help="Time for one file."
)
@click.option(
    "--max-memory", type=Size(0), default="1G", show_default=True, help="Memory that one file may take; 0: no limit."
)
@click.option(
    "--max-file-size", type=Size(), default="1G", show_default=True, help="Files larger than this are not read."
)
@click.option(
    "--max-part-size", type=Size(), default="256M", show_default=True, help="Unpacked size of one part of a document."
)
@click.option(
    "--max-ratio",
    type=click.IntRange(2, 100_000),
    default=2000,
    show_default=True,
    help="Unpacked to packed size of one part.",
)
@click.option(
    "--max-depth", type=click.IntRange(0, 64), default=8, show_default=True, help="Documents inside documents."
)
@click.option("--quiet", is_flag=True, help="No progress and no summary.")
def command(paths: tuple[str, ...], **options: Any) -> int:
    """Scan PATHS: every Office file below them, on any operating system, read-only, without Office.

    The results of each file are written as they come. A second scan into the same --out reads only what changed, and its
    results are those of its own PATHS: what an earlier scan found elsewhere leaves them.
    """
    formats = _formats(options["formats"], options["out"])
    request = _request(paths, options)
    with ExitStack() as stack:
        folder = options["out"] or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="uptake-")))
        concealer = _concealer(options, folder)
        if concealer:
            stack.callback(concealer.close)
        facts = _facts(request, options)
        summary = Summary(facts["scanned"])
        with Scan(request, folder, concealer=concealer, facts=facts, on_result=summary.add, may_skip=True) as scan:
            kept = _kept_summary(scan, facts)
            signal_number = _run(scan, quiet=options["quiet"])
            if not (signal_number and scan.is_unchanged):  # then the last scan still stands
                scan.store.describe({**facts, "finished": _now()})
            counted = None
            if not signal_number:
                counted = (kept or counted_from(scan.store)) if scan.is_unchanged else summary.as_dict()
                scan.store.keep_summary(counted)
            facts = facts_from(scan.store, counted)
            if formats != ["text"] or signal_number or not options["quiet"]:  # else nobody reads a report
                report = report_of(scan.store, facts, options["lang"])
                _write(report, formats, options, folder, stopped=bool(signal_number))
        if signal_number:
            again = f"; uptake scan … --out {folder} --resume goes on" if options["out"] else ""
            click.echo(f"Stopped: the reports hold what was read until then{again}.", err=True)
            return 128 + signal_number
        return _verdict(facts, options["fail_at"])


def _formats(chosen: Sequence[str], out: Path | None) -> list[str]:
    formats = list(dict.fromkeys(chosen)) or ["text"]
    if out is not None and out.exists() and not out.is_dir():
        raise UptakeError(f"{out} is a file", "name a folder with --out")
    if out is None:
        needing = [name for name in formats if name in TO_FILES_ONLY]
        if needing:
            raise UptakeError(f"{needing[0]} is written to a file", "say where with --out FOLDER")
        if len(formats) > 1:
            raise UptakeError("several formats cannot share the standard output", "say where they go with --out FOLDER")
    return formats


def _request(paths: tuple[str, ...], options: Mapping[str, Any]) -> ScanRequest:
    if options["resume"] and (options["out"] is None or options["fresh"]):
        what = "--fresh forgets" if options["fresh"] else "without --out there is not"
        raise UptakeError(f"{what} what --resume would go on with", "give the --out folder of the interrupted scan")
    missing = [path for path in paths if not os.path.lexists(path)]
    if missing:
        raise UptakeError(f"there is no {missing[0]}", "name folders or files that exist")
    limits = replace(
        Limits(),
        file_size=options["max_file_size"],
        part_size=options["max_part_size"],
        ratio=options["max_ratio"],
        depth=options["max_depth"],
    )
    return ScanRequest(
        roots=absolute(paths),
        options=ScanOptions(Target(options["target"]), limits),
        workers=options["workers"] or os.cpu_count() or 1,
        seconds=options["max_seconds"],
        memory=options["max_memory"],
        resume=options["resume"],
        fresh=options["fresh"],
        reports=(*(entry.file_name for entry in FORMATS.values()), *PARQUET_FILES),
    )


def _concealer(options: Mapping[str, Any], folder: Path) -> Concealer | None:
    if not options["conceal_names"]:
        return None
    out = options["out"]
    if out is None and options["key_file"] is None:
        raise UptakeError("the clear names need a key file", "say where with --key-file, or give --out")
    # Beside the results and not in them: who gets the results must not get the names with them.
    place = options["key_file"] or folder.absolute().parent / f"{folder.absolute().name}.{KEY_FILE}"
    if out is not None and Path(os.path.realpath(place)).is_relative_to(os.path.realpath(out)):
        raise UptakeError(
            f"the key file {place} would lie among the results that it must not be given away with",
            "name a place outside of --out with --key-file",
        )
    return Concealer(place)


def _facts(request: ScanRequest, options: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of the scan before it begins; `scanned` are the roots that paths in reports are shown below."""
    hidden = [f"{len(request.roots)} concealed"] if options["conceal_names"] else None
    return {
        "sources": hidden or [displayed(root) for root in request.roots],
        "scanned": [] if hidden else [displayed(root) for root in request.roots],
        "target": request.options.target.value,
        "started": _now(),
        "finished": "",
        "labels": dict(options["labels"]),
        "catalogue": request.options.digest(),
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _kept_summary(scan: Scan, facts: Mapping[str, Any]) -> dict[str, Any] | None:
    """The numbers of the last complete scan, where they are of the same roots."""
    is_same = scan.store.description().get("scanned") == facts["scanned"]
    return scan.store.kept_summary(scan.run_number) if is_same else None


def facts_from(store: ScanStore, counted: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The summary of a store with the facts of its scan; counted anew from the results where it is not given."""
    facts = store.description()
    facts.pop("scanned", None)
    return {**(counted or counted_from(store)), **facts}


def counted_from(store: ScanStore) -> dict[str, Any]:
    """The numbers of a store, counted from its results."""
    summary = Summary(store.description().get("scanned", ()))
    for result in store.files():
        summary.add(result)
    return summary.as_dict()


def report_of(store: ScanStore, summary: Mapping[str, Any], lang: str) -> ScanReport:
    """A report over a store in the reader's language."""
    if lang == "en":
        return StoredReport(store, summary, rule_texts(lang))
    unread = [{**row, "reason": reason_in(lang, row["reason"])} for row in summary["unread"]]
    return _Translated(store, {**summary, "unread": unread}, rule_texts(lang), lang)


@dataclass(frozen=True)
class _Translated(StoredReport):
    """A report whose messages and reasons are made again in another language."""

    lang: str = "en"

    def files(self) -> Iterator[dict[str, Any]]:
        for result in StoredReport.files(self):
            for finding in result["findings"]:
                finding["message"] = message_in(self.lang, finding)
            result["reason"] = reason_in(self.lang, result["reason"])
            result["defects"] = [reason_in(self.lang, defect) for defect in result["defects"]]
            yield result


def _write(report: ScanReport, formats: list[str], options: Mapping[str, Any], folder: Path, *, stopped: bool) -> None:
    if options["out"] is None:
        if formats != ["text"]:
            sys.stdout.flush()
            write_report(report, formats[0], sys.stdout.buffer, options["lang"])
        elif not options["quiet"]:
            write_text(report, sys.stdout, options["lang"])
        return
    written: list[Path] = []
    if (
        stopped and "jsonl" not in formats
    ):  # a resumed run that was stopped: the journal lacks what it had not met again
        formats = [*formats, "jsonl"]
    for name in formats:
        if name == "jsonl" and options["lang"] == "en" and not stopped:
            written.append(folder / FORMATS["jsonl"].file_name)
        elif name == "jsonl" and options["lang"] != "en":  # the journal stays in English: it is what programs read
            written += write_report(report, name, folder / f"results.{options['lang']}.jsonl", options["lang"])
        elif name != "text":
            written += write_report(report, name, folder / FORMATS[name].file_name, options["lang"])
    if not options["quiet"]:
        write_text(report, sys.stdout, options["lang"])
        for path in written or [folder / FORMATS["jsonl"].file_name]:
            click.echo(f"{path}")


def _run(scan: Scan, *, quiet: bool) -> int:
    """Number of the signal that stopped it, 0 for none."""
    shown = _Meter(scan) if not quiet and sys.stderr.isatty() else None
    with _signals(scan) as caught, _rare_collection(), closing(scan.run()) as steps:
        try:
            for progress in steps:
                if shown:
                    shown.show(progress)
        except KeyboardInterrupt:
            scan.stop()
            caught.append(signal.SIGINT)
        finally:
            if shown:
                shown.clear()
    return caught[0] if caught else 0


@contextmanager
def _rare_collection() -> Iterator[None]:
    """Results go by in thousands and none of them is part of a cycle: the collector looks rarely while they do."""
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def _signals(scan: Scan) -> Iterator[list[int]]:
    """The first Ctrl-C or SIGTERM lets the scan write what it has; the second does not wait for a share that hangs."""
    caught: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield caught
        return

    def stop(number: int, _frame: object) -> None:
        caught.append(number)
        scan.stop()
        if len(caught) > 1:
            raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Meter:
    """One line on the terminal: how many, how fast, how long still. The number of all files is counted on the side."""

    def __init__(self, scan: Scan) -> None:
        self._total = 0
        self._last = 0.0
        thread = threading.Thread(target=self._count, args=(scan.roots,), daemon=True)
        thread.start()

    def _count(self, roots: list[str]) -> None:
        self._total = count_files(roots)

    def show(self, progress: Progress) -> None:
        now = time.monotonic()
        if now - self._last < 0.2:
            return
        self._last = now
        left = ""
        if self._total > progress.files and progress.files:
            left = f" · {_duration((self._total - progress.files) / progress.rate)} left of {self._total:,}"
        text = f"{progress.files:,} files · {progress.rate:,.0f}/s"
        text += f" · {progress.with_vba:,} with VBA · {progress.with_findings:,} with findings"
        sys.stderr.write("\r\x1b[2K" + (text + left)[: self._columns() - 1])
        sys.stderr.flush()

    @staticmethod
    def _columns() -> int:
        try:
            return os.get_terminal_size(sys.stderr.fileno()).columns or 80
        except OSError:
            return 80

    def clear(self) -> None:
        sys.stderr.write("\r\x1b[2K")
        sys.stderr.flush()


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _verdict(summary: Mapping[str, Any], fail_at: str | None) -> int:
    if not fail_at:
        return 0
    level = Severity.from_id(fail_at)
    worst = [Severity.from_id(rule["severity"]) for rule in summary["rules"].values()]
    return 1 if any(severity >= level for severity in worst) else 0
