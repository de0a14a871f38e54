"""Where the project is that is packed and deployed: its source, beside this very code."""

from __future__ import annotations

from pathlib import Path

from tidegate.operate.package.faults import CannotPackage

TEMPLATE = "template.yml"
FUNCTIONS = "functions"


def project_root() -> Path:
    """Give the folder with `template.yml` and `functions/`; a Tidegate that was installed without them has none."""
    root = Path(__file__).resolve().parents[3]
    if not (root / TEMPLATE).is_file() or not (root / FUNCTIONS).is_dir():
        raise CannotPackage(f"{root} has no {TEMPLATE}; run this from a clone of the project, installed with `-e`")
    return root
