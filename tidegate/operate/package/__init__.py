"""What a deployment is made of: the template as one text, and the code as one zip for each runtime's Python."""

from __future__ import annotations

from tidegate.operate.package.build import Distribution, Package, build, fetch_wheels
from tidegate.operate.package.faults import CannotFetch, CannotPackage
from tidegate.operate.package.project import project_root
from tidegate.operate.package.rendered import rendered

__all__ = [
    "CannotFetch",
    "CannotPackage",
    "Distribution",
    "Package",
    "build",
    "fetch_wheels",
    "project_root",
    "rendered",
]
