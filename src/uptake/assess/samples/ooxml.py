"""One door to every OOXML format: `ooxml("docm", Extras(project=…))`."""

from __future__ import annotations

from uptake.assess.samples.excel import WORKBOOK_TYPES, workbook
from uptake.assess.samples.parts import NOTHING_MORE, Extras
from uptake.assess.samples.slides import PRESENTATION_TYPES, VISIO_TYPES, drawing, presentation
from uptake.assess.samples.word import DOCUMENT_TYPES, word_document

KINDS = (*WORKBOOK_TYPES, *DOCUMENT_TYPES, *PRESENTATION_TYPES, *VISIO_TYPES)


def ooxml(kind: str, extras: Extras = NOTHING_MORE, title: str = "") -> bytes:
    """A small valid document of `kind`, an extension without dot from `KINDS`."""
    if kind in WORKBOOK_TYPES:
        return workbook(kind, extras, title=title)
    if kind in DOCUMENT_TYPES:
        return word_document(kind, extras, title=title)
    if kind in PRESENTATION_TYPES:
        return presentation(kind, extras, title=title)
    return drawing(kind, extras, title=title)
