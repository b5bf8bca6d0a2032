"""What Outlook wrote to the Windows event log of its add-ins: how long each took to start (45), and which it disabled (59).

The layout is that of Microsoft's pages “Outlook application event log entries for add-in load time” and KB 2758876: a line a value,
`ProgID: …`, `Boot Time (Milliseconds): …`. Only the English text is documented; the ProgID is found in every language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from lxml import etree

SLOW_MS = 1000
"""Milliseconds at a start from which Outlook itself counts an add-in as slow."""
LOADED, DISABLED = 45, 59
NUMBERS = (LOADED, DISABLED)
MOST_EVENTS = 5000
BOOT = re.compile(r"boot time\s*\(milliseconds\)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the log."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Experience:
    """What the log says of one add-in."""

    starts: tuple[int, ...] = ()
    """Milliseconds of each start."""
    times_disabled: int = 0

    @property
    def start_ms(self) -> float | None:
        return median(self.starts) if self.starts else None

    @property
    def is_slow(self) -> bool:
        return self.start_ms is not None and self.start_ms >= SLOW_MS


def is_log(content: bytes) -> bool:
    """Whether XML comes from the event log."""
    return b"schemas.microsoft.com/win/2004/08/events/event" in content[:4096].replace(b"\0", b"")


def read_log(content: bytes) -> list[Event]:
    """Outlook's entries of an event log that was saved as XML. Raises `ValueError` for what is not well-formed."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(str(error.msg)[:200]) from None
    found = []
    for entry in root.iter("{*}Event"):
        provider, number = entry.find("{*}System/{*}Provider"), entry.findtext("{*}System/{*}EventID") or ""
        if provider is not None and provider.get("Name") == "Outlook" and number.strip().isdigit():
            message = entry.findtext("{*}RenderingInfo/{*}Message")
            texts = [message] if message else [each.text or "" for each in entry.iterfind("{*}EventData/{*}Data")]
            found.append(Event(int(number), "\n".join(texts)))
    return found


def experience(events: Iterable[Event], progids: Iterable[str]) -> Mapping[str, Experience]:
    """Lower-case ProgID → what the log says of it, for the add-ins that are known."""
    known = {progid.casefold() for progid in progids}
    starts: dict[str, list[int]] = {}
    disabled: dict[str, int] = {}
    for event in list(events)[:MOST_EVENTS]:
        if event.number == DISABLED:
            for progid in {value.casefold() for _, value in _lines(event.text)} & known:
                disabled[progid] = disabled.get(progid, 0) + 1
        elif event.number == LOADED:
            for progid, milliseconds in _starts(event.text, known):
                starts.setdefault(progid, []).append(milliseconds)
    return {
        progid: Experience(tuple(starts.get(progid, ())), disabled.get(progid, 0))
        for progid in {*starts, *disabled}
    }  # fmt: skip


def _lines(text: str) -> Iterable[tuple[str, str]]:
    for line in text.splitlines():
        label, colon, value = line.partition(":")
        if colon:
            yield label.strip(), value.strip()


def _starts(text: str, known: set[str]) -> Iterable[tuple[str, int]]:
    """An add-in ends with its boot time, so that the ProgID above it is whose time it is."""
    current = ""
    for label, value in _lines(text):
        if label.casefold() == "progid" or value.casefold() in known:
            current = value.casefold()
        elif BOOT.fullmatch(label):
            if current in known and value.isdigit() and len(value) < 10:
                yield current, int(value)
            current = ""
