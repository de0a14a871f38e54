"""`python -m tidegate.cli` is `tidegate`."""

from __future__ import annotations

import sys

from tidegate.cli import main

sys.exit(main())
