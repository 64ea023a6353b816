"""One JSON line for each thing that happened: what, where, what next."""

import json
import sys
from datetime import UTC, datetime


def write(outcome: str, **said: object) -> None:
    """Print one line; Lambda sends it to the function's log group.

    Only names, ids and reasons are said: nothing here ever holds a secret or a patient's data.
    """
    line = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "outcome": outcome}
    sys.stdout.write(json.dumps(line | said, default=str) + "\n")
    sys.stdout.flush()
