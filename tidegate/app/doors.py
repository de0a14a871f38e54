"""The doors: an alert or a request comes in, is kept, and is answered. What is kept cannot be lost any more."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from tidegate.alerts import Delivery, Kind, Rejected, TooLarge, Unreadable, read, same_token
from tidegate.alerts import receive as open_envelope
from tidegate.app import codec
from tidegate.app.crowd import Recall
from tidegate.app.logs import LOG, log
from tidegate.app.reconcile import reconcile
from tidegate.app.surroundings import Book, Surroundings
from tidegate.app.tick import warn_of_dead_tick
from tidegate.domain.hear import describe
from tidegate.domain.signal import Alert, Noise
from tidegate.ledger.shelf import ShelfUnavailable, Unsure

MOST_NOTED = 50
"""So many parts of one delivery that are no alerts are noted one by one; its sender is answered on each."""

Body = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """What a door answers its sender."""

    status: int
    body: Body

    def as_response(self) -> Body:
        """The form that an HTTP trigger of Function Compute takes (fact fc 1.6)."""
        return {
            "statusCode": self.status,
            "headers": {"Content-Type": "application/json"},
            "isBase64Encoded": False,
            "body": json.dumps(self.body, ensure_ascii=False),
        }


def guarded(event: bytes, take_in: Callable[[], Reply]) -> Reply:
    """Take a delivery in. Over HTTP a failure is answered with a 5xx and no trace, and the sender tries again.

    A trigger that invokes us directly must see the failure itself, or it would take the alert for delivered.
    """
    try:
        return take_in()
    except Exception as error:
        if open_envelope(event).kind is not Kind.HTTP:
            raise
        LOG.exception("unkept: %s", type(error).__name__)
        status = 503 if isinstance(error, (ShelfUnavailable, Unsure)) else 500
        return Reply(status, {"error": "the alert could not be kept; send it again"})


def receive_alerts(
    around: Surroundings,
    event: bytes,
    tokens: tuple[str, ...],
    has_time: Callable[[], bool],
    recall: Recall | None = None,
) -> Reply:
    """Keep the alerts of one delivery, then reconcile while there is time. Bad neighbours do not lose good alerts.

    `recall` is what this process remembers of the store.
    """
    delivery = open_envelope(event)
    if delivery.kind is Kind.HTTP and not same_token(delivery.token, tokens):
        log("turned-away", path=delivery.path)
        return Reply(404, {"error": "not found"})
    try:
        reading = read(delivery)
    except TooLarge as error:
        return _turned_down(413, str(error), delivery)
    except Unreadable as error:
        return _turned_down(400, str(error), delivery)
    book = _book(around, reading.alerts, recall)
    if book is None:
        # There is nobody yet who could keep the alert, so the sender is to try again: over HTTP a 5xx says so, and to
        # a trigger that invokes us directly only a failure does.
        if delivery.kind is not Kind.HTTP:
            raise LookupError("no policy was pushed yet")
        return _turned_down(503, "no policy was pushed yet", delivery)
    rejected = [{"index": one.index, "reason": one.reason} for one in reading.rejected]
    for one in rejected[:MOST_NOTED]:
        log("rejected", **one, path=delivery.path)
    if left := rejected[MOST_NOTED:]:
        log("rejected", reason=f"{len(left)} parts more of the same delivery", path=delivery.path)
    answers, touched = _keep(around, book, reading.alerts, recall)
    noisy = _keep_noise(around, book, reading.rejected, delivery)
    for name in dict.fromkeys((*touched, *noisy)):
        if has_time():
            _answer(around, book, name, answers)
    status = 400 if rejected and not answers else 200
    return Reply(status, {"alerts": list(answers.values()), "rejected": rejected})


def _turned_down(status: int, reason: str, delivery: Delivery) -> Reply:
    log("rejected", reason=reason, path=delivery.path)
    return Reply(status, {"error": reason})


def _book(around: Surroundings, alerts: list[Alert], recall: Recall | None) -> Book | None:
    """The policy in force; the one read a moment ago does where it knows whose all these alerts are."""
    known = recall.book() if recall else None
    if known is not None and all(_bind(known, alert)[0] for alert in alerts):
        return known
    book = around.book()
    if recall and book is not None:
        recall.keep(book)
    return book


def _keep(
    around: Surroundings, book: Book, alerts: list[Alert], recall: Recall | None
) -> tuple[dict[str, Body], list[str]]:
    """Post each alert to the inbox of its instance. Gives an answer an alert, and the instances touched."""
    answers: dict[str, Body] = {}
    touched: list[str] = []
    for alert in alerts:
        name, why_not = _bind(book, alert)
        answer: Body = {"instance": name, "alert": describe(alert), "answer": "rejected", "reason": why_not}
        if name:
            key = around.key_of(book.index["instances"][name])
            marked = recall.marked if recall else None
            posted = around.ledger.post(key, codec.write_signal(alert), due=around.now(), marked=marked)
            waiting = "kept; the next tick answers it" if posted else "a duplicate of one that waits already"
            answer = {**answer, "answer": "kept", "reason": waiting}
            touched += [name] if name not in touched else []
        log("alert", key=alert.key, **answer)
        answers[f"{name} {alert.key}"] = answer
    return answers, touched


def _keep_noise(around: Surroundings, book: Book, rejected: list[Rejected], delivery: Delivery) -> list[str]:
    """Post what is no alert, but names an instance, to its inbox, so that its record says so. Gives the instances.

    The key is made of the body, so that the same delivery again leaves no second record.
    """
    touched: list[str] = []
    for one in [each for each in rejected if each.instance_id][:MOST_NOTED]:
        if not (name := book.named_by_id(one.instance_id)):
            continue
        key = f"noise-{sha256(delivery.open() + str(one.index).encode()).hexdigest()[:40]}"
        noise = Noise(key, around.now(), one.reason[:300])
        around.ledger.post(around.key_of(book.index["instances"][name]), codec.write_signal(noise), due=around.now())
        touched.append(name)
    return touched


def _bind(book: Book, alert: Alert) -> tuple[str, str]:
    """Find the instance an alert is about: by the id it names or, where it names none, by its rule."""
    rule = alert.rule or alert.rule_id
    if alert.instance_id:
        name = book.named_by_id(alert.instance_id)
        return name, "" if name else f"the policy has no instance with the id {alert.instance_id} (rule {rule})"
    names = book.named_by_rule(alert.rule, alert.rule_id)
    if len(names) == 1:
        return names[0], ""
    if names:
        return "", f"the alert names no instance, and its rule {rule} serves several: {', '.join(sorted(names))}"
    return "", f"the alert names no instance, and no instance has a rule {rule}"


def _answer(around: Surroundings, book: Book, name: str, answers: dict[str, Body]) -> None:
    """Reconcile one instance inline. Whatever fails here, the alerts are kept and the tick goes on."""
    try:
        policy = book.read(name)
        warn_of_dead_tick(around, policy)
        verdict = reconcile(around, policy, book.hash)
    except Exception as error:  # noqa: BLE001 - whatever it is, the neighbours are answered, and the tick tries again
        log("left-to-the-tick", instance=name, error=type(error).__name__, message=str(error)[:300])
        return
    if verdict.decision.code == "newer-schema":
        for kept in (answers[key] for key in answers if key.startswith(f"{name} ")):
            kept.update(answer="hold", reason=verdict.decision.reason)
    for left, why in verdict.left.items():
        if (answer := answers.get(f"{name} {left}")) is not None:
            answer.update(answer="kept", reason=why)
    for answered in verdict.answers:
        if (answer := answers.get(f"{name} {answered.key}")) is not None:
            answer.update(answer=answered.verdict, reason=answered.reason)
    for key, answer in answers.items():
        if answer["answer"] == "kept" and key.startswith(f"{name} ") and verdict.state.has_seen(key[len(name) + 1 :]):
            answer.update(answer="duplicate", reason="this alert was answered before; it changes nothing")
