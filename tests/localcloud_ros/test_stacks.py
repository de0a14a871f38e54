"""Stacks come, change, fail, go back and go, as the vendor's own client sees them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from alibabacloud_tea_openapi.exceptions import ClientException

from localcloud.cloud import Cloud
from localcloud.project.compose import Whole, compose
from localcloud.ros.kinds import KINDS
from localcloud.server import running
from localcloud.template.create import CREATE
from tests.localcloud_ros.conftest import TEMPLATE, Place, without

ALL = ["Ledger", "Topic", "Role", "Door", "Http"]
LARGEST = 524_288


def refused(ask: Callable[[], Any]) -> tuple[str, str]:
    """The code and the words of a refusal."""
    with pytest.raises(ClientException) as caught:
        ask()
    return str(caught.value.code), str(caught.value.message)


def changed(**settings: Any) -> dict[str, Any]:
    """The template with another setting of the function."""
    door = TEMPLATE["Resources"]["Door"]
    door = {**door, "Properties": {**door["Properties"], **settings}}
    return {**TEMPLATE, "Resources": {**TEMPLATE["Resources"], "Door": door}}


def test_a_stack_is_created_step_by_step_and_what_it_made_works(place: Place) -> None:
    stack = place.create()
    assert place.get(stack).status == "CREATE_IN_PROGRESS"
    assert place.rest(stack) == "CREATE_COMPLETE"
    assert place.resources(stack) == dict.fromkeys(ALL, "CREATE_COMPLETE")
    steps = [("demo", "CREATE_IN_PROGRESS")]
    for name in ALL:
        steps += [(name, "CREATE_IN_PROGRESS"), (name, "CREATE_COMPLETE")]
    assert place.events(stack) == [*steps, ("demo", "CREATE_COMPLETE")]
    (output,) = place.get(stack).outputs
    assert requests.get(output["OutputValue"], timeout=20).text == "small"


def test_a_secret_parameter_is_never_shown(place: Place) -> None:
    stack = place.create()
    shown = {one.parameter_key: one.parameter_value for one in place.get(stack).parameters}
    assert shown["Bucket"] == "ledger"
    assert shown["Rung"] == "small"
    assert shown["ALIYUN::StackName"] == "demo"
    assert set(shown["Token"]) == {"*"}


def test_an_update_changes_what_is_otherwise_and_nothing_else(place: Place) -> None:
    stack = place.create()
    place.rest(stack)
    before = len(place.events(stack))
    place.update(stack, given={"Rung": "large"})
    assert place.rest(stack) == "UPDATE_COMPLETE"
    assert {name for name, _ in place.events(stack)[before:]} == {"demo", "Door"}
    (output,) = place.get(stack).outputs
    assert requests.get(output["OutputValue"], timeout=20).text == "large"


def test_the_very_same_stack_is_not_updated(place: Place) -> None:
    """The code and the words are those that the vendor's own tools look for."""
    stack = place.create()
    place.rest(stack)
    code, words = refused(lambda: place.update(stack))
    assert code == "NotSupported"
    assert "Update the completely same stack is not supported." in words


def test_what_a_template_names_no_more_is_removed(place: Place) -> None:
    stack = place.create()
    place.rest(stack)
    place.update(stack, without("Http"))
    assert place.rest(stack) == "UPDATE_COMPLETE"
    assert "Http" not in place.resources(stack)
    assert place.whole.fc.host.registry.triggers() == []


def test_a_preview_says_what_would_happen_and_does_nothing(place: Place) -> None:
    given = {"Bucket": "ledger"}
    assert place.preview(stack_name="demo", given=given) == dict.fromkeys(ALL, "Add")
    assert not place.whole.oss.has_bucket("ledger")
    stack = place.create()
    place.rest(stack)
    same: dict[str, Any] = {"stack_id": stack, "use_previous_parameters": True}
    assert place.preview(**same) == dict.fromkeys(ALL, "None")
    assert place.preview(**same, given={"Rung": "large"}) == {**dict.fromkeys(ALL, "None"), "Door": "Modify"}
    assert place.preview(without("Http"), **same)["Http"] == "Remove"
    assert place.preview(changed(FunctionName="gate"), **same)["Door"] == "Modify anew"


@pytest.mark.parametrize("nth", range(1, 6))
def test_a_creation_that_fails_anywhere_takes_back_what_it_made(place: Place, nth: int) -> None:
    """Only what is to be retained stays."""
    place.plan_fault("ros.CreateResource", nth)
    stack = place.create()
    assert place.rest(stack) == "CREATE_ROLLBACK_COMPLETE"
    assert (ALL[nth - 1], "CREATE_FAILED") in place.events(stack)
    assert place.resources(stack) == {}
    assert place.whole.oss.has_bucket("ledger") is (nth > 1)
    assert place.whole.fc.host.registry.functions() == []
    assert refused(lambda: place.update(stack))[0] == "NotSupported"


def test_without_rollback_a_failed_creation_stays_as_far_as_it_came(place: Place) -> None:
    place.plan_fault("ros.CreateResource", 4)
    stack = place.create(disable_rollback=True)
    assert place.rest(stack) == "CREATE_FAILED"
    assert list(place.resources(stack)) == ALL[:3]
    assert "Broken" in place.get(stack).status_reason


def test_an_update_that_fails_goes_back_and_can_be_asked_for_again(place: Place) -> None:
    stack = place.create()
    place.rest(stack)
    place.plan_fault("ros.CreateResource", instance="demo/Queue")
    queue = {"Type": "ALIYUN::MNS::Queue", "Properties": {"QueueName": "alerts"}, "DependsOn": "Door"}
    larger = changed(Timeout=20)
    larger["Resources"]["Queue"] = queue
    place.update(stack, larger)
    assert place.rest(stack) == "ROLLBACK_COMPLETE"
    assert "Queue" not in place.resources(stack)
    place.update(stack, larger)
    assert place.rest(stack) == "UPDATE_COMPLETE"
    assert place.resources(stack)["Queue"] == "CREATE_COMPLETE"


def test_what_stands_already_is_not_taken_over(place: Place) -> None:
    place.cloud.run(lambda: place.whole.oss.create_bucket("ledger"))
    stack = place.create()
    assert place.rest(stack) == "CREATE_ROLLBACK_COMPLETE"
    assert ("Ledger", "CREATE_FAILED") in place.events(stack)
    assert place.whole.oss.has_bucket("ledger")


def test_a_property_that_cannot_change_needs_a_replacement(place: Place) -> None:
    stack = place.create()
    place.rest(stack)
    gate = changed(FunctionName="gate")
    place.update(stack, gate)
    assert place.rest(stack) == "ROLLBACK_COMPLETE"
    place.update(stack, gate, replacement_option="Enabled")
    assert place.rest(stack) == "UPDATE_COMPLETE"
    assert [ref.name for ref in place.whole.fc.host.registry.functions()] == ["gate"]


def test_a_deleted_stack_leaves_what_is_to_be_retained(place: Place) -> None:
    stack = place.create()
    place.rest(stack)
    place.delete(stack, retain_resources=["Topic"])
    assert place.rest(stack) == "DELETE_COMPLETE"
    assert place.whole.oss.has_bucket("ledger")
    assert place.whole.fc.smq.has("topics", "alerts")
    assert place.whole.fc.host.registry.functions() == []
    assert not place.cloud.cloud.identity.has_role("door")
    assert place.ask("list_stacks", "ListStacksRequest", stack_name=["demo"]).stacks == []


def test_a_bucket_with_something_in_it_is_not_deleted(place: Place) -> None:
    template = without()
    template["Resources"]["Ledger"] = {**template["Resources"]["Ledger"], "DeletionPolicy": "Delete"}
    stack = place.create(template)
    place.rest(stack)
    place.cloud.run(lambda: place.whole.oss.write("ledger", "key", b"record"))
    place.delete(stack)
    assert place.rest(stack) == "DELETE_FAILED"
    assert "BucketNotEmpty" in place.get(stack).status_reason
    place.delete(stack, retain_resources=["Ledger"])
    assert place.rest(stack) == "DELETE_COMPLETE"


def test_a_stack_is_found_by_its_name_which_only_one_can_have(place: Place) -> None:
    stack = place.create()
    assert refused(place.create)[0] == "StackExists"
    assert refused(lambda: place.update(stack))[0] == "ActionInProgress"
    place.rest(stack)
    (found,) = place.ask("list_stacks", "ListStacksRequest", stack_name=["demo"]).stacks
    assert (found.stack_id, found.status) == (stack, "CREATE_COMPLETE")
    assert refused(lambda: place.get("no-such-stack"))[0] == "StackNotFound"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"given": {}}, "Parameters.Bucket: is required"),
        ({"given": {"Bucket": "ledger", "Rung": "huge"}}, "'huge' is not one of small, large"),
        ({"given": {"Bucket": "ledger", "Size": "1"}}, "Parameters.Size: is not in the template"),
        ({"stack_name": "1demo"}, "begins with a letter"),
        ({"template": {"Resources": {}}}, "ROSTemplateFormatVersion"),
        ({"template": {**TEMPLATE, "Description": "x" * LARGEST}}, "1 to 524288 bytes"),
    ],
)
def test_what_would_not_become_a_stack_is_refused(place: Place, fields: dict[str, Any], said: str) -> None:
    code, words = refused(lambda: place.create(**fields))
    assert code == "StackValidationFailed"
    assert said in words


def test_a_template_is_validated_without_its_parameters(place: Place) -> None:
    place.ask("validate_template", "ValidateTemplateRequest", template_body=TEMPLATE)
    bad = {**TEMPLATE, "Resources": {"Ledger": {"Type": "ALIYUN::OSS::Barrel"}}}
    ask = lambda: place.ask("validate_template", "ValidateTemplateRequest", template_body=bad)  # noqa: E731 - asked later
    assert "ALIYUN::OSS::Barrel" in refused(ask)[1]


def test_nobody_makes_stacks_who_may_not(place: Place) -> None:
    allowed = {"Effect": "Allow", "Action": ["ros:ListStacks"], "Resource": ["*"]}
    keys = place.cloud.run(
        lambda: place.cloud.cloud.identity.create_user("reader", [{"Version": "1", "Statement": [allowed]}])
    )
    place.client = place.client_of(keys)
    assert place.ask("list_stacks", "ListStacksRequest").total_count == 0
    assert refused(place.create)[0] == "NoPermission"


def test_a_stack_goes_on_where_the_cloud_was_ended(tmp_path: Path) -> None:
    """Killed while the second of its resources is made."""
    made: list[Whole] = []

    def attach(cloud: Cloud) -> None:
        made.append(compose(cloud, tmp_path / "work"))

    world = {"stack_resource_takes": "20s"}
    simple = without("Role", "Door", "Http")
    with running(world, attach=attach, state=tmp_path / "state") as cloud:
        place = Place(cloud, made[-1])
        stack = place.create(simple)
        while ("Ledger", "CREATE_IN_PROGRESS") not in place.events(stack):
            pass
        cloud.advance(20)
        while ("Topic", "CREATE_IN_PROGRESS") not in place.events(stack):
            pass
    world = {"stack_resource_takes": "0.01s"}
    with running(world, attach=attach, state=tmp_path / "state") as cloud:
        place = Place(cloud, made[-1])
        assert place.rest(stack) == "CREATE_COMPLETE"
        assert json.dumps(place.events(stack)).count('"Ledger", "CREATE_COMPLETE"') == 1


def test_whatever_can_be_made_can_be_removed() -> None:
    assert set(CREATE) == set(KINDS)
