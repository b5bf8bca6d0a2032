"""`uptake rules`: the catalogue as a list."""

from __future__ import annotations

import json

import click

from uptake.core.severity import Severity
from uptake.rules.catalogue import load_rules
from uptake.rules.translation import LANGUAGES, prose, rule_texts


@click.command("rules", short_help="List the rules.")
@click.option("--group", help="Only one group: bitness, controls, scripting, object-model, security, data, state.")
@click.option("--severity", type=click.Choice([s.id for s in Severity]), help="Only this severity and worse.")
@click.option("--format", "output", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True)
def command(group: str | None, severity: str | None, output: str, lang: str) -> int:
    """List the rules of the catalogue; `uptake explain RULE` tells more about one."""
    level = Severity.from_id(severity) if severity else Severity.READY
    chosen = [rule for rule in load_rules() if rule.severity >= level and group in (None, rule.group)]
    if output == "json":
        texts = rule_texts(lang)
        click.echo(json.dumps([texts[rule.id] for rule in chosen], ensure_ascii=False, indent=1))
        return 0
    for rule in chosen:
        click.echo(
            f"{rule.id}  {rule.severity.id:<11} {rule.certainty.value:<8} {rule.target.value:<8} {prose(rule, lang).title}"
        )
    click.echo(f"{len(chosen)} rules")
    return 0
