"""What each key of a policy means: the docstrings that stand below the fields of the models, read from their source.

Only what makes documents asks for them; nothing that decides anything does.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise

from tidegate.policyfile.written import Model, fields_of

FACTS = re.compile(r" \(facts? [^)]*\)")


@cache
def meanings_of(model: Model) -> Mapping[str, str]:
    """The meanings by the keys that a file has; a field that a model has from another one means the same there."""
    found: dict[str, str] = {}
    for each in reversed(model.__mro__):
        if "__annotations__" in vars(each) and each.__module__.startswith("tidegate."):
            found |= dict(_documented(each))
    names = {field.alias or name: name for name, field in model.model_fields.items()}
    return {key: found[names[key]] for key in fields_of(model) if names[key] in found}


def first_words(docstring: str) -> str:
    """The first paragraph of a docstring on one line, without the vendor facts that it rests on."""
    return FACTS.sub("", inspect.cleandoc(docstring).partition("\n\n")[0].replace("\n", " "))


def _documented(model: type) -> Iterator[tuple[str, str]]:
    body = ast.parse(inspect.getsource(model)).body[0]
    statements = body.body if isinstance(body, ast.ClassDef) else []
    for field, below in pairwise(statements):
        said = below.value if isinstance(below, ast.Expr) else None
        if isinstance(field, ast.AnnAssign) and isinstance(said, ast.Constant) and isinstance(said.value, str):
            yield ast.unparse(field.target), first_words(said.value)
