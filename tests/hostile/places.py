"""Where something that others wrote is read, or comes in: every parser and every door, with the tests that abuse it.

Whatever is new must be named here, see test_places. What only reads back what the same program wrote has no hostile
writer; it says so instead.
"""

from __future__ import annotations

ALERTS = "test_alert_door.py::test_whatever_is_posted_is_answered_and_touches_no_key_but_its_instances"
TOKENS = "test_tokens.py::test_a_token_that_is_wrong_or_in_the_wrong_place_opens_nothing"
LINKS = "test_approval_door.py::test_whatever_comes_in_is_answered_and_approves_nothing"
SEALS = "test_approval_door.py::test_a_link_with_any_sign_changed_opens_nothing"
REQUESTS = "test_requests.py::test_whatever_is_asked_is_answered"
INPUTS = "test_execution_inputs.py::test_any_input_names_an_operation_or_is_a_clear_error"
RAW_INPUTS = "test_execution_inputs.py::test_bytes_that_are_no_input_fail_at_once"
RECORDS = "test_store.py::test_any_body_is_the_record_that_was_written_or_is_damaged"
FACTS = "test_store.py::test_any_fact_or_state_is_read_or_is_damaged"
PUBLISHED = "test_store.py::test_any_published_policy_is_one_or_is_told_to_be_none"
MARKS = "test_store.py::test_what_somebody_else_left_among_the_marks_stops_no_tick"
REPLIES = "test_vendor_replies.py::test_any_part_of_any_reply_may_be_anything"
STARTS = "test_vendor_replies.py::test_any_answer_to_a_start_says_whether_it_runs"
FAILURES = "test_vendor_replies.py::test_any_failure_of_a_function_is_told_in_few_words"
POLICIES = "test_policy_files.py::test_a_policy_changed_at_will_is_a_policy_or_told_what_is_wrong"
BOMBS = "test_policy_files.py::test_a_bomb_of_a_policy_is_refused_within_little_time_and_memory"
CALENDARS = "test_policy_files.py::test_a_bomb_of_a_calendar_is_refused_or_read_in_time"
ACCOUNTS = "test_account_replies.py::test_whatever_a_deployment_shows_the_doctor_finds_something"
SHAPES = "test_account_replies.py::test_the_shape_of_any_answer_is_shallow_and_says_nothing_of_it"
GRANTS = "test_account_replies.py::test_a_policy_full_of_wildcards_is_weighed_in_time"
DEPLOYED = "test_account_replies.py::test_any_function_and_any_trigger_is_read_or_told_to_be_none"
SECOND = "test_account_replies.py::test_whatever_the_second_generation_shows_is_read_or_unreadable"
STACKS = "test_account_replies.py::test_whatever_a_stack_shows_is_read_or_refused"
DATES = "test_account_replies.py::test_any_date_of_the_vendor_is_a_time_or_none"
INVOKED = "test_account_replies.py::test_any_answer_of_an_invoked_function_is_shown_or_is_a_failure"
WHEELS = "test_wheels.py::test_any_byte_of_a_wheel_may_be_another"
DEPLOYING = "test_deploying_words.py::test_any_word_of_a_deployment_is_a_mistake_in_a_plain_line"
WORDS = "test_settings_and_commands.py::test_any_word_on_the_command_line_is_a_mistake_in_a_plain_line"
TIMES = "test_settings_and_commands.py::test_any_time_and_any_duration_is_read_or_is_a_mistake"
TERMINAL = "test_settings_and_commands.py::test_what_others_wrote_cannot_rule_the_terminal_of_whoever_reads_it"
CONSOLE = "test_stand_in_doors.py::test_the_console_takes_nothing_that_it_cannot_live_with"
PRODUCTS = "test_stand_in_doors.py::test_any_parameter_of_any_product_is_taken_or_refused"
FUNCTIONS = "test_stand_in_doors.py::test_any_part_of_a_function_or_trigger_is_taken_or_refused"
ZIPS = "test_stand_in_doors.py::test_a_zip_that_is_a_bomb_or_none_is_refused"
OBJECTS = "test_stand_in_doors.py::test_any_call_of_the_store_is_answered"
SIGNATURES = "test_stand_in_doors.py::test_no_signature_is_found_in_junk"
WIRE = "test_stand_in_doors.py::test_whatever_comes_over_the_wire_is_refused_or_hung_up_on"
WORLDS = "test_stand_in_files.py::test_any_part_of_a_world_is_taken_or_refused"
FLOWS = "test_stand_in_files.py::test_any_part_of_a_flow_is_taken_or_refused"
TEMPLATES = "test_stand_in_files.py::test_any_part_of_a_template_is_taken_or_refused"

OWN = "own: "
KEPT = OWN + "what this cloud itself keeps in a drawer"

PLACES: dict[str, str] = {
    "functions/look.py": RAW_INPUTS,
    "functions/on_alert.py": ALERTS,
    "functions/on_approval.py": LINKS,
    "functions/on_request.py": REQUESTS,
    "functions/on_schedule.py": OWN + "its event is not looked at (tests/e2e/test_doors.py)",
    "functions/settle.py": RAW_INPUTS,
    "functions/submit.py": RAW_INPUTS,
    "tidegate/alerts/alertmanager.py": ALERTS,
    "tidegate/alerts/arms.py": ALERTS,
    "tidegate/alerts/cloudmonitor.py": ALERTS,
    "tidegate/alerts/cloudmonitor_smq.py": ALERTS,
    "tidegate/alerts/decoding.py": ALERTS,
    "tidegate/alerts/delivery.py": TOKENS,
    "tidegate/alerts/envelopes.py": ALERTS,
    "tidegate/alerts/eventbridge.py": ALERTS,
    "tidegate/alerts/fields.py": ALERTS,
    "tidegate/alerts/sls.py": ALERTS,
    "tidegate/aliyun/answers.py": REPLIES,
    "tidegate/aliyun/deployed.py": DEPLOYED,
    "tidegate/aliyun/functions.py": FAILURES,
    "tidegate/aliyun/instants.py": REPLIES,
    "tidegate/aliyun/metrics.py": REPLIES,
    "tidegate/aliyun/orders.py": REPLIES,
    "tidegate/aliyun/reach.py": DATES,
    "tidegate/aliyun/second.py": SECOND,
    "tidegate/aliyun/stacks.py": STACKS,
    "tidegate/aliyun/workflow.py": STARTS,
    "tidegate/app/approving.py": LINKS,
    "tidegate/app/codec.py": FACTS,
    "tidegate/app/due.py": OWN + "the shape of a timetable, which it has just written",
    "tidegate/app/index.py": POLICIES,
    "tidegate/app/links.py": SEALS,
    "tidegate/app/past.py": INPUTS,
    "tidegate/app/report/facts.py": TERMINAL,
    "tidegate/app/requests.py": REQUESTS,
    "tidegate/app/steps/which.py": INPUTS,
    "tidegate/app/surroundings.py": OWN + "the published policy, which only `policy push` writes, checked",
    "tidegate/cli/ask.py": OWN + "the answer of our own function, which was signed for",
    "tidegate/cli/commands.py": WORDS,
    "tidegate/cli/looks.py": TERMINAL,
    "tidegate/cli/operating.py": DEPLOYING,
    "tidegate/cli/publish.py": OWN + "a policy that it has just written as JSON",
    "tidegate/cli/replies.py": OWN + "the answer of our own function, which was signed for",
    "tidegate/cli/roots.py": OWN + "the clock of a cloud on this machine (tests/cli/test_mistakes.py)",
    "tidegate/cli/send.py": TIMES,
    "tidegate/cli/times.py": TIMES,
    "tidegate/cli/verbs.py": WORDS,
    "tidegate/domain/repeats.py": CALENDARS,
    "tidegate/domain/when.py": POLICIES,
    "tidegate/ledger/marks.py": MARKS,
    "tidegate/ledger/record.py": RECORDS,
    "tidegate/operate/candidate.py": PUBLISHED,
    "tidegate/operate/deploy/second.py": STACKS,
    "tidegate/operate/deploy/template.py": OWN + "the project's own template.yml, which was just rendered",
    "tidegate/operate/doctor/alarms.py": ACCOUNTS,
    "tidegate/operate/doctor/expected.py": OWN + "template.yml and the workflow of this very project",
    "tidegate/operate/doctor/noting.py": SHAPES,
    "tidegate/operate/doctor/ram.py": GRANTS,
    "tidegate/operate/invoking.py": INVOKED,
    "tidegate/operate/package/build.py": OWN + "it only packs; wheels are opened by wheels.py",
    "tidegate/operate/package/needed.py": OWN + "pyproject.toml and constraints.txt of this very project",
    "tidegate/operate/package/rendered.py": OWN + "template.yml of this very project (tests/operate/test_rendered.py)",
    "tidegate/operate/package/wheels.py": WHEELS,
    "tidegate/policyfile/__init__.py": BOMBS,
    "tidegate/policyfile/ics.py": CALENDARS,
    "tidegate/policyfile/instance.py": POLICIES,
    "tidegate/policyfile/tree.py": BOMBS,
    "tidegate/settings.py": "test_settings_and_commands.py::test_any_environment_is_read_or_the_variable_is_named",
    "localcloud/cloud.py": KEPT,
    "localcloud/console.py": CONSOLE,
    "localcloud/drawer.py": KEPT,
    "localcloud/faults.py": CONSOLE,
    "localcloud/fc/api.py": FUNCTIONS,
    "localcloud/fc/code.py": ZIPS,
    "localcloud/fc/compute.py": FUNCTIONS,
    "localcloud/fc/forkserver.py": OWN + "what its own host says",
    "localcloud/fc/frames.py": OWN + "what its own worker processes say",
    "localcloud/fc/http.py": SIGNATURES,
    "localcloud/fc/queue.py": KEPT,
    "localcloud/fc/signature2.py": SIGNATURES,
    "localcloud/fc/timers.py": KEPT,
    "localcloud/fc/trigger_config.py": FUNCTIONS,
    "localcloud/fc/worker.py": OWN + "what its own host says",
    "localcloud/flow/archive.py": KEPT,
    "localcloud/flow/executions.py": KEPT,
    "localcloud/flow/flows.py": PRODUCTS,
    "localcloud/flow/functions.py": FLOWS,
    "localcloud/flow/language.py": FLOWS,
    "localcloud/flow/names.py": PRODUCTS,
    "localcloud/flow/outcome.py": OWN + "what a function gave back",
    "localcloud/flow/register.py": KEPT,
    "localcloud/flow/schedules.py": KEPT,
    "localcloud/identity.py": KEPT,
    "localcloud/nesting.py": TEMPLATES,
    "localcloud/oss/bucket_calls.py": OBJECTS,
    "localcloud/oss/buckets.py": KEPT,
    "localcloud/oss/conditions.py": OBJECTS,
    "localcloud/oss/listing.py": OBJECTS,
    "localcloud/oss/object_calls.py": OBJECTS,
    "localcloud/oss/service.py": OBJECTS,
    "localcloud/oss/signing.py": SIGNATURES,
    "localcloud/rpc/bss.py": PRODUCTS,
    "localcloud/rpc/cms.py": PRODUCTS,
    "localcloud/rpc/door.py": PRODUCTS,
    "localcloud/rpc/estate.py": KEPT,
    "localcloud/rpc/load.py": CONSOLE,
    "localcloud/rpc/orders.py": KEPT,
    "localcloud/rpc/parameters.py": PRODUCTS,
    "localcloud/rpc/rules.py": PRODUCTS,
    "localcloud/rpc/schema.py": OWN + "a file of the vendor's that comes with it",
    "localcloud/rpc/signing.py": SIGNATURES,
    "localcloud/serve.py": WORLDS,
    "localcloud/server.py": WIRE,
    "localcloud/template/model.py": TEMPLATES,
    "localcloud/template/package.py": OWN + "it only packs",
    "localcloud/template/read.py": TEMPLATES,
    "localcloud/template/types.py": OWN + "a file of the vendor's that comes with it",
    "localcloud/wire.py": WIRE,
    "localcloud/world.py": WORLDS,
}
