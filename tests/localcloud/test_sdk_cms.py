"""The vendor's own client for CloudMonitor talks to the running cloud."""

from __future__ import annotations

import json
from typing import Any

import pytest
from alibabacloud_cms20190101 import models
from alibabacloud_cms20190101.client import Client
from alibabacloud_tea_openapi.exceptions import ClientException
from alibabacloud_tea_openapi.models import Config

from localcloud.faults import Fault
from localcloud.identity import Keys
from localcloud.server import Running

MQ = "amqp-cn-demo0001"
PEAK = {
    "namespace": "acs_amqp",
    "metric_name": "InstanceMaxTpsInMiunte",
    "dimensions": json.dumps([{"instanceId": MQ}]),
    "period": "60",
}

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")


def client_of(served: Running, keys: Keys | None = None) -> Any:
    """Make a client as a person would."""
    keys = keys or served.keys
    config = Config(
        access_key_id=keys.access_key_id,
        access_key_secret=keys.access_key_secret,
        security_token=keys.security_token or None,
        endpoint=served.endpoint,
        protocol="http",
        read_timeout=3000,
    )
    return Client(config)


def test_the_newest_point_is_read(served: Running) -> None:
    body = client_of(served).describe_metric_last(models.DescribeMetricLastRequest(**PEAK)).body
    assert (body.code, body.success, body.period) == ("200", True, "60")
    assert [point["Value"] for point in json.loads(body.datapoints)] == [2500]


def test_a_window_is_read_by_pages(served: Running) -> None:
    client = client_of(served)
    now = int(served.run(served.cloud.clock.now).timestamp() * 1000)
    window = {"start_time": str(now - 3_600_000), "end_time": str(now), "length": "40"}
    first = client.describe_metric_list(models.DescribeMetricListRequest(**PEAK, **window)).body
    more = models.DescribeMetricListRequest(**PEAK, **window, next_token=first.next_token)
    second = client.describe_metric_list(more).body
    counts = [len(json.loads(page.datapoints)) for page in (first, second)]
    assert counts[0] == 40
    assert sum(counts) in (59, 60)
    assert second.next_token is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"metric_name": None}, "MissingParameter"),
        ({"metric_name": "NobodyMeasuresThis"}, "ResourceNotFound"),
        ({"period": "7"}, "ParameterInvalid"),
    ],
)
def test_a_wrong_parameter_is_refused(served: Running, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientException) as caught:
        client_of(served).describe_metric_last(models.DescribeMetricLastRequest(**{**PEAK, **changes}))
    assert caught.value.code == code


def test_a_wrong_secret_is_refused(served: Running) -> None:
    client = client_of(served, Keys(served.keys.access_key_id, "wrong"))
    with pytest.raises(ClientException) as caught:
        client.describe_metric_last(models.DescribeMetricLastRequest(**PEAK))
    assert caught.value.code == "SignatureDoesNotMatch"


def test_throttling_is_a_400_here(served: Running) -> None:
    served.run(lambda: served.cloud.faults.add(Fault(call="DescribeMetricLast", do="throttle")))
    with pytest.raises(ClientException) as caught:
        client_of(served).describe_metric_last(models.DescribeMetricLastRequest(**PEAK))
    assert (caught.value.code, caught.value.status_code) == ("Throttling.User", 400)


def test_a_role_without_the_permission_is_refused(served: Running) -> None:
    statement = {"Effect": "Allow", "Action": "cms:QueryMetricLast", "Resource": "*"}

    def issue() -> Keys:
        role = served.cloud.identity.create_role("reader", [{"Version": "1", "Statement": [statement]}])
        return served.cloud.identity.issue(role, "worker-1")

    client = client_of(served, served.run(issue))
    assert client.describe_metric_last(models.DescribeMetricLastRequest(**PEAK)).body.success
    with pytest.raises(ClientException) as caught:
        client.describe_metric_list(models.DescribeMetricListRequest(**PEAK))
    assert (caught.value.code, caught.value.status_code) == ("AccessForbidden", 403)
