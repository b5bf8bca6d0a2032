"""Texts of the interface → `locale/ja`: collect them anew, keep what is translated, compile.

    python scripts/messages.py            collect and compile
    python scripts/messages.py --missing  print what has no translation yet

Why not makemessages: it needs GNU gettext; Babel does the same in Python, and Django's own `templatize` reads the templates.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

HOME = Path(__file__).resolve().parent.parent
WEB = HOME / "src/uptake/web"
PO = WEB / "locale/ja/LC_MESSAGES/django.po"
MADE = datetime(2026, 11, 22, tzinfo=UTC)
"""A fixed date: the file changes when a text does, and not with each run."""
KEYWORDS = {
    "_": None, "_l": None, "gettext": None, "gettext_lazy": None, "gettext_noop": None, "ngettext": (1, 2), "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3),
}  # fmt: skip


def texts() -> Iterator[tuple[str, int, object, list[str]]]:
    """File, line, text (or singular and plural) of everything that is said."""
    for path in sorted([*WEB.rglob("*.py"), *WEB.rglob("*.html")]):
        source = path.read_text(encoding="utf-8")
        if path.suffix == ".html":
            source = templatize(source, origin=str(path))
        for line, message, comments, _context in extract("python", io.BytesIO(source.encode()), KEYWORDS):
            yield str(path.relative_to(WEB)), line, message, comments


def collected() -> Catalog:
    """All texts, with the translations that there are."""
    old = Catalog(locale="ja")
    if PO.exists():
        with PO.open("rb") as file:
            old = read_po(file, locale="ja")
    new = Catalog(
        locale="ja", project="uptake", version="", charset="utf-8", fuzzy=False, creation_date=MADE, revision_date=MADE
    )
    for file, _line, message, _comments in texts():
        known = old.get(message[0] if isinstance(message, tuple) else message)
        new.add(message, known.string if known else "", locations=[(file, None)])
    return new


def missing(catalogue: Catalog) -> list[object]:
    """Texts without a translation."""
    return [
        each.id
        for each in catalogue
        if each.id and not (all(each.string) if isinstance(each.string, (tuple, list)) else each.string)
    ]


def main() -> None:
    if not settings.configured:
        settings.configure()
    catalogue = collected()
    if "--missing" in sys.argv:
        for each in missing(catalogue):
            print(repr(each))
        return
    PO.parent.mkdir(parents=True, exist_ok=True)
    with PO.open("wb") as file:
        write_po(file, catalogue, sort_output=True, omit_header=False, width=0)
    with PO.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalogue)
    print(f"{len(catalogue)} texts, {len(missing(catalogue))} without a translation")


if __name__ == "__main__":
    main()
