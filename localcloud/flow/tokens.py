"""Cuts expressions and conditions into words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

PATTERN = re.compile(
    r"""\s*(?:
      (?P<root>\$[A-Za-z]+)
    | (?P<step>\.[^\W\d]\w*)
    | (?P<index>\[\d{1,9}\])
    | (?P<number>\d+(?:\.\d+)?)
    | (?P<string>"[^"\\]*"|'[^'\\]*'|`[^`\\]*`)
    | (?P<name>[^\W\d]\w*)
    | (?P<symbol>\|\||&&|==|!=|<=|>=|[<>(),])
    | (?P<end>$)
    )""",
    re.VERBOSE,
)


class ExpressionError(ValueError):
    """Text that is no expression of the verified subset."""


@dataclass(frozen=True)
class Token:
    """One word, with the blanks before it cut off."""

    kind: str
    text: str
    glued: bool
    """No blank stands before it."""


@dataclass
class Tokens:
    """The words of one expression, read from left to right."""

    source: str
    _words: list[Token] = field(init=False)
    _next: int = 0

    def __post_init__(self) -> None:
        self._words = list(cut(self.source))

    @property
    def word(self) -> Token:
        """Give the word that comes next, without taking it."""
        return self._words[self._next]

    def take(self) -> Token:
        """Take the next word."""
        word = self.word
        if word.kind != "end":
            self._next += 1
        return word

    def takes(self, symbol: str) -> bool:
        """Take the next word if it is this symbol."""
        if self.word.kind == "symbol" and self.word.text == symbol:
            self.take()
            return True
        return False

    def expect(self, symbol: str) -> None:
        """Take this symbol, or fail."""
        if not self.takes(symbol):
            raise self.unexpected(f"{symbol!r} expected")

    def unexpected(self, why: str) -> ExpressionError:
        """Give the error for the word that comes next."""
        at = f"at {self.word.text!r}" if self.word.text else "at the end"
        return ExpressionError(f"{why} {at} of {self.source!r}")


def cut(source: str) -> list[Token]:
    """Cut the whole text; raise ExpressionError at the first character that begins no word."""
    words: list[Token] = []
    position = 0
    while True:
        found = PATTERN.match(source, position)
        if found is None or found.lastgroup is None:
            raise ExpressionError(f"{source[position:].strip()[:20]!r} is no part of an expression, in {source!r}")
        kind = found.lastgroup
        words.append(Token(kind, found[kind], glued=found.start(kind) == position))
        if kind == "end":
            return words
        position = found.end()
