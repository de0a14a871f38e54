"""How a creation whose answer was lost is settled: by looking who stands there.

Repeating it is safe, because only the first of all creations of a key has an effect, and because our own bytes
are told from another's by the nonce in them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

from tidegate.ledger.shelf import ShelfRefused, ShelfUnavailable, Unsure

T = TypeVar("T")


class Taken(Exception):  # noqa: N818 - an answer of the store, not a failure
    """Something stands under the key already."""


@dataclass(frozen=True)
class Patience:
    """How often a store is asked, and how long we rest in between."""

    sleep: Callable[[float], None]
    attempts: int = 3
    first_wait_s: float = 0.2

    def __call__(self, ask: Callable[[], T]) -> T:
        """Ask until an answer comes. A refusal is an answer; the last failure is raised as it is.

        Nearly always the first answer is the last, so only then the retrying is set up.
        """
        try:
            return ask()
        except Exception as error:
            if self.attempts == 1 or not _passes_by_itself(error):
                raise
        self.sleep(self.first_wait_s)
        return Retrying(
            stop=stop_after_attempt(self.attempts - 1),
            wait=wait_exponential(multiplier=2 * self.first_wait_s, max=2),
            retry=retry_if_exception(_passes_by_itself),
            sleep=self.sleep,
            reraise=True,
        )(ask)


def create_once(put: Callable[[], None], get: Callable[[], bytes | None], body: bytes, patience: Patience) -> bool:
    """Create and make sure. `put` raises `Taken`, `Unsure` or `ShelfUnavailable`; see `Shelf.create` for the rest."""
    doubts: list[Unsure] = []

    def attempt() -> bool:
        try:
            return _put_and_look(put, get, body)
        except Unsure as doubt:
            doubts.append(doubt)
            raise

    try:
        return patience(attempt)
    except ShelfUnavailable as error:
        if doubts:
            # A later clean failure says nothing of the earlier try, which may still land.
            raise Unsure("an earlier try may have been written") from error
        raise


def _put_and_look(put: Callable[[], None], get: Callable[[], bytes | None], body: bytes) -> bool:
    try:
        put()
    except (Taken, Unsure) as answer:
        return _is_ours(get, body, answer)
    return True


def _is_ours(get: Callable[[], bytes | None], body: bytes, answer: Exception) -> bool:
    try:
        found = get()
    except ShelfUnavailable as error:
        raise Unsure("the store does not say who stands there") from error
    if found is None:
        raise Unsure("nothing stands there yet, but what was sent may still land") from answer
    return found == body


def _passes_by_itself(error: BaseException) -> bool:
    return isinstance(error, (ShelfUnavailable, Unsure)) and not isinstance(error, ShelfRefused)
