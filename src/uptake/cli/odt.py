"""`uptake odt`: check, explain, compare, build and size configurations of the Office Deployment Tool."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import click
import yaml

from uptake.core.errors import UptakeError
from uptake.core.text import visible
from uptake.deploy.artefacts.configmgr import configmgr
from uptake.deploy.artefacts.intune import intune_win32, office_suite_app
from uptake.deploy.artefacts.model import Delivery, Ring
from uptake.deploy.artefacts.policy import policy, rollback
from uptake.deploy.odt.building import Package, build_package, report
from uptake.deploy.odt.catalogue import SEVERITIES
from uptake.deploy.odt.comparing import diff
from uptake.deploy.odt.decisions import decided, read_decisions
from uptake.deploy.odt.explaining import explain
from uptake.deploy.odt.fixes import fix
from uptake.deploy.odt.linting import Finding, Lint, at_least, lint, neighbour_of
from uptake.deploy.odt.phrases import said
from uptake.deploy.odt.reading import LIMIT, Unreadable
from uptake.deploy.odt.releases import read_releases
from uptake.deploy.odt.situation import Role, Situation, read_situation
from uptake.deploy.odt.sizing import Network, plan
from uptake.deploy.odt.sizing import told as plan_told
from uptake.guide.elements import DecisionTopic
from uptake.guide.engagement import Decision
from uptake.guide.playbook import load_playbook
from uptake.guide.translation import said as said_in
from uptake.rules.translation import LANGUAGES

FILE = click.Path(dir_okay=False, path_type=Path)
KIND = click.Choice(["configmgr", "win32", "intune", "policy", "rollback"])
ROLE = click.Choice([role.value for role in Role])
lang_option = click.option(
    "--lang", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Language of what is shown."
)
format_option = click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Form of the output.",
)
situation_option = click.option(
    "--situation", "told", type=FILE, help="YAML with what is known around the files: devices, plan, tool, delivery."
)


def today() -> date:
    """The day on which the command runs; the only clock of these commands."""
    return date.today()  # noqa: DTZ011 - the administrator's own day


def read_file(path: Path, limit: int = LIMIT) -> bytes:
    """Content of a file; raises `UptakeError` for one that cannot be read."""
    try:
        with path.open("rb") as stream:
            return stream.read(limit + 1)
    except OSError as error:
        raise UptakeError(f"{path} cannot be read: {error.strerror}") from error


def read_words(path: Path) -> str:
    """Text of a small file that a person wrote."""
    try:
        return read_file(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UptakeError(f"{path} is not UTF-8", hint="Save it as UTF-8.") from error


def write_new(path: Path, content: bytes) -> None:
    """A file that must not be there yet, because it may be the only copy of somebody's work."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as stream:
            stream.write(content)
    except FileExistsError as error:
        raise UptakeError(f"{path} is there already", hint="Name another file, or move that one away.") from error


def situation_from(told: Path | None, roles: tuple[str, ...] = ()) -> Situation:
    known = read_situation(read_words(told), told.name, today()) if told else Situation(today=today())
    return replace(known, roles=frozenset(map(Role, roles)) or known.roles)


@click.group("odt", short_help="Check, explain, compare, build and size configuration.xml.")
def command() -> None:
    """Configurations of the Office Deployment Tool: what is wrong, what they do, how two differ, and how they are built."""


@command.command("lint", short_help="Check configurations.")
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--role", "roles", multiple=True, type=click.Choice([role.value for role in Role]),
              help="What the files are for; can be given several times. Without it: what a file itself shows.")  # fmt: skip
@situation_option
@click.option(
    "--releases", type=FILE, help="Microsoft's list of releases as JSON, fetched by you; newer than our table."
)
@click.option("--level", type=click.Choice(SEVERITIES), default="info", show_default=True,
              help="The least severity that is listed and that counts for the exit code.")  # fmt: skip
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json", "sarif"]),
    default="text",
    show_default=True,
    help="Form of the output.",
)
@click.option(
    "--fix",
    "fixes",
    is_flag=True,
    help="Write a copy with every safe repair, as NAME.fixed.xml in the folder of --out.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Folder for repaired copies; the current one by default.",
)
@lang_option
def lint_command(
    files: tuple[Path, ...], roles: tuple[str, ...], told: Path | None, releases: Path | None, level: str, output: str,
    fixes: bool, out: Path, lang: str,
) -> int:  # fmt: skip
    """Check FILES. Exit code 0: nothing found, 1: findings, 2: the request cannot be done.

    Secrets are reported and never shown. What could not be decided is listed in the text output with what would decide it.
    """
    contents = {path: read_file(path) for path in files}
    known = situation_from(told, roles)
    if releases:
        known = replace(known, versions=read_releases(read_file(releases), known.today, releases.name))
    neighbours = {path: found for path, content in contents.items() if (found := neighbour_of(path.name, content))}
    results: dict[Path, Lint] = {}
    for path, content in contents.items():
        others = tuple(found for other, found in neighbours.items() if other != path)
        mine = replace(known, neighbours=(*known.neighbours, *others))
        results[path] = lint(content, mine, lang)
        if fixes:
            _write_fixed(path, content, mine, out)
    shown = {path: at_least(result.findings, level) for path, result in results.items()}
    if output == "json":
        listed = [{"file": str(path), "findings": [each.as_json() for each in found]} for path, found in shown.items()]
        click.echo(json.dumps(listed, ensure_ascii=False, indent=1))
    elif output == "sarif":
        from uptake.reporting.odt_sarif import odt_sarif

        click.echo(odt_sarif({str(path): found for path, found in shown.items()}, lang))
    else:
        _show(shown, results)
    return 1 if any(shown.values()) else 0


def _write_fixed(path: Path, content: bytes, situation: Situation, out: Path) -> None:
    repaired = fix(content, situation)
    if isinstance(repaired, Unreadable):
        click.echo(f"{visible(str(path))}: not repaired, it cannot be read", err=True)
    elif repaired.applied:
        target = out / f"{path.stem}.fixed.xml"
        write_new(target, repaired.content)
        click.echo(f"{visible(str(target))}: repaired {', '.join(repaired.applied)}", err=True)
    else:
        click.echo(f"{visible(str(path))}: nothing to repair without a decision", err=True)


def _show(shown: dict[Path, tuple[Finding, ...]], results: dict[Path, Lint]) -> None:
    for path, found in shown.items():
        name = visible(str(path))
        for each in found:
            click.echo(f"{name}:{each.line}: {each.severity} {each.rule} {each.message}")
            click.echo(f"    {each.fix}")
        for unknown in results[path].undecided:
            click.echo(f"{name}: undecided {unknown.rule} {unknown.message}")
    count = sum(map(len, shown.values()))
    click.echo(f"Files: {len(shown)}; findings: {count}; undecided: {sum(len(r.undecided) for r in results.values())}")


@command.command("explain", short_help="Say what a configuration does.")
@click.argument("file", type=FILE)
@click.option("--role", "roles", multiple=True, type=ROLE, help="What the file is for.")
@situation_option
@lang_option
def explain_command(file: Path, roles: tuple[str, ...], told: Path | None, lang: str) -> int:
    """What FILE does on a device, in sentences, with what could surprise."""
    for number, part in enumerate(explain(read_file(file), situation_from(told, roles), lang)):
        click.echo(("\n" if number else "") + part.title)
        for sentence in part.sentences:
            click.echo(f"  {sentence}")
    return 0


@command.command("diff", short_help="Compare two configurations by meaning.")
@click.argument("before", type=FILE)
@click.argument("after", type=FILE)
@format_option
@click.option("--exit-code", "tells", is_flag=True, help="End with 1 when they differ, as `git diff` does.")
@lang_option
def diff_command(before: Path, after: Path, output: str, tells: bool, lang: str) -> int:
    """What BEFORE and AFTER do differently; layout, comments and the order of what has none do not count.

    Exit code 2: one of them cannot be read.
    """
    changes = diff(read_file(before), read_file(after), lang, (str(before), str(after)))
    if output == "json":
        click.echo(json.dumps([change.as_json() for change in changes], ensure_ascii=False, indent=1))
        return int(tells and bool(changes))
    for change in changes:
        click.echo(change.sentence)
        if change.effect:
            click.echo(f"    {change.effect}")
    click.echo(said("diff.count" if changes else "diff.same", lang, count=len(changes)))
    return int(tells and bool(changes))


@command.command("build", short_help="Build a configuration from decisions.")
@click.argument("decisions", type=FILE)
@click.option("-o", "--output-file", "target", type=FILE, required=True, help="File to write.")
@click.option("--force", is_flag=True, help="Overwrite a file that is there already.")
@click.option(
    "--compare",
    "existing",
    type=FILE,
    help="An existing configuration, whose differences are reported.",
)
@format_option
@lang_option
def build_command(decisions: Path, target: Path, force: bool, existing: Path | None, output: str, lang: str) -> int:
    """Build configuration.xml from DECISIONS, a YAML file with topic, choice, decider, date and reason of each decision.

    The report names the decision behind each setting. Exit code 0: the file is clean, 1: the checks found something in it.
    """
    made = read_decisions(read_words(decisions), decisions.name)
    package = build_package(made, today(), read_file(existing) if existing else None, lang)
    if force:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(package.content)
    else:
        write_new(target, package.content)
    if output == "json":
        click.echo(json.dumps(_package_json(package), ensure_ascii=False, indent=1))
        return 1 if package.lint.findings else 0
    for line in report(package, lang):
        click.echo(visible(line))
    count = len(package.settings)
    click.echo(said("build.written", lang, file=visible(str(target)), count=count, findings=len(package.lint.findings)))
    return 1 if package.lint.findings else 0


def _package_json(package: Package) -> dict[str, object]:
    def behind(topic: str, decision: Decision | None) -> dict[str, object]:
        if decision is None:
            return {"topic": topic, "choice": None, "decider": None, "on": None, "reason": None}
        on = None if decision.on == date.min else decision.on.isoformat()
        return {
            "topic": topic,
            "choice": decision.choice,
            "decider": decision.decider,
            "on": on,
            "reason": decision.reason,
        }

    return {
        "settings": [
            {"subject": each.subject, "value": each.value, "decision": behind(each.topic, each.decision)}
            for each in package.settings
        ],
        "differences": [
            {**each.change.as_json(), "decision": behind(each.topic, each.decision)} for each in package.differences
        ],
        "findings": [finding.as_json() for finding in package.lint.findings],
        "undecided": [{"rule": each.rule, "message": each.message} for each in package.lint.undecided],
        "elsewhere": list(package.elsewhere),
    }


@command.command("plan", short_help="Sizes, load and days of a configuration.")
@click.argument("file", type=FILE)
@click.option("--devices", type=click.IntRange(0, 10_000_000), default=0, show_default=True, help="How many devices.")
@click.option(
    "--mbit", type=click.FloatRange(0, 1_000_000), default=0.0, help="Bandwidth of the site in megabits a second."
)
@click.option(
    "--share",
    type=click.FloatRange(0, 1, min_open=True),
    default=1.0,
    show_default=True,
    help="Part of it that may be used.",
)
@click.option(
    "--hours", type=click.FloatRange(0, 24, min_open=True), default=8.0, show_default=True, help="Hours a day."
)
@click.option(
    "--peer",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.0,
    show_default=True,
    help="Part that peers give each other.",
)
@format_option
@lang_option
def plan_command(
    file: Path, devices: int, mbit: float, share: float, hours: float, peer: float, output: str, lang: str
) -> int:
    """What FILE costs to carry: downloads and disk as ranges with their sources, load and days for a site."""
    network = Network(devices, mbit, share, hours, peer)
    made = plan(read_file(file), network)
    if output == "json":
        click.echo(
            json.dumps(
                {**asdict(made), "client_mb": made.client_mb, "source_mb": made.source_mb}, ensure_ascii=False, indent=1
            )
        )
        return 0
    for line in plan_told(made, network, lang):
        click.echo(line)
    return 0


@command.command("artefacts", short_help="Files that deliver a configuration.")
@click.argument("file", type=FILE)
@click.option(
    "--for", "kinds", multiple=True, required=True, type=KIND, help="What delivers it; can be given several times."
)
@click.option("--name", required=True, help="Name of the application.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder for the files.")
@click.option("--content", default="", help=r"Share with the content for Configuration Manager, \\server\share\folder.")
@click.option("--site", default="", help="Site code of Configuration Manager.")
@click.option("--least-version", default="", help="Build from which the package counts as installed.")
@click.option("--deadline-days", type=click.IntRange(0, 365), default=0, help="Days until policy forces an update.")
@click.option("--back-to-version", default="", help="Build for the way back.")
@click.option("--back-to-channel", default="", help="Channel for the way back.")
@click.option("--waves", "waves_file", type=FILE, help="JSON of `uptake rollout waves`, for groups and days.")
def artefacts_command(
    file: Path, kinds: tuple[str, ...], name: str, out: Path, content: str, site: str, least_version: str,
    deadline_days: int, back_to_version: str, back_to_channel: str, waves_file: Path | None,
) -> int:  # fmt: skip
    """Write what delivers FILE: scripts and content for Configuration Manager or Intune, policies, and packages for the way back.

    No script was run on Windows; try them on a test device first. Product keys that are not public are masked in every file.
    """
    rings = _rings(read_words(waves_file)) if waves_file else ()
    made = Delivery(name, read_file(file), content, site, least_version, rings=rings)
    groups = {
        "configmgr": lambda: configmgr(made), "win32": lambda: intune_win32(made), "intune": lambda: office_suite_app(made),
        "policy": lambda: policy(made, deadline_days), "rollback": lambda: rollback(made, back_to_version, back_to_channel),
    }  # fmt: skip
    files = [(kind, each) for kind in dict.fromkeys(kinds) for each in groups[kind]()]
    for kind, each in files:
        write_new(out / kind / each.path, each.content)
        click.echo(f"{visible(str(out / kind / each.path))}  {each.purpose}")
    return 0


def _rings(text: str) -> tuple[Ring, ...]:
    """Waves of the contract as groups with their days."""
    try:
        waves = json.loads(text)
        return tuple(
            Ring(str(each["wave"]), tuple(map(str, each["devices"])), date.fromisoformat(each["start"]))
            for each in waves
            if each["start"]
        )
    except (ValueError, TypeError, KeyError) as error:
        raise UptakeError("the waves are not what `uptake rollout waves --format json` writes") from error


@command.command("ask", short_help="Ask for the decisions of a package.")
@click.option(
    "-o", "--output-file", "target", type=FILE, required=True, help="YAML file to write, for `uptake odt build`."
)
@click.option("--decider", default="", help="Who decides; stands behind every answer.")
@lang_option
def ask_command(target: Path, decider: str, lang: str) -> int:
    """Ask the questions of the workshop one after the other and write the answers as decisions. An empty answer decides nothing."""
    made = []
    for topic in load_playbook().of(DecisionTopic).values():
        texts = said_in(topic, lang)
        click.echo(f"{texts.get('question', topic.question)} {texts.get('help', '')}".strip())
        known = f" [{', '.join(topic.choices)}]" if topic.choices else ""
        while True:
            answer = click.prompt(f"{topic.id}{known}", default="", show_default=False).strip()
            try:
                chosen = decided([Decision(topic.id, answer, "", decider, today())]) if answer else None
            except UptakeError as error:
                click.echo(visible(f"{error} {error.hint}"), err=True)
                continue
            break
        if chosen:
            made.append({"topic": topic.id, "choice": chosen.choice(topic.id), "decider": decider, "on": today()})
    if not made:
        raise UptakeError("nothing was decided, so nothing is written")
    write_new(target, yaml.safe_dump({"decisions": made}, allow_unicode=True, sort_keys=False).encode())
    return 0
