"""What states do, one generator each: they yield effects, are sent the outcomes, and return their output."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any, TypeAlias

from localcloud.flow.effects import Call, Fault, Sleep, Switches
from localcloud.flow.fibers import Fork
from localcloud.flow.frame import Ended, Frame
from localcloud.flow.history import History, Thread
from localcloud.flow.model import (
    ANY_ERROR,
    Catch,
    Choice,
    Fail,
    Map,
    Mode,
    Parallel,
    Retry,
    Scope,
    State,
    Task,
    Wait,
)
from localcloud.flow.outcome import How, Outcome
from localcloud.flow.tasks import timeout_of

Data: TypeAlias = dict[str, Any]
Going: TypeAlias = Generator[Any, Any, Data]
Leaving: TypeAlias = Generator[Any, Any, "tuple[Data, str]"]

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
FAILURES = {How.FAILED: "TaskFailed", How.TIMED_OUT: "TaskTimedOut"}


class Steps:
    """Walks through scopes. `now` is set by whoever feeds the outcomes."""

    def __init__(
        self,
        history: History,
        context: Mapping[str, Any],
        switches: Switches,
        token: Callable[[int], str],
        uuid: Callable[[], str],
    ) -> None:
        self.now = EPOCH
        self._history, self._context, self._switches = history, context, switches
        self._token, self._uuid = token, uuid
        self._global: Data = {}

    def scope(self, scope: Scope, data: Data, thread: Thread) -> Going:
        """Run one scope to its end, and give its output."""
        state = scope.states[scope.start]
        while True:
            data, following = yield from self._visit(state, data, thread)
            if not following:
                return data
            state = scope.states[following]

    def log_submitted(self, call: Call) -> None:
        """Note that a callback is now awaited."""
        self._log(call.thread, call.state, "TaskSubmitted", {})

    def _visit(self, state: State, data: Data, thread: Thread) -> Leaving:
        self._log(thread, state.name, "StepEntered", {"input": data})
        frame = Frame(state.name, data, self._context, self._uuid)
        if state.input:
            frame.take_input(frame.build(state.input, self._global))
        frame.sized(frame.input, "input")
        if isinstance(state.body, Fail):
            self._log(thread, state.name, "StepStarted", {"input": frame.input})
            raise Ended(state.body.code, state.body.detail)
        try:
            raw = yield from self._tries(state, frame, thread)
        except Fault as fault:
            return self._caught(state, frame, thread, fault)
        output = self._output(state, frame, raw)
        following = self._choose(state.body, frame) if isinstance(state.body, Choice) else state.next
        if not isinstance(state.body, Task):
            self._log(thread, state.name, "StepSucceeded", {"output": output})
        self._log(thread, state.name, "StepExited", {"output": output})
        return output, following

    def _output(self, state: State, frame: Frame, raw: Data) -> Data:
        frame.take_output(raw)
        output = frame.sized(frame.build(state.output, self._global), "output") if state.output else raw
        if state.globals:
            self._global = {**self._global, **frame.sized_global(frame.build(state.globals, self._global))}
        return output

    def _caught(self, state: State, frame: Frame, thread: Thread, fault: Fault) -> tuple[Data, str]:
        rule = first_match(state.catch, fault.error)
        if rule is None:
            raise fault
        output = frame.sized(frame.build(rule.output, self._global), "caught output")
        self._log(thread, state.name, "StepExited", {"output": output})
        return output, rule.next

    def _choose(self, choice: Choice, frame: Frame) -> str:
        for condition, target in choice.branches:
            if frame.evaluate(condition.evaluate, self._global):
                return target
        return choice.default

    def _tries(self, state: State, frame: Frame, thread: Thread) -> Going:
        used: dict[int, int] = {}
        while True:
            try:
                return (yield from self._once(state, frame, thread))
            except Fault as fault:
                frame.take_error(fault.error, fault.cause)
                rule = first_match(state.retry, fault.error)
                before = used.get(id(rule), 0)
                if rule is None or before >= rule.attempts:
                    raise
                used[id(rule)] = before + 1
                frame.current["RetryCount"] += 1
            yield self._sleep(state.name, rule.pause(before))

    def _once(self, state: State, frame: Frame, thread: Thread) -> Going:
        body = state.body
        if isinstance(body, Task):
            return (yield from self._call(body, frame, thread))
        self._log(thread, state.name, "StepStarted", {"input": frame.input})
        if isinstance(body, Wait):
            yield self._sleep(state.name, self._seconds(body, frame))
        if isinstance(body, (Wait, Choice)):
            return frame.input if self._switches.pass_through else {}
        if isinstance(body, (Parallel, Map)):
            return (yield from self._fork(body, frame, thread))
        return frame.input

    def _call(self, task: Task, frame: Frame, thread: Thread) -> Going:
        if task.mode is Mode.CUSTOM_CALLBACK:
            # The token names the event that schedules the task, which is about to be written.
            frame.current["TaskToken"] = self._token(len(self._history.events) + 1)
        parameters = frame.build(task.parameters, self._global) if task.parameters else {}
        timeout_s = self._timeout(task, frame)
        detail = {"action": task.action, "taskMode": task.mode.value, "parameters": parameters, "timeout": timeout_s}
        event = self._log(thread, frame.name, "TaskScheduled", detail)
        self._log(thread, frame.name, "TaskStarted", {})
        token = frame.current["TaskToken"] or ""
        call = Call(frame.name, task.action, task.mode, parameters, timeout_s, self.now, event, token, thread)
        outcome, submitted = yield call
        return self._ended(task, frame, thread, outcome, submitted=submitted)

    def _ended(self, task: Task, frame: Frame, thread: Thread, outcome: Outcome, *, submitted: bool) -> Data:
        if outcome.how is How.SUCCEEDED:
            output = frame.sized(dict(outcome.output), "raw output")
            self._log(thread, frame.name, "TaskSucceeded", {"output": output})
            return output
        kind = FAILURES[outcome.how]
        if kind == "TaskFailed" and task.mode is Mode.CUSTOM_CALLBACK and not submitted:
            kind = "TaskSubmitFailed"
        self._log(thread, frame.name, kind, {"error": outcome.error, "cause": outcome.cause})
        raise Fault(outcome.error, outcome.cause)

    def _fork(self, body: Parallel | Map, frame: Frame, thread: Thread) -> Going:
        if isinstance(body, Parallel):
            branches = [
                partial(self._branch, "Branch", number, scope, frame, thread, frame.input)
                for number, scope in enumerate(body.branches)
            ]
            at_once = len(branches)
        else:
            items = frame.evaluate(body.items.evaluate, self._global)
            if not isinstance(items, list):
                raise frame.runtime_error("its ItemsPath leads to no list")
            branches = [
                partial(self._branch, "Iteration", number, body.processor, frame, thread, item)
                for number, item in enumerate(items)
            ]
            at_once = body.at_once
        try:
            results = yield Fork(branches, at_once)
        except Fault as fault:
            thread.last = len(self._history.events)
            self._log(thread, frame.name, "StepFailed", {"error": fault.error, "cause": fault.cause})
            raise
        thread.last = len(self._history.events)
        if isinstance(body, Map):
            return frame.sized({"Items": results}, "raw output")
        return frame.sized({f"Branch{number}": result for number, result in enumerate(results)}, "raw output")

    def _branch(self, word: str, number: int, scope: Scope, frame: Frame, parent: Thread, data: Data) -> Going:  # noqa: PLR0917 - bound with partial
        thread = Thread(parent.last)
        self._log(thread, frame.name, f"{word}Entered", {"index": number, "input": data})
        output = yield from self.scope(scope, frame.sized(data, f"item {number}"), thread)
        self._log(thread, frame.name, f"{word}Exited", {"index": number, "output": output})
        return output

    def _seconds(self, wait: Wait, frame: Frame) -> int:
        if isinstance(wait.seconds, int):
            return wait.seconds
        value = frame.evaluate(wait.seconds.evaluate, self._global)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= wait.longest_s:
            raise frame.runtime_error(f"Seconds is {value!r}, not 1 to {wait.longest_s}")
        return value

    def _timeout(self, task: Task, frame: Frame) -> int:
        if task.timeout is None or isinstance(task.timeout, int):
            return task.timeout or 0
        value = frame.evaluate(task.timeout.evaluate, self._global)
        return timeout_of(value, frame.runtime_error(f"Timeout is {value!r}, not a text of seconds"))

    def _sleep(self, name: str, seconds: float) -> Sleep:
        return Sleep(name, seconds, self.now + timedelta(seconds=seconds))

    def _log(self, thread: Thread, step: str, kind: str, detail: Mapping[str, Any]) -> int:
        return self._history.add(thread, step, self.now, kind, detail)


def first_match(rules: tuple[Retry, ...] | tuple[Catch, ...], error: str) -> Any:
    """Give the first rule for an error; the ones after it do not count."""
    return next((rule for rule in rules if error in rule.errors or ANY_ERROR in rule.errors), None)
