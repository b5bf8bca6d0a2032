"""Words for kinds, bitness and status of add-ins in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

STATUS = {
    "Highly adopted": _("Highly adopted"),
    "Adopted": _("Adopted"),
    "Adopted version available": _("Adopted version available"),
    "Supported version available": _("Supported version available"),
    "Contact software provider": _("Contact software provider"),
    "Insufficient data": _("Insufficient data"),
    "Unknown": _("Unknown"),
}
"""As the retired Readiness Toolkit named them."""
TONES = {
    "Highly adopted": "ok", "Adopted": "ok", "Adopted version available": "ok", "Supported version available": "ok",
    "Contact software provider": "bad", "Insufficient data": "wait",
}  # fmt: skip
KIND = {
    "com": _("COM"),
    "vsto": _("VSTO"),
    "automation": _("Automation or RTD"),
    "xll": _("XLL"),
    "wll": _("WLL"),
    "vba": _("VBA"),
    "access": _("Access library"),
    "vsl": _("Visio add-on"),
    "web": _("Web add-in"),
    "form-region": _("Form region"),
    "custom-ui": _("Ribbon or toolbar"),
    "program": _("Program outside Office"),
}
BITNESS = {
    "32-only": _("32-bit only"),
    "64-only": _("64-bit only"),
    "both": _("32-bit and 64-bit"),
    "any": _("any bitness"),
    "arm64": _("ARM64"),
    "mixed": _("differs by device"),
    "unknown": _("not known"),
}
APPS = {
    "excel": "Excel", "word": "Word", "powerpoint": "PowerPoint", "outlook": "Outlook", "access": "Access", "project": "Project",
    "publisher": "Publisher", "onenote": "OneNote", "visio": "Visio", "sharepoint-designer": "SharePoint Designer", "office": "Office",
}  # fmt: skip


def say_status(key: str) -> str:
    """A status of the toolkit in the reader's language."""
    return str(STATUS.get(key, key))


def say_kind(key: str) -> str:
    """A kind of add-in."""
    return str(KIND.get(key, key))


def say_bitness(key: str) -> str:
    """For which Office an add-in was built."""
    return str(BITNESS.get(key, key))


def say_app(key: str) -> str:
    """The application as Microsoft writes it."""
    return APPS.get(key, key)
