"""Every check of the template, by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from tests.template.names import parameter_problems, reference_problems, size_problems
from tests.template.parts import alarm_problems, bucket_problems, flow_problems, function_problems, trigger_problems
from tests.template.prefixes import prefix_problems
from tests.template.reading import Template
from tests.template.roles import mode_problems, role_problems
from tests.template.types import type_problems

CHECKS: Mapping[str, Callable[[Template], Iterator[str]]] = {
    "types": type_problems,
    "references": reference_problems,
    "sizes": size_problems,
    "parameters": parameter_problems,
    "functions": function_problems,
    "triggers": trigger_problems,
    "flow": flow_problems,
    "roles": role_problems,
    "mode": mode_problems,
    "bucket": bucket_problems,
    "alarms": alarm_problems,
    "prefix": prefix_problems,
}
