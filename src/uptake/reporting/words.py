"""The words of the reports in English and Japanese, side by side in `templates/words.json`; neither can be forgotten.

Rule prose is not here: it comes translated out of the catalogue.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

LANGUAGES = ("en", "ja")
WORDS: Mapping[str, Mapping[str, str]] = json.loads(
    (Path(__file__).parent / "templates" / "words.json").read_text(encoding="utf-8")
)
"""Key → language → text. A key with `.one` behind it is the singular."""


class Words:
    """The words of one language: `words("files", n=3)`; anything but `ja` is English."""

    def __init__(self, lang: str) -> None:
        self.lang = lang if lang in LANGUAGES else "en"

    def __call__(self, key: str, **arguments: object) -> str:
        text = WORDS[key][self.lang]
        return text.format(**{name: self._shown(value) for name, value in arguments.items()}) if arguments else text

    def count(self, key: str, n: int, **arguments: object) -> str:
        """A number with its noun, singular where the language has one."""
        return self(f"{key}.one" if n == 1 and f"{key}.one" in WORDS else key, n=n, **arguments)

    def maybe(self, key: str) -> str:
        """The word for a status or severity; the key itself for one of a later version."""
        return self(key) if key in WORDS else key

    def state(self, key: str) -> str:
        """Where a file stands: work, check, ready, unread or other."""
        return self("state_ready" if key == "ready" else key)

    def size(self, number: int) -> str:
        """Bytes in the unit that leaves one to three digits before the point."""
        value = float(number)
        for unit in ("B", "KB", "MB", "GB"):
            if value < 1000:
                break
            value, unit = value / 1024, {"B": "KB", "KB": "MB", "MB": "GB", "GB": "TB"}[unit]
        return f"{value:,.0f} {unit}" if unit == "B" or value >= 100 else f"{value:,.1f} {unit}"

    def date(self, text: str) -> str:
        """An ISO date and time as people of the language write it; other text as it is."""
        try:
            when = datetime.fromisoformat(text)
        except ValueError:
            return text
        if self.lang == "ja":
            return f"{when.year}年{when.month}月{when.day}日 {when:%H:%M}"
        return f"{when.day} {when:%b %Y, %H:%M}"

    @staticmethod
    def _shown(value: object) -> str:
        return f"{value:,}" if isinstance(value, int) else str(value)
