"""Schedules, which start executions on the clock (fact flow 9.1)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from localcloud.clock import Clock
from localcloud.drawer import Drawer
from localcloud.flow.cron import Cron
from localcloud.flow.effects import Switches
from localcloud.flow.flows import Flows
from localcloud.flow.history import timestamp
from localcloud.flow.names import checked, invalid, json_object
from localcloud.flow.paging import page
from localcloud.flow.register import Register
from localcloud.rpc.operation import ApiError, Parameters

LONGEST_STEM = 100
LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class StoredSchedule:
    """A schedule as the service keeps it."""

    flow: str
    name: str
    id: str
    cron: str
    payload: str
    description: str
    enabled: bool
    created_at: str
    changed_at: str

    @property
    def key(self) -> str:
        """Give its key in the drawer."""
        return f"schedule/{self.flow}/{self.name}"

    def as_json(self) -> dict[str, Any]:
        """Give it as the API shows it."""
        return {
            "ScheduleId": self.id,
            "ScheduleName": self.name,
            "CronExpression": self.cron,
            "Payload": self.payload,
            "Description": self.description,
            "Enable": self.enabled,
            "CreatedTime": timestamp(datetime.fromisoformat(self.created_at)),
            "LastModifiedTime": timestamp(datetime.fromisoformat(self.changed_at)),
        }


class Schedules:
    """All schedules. One that is enabled fires at each of its times that comes while the service runs."""

    def __init__(
        self,
        *,
        drawer: Drawer,
        clock: Clock,
        new_id: Callable[[], str],
        flows: Flows,
        register: Register,
        switches: Switches,
    ) -> None:
        self._drawer, self._clock, self._new_id = drawer, clock, new_id
        self._flows, self._register, self._switches = flows, register, switches
        self._alarms: dict[str, asyncio.Task[None]] = {}
        self._running = False

    def begin(self) -> None:
        """Let the schedules fire; times that passed before are not made up for."""
        self._running = True
        for key in self._keys():
            self._arm(StoredSchedule(**self._drawer[key]))

    async def end(self) -> None:
        """Let no schedule fire any more."""
        self._running = False
        alarms = list(self._alarms.values())
        for alarm in alarms:
            alarm.cancel()
        self._alarms.clear()
        await asyncio.gather(*alarms, return_exceptions=True)

    def create(self, given: Parameters) -> Mapping[str, Any]:
        """Create a schedule."""
        flow, name, now = self._flows.find(given["FlowName"]).name, given["ScheduleName"], self._clock.now().isoformat()
        schedule = StoredSchedule(
            flow=flow,
            name=checked(name, "ScheduleName"),
            id=self._new_id(),
            cron=given["CronExpression"],
            payload=given.get("Payload", ""),
            description=given.get("Description", ""),
            enabled=given.get("Enable", True),
            created_at=now,
            changed_at=now,
        )
        if schedule.key in self._drawer:
            raise ApiError("ScheduleAlreadyExists", f"Schedule {name} of flow {flow} already exists.", 409)
        return self._keep(schedule)

    def update(self, given: Parameters) -> Mapping[str, Any]:
        """Change a schedule."""
        before = self._find(given)
        return self._keep(
            replace(
                before,
                cron=given.get("CronExpression", before.cron),
                payload=given.get("Payload", before.payload),
                description=given.get("Description", before.description),
                enabled=given.get("Enable", before.enabled),
                changed_at=self._clock.now().isoformat(),
            )
        )

    def describe(self, given: Parameters) -> Mapping[str, Any]:
        """Show one schedule."""
        return self._find(given).as_json()

    def delete(self, given: Parameters) -> Mapping[str, Any]:
        """Delete one schedule."""
        self._drop(self._find(given).key)
        return {}

    def listed(self, given: Parameters) -> Mapping[str, Any]:
        """Show the schedules of a flow, by name."""
        flow = self._flows.find(given["FlowName"]).name
        found = [StoredSchedule(**self._drawer[key]) for key in sorted(self._keys(flow))]
        chosen, rest = page(found, given, lambda schedule: schedule.name)
        return {"Schedules": [schedule.as_json() for schedule in chosen], **rest}

    def forget(self, flow: str) -> None:
        """Drop all schedules of a flow."""
        for key in self._keys(flow):
            self._drop(key)

    def _keys(self, flow: str = "") -> list[str]:
        prefix = f"schedule/{flow}/" if flow else "schedule/"
        return [key for key in self._drawer if key.startswith(prefix)]

    def _find(self, given: Parameters) -> StoredSchedule:
        flow, name = self._flows.find(given["FlowName"]).name, given["ScheduleName"]
        if (key := f"schedule/{flow}/{name}") not in self._drawer:
            raise ApiError("ScheduleNotExists", f"Schedule {name} of flow {flow} does not exist.", 404)
        return StoredSchedule(**self._drawer[key])

    def _keep(self, schedule: StoredSchedule) -> Mapping[str, Any]:
        try:
            Cron.parse(schedule.cron)
        except ValueError as error:
            raise invalid(f"CronExpression: {error}") from error
        json_object(schedule.payload or "{}", "Payload")
        self._drawer[schedule.key] = asdict(schedule)
        self._arm(schedule)
        return schedule.as_json()

    def _drop(self, key: str) -> None:
        del self._drawer[key]
        self._disarm(key)

    def _disarm(self, key: str) -> None:
        if alarm := self._alarms.pop(key, None):
            alarm.cancel()

    def _arm(self, schedule: StoredSchedule) -> None:
        self._disarm(schedule.key)
        if self._running and schedule.enabled:
            self._alarms[schedule.key] = asyncio.get_running_loop().create_task(self._ring(schedule))

    async def _ring(self, schedule: StoredSchedule) -> None:
        cron, since = Cron.parse(schedule.cron), datetime.fromisoformat(schedule.changed_at)
        due = cron.after(self._clock.now(), since)
        while True:
            await self._clock.sleep_until(due)
            self._fire(schedule, due)
            due = cron.after(due, since)

    def _fire(self, schedule: StoredSchedule, due: datetime) -> None:
        payload = json_object(schedule.payload or "{}", "Payload")
        data = payload if self._switches.schedule_input == "payload" else {"payload": payload}
        # How the service names such executions is not known; this name makes one time fire once.
        name = f"{schedule.name[:LONGEST_STEM]}-{due:%Y%m%dT%H%M%S}"
        try:
            self._register.start(replace(self._flows.start_of(schedule.flow), name=name, input=data))
        except ApiError as error:
            LOG.warning("schedule %s did not fire: %s", schedule.key, error)
