"""What a RabbitMQ instance is used for: its queues, and what CloudMonitor measured of it (facts A.2 and E)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from tidegate.aliyun.client import Aliyun
from tidegate.aliyun.codes import AMQP
from tidegate.aliyun.metrics import Metrics, Sample
from tidegate.domain.alertrule import Confirm
from tidegate.domain.measures import Measure, Usage
from tidegate.domain.reading import Spec
from tidegate.products.points import SPAN, Point, Question, Unmeasured, counted, measured, newest, peak

NAMESPACE = "acs_amqp"
CONNECTIONS = "InstanceConnections"
PEAK_TPS = "InstanceMaxTpsInMiunte"
"""The vendor's spelling. The highest of the sixty seconds of a minute (fact E)."""
LONGEST_COUNT = 18
"""A number with more digits counts nothing, and Python refuses to read very long ones."""
ONLY = "Value"
"""The one statistic of a metric that has a single figure a period, as all of this namespace are said to (fact E)."""


class RabbitMqLoad:
    """Reads how RabbitMQ instances are used."""

    def __init__(self, aliyun: Aliyun, now: Callable[[], datetime]) -> None:
        self._aliyun, self._now = aliyun, now
        self._metrics = Metrics(aliyun, NAMESPACE)

    def measure(self, instance_id: str, confirm: Confirm) -> Measure:
        """Read the newest figure of a metric by the vendor's name."""
        return measured(confirm.metric, lambda: self._newest(instance_id, confirm))

    def usage(self, instance_id: str, spec: Spec, over: timedelta) -> Usage:
        """Count queues, and find the peaks of connections and TPS; only what the spec has a figure for."""
        every = {
            "QueueCapacity": ("queues", lambda: self._queues(instance_id)),
            "MaxConnections": ("connections", lambda: self._peak(instance_id, CONNECTIONS, over)),
            "MaxPrivateTps": ("peak TPS", lambda: self._peak(instance_id, PEAK_TPS, over)),
        }
        sold = [(spec[field], *asked) for field, asked in every.items() if field in spec]
        return counted([Question(what, int(remains), used) for remains, what, used in sold])

    def _newest(self, instance_id: str, confirm: Confirm) -> Point:
        samples = self._metrics.last(confirm.metric, instance_id, confirm.period)
        points = list(figures(samples, confirm.metric, confirm.statistic))
        last = newest(points, confirm.metric, confirm.period, self._now(), confirm.within)
        if [point.at for point in points].count(last.at) > 1:
            raise Unmeasured(f"{confirm.metric} is measured of parts of the instance, not of the whole")
        return last

    def _peak(self, instance_id: str, metric: str, over: timedelta) -> int:
        now = self._now()
        samples = self._metrics.between(metric, instance_id, SPAN, now - over - SPAN, now)
        return peak(figures(samples, metric, "Maximum"), metric, now, over)

    def _queues(self, instance_id: str) -> int:
        shown = self._aliyun.call(AMQP, "GetMetadataAmount", {"InstanceId": instance_id}, read=True).get("Data")
        queues = shown.get("CurrentQueues") if isinstance(shown, dict) else None
        if not (told := str(queues)).isdecimal() or len(told) > LONGEST_COUNT:
            raise Unmeasured("the vendor's answer shows no CurrentQueues")
        return int(told)


def figures(samples: Iterable[Sample], metric: str, statistic: str) -> Iterator[Point]:
    """Give one statistic of each sample. A metric's single figure stands for any statistic but a sum."""
    for sample in samples:
        name = ONLY if statistic not in sample.figures and statistic != "Sum" else statistic
        if name not in sample.figures:
            raise Unmeasured(f"{metric} has no {statistic}, only {', '.join(sample.figures)}")
        yield Point(sample.at, sample.figures[name])
