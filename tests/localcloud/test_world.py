from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from localcloud.cloud import Cloud
from localcloud.rpc.operation import ApiError
from localcloud.world import World

FILE = """
start: 2026-03-02T08:00:00+08:00
region: cn-beijing
balance: "500.00"
instances:
  - {product: rabbitmq, instance_id: amqp-cn-1, edition: vip, spec: {MaxPrivateTps: 8000}}
  - product: apigateway
    instance_id: apigateway-cn-1
    spec: {InstanceSpec: api.s2.large}
    behaviour: {apply_takes: 90s, switchover: false}
behaviour: {order_visible_after: never, apply_takes: 24h}
faults:
  - {call: UpdateInstance, do: lost-reply, nth: 2}
"""


def test_a_world_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "world.yml"
    path.write_text(FILE)
    world = World.load(path)
    assert world.begins_at(datetime.max.replace(tzinfo=timezone.utc)) == datetime(2026, 3, 2, tzinfo=timezone.utc)
    assert world.instances[0].spec["MaxPrivateTps"] == 8000
    assert world.instances[0].spec["InstanceType"] == "vip"
    assert world.faults[0].nth == 2


def test_an_instances_own_behaviour_goes_before_the_worlds(tmp_path: Path) -> None:
    path = tmp_path / "world.yml"
    path.write_text(FILE)
    own = World.load(path).behaviour_of("apigateway-cn-1")
    assert (own.apply_takes, own.switchover, own.order_visible_after) == (timedelta(seconds=90), False, "never")


def test_an_empty_file_is_an_empty_world(tmp_path: Path) -> None:
    path = tmp_path / "world.yml"
    path.write_text("")
    assert World.load(path).instances == []


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"colour": "red"}, "colour"),
        ({"behaviour": {"apply_takes": "soon"}}, "a duration is a number"),
        ({"behaviour": {"update_data": "xml"}}, "update_data"),
        ({"instances": [{"product": "ecs", "instance_id": "i-1"}]}, "product"),
        ({"instances": [{"product": "rabbitmq", "instance_id": "a", "spec": {"Cores": 4}}]}, "Cores"),
        (
            {"instances": [{"product": "apigateway", "instance_id": "a", "spec": {"InstanceSpec": "xl"}}]},
            "api.s1.small",
        ),
        ({"instances": [{"product": "rabbitmq", "instance_id": "a", "behaviour": {"speed": 1}}]}, "speed"),
        ({"instances": [{"product": "rabbitmq", "instance_id": "a", "usage": {"queues": -1}}]}, "usage.queues"),
        ({"faults": [{"call": "*", "do": "explode"}]}, "do"),
        ({"balance": "much"}, "balance"),
        ({"start": "soon"}, "start"),
    ],
)
def test_a_wrong_world_is_refused_and_the_place_is_named(wrong: dict[str, Any], where: str) -> None:
    with pytest.raises(ValidationError, match=where):
        World.model_validate(wrong)


def test_a_kept_world_goes_on_where_it_was_left(tmp_path: Path) -> None:
    world = World.model_validate(
        {
            "start": "2026-03-02T12:00:00Z",
            "instances": [{"product": "rabbitmq", "instance_id": "amqp-cn-1"}],
            "faults": [{"call": "UpdateInstance", "do": "lost-reply"}],
        }
    )
    first = Cloud.begin(world, tmp_path, speed=0)
    first.estate.resize_by_hand("amqp-cn-1", {"MaxPrivateTps": 8000}, "colleague")
    first.faults.clear()
    first.clock.advance(3600)
    first.remember_time()
    first.clock.advance(1)
    first.remember_time()
    first.cabinet.close()

    again = Cloud.begin(world, tmp_path, speed=0)
    assert again.clock.now() >= first.clock.now()
    assert again.clock.now() - first.clock.now() <= timedelta(seconds=2)
    assert again.estate.moment(again.estate.known("amqp-cn-1")).spec["MaxPrivateTps"] == 8000
    assert len(again.orders.orders()) == 1
    assert again.faults.listed() == []
    assert again.keys == first.keys
    again.cabinet.close()


def test_an_unknown_instance_cannot_be_resized_by_hand(tmp_path: Path) -> None:
    cloud = Cloud.begin(World(), speed=0)
    with pytest.raises(ApiError, match="InstanceNotExist"):
        cloud.estate.resize_by_hand("amqp-cn-1", {}, "colleague")
