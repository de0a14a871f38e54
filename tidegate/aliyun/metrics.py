"""CloudMonitor: what was measured of an instance (facts A.0 and E)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from tidegate.aliyun.answers import Body
from tidegate.aliyun.client import Aliyun
from tidegate.aliyun.codes import CMS
from tidegate.aliyun.errors import Unreadable
from tidegate.aliyun.line import Parameters
from tidegate.aliyun.permission import Permission

PERMISSIONS = (
    # RAM's names are those of an older API; neither can be held to one instance (fact E).
    Permission("cms:QueryMetricLast"),
    Permission("cms:QueryMetricList"),
)

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
STATISTICS = ("Average", "Maximum", "Minimum", "Sum", "Value")
PAGE_SIZE, MOST_PAGES = 1000, 20


@dataclass(frozen=True)
class Sample:
    """What was measured in the period that begins at `at`, by statistic: which there are differs by metric."""

    at: datetime
    figures: Mapping[str, float]


class Metrics:
    """One namespace of the account's metrics. An empty list means that nothing was shown, not that nothing was."""

    def __init__(self, aliyun: Aliyun, namespace: str) -> None:
        self._aliyun, self._namespace = aliyun, namespace

    def last(self, metric: str, instance_id: str, period: timedelta) -> list[Sample]:
        """Give the newest sample, of the last two hours at most; raise VendorError."""
        body = self._aliyun.call(CMS, "DescribeMetricLast", self._asked(metric, instance_id, period), read=True)
        return _samples(body, instance_id)

    def between(
        self, metric: str, instance_id: str, period: timedelta, since: datetime, until: datetime
    ) -> list[Sample]:
        """Give every sample after `since` and up to `until`; raise VendorError."""
        window = {"StartTime": _milliseconds(since), "EndTime": _milliseconds(until), "Length": PAGE_SIZE}
        asked: Parameters = {**self._asked(metric, instance_id, period), **window}
        samples: list[Sample] = []
        token = ""
        for _ in range(MOST_PAGES):
            more = {"NextToken": token} if token else {}
            body = self._aliyun.call(CMS, "DescribeMetricList", {**asked, **more}, read=True)
            samples += _samples(body, instance_id)
            token = str(body.get("NextToken") or "")
            if not token:
                return samples
        raise Unreadable("TooManyPoints", f"over {MOST_PAGES} pages of {metric}")

    def _asked(self, metric: str, instance_id: str, period: timedelta) -> Parameters:
        return {
            "Namespace": self._namespace,
            "MetricName": metric,
            "Dimensions": json.dumps([{"instanceId": instance_id}]),
            "Period": int(period.total_seconds()),
        }


def _samples(body: Body, instance_id: str) -> list[Sample]:
    """Read the points, a list or a text with one (fact E); raise Unreadable if a single one cannot be read."""
    given = body.get("Datapoints")
    try:
        points = json.loads(given) if isinstance(given, str) and given.strip() else given or []
        ours = [point for point in points if point.get("instanceId", instance_id) == instance_id]
        return [_sample(point) for point in ours]
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise Unreadable("Datapoints", f"not the points of a metric: {str(given)[:100]}") from error


def _sample(point: Mapping[str, Any]) -> Sample:
    figures = {name: float(point[name]) for name in STATISTICS if point.get(name) is not None}
    if not figures or not all(map(math.isfinite, figures.values())):
        raise ValueError(point)
    return Sample(EPOCH + timedelta(milliseconds=float(point["timestamp"])), figures)


def _milliseconds(at: datetime) -> int:
    """Give the one form of time that all pages of the vendor agree on."""
    return (at - EPOCH) // timedelta(milliseconds=1)
