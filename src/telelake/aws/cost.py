"""What a lake on AWS costs in a month: requests are counted, then multiplied by a dated price table.

A bill has two parts: what is paid whatever comes (alarms, the secret, polling an empty queue), and what grows with the
messages. Every number that is neither counted nor a price is an *assumption*, with its name and its basis: assumed,
measured, counted or set. Each may be replaced. No free allowance is taken off. Left out: taxes, support, a domain, SNS
mail, data out (empty answers), the wrangle function's larger disk, the second copy that versioning keeps.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from telelake.errors import SettingsError, UnknownName
from telelake.tables.catalog import TABLES

Endpoint = Literal["api-gateway", "function-url"]
Architecture = Literal["arm64", "x86_64"]

DAYS = 365.25 / 12
"""Days of a month."""
_SECONDS = DAYS * 86_400
_SQS_UNIT = 64 * 1024
_LAMBDA_PAYLOAD = 6_000_000
_GB = 1e9


@dataclass(frozen=True, slots=True)
class Assumption:
    """A number that is neither counted nor a price."""

    value: float
    what: str
    """Meaning and unit."""
    basis: str = "assumed"
    """`assumed` when nothing was tried; else `measured: …` or `counted: …` with what on, `set: …` or `given`."""


ASSUMPTIONS: dict[str, Assumption] = {
    "door_ms": Assumption(15, "milliseconds that a request of the door is billed, cold starts included"),
    "door_gb": Assumption(0.25, "memory of the door, GB", "set: the template"),
    "seal_ms": Assumption(150, "milliseconds of a run of the sealer beside its messages"),
    "seal_message_ms": Assumption(
        0.1,
        "milliseconds of the sealer for a message (0.027 of processor time for 2.7 KB on the machine of development)",
    ),
    "seal_gb": Assumption(1.0, "memory of the sealer, GB", "set: the template"),
    "wrangle_s": Assumption(10, "seconds of a run of wrangle beside its messages"),
    "wrangle_message_ms": Assumption(
        0.024,
        "milliseconds of wrangle for a message: 1.6 times what docs/reference/performance.md measures on a machine of two cores",
    ),
    "wrangle_gb": Assumption(2.94, "memory of wrangle, GB", "set: aws.wrangle_memory_mb"),
    "receive": Assumption(
        0, "messages that one receive brings, 1 to 10; 0: as many as come within `poll_s`, for few come at once"
    ),
    "poll_s": Assumption(0.1, "seconds between two receives of one poller of a busy queue"),
    "pollers": Assumption(5, "receives that wait at an empty queue at the same time, 20 s each"),
    "attributes": Assumption(
        63, "bytes of a message's attributes", "counted: names, types and values that the door sends"
    ),
    "envelope": Assumption(920, "bytes that Lambda puts around a message", "counted: one event record of AWS's form"),
    "escaped": Assumption(
        1.15,
        "bytes of a body inside Lambda's event for one of its own",
        "measured: tests/data/updates.ndjson, 96 updates",
    ),
    "raw_ratio": Assumption(0.2, "compressed bytes of raw for a byte of body (a made-up million gave 0.11)"),
    "table_bytes": Assumption(60, "bytes of all tables for a message (a made-up million took 52)"),
    "tables": Assumption(len(TABLES), "tables that a run publishes at most", "counted: the declarations"),
    "publish_puts": Assumption(
        6, "objects that publishing a table writes", "measured: 36 new objects a run for 6 tables, in a folder"
    ),
    "publish_gets": Assumption(12, "objects that a run reads for a table"),
    "glue_calls": Assumption(5, "requests to Glue for a table and run"),
    "access_log": Assumption(
        200, "bytes of the API's access log for a request", "counted: one line of the template's form"
    ),
    "door_log": Assumption(
        0, "bytes that Lambda itself logs for an invocation: none, the template leaves them out (else 360)"
    ),
    "run_log": Assumption(1_000, "bytes that a run of the sealer or of wrangle logs"),
    "containers": Assumption(5, "copies of the door that are warm; each reads the secret every 5 minutes"),
    "queries": Assumption(10, "queries of Athena a day"),
    "query_share": Assumption(0.25, "part of the tables that a query scans"),
    "age_months": Assumption(12, "months that the lake has been kept: storage, and what lists and queries go over"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the bill."""

    part: str
    what: str
    quantity: float
    unit: str
    usd: float
    is_fixed: bool
    """Whether it is paid when no message comes, too."""


@dataclass(frozen=True, slots=True)
class Bill:
    """A month."""

    messages: float
    lines: tuple[Line, ...]
    assumptions: Mapping[str, Assumption]
    region: str
    as_of: str

    @property
    def fixed(self) -> float:
        """Dollars that are paid whatever comes."""
        return sum(line.usd for line in self.lines if line.is_fixed)

    @property
    def variable(self) -> float:
        """Dollars that grow with the messages."""
        return sum(line.usd for line in self.lines if not line.is_fixed)

    def per_million(self, *parts: str) -> float:
        """Return the dollars for a million messages, without what is fixed; of some parts only, or of all."""
        chosen = [each for each in self.lines if not each.is_fixed and (not parts or each.part in parts)]
        return sum(each.usd for each in chosen) / self.messages * 1e6

    def as_json(self) -> dict[str, Any]:
        """Return the bill as JSON's plain types."""
        return {
            "region": self.region,
            "prices_as_of": self.as_of,
            "messages": self.messages,
            "usd": {"fixed": self.fixed, "variable": self.variable, "total": self.fixed + self.variable},
            "usd_per_million": {"capture": self.per_million(*CAPTURE), "all": self.per_million()},
            "lines": [
                {
                    "part": line.part, "what": line.what, "quantity": line.quantity, "unit": line.unit,
                    "usd": line.usd, "fixed": line.is_fixed,
                }
                for line in self.lines
            ],
            "assumptions": {
                name: {"value": each.value, "what": each.what, "basis": each.basis}
                for name, each in self.assumptions.items()
            },
        }  # fmt: skip


CAPTURE = ("door", "queue", "seal")
"""The parts that bring a message from Telegram into raw."""


class _Counter:
    """Collects lines."""

    def __init__(self) -> None:
        self.lines: list[Line] = []

    def add(self, part: str, what: str, price: str, quantity: float, *, fixed: bool = False) -> None:
        found = prices()["prices"][price]
        usd = quantity / found["per"] * found["usd"]
        self.lines.append(Line(part, what, quantity, found["unit"], usd, fixed))


@cache
def prices() -> Any:
    """Return the price table, with its region and date."""
    return json.loads(files("telelake.aws").joinpath("prices.json").read_text(encoding="utf-8"))


def assumed(changes: Mapping[str, float]) -> dict[str, Assumption]:
    """Return all assumptions, some with other values.

    Raises:
        UnknownName: there is no such assumption; lists those there are.
        SettingsError: a value is below zero.
    """
    for name, value in changes.items():
        if name not in ASSUMPTIONS:
            raise UnknownName("assumption", name, ASSUMPTIONS)
        if not value >= 0 or math.isinf(value):
            raise SettingsError(f"The assumption {name}={value:g} must be a number that is not below 0.")
    given = {name: Assumption(value, ASSUMPTIONS[name].what, "given") for name, value in changes.items()}
    return ASSUMPTIONS | given


def monthly(
    per_day: float,
    *,
    size: int = 2000,
    endpoint: Endpoint = "api-gateway",
    architecture: Architecture = "arm64",
    wrangle_every: int | None = None,
    window: float = 60,
    changes: Mapping[str, float] | None = None,
) -> Bill:
    """Return the bill of one month.

    Args:
        per_day: updates a day.
        size: bytes of an update.
        endpoint: what Telegram posts to.
        architecture: of the functions.
        wrangle_every: minutes between two runs, besides the one after midnight; None for that one alone.
        window: seconds that the sealer gathers messages for.
        changes: other values for some `ASSUMPTIONS`.

    Raises:
        SettingsError, UnknownName: an assumption is wrong.
    """
    if per_day <= 0 or size <= 0:
        raise SettingsError("A bill needs at least one message a day of at least one byte.")
    notes = assumed(changes or {})
    of = {name: each.value for name, each in notes.items()}
    count, messages, compute = _Counter(), per_day * DAYS, f"lambda_{architecture}"
    units = math.ceil((size + of["attributes"]) / _SQS_UNIT)

    if endpoint == "api-gateway":
        count.add("door", "HTTP API", "http_api", messages)
        count.add("door", "access log", "logs_in", messages * of["access_log"] / _GB)
    count.add("door", "invocations of the door", "lambda_request", messages)
    count.add("door", "time of the door", compute, messages * of["door_ms"] / 1000 * of["door_gb"])
    count.add("door", "its log", "logs_in", messages * of["door_log"] / _GB)

    held = of["receive"] or per_day / 86_400 * of["poll_s"]
    at_once = max(1, min(10, held, _SQS_UNIT * units / (size + of["attributes"])))
    idle = of["pollers"] * _SECONDS / 20
    count.add("queue", "sends", "sqs", messages * units)
    count.add("queue", "receives", "sqs", messages * units / at_once)
    count.add("queue", "deletes, ten at once", "sqs", messages / min(10, max(1.0, per_day / 86_400 * window)))
    # While nothing comes the pollers ask on; each receive that brought something took the place of one that waited.
    count.add("queue", "receives that bring nothing", "sqs", max(0.0, idle - messages / at_once), fixed=True)

    batch = min(10_000, _LAMBDA_PAYLOAD / (size * of["escaped"] + of["envelope"]))
    runs = max(min(messages, _SECONDS / window), messages / batch)
    count.add("seal", "runs of the sealer", "lambda_request", runs)
    count.add("seal", "time of the sealer", compute,
              (runs * of["seal_ms"] + messages * of["seal_message_ms"]) / 1000 * of["seal_gb"])  # fmt: skip
    count.add("seal", "its log", "logs_in", runs * of["run_log"] / _GB)
    count.add("seal", "segments written to raw", "s3_put", runs)

    builds = DAYS + (DAYS * 1440 / wrangle_every if wrangle_every else 0)
    built = messages + (per_day / 2 * (builds - DAYS))  # each run during the day builds what is there of it
    # A run during the day finds half of the day's segments, the one after midnight all.
    staged = runs + runs / DAYS / 2 * (builds - DAYS)
    count.add("wrangle", "time of wrangle", compute,
              (builds * of["wrangle_s"] + built * of["wrangle_message_ms"] / 1000) * of["wrangle_gb"])  # fmt: skip
    count.add("wrangle", "runs", "lambda_request", builds)
    count.add("wrangle", "segments read", "s3_get", staged + builds * of["tables"] * of["publish_gets"])
    count.add("wrangle", "objects written", "s3_put", builds * (of["tables"] * of["publish_puts"] + 3))
    count.add("wrangle", "lists of raw", "s3_put", builds * math.ceil(runs * of["age_months"] / 1000))
    count.add("wrangle", "Glue", "glue", builds * of["tables"] * of["glue_calls"])
    count.add("wrangle", "its log", "logs_in", builds * of["run_log"] / _GB)

    tables = messages * of["age_months"] * of["table_bytes"] / _GB
    count.add("keep", "raw", "s3_month", messages * of["age_months"] * size * of["raw_ratio"] / _GB)
    count.add("keep", "tables", "s3_month", tables)
    logged = sum(line.quantity for line in count.lines if line.unit == prices()["prices"]["logs_in"]["unit"])
    count.add("keep", "logs of 30 days", "logs_month", logged)
    count.add("ask", "Athena", "athena", of["queries"] * DAYS * max(0.01, tables * of["query_share"]))

    count.add("watch", "alarms", "alarm", 10, fixed=True)
    count.add("watch", "dashboard", "dashboard", 1, fixed=True)
    count.add("watch", "secret", "secret", 1, fixed=True)
    count.add("watch", "reads of the secret", "secret_read", of["containers"] * _SECONDS / 300, fixed=True)
    count.add("watch", "schedules", "scheduler", builds, fixed=True)
    return Bill(messages, tuple(count.lines), notes, prices()["region"], prices()["as_of"])


COURSE: dict[str, tuple[str, float, str]] = {
    "REST API": ("rest_api", 1, "one request a message"),
    "Lambda, invocations": ("lambda_request", 1, "one a message"),
    "Lambda, time": ("lambda_x86_64", 0.128 * 0.25, "128 MB for 250 ms: it writes a file, makes a client and uploads"),
    "S3, writes": ("s3_put", 1, "one object a message"),
    "S3, reads by the ETL": ("s3_get", 1, "one a message, the day after"),
    "Lambda, time of the ETL": ("lambda_x86_64", 0.512 * 0.05, "512 MB for 50 ms: downloads one by one, parses, concatenates"),
    "logs": ("logs_in", 500 / _GB, "500 bytes a message"),
}  # fmt: skip
"""The course design by the message: price, quantity, why. It seals nothing: each message is an object of its own."""


def course_per_million() -> dict[str, float]:
    """Return the dollars of the course design for a million messages, line by line."""
    table = prices()["prices"]
    return {what: 1e6 * each / table[price]["per"] * table[price]["usd"] for what, (price, each, _) in COURSE.items()}


def as_text(bill: Bill) -> str:
    """Return the bill as an aligned table, with what it rests on below."""
    million = bill.messages / 1e6
    rows = [("", "", "a month", "", "$ a month", "$ a million")]
    for line in bill.lines:
        share = "fixed" if line.is_fixed else f"{line.usd / million:.3f}"
        rows.append((line.part, line.what, f"{line.quantity:,.2f}", line.unit, f"{line.usd:.2f}", share))
    rows.append(("", "what grows with the messages", "", "", f"{bill.variable:.2f}", f"{bill.per_million():.3f}"))
    rows.append(("", f"  of it {', '.join(CAPTURE)}", "", "", f"{bill.per_million(*CAPTURE) * million:.2f}",
                 f"{bill.per_million(*CAPTURE):.3f}"))  # fmt: skip
    rows.append(("", "what is paid whatever comes", "", "", f"{bill.fixed:.2f}", "fixed"))
    rows.append(("", "in all", "", "", f"{bill.fixed + bill.variable:.2f}", ""))
    course = sum(course_per_million().values())
    rows.append(("", "the course design, for comparison", "", "", f"{course * million:.2f}", f"{course:.3f}"))
    widths = [max(len(row[index]) for row in rows) for index in range(6)]
    lines = [
        "  ".join(cell.rjust(width) if index in (2, 4, 5) else cell.ljust(width)
                  for index, (cell, width) in enumerate(zip(row, widths, strict=True))).rstrip()
        for row in rows
    ]  # fmt: skip
    lines += [
        "",
        f"{bill.region}, prices as of {bill.as_of}. {prices()['note']}",
        "",
        "Assumptions (--assume NAME=VALUE):",
    ]
    lines += [f"  {name} = {each.value:g}  {each.what} ({each.basis})" for name, each in bill.assumptions.items()]
    return "\n".join(lines) + "\n"
