"""Runs scripts on both engines: localcloud's interpreter, and moto's interpreter of Amazon States Language."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import boto3
from moto import mock_aws

from localcloud.flow.language import parse
from localcloud.flow.outcome import Outcome
from localcloud.flow.rehearsal import run_to_end
from tests.engine.asl import TASK_TIMEOUT, translate
from tests.engine.scripts import Answer, Script
from tests.engine.traces import Trace, of_localcloud, of_moto

Json = dict[str, Any]

AT_ONCE = 50
"""Executions that run at the same time; each takes five threads of moto's."""
DEADLINE_S = 900
NEVER_S, SOON_S = 86_400, 3
"""Timeouts of calls on moto: one that never comes, and one to wait for. Moto stumbles if it comes before the call."""
REGION = "us-east-1"
ROLE = "arn:aws:iam::123456789012:role/flow"


def on_localcloud(flow: Json, script: Script) -> Trace:
    """Run one script on localcloud's engine."""
    calls: Counter[str] = Counter()

    def perform(_action: str, parameters: Mapping[str, Any], _mode: str, _timeout: int) -> Outcome:
        state = tasks[parameters["resourceArn"]]
        calls[state] += 1
        return outcome(script.answer(state, calls[state] - 1))

    tasks = {state["Parameters"]["resourceArn"]: state["Name"] for state in flow["States"] if state["Type"] == "Task"}
    return of_localcloud(run_to_end(parse(json.dumps(flow)), script.input, perform, script.name))


def outcome(answer: Answer) -> Outcome:
    """Say in localcloud's words what a call comes to."""
    if answer.output is not None:
        return Outcome.succeeded(answer.output)
    return Outcome.timed_out() if answer.error == TASK_TIMEOUT else Outcome.failed(answer.error)


def on_moto(flow: Json, scripts: Sequence[Script], *, silent: bool = False) -> list[Trace]:
    """Run scripts on moto's engine, many at a time; what is called is answered by callbacks, from this thread.

    Where it is `silent`, a timeout is not reported but comes: nobody answers.
    """
    traces: list[Trace] = []
    for start in range(0, len(scripts), AT_ONCE):
        with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
            traces += Moto(flow, silent=silent).run(scripts[start : start + AT_ONCE])
    return traces


class Moto:
    """One state machine, and the queue of its calls."""

    def __init__(self, flow: Json, *, silent: bool) -> None:
        # Moto makes its own clients from boto3's session of all threads, which is not safe to begin in several at once.
        self.sqs, self.sfn = (boto3.client(service, region_name=REGION) for service in ("sqs", "stepfunctions"))
        self.queue = self.sqs.create_queue(QueueName="calls")["QueueUrl"]
        machine = json.dumps(translate(flow, self.queue, SOON_S if silent else NEVER_S))
        made = self.sfn.create_state_machine(name=flow["Name"], definition=machine, roleArn=ROLE)
        self.machine = made["stateMachineArn"]
        self.silent = silent
        self.made: Counter[tuple[str, str]] = Counter()

    def run(self, scripts: Sequence[Script]) -> list[Trace]:
        """Run scripts to their ends, all at the same time."""
        by_name = {script.name: script for script in scripts}
        arns = [self._start(script) for script in scripts]
        give_up = time.monotonic() + DEADLINE_S
        calls: list[Json] = []
        # Moto stumbles over an answer while another execution is about to begin: each makes its first call before.
        while len(calls) < len(scripts) and time.monotonic() < give_up:
            calls += self._calls()
        while (calls or self._any_running()) and time.monotonic() < give_up:
            for call in calls:
                self._answer(by_name[call["execution"]], call)
            calls = self._calls()
        assert time.monotonic() < give_up, "moto is too slow"
        return [of_moto(self._history(arn)) for arn in arns]

    def _start(self, script: Script) -> str:
        started = self.sfn.start_execution(
            stateMachineArn=self.machine, name=script.name, input=json.dumps(script.input)
        )
        return str(started["executionArn"])

    def _calls(self) -> list[Json]:
        """Take calls off the queue; wait a second for the first."""
        got = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        messages = got.get("Messages", [])
        if messages:
            gone = [{"Id": str(n), "ReceiptHandle": each["ReceiptHandle"]} for n, each in enumerate(messages)]
            self.sqs.delete_message_batch(QueueUrl=self.queue, Entries=gone)
        return [json.loads(each["Body"]) for each in messages]

    def _answer(self, script: Script, call: Json) -> None:
        made = self.made[script.name, call["state"]]
        self.made[script.name, call["state"]] += 1
        answer = script.answer(call["state"], made)
        if answer.output is not None:
            self.sfn.send_task_success(taskToken=call["token"], output=json.dumps(answer.output))
        elif answer.error != TASK_TIMEOUT or not self.silent:
            self.sfn.send_task_failure(taskToken=call["token"], error=answer.error)

    def _any_running(self) -> bool:
        running = self.sfn.list_executions(stateMachineArn=self.machine, statusFilter="RUNNING", maxResults=1)
        return bool(running["executions"])

    def _history(self, arn: str) -> list[Json]:
        events: list[Json] = self.sfn.get_execution_history(executionArn=arn)["events"]
        return events
