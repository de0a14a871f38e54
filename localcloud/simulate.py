"""`python -m localcloud.simulate --seeds N`: the fault simulation of the project that runs on this cloud."""

from __future__ import annotations

import sys

from localcloud.project.simulate import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
