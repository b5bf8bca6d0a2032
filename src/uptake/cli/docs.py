"""`python3 tasks.py docs`: the pages that are made from the catalogue and the commands; `--check` says whether they are current."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from difflib import unified_diff
from itertools import islice
from pathlib import Path
from typing import Any

import click

from uptake.cli import COMMANDS, cli
from uptake.deploy.odt.catalogue import load_checks
from uptake.deploy.odt.catalogue import prose as check_prose
from uptake.deploy.odt.schema import relax_ng
from uptake.rules.catalogue import load_rules
from uptake.rules.model import Example, Rule
from uptake.rules.translation import LANGUAGES, prose

DOCS = Path(__file__).resolve().parents[3] / "docs"
SCHEMA = DOCS.parent / "src/uptake/catalogue/odt/configuration.rng"
MADE = "<!-- Made by `python3 tasks.py docs`; edit the catalogue or the command, not this page. -->"
WORDS = {
    "en": {
        "rules": "Rules", "intro": "{count} rules in {groups} groups. Each example is a test of the rule.", "why": "Why", "fix": "What to do",
        "noise": "When it is wrong", "bad": "Found", "good": "Not found", "sources": "Sources", "commands": "Commands",
    },
    "ja": {
        "rules": "ルール", "intro": "{groups} グループ、{count} 個のルールがあります。例はすべてそのルールのテストです。", "why": "理由", "fix": "対処",
        "noise": "誤りうる場合", "bad": "検出される例", "good": "検出されない例", "sources": "出典", "commands": "コマンド",
    },
}  # fmt: skip
GROUPS = {
    "bitness": ("B", "Bitness", "ビット数"),
    "controls": ("T", "Controls and libraries", "コントロールとライブラリ"),
    "scripting": ("S", "Scripting and browser", "スクリプトとブラウザー"),
    "object-model": ("O", "Object model", "オブジェクト モデル"),
    "security": ("X", "Security", "セキュリティ"),
    "data": ("D", "Data and environment", "データと環境"),
    "addins": ("A", "Add-ins on endpoints", "エンドポイントのアドイン"),
    "state": ("P", "State of files and projects", "ファイルとプロジェクトの状態"),
}


def pages() -> dict[Path, str]:
    """Path → content of every generated page, and of the schema of configuration.xml."""
    found: dict[Path, str] = {SCHEMA: relax_ng(), DOCS / "en" / "commands.md": "\n".join(_commands()) + "\n"}
    found[DOCS / "en" / "playbook-coverage.md"] = "\n".join(_coverage()) + "\n"
    for lang in LANGUAGES:
        found[DOCS / lang / "rules" / "index.md"] = "\n".join(_index(lang)) + "\n"
        found[DOCS / lang / "odt-checks.md"] = "\n".join(_checks(lang)) + "\n"
        for group in GROUPS:
            found[DOCS / lang / "rules" / f"{group}.md"] = "\n".join(_group(group, lang)) + "\n"
    return found


def coverage() -> list[dict[str, str]]:
    """Rows of `docs/coverage.csv`: an element of the playbook (S1 to S78) or a capability (1 to 43) and what serves it."""
    with (DOCS / "coverage.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _coverage() -> Iterator[str]:
    """Each element and capability → page, command, operation of the API, test; or why there is none."""
    yield "# What serves the playbook"
    yield ""
    yield MADE.replace("the catalogue or the command", "docs/coverage.csv")
    yield ""
    yield "S1 to S78 are the elements of the playbook, 1 to 43 the capabilities that follow from them. A test fails when a named page,"
    yield "command, operation or test does not exist."
    for title, is_in in (("Elements", lambda key: key.startswith("S")), ("Capabilities", str.isdigit)):
        yield f"\n## {title}\n\n| | what | served by | test | remark |\n|---|---|---|---|---|"
        for row in coverage():
            if is_in(row["id"]):
                test = row["test"].replace("tests/", "", 1).replace("::", " ")
                yield f"| {row['id']} | {row['what']} | {row['served_by'] or 'none'} | {test and f'`{test}`'} | {row['remark']} |"


def _rules(group: str) -> list[Rule]:
    return [rule for rule in load_rules() if rule.group == group]


def _heading(group: str, lang: str) -> str:
    letter, english, japanese = GROUPS[group]
    return f"{letter} · {english if lang == 'en' else japanese}"


def _index(lang: str) -> Iterator[str]:
    words = WORDS[lang]
    yield f"# {words['rules']}\n"
    yield MADE + "\n"
    yield words["intro"].format(count=len(load_rules()), groups=len(GROUPS)) + "\n"
    for group in GROUPS:
        yield f"\n## [{_heading(group, lang)}]({group}.md)\n"
        for rule in _rules(group):
            yield f"- [{rule.id}]({group}.md#{rule.id.lower()}) {prose(rule, lang).title}"


def _group(group: str, lang: str) -> Iterator[str]:
    yield f"# {_heading(group, lang)}\n"
    yield MADE
    for rule in _rules(group):
        yield from _rule(rule, lang)


def _rule(rule: Rule, lang: str) -> Iterator[str]:
    text, words = prose(rule, lang), WORDS[lang]
    yield f'\n<a id="{rule.id.lower()}"></a>\n'
    yield f"## {rule.id} {text.title}\n"
    yield f"`{rule.severity.id}` · `{rule.certainty.value}` · `{rule.target.value}`\n"
    for name in ("why", "fix", "noise"):
        yield f"**{words[name]}.** {getattr(text, name)}\n"
    for name, examples in (("bad", rule.bad), ("good", rule.good)):
        yield f"{words[name]}:\n"
        for example in examples:
            yield from _example(example)
    yield f"{words['sources']}: " + "; ".join(f"{source.what}, {source.date}" for source in rule.sources)


CHECK_WORDS = {
    "en": {
        "title": "Checks of configuration.xml", "intro": "{count} checks. Each example is a test of its check.", "why": "Why", "fix": "What to do",
        "needs": "Asks for", "safe": "`--fix` repairs it.", "bad": "Found", "good": "Not found", "sources": "Sources",
    },
    "ja": {
        "title": "configuration.xml のチェック", "intro": "{count} 個のチェックがあります。例はすべてそのチェックのテストです。", "why": "理由", "fix": "対処",
        "needs": "必要な情報", "safe": "`--fix` で修正できます。", "bad": "検出される例", "good": "検出されない例", "sources": "出典",
    },
}  # fmt: skip


def _checks(lang: str) -> Iterator[str]:
    words, checks = CHECK_WORDS[lang], load_checks()
    yield f"# {words['title']}\n"
    yield MADE + "\n"
    yield words["intro"].format(count=len(checks))
    for check in checks.values():
        text = check_prose(check, lang)
        yield f'\n<a id="{check.id.lower()}"></a>\n\n## {check.id} {text.title}\n'
        needs = f" · {words['needs']}: {', '.join(check.needs)}" if check.needs else ""
        yield f"`{check.severity}`{needs}\n"
        yield f"**{words['why']}.** {text.why}\n"
        yield f"**{words['fix']}.** {text.fix}" + (f" {words['safe']}" if check.safe_fix else "") + "\n"
        for name, examples in (("bad", check.bad), ("good", check.good)):
            yield f"{words[name]}:\n"
            for example in examples:
                situation = "".join(f"<!-- {key}: {value} -->\n" for key, value in example.situation.items())
                yield f"```xml\n{situation}{example.xml.removeprefix('!')}\n```\n"
        yield f"{words['sources']}: " + "; ".join(f"{source.what}, {source.date}" for source in check.sources)


def _example(example: Example) -> Iterator[str]:
    yield "```vb" if example.text else "```text"
    yield (
        example.text.rstrip("\n") if example.text else "\n".join(f"{f.kind}: {f.text or f.key}" for f in example.facts)
    )
    yield "```\n"


def _commands() -> Iterator[str]:
    yield "# Commands\n"
    yield MADE
    for name in COMMANDS:
        shape: dict[str, Any] = {**cli.context_settings, "max_content_width": 100, "terminal_width": 100}
        context = click.Context(cli, info_name="uptake", **shape)
        command = cli.get_command(context, name)
        if command is not None:
            inner = click.Context(command, info_name=name, parent=context, **shape)
            yield f"\n## uptake {name}\n\n```text"
            yield command.get_help(inner).rstrip()
            yield "```"
            yield from _verbs(command, inner, shape)


def _verbs(command: click.Command, context: click.Context, shape: dict[str, Any]) -> Iterator[str]:
    """Commands of a command, each with its own help."""
    for name, verb in getattr(command, "commands", {}).items():
        inner = click.Context(verb, info_name=name, parent=context, **shape)
        yield f"\n### {inner.command_path}\n\n```text"
        yield verb.get_help(inner).rstrip()
        yield "```"


def main(arguments: list[str]) -> int:
    made = pages()
    kept = {path: path.read_text(encoding="utf-8") if path.exists() else "" for path in made}
    stale = {path: text for path, text in made.items() if kept[path] != text}
    for path, text in stale.items():
        name = str(path.relative_to(DOCS.parent))
        if "--check" in arguments:
            click.echo(f"{name} is not current: python3 tasks.py docs", err=True)
            lines = unified_diff(kept[path].splitlines(), text.splitlines(), name, "made now", n=0, lineterm="")
            click.echo("\n".join(islice(lines, 40)), err=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        click.echo(name)
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
