"""The operations on executions and their callbacks (facts flow 5.9, 8.1 to 8.4)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from localcloud.flow.archive import Entry
from localcloud.flow.flows import Flows
from localcloud.flow.history import timestamp
from localcloud.flow.names import invalid, json_object, moment
from localcloud.flow.outcome import Outcome
from localcloud.flow.paging import page
from localcloud.flow.register import Register
from localcloud.rpc.operation import Parameters

FIRST = datetime.min.replace(tzinfo=timezone.utc)
LAST = datetime.max.replace(tzinfo=timezone.utc)


class Executions:
    """Answers for executions."""

    def __init__(self, flows: Flows, register: Register) -> None:
        self._flows, self._register = flows, register

    def start(self, given: Parameters) -> Mapping[str, Any]:
        """Start an execution, or show the running one of that name, whatever input that one has (fact flow 8.2)."""
        refuse_versions(given)
        start = self._flows.start_of(given["FlowName"])
        entry = self._register.start(
            replace(
                start,
                name=given.get("ExecutionName", ""),
                input=json_object(given.get("Input") or "{}", "Input"),
                callback_token=given.get("CallbackFnFTaskToken", ""),
            )
        )
        return self._shown(entry)

    def describe(self, given: Parameters) -> Mapping[str, Any]:
        """Show one execution. Why it failed is only in its history. WaitTimeSeconds is taken as 0."""
        return self._shown(self._find(given))

    def stop(self, given: Parameters) -> Mapping[str, Any]:
        """Stop an execution; functions that run are not interrupted."""
        error, cause = given.get("Error", ""), given.get("Cause", "")
        check_words(error, cause)
        entry = self._find(given)
        self._register.stop(entry, error, cause)
        return {**self._shown(entry), "RoleArn": entry.role_arn}

    def history(self, given: Parameters) -> Mapping[str, Any]:
        """Show the events of an execution, oldest first."""
        chosen, rest = page(self._register.events(self._find(given)), given, lambda event: str(event["EventId"]))
        return {"Events": list(chosen), **rest}

    def listed(self, given: Parameters) -> Mapping[str, Any]:
        """Show a flow's executions, the one started last first."""
        refuse_versions(given)
        if given.get("MapRunName"):
            raise invalid("MapRunName: distributed Map states are not part of this service.")
        self._flows.find(given["FlowName"])
        chosen, rest = page(self._matching(given), given, lambda entry: entry.name)
        shown = [self._shown(entry) for entry in chosen]
        if given.get("MetadataOnly"):
            left_out = {"Input", "Output", "FlowDefinition"}
            shown = [{key: value for key, value in each.items() if key not in left_out} for each in shown]
        return {"Executions": shown, **rest}

    def report_succeeded(self, given: Parameters) -> Mapping[str, Any]:
        """Take a callback's success."""
        output = json_object(given["Output"], "Output")
        return {"EventId": self._register.report(given["TaskToken"], Outcome.succeeded(output))}

    def report_failed(self, given: Parameters) -> Mapping[str, Any]:
        """Take a callback's failure."""
        error, cause = given["Error"], given.get("Cause", "")
        check_words(error, cause)
        return {"EventId": self._register.report(given["TaskToken"], Outcome.failed(error, cause))}

    def _find(self, given: Parameters) -> Entry:
        self._flows.find(given["FlowName"])
        return self._register.find(given["FlowName"], given["ExecutionName"])

    def _matching(self, given: Parameters) -> list[Entry]:
        prefix, status = given.get("ExecutionNamePrefix", ""), given.get("Status", "")
        begin = moment(given["StartedTimeBegin"], "StartedTimeBegin") if given.get("StartedTimeBegin") else FIRST
        end = moment(given["StartedTimeEnd"], "StartedTimeEnd") if given.get("StartedTimeEnd") else LAST
        found = [
            entry
            for entry in self._register.named(given["FlowName"]).values()
            if entry.name.startswith(prefix)
            and status in {"", entry.status}
            and begin <= datetime.fromisoformat(entry.started_at) <= end
        ]
        return sorted(found, key=lambda entry: (entry.started_at, entry.name), reverse=True)

    def _shown(self, entry: Entry) -> dict[str, Any]:
        shown = {
            "Name": entry.name,
            "FlowName": entry.flow,
            "FlowDefinition": self._register.definition(entry),
            "Input": json.dumps(entry.input),
            "Output": "" if entry.output is None else json.dumps(entry.output),
            "Status": entry.status,
            "StartedTime": timestamp(datetime.fromisoformat(entry.started_at)),
        }
        if entry.stopped_at:
            shown["StoppedTime"] = timestamp(datetime.fromisoformat(entry.stopped_at))
        return shown


def refuse_versions(given: Parameters) -> None:
    """Refuse to pretend that there are versions and aliases."""
    if given.get("Qualifier", "LATEST") not in {"", "LATEST"}:
        raise invalid("Qualifier: versions and aliases are not part of this service.")


def check_words(error: str, cause: str) -> None:
    """Refuse an error or cause that is too long (facts flow 5.9, 8.1)."""
    for word, field, most in ((error, "Error", 128), (cause, "Cause", 4096)):
        if len(word) > most:
            raise invalid(f"{field} must have at most {most} characters.")
