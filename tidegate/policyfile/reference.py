"""Every key of a policy as a page, made from the JSON Schema: `python -m tidegate.policyfile.reference`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from tidegate.policyfile.schema import DEFS, policy_schema
from tidegate.policyfile.together import DEFAULTS

Json = Mapping[str, Any]
HEAD = """\
# Every key of a policy

Made from the models by `python -m tidegate.policyfile.reference > docs/policy-reference.md`; a test keeps it so.
How keys go together, with examples: [policy.md](policy.md). For editors: [policy.schema.json](policy.schema.json).
"""
FORMS = {
    "Duration": "whole numbers with units: `90s`, `30m`, `1h30m`, `7d`",
    "WallTime": 'a local time in quotes: `"08:30"`',
    "EndTime": 'a local time, or `"24:00"`',
    "Date": "a date: `2026-11-11`",
    "Day": "`daily`, `workdays`, `holidays`, `mon` to `sun`, a range such as `mon-fri`, `month-end`, a date of one "
    "year (`2026-11-11`) or of every year (`11-11`)",
    "Days": "a day, or a list of days",
    "OnDrift": "`hold`, `adopt`, or `{keep_for: 12h}`",
}
"""The small forms, which have no keys of their own to show."""
RUNGS = {
    "RabbitRung": "A rung of RabbitMQ: its name, and at least one field of the vendor's request.",
    "GatewayRung": "",
}
TOP = {
    "version": "Which form the file has.",
    "fleet": "Limits over all instances together.",
    "profiles": "What several instances have in common, by name; taken over with `like`.",
    "instances": "The instances by name: lower-case letters, digits and dashes, a letter first, at most 48.",
}


def reference() -> str:
    """The page."""
    return "\n".join([HEAD, *_sections(policy_schema())])


def _sections(schema: Json) -> Iterator[str]:
    definitions = schema["$defs"]
    yield "## The file\n"
    yield from _table(
        {key: _top(key, each) for key, each in schema["properties"].items() if key not in DEFAULTS}, schema
    )
    yield f"\nDefaults for every instance may stand here too: {', '.join(f'`{key}`' for key in DEFAULTS)}.\n"
    yield "## Instance\n\nAn instance or a profile. What a profile says need not be said by those that are like it.\n"
    yield from _table(
        definitions["Instance"]["properties"], {"required": ["product", "region", "instance_id", "ladder"]}
    )
    for name, made in sorted(definitions.items()):
        if name not in (*FORMS, "Instance", "Profile", "Rung"):
            yield f"\n## {name}\n\n{made.get('description') or RUNGS[name]}\n"
            yield from _table(_keys(made), made)
    yield "\n## Forms\n\n| form | is written |\n|---|---|"
    yield from (f"| {_words(name)} | {form} |" for name, form in FORMS.items())
    yield ""


def _keys(made: Json) -> dict[str, Json]:
    """The keys of a map, or of all maps that it may be."""
    forms = [made] if "properties" in made else made["anyOf"]
    return {key: each for form in forms for key, each in form.get("properties", {}).items()}


def _top(key: str, made: Json) -> Json:
    return {**made, "description": TOP[key]}


def _table(properties: Mapping[str, Json], made: Json) -> Iterator[str]:
    required = made.get("required", ())
    yield "| key | takes | default | means |\n|---|---|---|---|"
    for key, each in properties.items():
        default = "required" if key in required else _written(each["default"]) if "default" in each else ""
        yield f"| `{key}` | {_takes(each)} | {default} | {each.get('description', '')} |"


def _takes(made: Json) -> str:
    """What may stand there, in words; what refers to another table leads to it."""
    if "$ref" in made:
        return _link(made["$ref"].removeprefix(DEFS))
    if "const" in made:
        return f"`{made['const']}`"
    if "enum" in made:
        return ", ".join(f"`{each}`" for each in made["enum"])
    if "anyOf" in made:
        kinds = [_takes(each) for each in made["anyOf"] if each.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if made.get("type") == "array":
        return f"list of {_takes(made['items'])}"
    if made.get("type") == "object":
        inner = made.get("additionalProperties", {})
        return (
            f"{_takes(inner)} by name"
            if "$ref" in inner
            else f"map of {made.get('propertyNames', {}).get('const', 'text')}"
        )
    return _scalar(made)


def _scalar(made: Json) -> str:
    word = {"string": "text", "boolean": "`true` or `false`", "integer": "whole number", "number": "number"}[
        made["type"]
    ]
    if made["type"] not in ("integer", "number"):
        return word
    if "exclusiveMinimum" in made:
        word += f" above {made['exclusiveMinimum']}"
    if "minimum" in made:
        word += f" from {made['minimum']}"
    return word + (f" to {made['maximum']:,}" if "maximum" in made else "")


def _link(name: str) -> str:
    if name in FORMS:
        return f"[{_words(name)}](#forms)"
    if name == "Rung":
        return "[rung of RabbitMQ](#rabbitrung) or [of a gateway](#gatewayrung)"
    target = "Instance" if name == "Profile" else name
    return f"[{name}](#{target.lower()})"


def _words(name: str) -> str:
    """`WallTime` as `wall time`."""
    return "".join(f" {sign.lower()}" if sign.isupper() else sign for sign in name).strip()


def _written(value: Any) -> str:
    return f"`{value}`" if isinstance(value, str) else f"`{json.dumps(value, ensure_ascii=False)}`"


if __name__ == "__main__":
    sys.stdout.write(reference())
