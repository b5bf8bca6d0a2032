"""SourceText: one tokenizer pass over a module, and the questions that every rule asks of it.

The pass is a single `findall` in C whose tokens, put together, are the text again, so positions cost nothing until somebody
asks. Logical lines, comments, `Rem`, strings and line continuations follow [MS-VBAL] 3.2 and 3.3.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate, count
from operator import add
from typing import Protocol

from uptake.assess.extraction.twins import twins
from uptake.core.lazy import lazy

# A newline token swallows the indentation after it and a whole `Rem` comment, so that no rule can look into one.
TOKEN = re.compile(
    r'"[^"\n]*(?:""[^"\n]*)*"?'  # string literal; unclosed ones end with the line
    r"|'[^\n]*(?:(?<=[ \t]_)\n[^\n]*)*"  # comment, which a continuation prolongs
    r"|\n[ \t]*(?:\d+[ \t]+)?(?:[Rr][Ee][Mm](?=[ \t\n]|$)[^\n]*(?:(?<=[ \t]_)\n[^\n]*)*)?"
    r"|:[ \t]*[Rr][Ee][Mm](?=[ \t\n]|$)[^\n]*(?:(?<=[ \t]_)\n[^\n]*)*"
    r"|[^\W\d]\w*"
    r"|[ \t\u3000\xa0]+(?:_[ \t]*\n[ \t]*)*"
    r"|\[[^\]\n]*\]?"
    r"|\d[\w.]*"
    r"|&[HhOo][0-9A-Fa-f]+(?!\w)"
    r"|:=|."
)
CONTINUATION = re.compile(r"[ \t]+_[ \t]*\n")
QUOTED = re.compile(r'"[^"\n]*"?')
WORD_TABLE = {code: " " for code in range(128) if not (chr(code).isalnum() or chr(code) == "_")}
HEADER = re.compile(r"VERSION [^\n]*\n(?:BEGIN[^\n]*\n)?(?:[ \t]+[^\n]*\n)*(?:END\b[^\n]*)?")
"""What an exported class or form begins with."""
TYPE_CHARACTERS = "%&^!#@$"


class WordSet(Protocol):
    """What is asked of a set of words; a frozenset can do it, and the twin in C without an object for each word."""

    def __contains__(self, word: object, /) -> bool: ...

    def __and__(self, words: frozenset[str], /) -> frozenset[str]: ...

    def isdisjoint(self, words: Iterable[str], /) -> bool: ...


class SourceText:
    """A module's text, line ends as LF, seen as tokens. Physical lines count from 1."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._places: dict[str, list[int]] = {}
        self._packed = b""
        """Offsets as the twin in C takes them; empty where Python made them."""

    @lazy
    def _pass(self) -> tuple[list[str], Sequence[int]]:
        """Tokens and where each starts, one more at the end. The leading line end lets the first line look like all others."""
        found = twins.tokens("\n" + self.text) if twins else None
        if found is not None:
            self._packed = found[1]
            return found[0], memoryview(found[1]).cast("i")
        tokens = TOKEN.findall("\n" + self.text)
        return tokens, [0, *accumulate(map(len, tokens))]

    @lazy
    def tokens(self) -> list[str]:
        return self._pass[0]

    @lazy
    def _offsets(self) -> Sequence[int]:
        return self._pass[1]

    @lazy
    def lowered(self) -> str:
        """The text in lower case with everything outside ASCII as `?`; for gates, not for positions."""
        return self.text.encode("ascii", "replace").lower().decode("ascii")

    @lazy
    def word_set(self) -> WordSet:
        """Every ASCII word of the text in lower case, those in comments and strings too: the cheap gate before the tokens.

        Ten times as fast as the tokens: one translation and one split, both in C.
        """
        found: WordSet | None = twins.words(self.lowered) if twins else None
        return frozenset(self.lowered.translate(WORD_TABLE).split()) if found is None else found

    def quoted(self, needles: tuple[str, ...]) -> list[str]:
        """Those of some lower-case pieces that stand between quotation marks: in string literals, or quoted by comments."""
        found: list[str] | None = twins.pieces(self.lowered, needles) if twins else None
        return quoted_slowly(self.lowered, needles) if found is None else found

    @lazy
    def _newlines(self) -> Sequence[int]:
        """Where each physical line ends, the last one too; added up in C."""
        found = twins.line_ends(self.text) if twins else None
        if found is not None:
            return memoryview(found).cast("i")
        return list(map(add, accumulate(map(len, self.physical_lines)), count()))

    def physical_line(self, number: int) -> str:
        """One physical line, without splitting the others."""
        ends = self._newlines
        return self.text[ends[number - 2] + 1 if number > 1 else 0 : ends[number - 1]]

    @lazy
    def physical_lines(self) -> list[str]:
        return self.text.split("\n")

    @lazy
    def _hidden(self) -> list[int]:
        """Physical lines that the VBA editor does not show, ascending."""
        head = HEADER.match(self.text)
        hidden = list(range(1, head.group().rstrip("\n").count("\n") + 2)) if head else []
        text, at = "\n" + self.text, -1
        while (at := text.find("\nAttribute ", at + 1)) >= 0:
            hidden.append(self.line_at(at))
        return sorted(set(hidden))

    def offset(self, index: int) -> int:
        """Where token `index` starts, in characters of `text`; −1 for the leading line end."""
        return self._offsets[index] - 1

    def line_at(self, offset: int) -> int:
        return bisect_left(self._newlines, offset) + 1

    def line(self, index: int) -> int:
        """Physical line on which token `index` starts; a line end belongs to the line that it begins."""
        return bisect_right(self._newlines, self._offsets[index] - 1) + 1

    def tokens_of_lines(self, first: int, last: int) -> tuple[int, int]:
        """First and past-the-end token index of a range of physical lines, without the line end before it."""
        before = sum(len(line) + 1 for line in self.physical_lines[: first - 1])
        size = sum(len(line) + 1 for line in self.physical_lines[first - 1 : last])
        start = bisect_left(self._offsets, before)
        return start + (self.tokens[start][:1] == "\n"), bisect_left(self._offsets, before + size)

    def editor_line(self, line: int) -> int:
        """The line number that the VBA editor shows for a physical line: hidden `Attribute` lines are not counted."""
        return line - bisect_left(self._hidden, line)

    def positions(self, words: frozenset[str]) -> list[int]:
        """Indexes of all tokens that are one of `words` (lower case), ascending."""
        # Names that are not plain ASCII words are not in the gate's set: only the tokens know them.
        present = self.word_set & words | _odd(words)
        if not present:
            return []
        if len(present) == 1:
            return self._places_of(next(iter(present)))
        return sorted(place for word in present for place in self._places_of(word))

    def _places_of(self, word: str) -> list[int]:
        places = self._places.get(word)
        if places is None:
            places = self._places[word] = self._find(word)
        return places

    def _find(self, word: str) -> list[int]:
        """Found in the text first, where a search costs next to nothing, then confirmed against the token that starts there."""
        if not word.isascii():
            return [index for index, token in enumerate(self.tokens) if token.lower() == word]
        tokens, offsets, text = self._pass[0], self._pass[1], self.lowered
        if self._packed and twins and _is_plain(word):
            found: list[int] = twins.places(text, word, self._packed)
            return found
        places = []
        for match in _word_pattern(word).finditer(text):
            at = match.start()
            if at and (text[at - 1].isalnum() or text[at - 1] == "_"):
                continue
            index = bisect_left(offsets, at + 1)
            if offsets[index] == at + 1 and len(tokens[index]) == len(word):
                places.append(index)
        return places

    def holding(self, pieces: Iterable[str]) -> list[int]:
        """Indexes of the string literals that hold one of some lower-case ASCII pieces, ascending."""
        tokens, offsets, text = self.tokens, self._offsets, self.lowered
        found: set[int] = set()
        for piece in pieces:
            at = text.find(piece)
            while at >= 0:
                index = bisect_right(offsets, at + 1) - 1
                if tokens[index][0] == '"':
                    found.add(index)
                at = text.find(piece, at + 1)
        return sorted(found)

    def next_code(self, index: int) -> int:
        """Index of the first token after `index` that is not white space or a comment; `len(tokens)` at the end."""
        tokens, count = self.tokens, len(self.tokens)
        index += 1
        while index < count and (tokens[index][0] in " \t'\u3000\xa0"):
            index += 1
        return index

    def previous_code(self, index: int) -> int:
        """Index of the last token before `index` that is not white space or a comment; −1 at the start."""
        index -= 1
        while index >= 0 and (self.tokens[index][0] in " \t'\u3000\xa0"):
            index -= 1
        return index

    def is_separator(self, index: int) -> bool:
        """Whether a statement ends at this token: a line end, a colon, or the end of the text."""
        if not 0 <= index < len(self.tokens):
            return True
        token = self.tokens[index]
        return token[0] == "\n" or (token[0] == ":" and token != ":=")

    def statement(self, index: int) -> tuple[int, int]:
        """First and past-the-end token index of the statement that holds token `index`."""
        tokens = self.tokens
        if twins:
            found: tuple[int, int] = twins.statement(tokens, index)
            return found
        start, end, count = index, index, len(tokens)
        while start > 0:
            token = tokens[start - 1]
            if token[0] == "\n" or (token[0] == ":" and token != ":="):
                break
            start -= 1
        while end < count:
            token = tokens[end]
            if token[0] == "\n" or (token[0] == ":" and token != ":="):
                break
            end += 1
        return start, end

    def words(self, start: int, end: int) -> list[tuple[int, str]]:
        """(index, lower-case token) of the code in a token range: no white space, no comments."""
        return [(i, self.tokens[i].lower()) for i in range(start, end) if self.tokens[i][0] not in " \t'\u3000\xa0\n"]

    def slice(self, start: int, end: int) -> str:
        """The text of a token range as written."""
        return "".join(self.tokens[start:end])

    def statement_text(self, index: int, limit: int = 1000) -> str:
        """The statement around token `index` on one line: continuations joined, comments dropped."""
        start, end = self.statement(index)
        return one_line("".join(t for t in self.tokens[start:end] if t[0] != "'"))[:limit]

    def is_statement_start(self, index: int) -> bool:
        return self.is_separator(self.previous_code(index))


def quoted_slowly(lowered: str, needles: tuple[str, ...]) -> list[str]:
    """What `SourceText.quoted` says, in Python."""
    quoted = "\n".join(QUOTED.findall(lowered))
    return [needle for needle in needles if needle in quoted] if quoted else []


@lru_cache(maxsize=4096)
def _word_pattern(word: str) -> re.Pattern[str]:
    """The word as it stands, not followed by more of a word; what stands before is looked at by the caller."""
    return re.compile(re.escape(word) + (r"(?!\w)" if _is_plain(word) else ""))


@lru_cache(maxsize=1024)
def _odd(words: frozenset[str]) -> frozenset[str]:
    """The words that the gate cannot speak for."""
    return frozenset(word for word in words if not _is_plain(word))


def _is_plain(word: str) -> bool:
    return word.isascii() and word.isidentifier()


def one_line(text: str) -> str:
    """Continuations joined and white space folded."""
    if "\n" in text:
        text = CONTINUATION.sub(" ", text)
    return " ".join(text.split())


def unquote(token: str) -> str:
    """The value of a string literal token."""
    body = token[1:-1] if len(token) > 1 and token.endswith('"') else token[1:]
    return body.replace('""', '"')
