"""The front end on AWS: door (Telegram → queue), seal (queue → raw) and wrangle (raw → tables), a function each.

What is here is the same core as on one machine, in other clothes. A line of a log is one JSON object on stdout, which
CloudWatch can search; none holds a body or a secret.
"""

from __future__ import annotations

import json
import sys


def say(level: str, event: str, **values: object) -> None:
    """Write one line of the log; `level` is `info`, `warning` or `error`."""
    sys.stdout.write(json.dumps({"level": level, "event": event, **values}, default=str) + "\n")
    sys.stdout.flush()
