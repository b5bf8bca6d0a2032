"""`uptake playbook`: check a playbook, or an organisation's changes to it, and show what it holds."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from uptake.core.errors import UptakeError
from uptake.guide.elements import KINDS, Element, place_of
from uptake.guide.lint import lint
from uptake.guide.playbook import Playbook, load_playbook
from uptake.guide.translation import said
from uptake.rules.translation import LANGUAGES

FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command("playbook", short_help="Check or show the playbook.")
@click.argument("verb", type=click.Choice(["lint", "show"]))
@click.argument("name", required=False)
@click.option("--overlay", type=FOLDER, help="A folder of your own that adds to the playbook or changes it.")
@click.option(
    "--lang", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Language of what is shown."
)
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Form of the output.",
)
def command(verb: str, name: str | None, overlay: Path | None, lang: str, output: str) -> int:
    """`lint` checks every file and names file, line and field of what is wrong; `show` lists what the playbook holds.

    NAME is a list such as `tasks` or `status.l2`, or the id of one element such as 3080. Without it `show` counts the lists.
    """
    if verb == "lint":
        return _lint(overlay, output)
    _show(load_playbook(overlay), name, lang, output)
    return 0


def _lint(overlay: Path | None, output: str) -> int:
    found = lint(overlay)
    if output == "json":
        lists = {"problems": found.problems, "untranslated": found.untranslated}
        click.echo(
            json.dumps(
                {key: [asdict(each) for each in value] for key, value in lists.items()}, ensure_ascii=False, indent=1
            )
        )
    else:
        for problem in found.problems:
            click.echo(str(problem))
        click.echo(f"Problems: {len(found.problems)}; fields without Japanese: {len(found.untranslated)}")
    return 1 if found.problems else 0


def _show(playbook: Playbook, name: str | None, lang: str, output: str) -> None:
    chosen = _chosen(playbook, name) if name else []
    if output == "json":
        shown = chosen if name else list(playbook.all())
        listed = [{"list": _list_of(type(each)), **asdict(each), **said(each, lang)} for each in shown]
        click.echo(json.dumps(listed, ensure_ascii=False, indent=1, default=str))
    elif not name:
        _count(playbook)
    elif len(chosen) == 1:
        _one(chosen[0], lang)
    else:
        for each in chosen:
            click.echo(f"{each.id:<28} {_first(each, lang)}")


def _list_of(kind: type[Element]) -> str:
    return place_of(kind).removesuffix("/*").replace("/*.", ".")


def _count(playbook: Playbook) -> None:
    for kind in KINDS:
        click.echo(f"{_list_of(kind):<34} {len(playbook.of(kind))}")
    click.echo(f"digest {playbook.digest}")


def _chosen(playbook: Playbook, name: str) -> list[Element]:
    kinds = [kind for kind in KINDS if _list_of(kind) == name or kind.file.removesuffix("/*") == name]
    found = [each for kind in kinds for each in playbook.of(kind).values()]
    found = found or [each for each in playbook.all() if each.id == name]
    if not found:
        raise UptakeError(
            f"the playbook has neither a list nor an element {name!r}", hint="`uptake playbook show` names the lists."
        )
    return found


def _first(element: Element, lang: str) -> str:
    text = next(iter(said(element, lang).values()), "")
    return text if isinstance(text, str) else "; ".join(text)


def _one(element: Element, lang: str) -> None:
    texts = said(element, lang)
    for key, value in {**asdict(element), **texts}.items():
        if value not in ("", (), {}, None):
            click.echo(f"{key:<16} {_shown(value)}")


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_shown(text)}" for key, text in value.items())
    return "; ".join(map(_shown, value)) if isinstance(value, tuple) else str(value)
