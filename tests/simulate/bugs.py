"""Bugs to be planted in a copy of the source, each the smallest change that breaks a promise."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PLACING, LOOKING = "tidegate/app/steps/placing.py", "tidegate/app/steps/looking.py"
REMINDS = (
    "    return again if notice.repeats and (is_last_call or now - before.claimed_at >= channel.remind) else None\n"
)
FOLLOW, GUARDS = "tidegate/domain/follow.py", "tidegate/domain/guards.py"


@dataclass(frozen=True)
class Bug:
    """One change: in this file, these lines become those."""

    name: str
    file: str
    lines: str
    become: str

    def plant(self, tree: Path) -> None:
        """Plant it in a copy. Raises LookupError where the lines are not there just once."""
        path = tree / self.file
        text = path.read_text("utf-8")
        if text.count(self.lines) != 1:
            raise LookupError(f"{self.name}: its lines are {text.count(self.lines)} times in {self.file}")
        path.write_text(text.replace(self.lines, self.become), "utf-8")


BUGS = (
    Bug(
        "the order before the claim",
        PLACING,
        '        return page.write(Concluded(operation.number, outcome, f"not ordered: {why}", dict(reading.spec)))\n'
        "    number = len(operation.attempts) + 1\n"
        "    attempt = Attempt(number, token_of(page, operation, number), sent_at=now)\n"
        "    wanted = {**reading.spec, **decision.end.spec}\n",
        '        return page.write(Concluded(operation.number, outcome, f"not ordered: {why}", dict(reading.spec)))\n'
        "    number = len(operation.attempts) + 1\n"
        "    attempt = Attempt(number, token_of(page, operation, number), sent_at=now)\n"
        "    wanted = {**reading.spec, **decision.end.spec}\n"
        "    early = replace(operation, to_spec=wanted, phase=Phase.CLAIMED, attempts=(*operation.attempts, attempt))\n"
        "    _send(replace(page, state=replace(page.state, operation=early)), early, reading)\n",
    ),
    Bug(
        "what a person overrules is overruled as long as the override stands",
        "tidegate/domain/verdict.py",
        "        return not self.state.was_brought_to(self.end.name, override.at)\n",
        "        return True\n",
    ),
    Bug(
        "a new token with every attempt",
        PLACING,
        "{operation.number}-{1 if kept else number}",
        "{operation.number}-{number}-{page.around.ledger._nonce()[:6]}",
    ),
    Bug(
        "the status is trusted",
        FOLLOW,
        "    if look.evidence.sight is Sight.WANTED:\n        return _wanted(look)\n",
        "    if look.evidence.sight is Sight.WANTED or look.operation.phase is not Phase.DOUBT:\n"
        "        return _wanted(look)\n",
    ),
    Bug("two reads in quick succession", FOLLOW, "PROOF = timedelta(seconds=60)", "PROOF = timedelta(seconds=0)"),
    Bug(
        "a lost reply is taken for a refusal that passes",
        "tidegate/app/steps/verdicts.py",
        "    passing = isinstance(error, (errors.Busy, errors.Throttled))\n",
        "    passing = isinstance(error, (errors.Busy, errors.Throttled, errors.Unanswered))\n",
    ),
    Bug(
        "no compare-and-swap",
        "tidegate/ledger/ledger.py",
        "        return record if self._sequence(key).create(record.seq, body) else None\n",
        "        self._sequence(key).create(record.seq, body)\n        return record\n",
    ),
    Bug("a wait without measure", "workflows/resize.yml", "    Seconds: 300\n", "    Seconds: 3000\n"),
    Bug(
        "a budget that counts only yesterday",
        GUARDS,
        "    return sum(1 for one in spent if case.terms.day(one.at) == today)\n",
        "    return sum(1 for one in spent if case.terms.day(one.at) < today)\n",
    ),
    Bug(
        "a budget counted twice",
        GUARDS,
        "    return sum(1 for one in spent if case.terms.day(one.at) == today)\n",
        "    return sum(2 for one in spent if case.terms.day(one.at) == today)\n",
    ),
    Bug(
        "an override without end",
        "tidegate/domain/arbiter.py",
        "    if override is None or (override.until is not None and now >= override.until):\n",
        "    if override is None:\n",
    ),
    Bug(
        "a call without a claim of one's own",
        PLACING,
        '    if operation.phase not in (Phase.PLANNED, Phase.WAITING):\n        return "look15"\n',
        "    if operation.phase is Phase.CLAIMED:\n        return _send(page, operation, read_instance(page))\n"
        '    if operation.phase not in (Phase.PLANNED, Phase.WAITING):\n        return "look15"\n',
    ),
    Bug(
        "fields that the rung does not name are left out of the order",
        "tidegate/products/rabbitmq.py",
        "        **sold,\n",
        '        **{name: value for name, value in sold.items() if name not in ("SupportEip", "MaxEipTps")},\n',
    ),
    Bug(
        "an operation under way takes no place of the fleet's",
        "tidegate/domain/fleet.py",
        "        under_way = [slot for slot in others if slot.released_at is None]\n",
        "        under_way: list[Slot] = []\n",
    ),
    Bug(
        "signals leave the inbox before they are recorded",
        "tidegate/app/reconcile.py",
        "        written = step.take()\n",
        '        around.ledger.take(page.key, [item["id"] for item in around.ledger.inbox(page.key)])\n'
        "        written = step.take()\n",
    ),
    Bug(
        "reminders with every look",
        "tidegate/domain/owed.py",
        REMINDS,
        "    return again if notice.repeats else None\n",
    ),
    Bug(
        "no reminders",
        "tidegate/domain/owed.py",
        REMINDS,
        "    return again if notice.repeats and is_last_call else None\n",
    ),
    Bug(
        "an operation that lost its execution is left alone",
        "tidegate/app/execution.py",
        "    if operation is None or now < overdue_at(operation):\n        return page\n",
        "    if operation is None or now < overdue_at(operation) or operation.revivals:\n        return page\n",
    ),
    Bug(
        "windows hold the plan, and not the order",
        GUARDS,
        '    if windows is None or case.despite("window") or windows.at(case.now) is not None:\n        return None\n',
        "    if windows is None or case.placing or windows.at(case.now) is not None:\n        return None\n",
    ),
    Bug(
        "an approval is never used up",
        "tidegate/domain/state.py",
        "        is_free = self.used_by in (0, placing)\n",
        "        is_free = True\n",
    ),
    Bug("doubt is over at once", FOLLOW, "DOUBT_LASTS = timedelta(minutes=45)", "DOUBT_LASTS = timedelta(minutes=1)"),
    Bug(
        "no circuit",
        "tidegate/app/steps/settling.py",
        "        opens = operation.outcome is not None and opens_circuit(operation.outcome, operation.phases)\n",
        "        opens = False\n",
    ),
    Bug(
        "a call however long ago its claim was",
        PLACING,
        "    if page.around.now() - attempt.sent_at > SEND_WITHIN:\n",
        "    if page.around.now() - attempt.sent_at > 1000 * SEND_WITHIN:\n",
    ),
    Bug(
        "a message however long ago its claim was",
        "tidegate/app/tell.py",
        "        if page.around.now() - began_at > TELL_WITHIN:\n",
        "        if page.around.now() - began_at > 1000 * TELL_WITHIN:\n",
    ),
    Bug(
        "the hook token in the log",
        "tidegate/app/doors.py",
        "    delivery = open_envelope(event)\n",
        '    delivery = open_envelope(event)\n    log("delivery", token=delivery.token)\n',
    ),
)
