"""The operations of `fnf`: their parameters, quotas and permissions (facts flow 6.2, 8.1, 10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from localcloud.flow.executions import Executions
from localcloud.flow.flows import Flows
from localcloud.flow.schedules import Schedules
from localcloud.rpc.operation import Operation, Parameter, Parameters

STARTS_PER_S, READS_PER_S, OTHERS_PER_S = 100.0, 5.0, 2.0
STARTS_AT_ONCE, READS_AT_ONCE, OTHERS_AT_ONCE = 100.0, 50.0, 10.0
BUCKETS = {
    "StartExecution": (STARTS_PER_S, STARTS_AT_ONCE),
    "DescribeExecution": (READS_PER_S, READS_AT_ONCE),
    "GetExecutionHistory": (READS_PER_S, READS_AT_ONCE),
}

TEXT = Parameter()
NEEDED = Parameter(required=True)
BOOLEAN = Parameter("boolean")
STATUS = Parameter(enum=("Starting", "Running", "Stopped", "Succeeded", "Failed", "TimedOut"))
EXECUTION = {"FlowName": NEEDED, "ExecutionName": NEEDED}
SCHEDULE = {"FlowName": NEEDED, "ScheduleName": NEEDED}
SCHEDULED = {"Payload": TEXT, "Description": TEXT, "Enable": BOOLEAN}

Answer = Callable[[Parameters], Mapping[str, Any]]


def paged(most: int) -> dict[str, Parameter]:
    """Give the parameters of a list."""
    return {"Limit": Parameter("int32", minimum=1, maximum=most), "NextToken": TEXT}


PARAMETERS: Mapping[str, Mapping[str, Parameter]] = {
    "CreateFlow": {
        "Name": NEEDED,
        "Definition": NEEDED,
        "Description": NEEDED,
        "Type": Parameter(required=True, enum=("FDL",)),
        "RoleArn": TEXT,
        "ExecutionMode": Parameter(enum=("Standard", "Express", "")),
        "ExternalStorageLocation": TEXT,
        "Environment": TEXT,
        "ResourceGroupId": TEXT,
    },
    "UpdateFlow": {
        "Name": NEEDED,
        "Definition": TEXT,
        "Description": TEXT,
        "Type": Parameter(enum=("FDL",)),
        "RoleArn": TEXT,
        "Environment": TEXT,
    },
    "DescribeFlow": {"Name": NEEDED, "FlowVersion": TEXT},
    "DeleteFlow": {"Name": NEEDED},
    "ListFlows": {**paged(999), "ResourceGroupId": TEXT},
    "StartExecution": {
        "FlowName": NEEDED,
        "ExecutionName": TEXT,
        "Input": TEXT,
        "CallbackFnFTaskToken": TEXT,
        "Qualifier": TEXT,
    },
    "DescribeExecution": {**EXECUTION, "WaitTimeSeconds": Parameter("int32", minimum=0, maximum=60)},
    "StopExecution": {**EXECUTION, "Error": TEXT, "Cause": TEXT},
    "GetExecutionHistory": {**EXECUTION, **paged(999)},
    "ListExecutions": {
        "FlowName": NEEDED,
        "Status": STATUS,
        "StartedTimeBegin": TEXT,
        "StartedTimeEnd": TEXT,
        "ExecutionNamePrefix": TEXT,
        "Qualifier": TEXT,
        "MapRunName": TEXT,
        "MetadataOnly": BOOLEAN,
        **paged(99),
    },
    "ReportTaskSucceeded": {"TaskToken": NEEDED, "Output": NEEDED},
    "ReportTaskFailed": {"TaskToken": NEEDED, "Error": NEEDED, "Cause": TEXT},
    "CreateSchedule": {**SCHEDULE, "CronExpression": NEEDED, **SCHEDULED},
    "UpdateSchedule": {**SCHEDULE, "CronExpression": TEXT, **SCHEDULED},
    "DescribeSchedule": SCHEDULE,
    "DeleteSchedule": SCHEDULE,
    "ListSchedules": {"FlowName": NEEDED, **paged(1000)},
}


def operations(
    flows: Flows, executions: Executions, schedules: Schedules, delete_flow: Answer
) -> Mapping[str, Operation]:
    """Give all operations by name."""
    answers: Mapping[str, Answer] = {
        "CreateFlow": flows.create,
        "UpdateFlow": flows.update,
        "DescribeFlow": flows.describe,
        "DeleteFlow": delete_flow,
        "ListFlows": flows.listed,
        "StartExecution": executions.start,
        "DescribeExecution": executions.describe,
        "StopExecution": executions.stop,
        "GetExecutionHistory": executions.history,
        "ListExecutions": executions.listed,
        "ReportTaskSucceeded": executions.report_succeeded,
        "ReportTaskFailed": executions.report_failed,
        "CreateSchedule": schedules.create,
        "UpdateSchedule": schedules.update,
        "DescribeSchedule": schedules.describe,
        "DeleteSchedule": schedules.delete,
        "ListSchedules": schedules.listed,
    }
    return {name: operation(name, answer) for name, answer in answers.items()}


def operation(name: str, answer: Answer) -> Operation:
    """Give one operation. RAM cannot scope StartExecution; of the others only `*` is documented (fact fc 3.2)."""
    per_second, at_once = BUCKETS.get(name, (OTHERS_PER_S, OTHERS_AT_ONCE))
    return Operation(
        run=lambda parameters, _: answer(parameters),
        permission=lambda _: (f"fnf:{name}", "*"),
        parameters=PARAMETERS[name],
        quota=per_second,
        burst=at_once,
    )
