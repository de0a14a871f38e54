"""What a deployment is made of: the template as one text, and the code as one zip for each runtime's Python."""

from __future__ import annotations

from tidegate.operate.package.build import Distribution, Package, build
from tidegate.operate.package.faults import CannotPackage
from tidegate.operate.package.project import project_root
from tidegate.operate.package.rendered import rendered

__all__ = ["CannotPackage", "Distribution", "Package", "build", "project_root", "rendered"]
