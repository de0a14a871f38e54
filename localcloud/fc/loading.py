"""How the runtime finds a handler, and what it answers when it cannot (facts fc 1.3, 1.9)."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast


class LoadError(Exception):
    """The handler cannot be had; `kind` is the runtime's own error type."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def load(handler: str, code: Path) -> Callable[..., Any]:
    """Give the function that `dir/module.function` names in the folder `code`; its module is imported once.

    The name is split at its last dot, and a slash before it selects a folder, which then comes first in the path.
    """
    path, dot, name = handler.rpartition(".")
    folder, _, module = path.rpartition("/")
    if not dot or not module or not name:
        raise LoadError("InvalidHandleName", f"Invalid handler '{handler}'")
    if folder and (place := str(code / folder)) not in sys.path:
        sys.path.insert(0, place)
    found = getattr(_imported(module), name, None)
    if found is None:
        raise LoadError("HandlerNotFound", f"Handler '{name}' is missing on module '{module}'")
    return cast("Callable[..., Any]", found)


def _imported(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise LoadError("ImportModuleError", f"Unable to import module '{module}'") from error
    except SyntaxError as error:
        raise LoadError("UserCodeSyntaxError", f"Syntax error in module '{module}'") from error
    except Exception as error:
        raise LoadError("UserCodeError", f"Module initialization error: '{error}'") from error
