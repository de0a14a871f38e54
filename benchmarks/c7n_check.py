"""Cloud Custodian's schedule check, measured by an interpreter that has it: `python c7n_check.py ROUNDS CHECKS`.

It stands alone: that interpreter knows nothing of Tidegate. Prints one JSON object.
"""

from __future__ import annotations

import json
import logging
import sys
from importlib.metadata import version
from time import process_time

SCHEDULE = "off=(M-F,20);on=(M-F,8);tz=Asia/Shanghai"
HOLIDAYS = [f"2026-{month:02d}-{day:02d}" for month in range(1, 13) for day in (1, 2, 3)]


def main(rounds: int, checks: int) -> None:
    """Check so many tagged instances against one schedule, in so many rounds after one for nothing."""
    from c7n.filters.offhours import OffHour  # noqa: PLC0415 - only that interpreter has it

    logging.disable(logging.CRITICAL)
    check = OffHour({"type": "offhour", "offhour": 20, "default_tz": "Asia/Shanghai", "skip-days": HOLIDAYS}).validate()
    tags = [{"Key": "Name", "Value": "orders"}, {"Key": "maid_offhours", "Value": SCHEDULE}]
    instances = [{"InstanceId": f"i-{number:08x}", "Tags": tags} for number in range(checks)]
    rates = []
    for _ in range(rounds + 1):
        began = process_time()
        check.process(instances)
        rates.append(checks / (process_time() - began))
    sys.stdout.write(json.dumps({"version": version("c7n"), "rates": rates[1:]}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
