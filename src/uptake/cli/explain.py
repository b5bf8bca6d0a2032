"""`uptake explain`: a rule's page on the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import click

from uptake.core.errors import UptakeError
from uptake.rules.catalogue import load_rules, rules_by_id
from uptake.rules.model import Example, Rule
from uptake.rules.translation import LANGUAGES, prose

WORDS = {
    "en": {
        "why": "Why",
        "fix": "What to do",
        "noise": "When it is wrong",
        "bad": "Found",
        "good": "Not found",
        "sources": "Sources",
    },
    "ja": {
        "why": "理由",
        "fix": "対処",
        "noise": "誤りうる場合",
        "bad": "検出される例",
        "good": "検出されない例",
        "sources": "出典",
    },
}


@click.command("explain", short_help="Explain a rule.")
@click.argument("rule_id", metavar="RULE")
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True)
def command(rule_id: str, lang: str) -> int:
    """Explain RULE, for example B01: why it matters, what to do, when it is wrong, what it finds and what it leaves alone."""
    rule = rules_by_id().get(rule_id.upper())
    if rule is None:
        near = [known.id for known in load_rules() if rule_id and known.id.startswith(rule_id[0].upper())]
        raise UptakeError(
            f"there is no rule {rule_id!r}", f"known: {', '.join(near)}" if near else "uptake rules lists them"
        )
    click.echo("\n".join(_page(rule, lang)))
    return 0


def _page(rule: Rule, lang: str) -> Iterator[str]:
    text, words = prose(rule, lang), WORDS[lang]
    yield f"{rule.id}  {text.title}"
    yield f"     {rule.severity.id} · {rule.certainty.value} · {rule.target.value}"
    for heading, body in (("why", text.why), ("fix", text.fix), ("noise", text.noise)):
        yield ""
        yield words[heading]
        yield _wrapped(body, lang)
    for heading, examples in (("bad", rule.bad), ("good", rule.good)):
        yield ""
        yield words[heading]
        for example in examples:
            yield textwrap.indent(_shown(example), "    ")
    yield ""
    yield words["sources"]
    for source in rule.sources:
        yield f"    {source.what}, {source.date}"


def _wrapped(text: str, lang: str) -> str:
    if lang == "ja":  # no spaces to break at; terminals do it
        return textwrap.indent(text, "    ")
    return textwrap.fill(text, 100, initial_indent="    ", subsequent_indent="    ")


def _shown(example: Example) -> str:
    if example.text:
        return example.text.rstrip("\n") + "\n"
    return "\n".join(f"{fact.kind}: {fact.text or fact.key}" for fact in example.facts) + "\n"
