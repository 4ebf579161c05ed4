"""The sections of what happens behind the door (`ways_in`): each field with its type, its default, and one sentence of what it is.

Where their values come from, and which of them belong together, is the business of `telelake.settings`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from telelake.errors import SettingsError
from telelake.settings.base import Address, Secret, Section, without_userinfo

_KEY_CHARACTERS = 32
LOOPBACK = ("127.0.0.1", "::1", "localhost")
"""Addresses that only this machine reaches."""


class User(Section):
    """Someone who may open the dashboard."""

    role: Literal["viewer", "analyst", "admin"] = "viewer"
    """What they may: a viewer reads the pages, an analyst also asks in SQL and corrects answers, an admin also reads /metrics."""
    password: (
        Annotated[str, Field(pattern=r"^scrypt\$[0-9]+\$[0-9]+\$[0-9]+\$[A-Za-z0-9_-]+\$[A-Za-z0-9_-]+$")] | None
    ) = None
    """Hash of their password, as `telelake password` prints it; never the password itself."""
    telegram: Annotated[int, Field(gt=0)] | None = None
    """Id of their Telegram account, to log in with Telegram."""


class Dashboard(Section):
    """The page for people."""

    host: str = "127.0.0.1"
    """Address that the dashboard listens on; any but loopback needs `dashboard.users`."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8081
    """The dashboard port; 0 takes a free one."""
    public_url: Annotated[str, Field(pattern=r"^https?://[^/]+$")] | None = None
    """Address under which people open the dashboard, without a path, when it is not host and port; needs `dashboard.users`."""
    users: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")], User] = Field(default_factory=dict)
    """Who may open the dashboard, by the name they log in with; without any, nobody logs in and only loopback may ask."""
    telegram_bot: str | None = None
    """Name in `bots` of the bot that vouches for Log in with Telegram; its domain is set with @BotFather's /setdomain."""
    session_hours: Annotated[float, Field(gt=0, le=8760)] = 168.0
    """Hours after which one logs in again."""
    mask_viewers: bool = False
    """Whether viewers see neither names, ids nor texts of people, but a mark in their place."""
    copy_release: bool = True
    """Whether the dashboard of a large lake keeps a quick copy of the newest release in `state_dir`; some 25 bytes a message."""

    def check(self) -> None:
        """Refuse to be open to others without a login.

        Raises:
            SettingsError: says what to set.
        """
        for name, user in self.users.items():
            if user.password is None and user.telegram is None:
                raise SettingsError(
                    f"dashboard.users.{name} cannot log in: set password (telelake password) or telegram."
                )
            if user.password is None and self.telegram_bot is None:
                raise SettingsError(
                    f"dashboard.users.{name} logs in with Telegram: set dashboard.telegram_bot to one of [bots]."
                )
        if self.users or (self.host in LOOPBACK and self.public_url is None):
            return
        setting = (
            f"dashboard.host = '{self.host}'"
            if self.public_url is None
            else f"dashboard.public_url = '{self.public_url}'"
        )
        raise SettingsError(
            f"{setting}, and nobody has to log in: who reaches the dashboard could read the lake. Make a password with "
            "`telelake password`, write what it prints into telelake.toml, and start again; or keep it at 127.0.0.1 and "
            "reach it through an SSH tunnel."
        )


class Schedule(Section):
    """When `telelake run` wrangles."""

    every_seconds: Annotated[float, Field(gt=0)] = 300.0
    """Seconds between two looks at what is due."""
    after_midnight_seconds: Annotated[float, Field(ge=0)] = 600.0
    """The day that ended is built this long after midnight, in the lake's time zone, whatever `every_seconds` says."""


class Wrangle(Section):
    """How much of the machine a build may use."""

    memory: Annotated[str, Field(pattern=r"^\d+(MB|GB)$")] = "1500MB"
    """Memory of the whole process that builds; the rows of a day that does not fit lie in a file below `state_dir`."""
    engine: Literal["auto", "duckdb", "spark"] = "auto"
    """What builds days: `duckdb`, on this machine; `spark`, on Apache Spark; `auto` takes DuckDB up to `spark_above_bytes`."""
    spark_above_bytes: Annotated[int, Field(ge=1)] | None = None
    """Compressed raw bytes built together above which `auto` takes Spark; never when unset."""
    spark_master: Annotated[str, Field(min_length=1)] | None = None
    """Where Spark runs: `local[4]`, `yarn`, `spark://host:7077`…; as spark-submit says, else this machine, when unset."""
    spark_folder: Annotated[str, Field(pattern=r"^[a-z0-9]+:/")] | None = None
    """Address of a folder that all of Spark's machines reach, such as `s3a://bucket/scratch`; needed unless Spark is local."""
    spark_conf: dict[str, str] = Field(default_factory=dict)
    """Further settings of Spark, such as `"spark.driver.memory" = "4g"`."""
    threads: Annotated[int, Field(ge=1)] | None = None
    """Threads of the engine; all processors when unset."""
    batch_bytes: Annotated[int, Field(ge=1)] = 16 * 1024 * 1024
    """Compressed raw bytes that are built together; a larger day is built alone."""
    max_day_bytes: Annotated[int, Field(ge=1)] | None = None
    """Compressed raw bytes of the largest day that this machine attempts; a larger one fails at once. No bound when unset."""
    keep_days: Annotated[int, Field(ge=1)] | None = None
    """The older name of `retention.tables_days`."""
    publish_seconds: Annotated[float, Field(gt=0)] = 60.0
    """A long run publishes what it has built about so often; what is cut off goes on from there."""

    @property
    def most_day_bytes(self) -> int | None:
        """The bound of a day's raw, unless Spark takes what is larger."""
        above, most = self.spark_above_bytes, self.max_day_bytes
        is_sparks = self.engine == "auto" and above is not None and most is not None and above <= most
        return None if self.engine == "spark" or is_sparks else most


class Upkeep(Section):
    """What keeps a lake from growing for ever; done once a night by `telelake run`, and by `telelake wrangle --maintain`."""

    releases: Annotated[int, Field(ge=1)] = 5
    """Newest releases that are kept, with the snapshots that they pin."""
    reader_seconds: Annotated[float, Field(ge=0)] = 3600.0
    """How long a reader may hold a release that is no longer kept: no file goes that is younger."""
    segment_bytes: Annotated[int, Field(ge=1024)] = 8 * 1024 * 1024
    """Compressed bytes up to which the raw segments of closed days are joined."""


_Spans = Annotated[
    str,
    Field(
        pattern=r"^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)"
        r"(, ?([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00))*$"
    ),
]
"""Such as `09:00-12:00, 13:00-18:00`."""
_Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Talk(Section):
    """How questions, and what came of them, are read from messages (tables `questions` and `conversations`)."""

    enabled: bool = True
    """Whether they are, and their topics: a lake of millions of messages a day that asks other things may save the time. Switched
    off, the next build takes out the rows that there are; switched on again, it makes them anew."""
    elsewhere: bool = False
    """Whether another machine makes them, for the same lake: then this one leaves their rows as they are."""
    attendants: tuple[int, ...] = ()
    """Ids of the people who answer customers. Admins that are seen to be so, and people who answer much, count besides."""
    learn_answers: Annotated[int, Field(ge=0)] = 20
    """Answers to others, within twelve days, from which somebody counts as an attendant; 0 learns nobody."""
    working_hours: dict[_Weekday, _Spans] = Field(default_factory=dict)
    """When attendants work, by weekday (mon … sun), in the lake's zone: `09:00-12:00, 13:00-18:00`. Always when unset; with any
    set, a weekday that is not named is a day off."""
    sla_minutes: Annotated[int, Field(ge=1)] | None = None
    """Minutes of working hours within which a question should have its first answer."""
    assume_after_hours: Annotated[int, Field(ge=1, le=72)] = 24
    """Hours of the asker's silence after an answer, from which it is assumed to have helped."""
    repeat_days: Annotated[int, Field(ge=1, le=7)] = 7
    """Days in which the same question of the same person counts as asked again."""


class Topics(Section):
    """How questions are grouped by meaning (table `question_topics`); needs the extra `topics`."""

    embedder: Annotated[
        str, Field(pattern=r"^(builtin|sentence-transformers:\S+|https?://\S+)$"), AfterValidator(without_userinfo)
    ] = "builtin"
    """What likens questions when a model is fitted: `builtin`, `sentence-transformers:<model>` on this machine, or the address of a
    server with OpenAI's `/embeddings`, to which the sampled questions are then sent."""
    embedder_model: str = "text-embedding-3-small"
    """Name of the model that the server is asked for."""
    embedder_key: Secret | None = None
    """The server's key, if it wants one."""
    sample: Annotated[int, Field(ge=100, le=200_000)] = 20_000
    """Different questions that a model is learned from at most."""
    first_questions: Annotated[int, Field(ge=20)] = 200
    """Different questions from which on the schedule fits the first model."""
    refit_days: Annotated[int, Field(ge=0)] = 30
    """Days after which the schedule fits anew, and all days are told their topics again; 0 leaves that to `telelake topics fit`."""


class Privacy(Section):
    """What the tables tell of persons. Raw is what Telegram sent, whatever stands here."""

    pseudonyms: Secret | None = None
    """The key of pseudonyms, 32 characters or more; with it, tables hold keyed hashes for ids, no names, and masked texts."""
    phone_region: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "BR"
    """Country in which a telephone number without a country code is read when texts are masked."""

    def pseudonym_key(self) -> str | None:
        """Return the key of pseudonyms, or None when the setting is off.

        Raises:
            SettingsError: the variable is unset, or what it holds is short enough to be guessed.
        """
        if self.pseudonyms is None:
            return None
        key = self.pseudonyms.read()
        if len(key) < _KEY_CHARACTERS:
            raise SettingsError(
                f"The key in {self.pseudonyms.env} has {len(key)} characters; a short one can be guessed, and {_KEY_CHARACTERS} "
                "are asked for. Make one, keep it apart from the lake, and never change it: openssl rand -hex 32"
            )
        return key


class Retention(Section):
    """How long a lake keeps what it has."""

    raw_days: Annotated[int, Field(ge=1)] | None = None
    """Days that raw and quarantine are kept; for ever when unset. Rows stay: a day whose raw has expired is frozen."""
    tables_days: Annotated[int, Field(ge=1)] | None = None
    """Days that rows are kept in the tables; for ever when unset. Once `wrangle.keep_days`, which means the same."""


class Notify(Section):
    """What `telelake run` writes to a chat by itself: a digest of each day, and alerts."""

    bot: str | None = None
    """Name of the bot that writes; its token must be set. Without a bot and a chat nothing is written."""
    chat: int | None = None
    """Id of the chat that it writes to; the bot must be a member."""
    thread: Annotated[int, Field(ge=1)] | None = None
    """Id of the topic in that chat, when it has topics."""
    lang: Literal["pt", "en"] = "pt"
    """Language of what is written."""
    digest: bool = True
    """Whether a digest of the day before is written."""
    digest_hour: Annotated[int, Field(ge=0, le=23)] = 8
    """Hour, in the lake's time zone, from which it is."""
    charts: tuple[str, ...] = ("messages_over_time", "hours_by_weekday")
    """Insights whose charts go with the digest, as pictures, at most 10."""
    alerts: bool = True
    """Whether there are alerts: questions that wait, topics that are asked of suddenly, silence, what cannot be read."""
    waiting_minutes: Annotated[int, Field(ge=1)] = 60
    """A question without any answer for so long is worth an alert, once."""
    spike_times: Annotated[float, Field(gt=1)] = 3.0
    """A topic asked of so many times as often as on an average day of the week before is worth an alert, once a day."""
    spike_least: Annotated[int, Field(ge=2)] = 5
    """Questions that a topic must have on the day for that."""
    silent_hours: Annotated[int, Field(ge=1)] = 24
    """No update for so long is worth an alert, once: people may be away, or capture may have stopped."""


class Log(Section):
    """What `telelake run`, `capture`, `schedule` and `dashboard` write to stderr of what they do."""

    format: Literal["text", "json"] = "text"
    """Lines for people, or one JSON object a line."""
    level: Literal["debug", "info", "warning", "error"] = "info"
    """From which level on: `info` tells what changes, each change once; `debug` also each request and each publication."""


class Sql(Section):
    """Bounds of a user's query."""

    seconds: Annotated[float, Field(gt=0)] = 60.0
    """A query that runs longer is stopped."""
    memory: Annotated[str, Field(pattern=r"^\d+(MB|GB)$")] = "1GB"
    """Memory of a query."""
    rows: Annotated[int, Field(ge=1)] = 1_000_000
    """A query that returns more rows is refused."""


class Storage(Section):
    """How a bucket is reached; credentials come from the usual AWS_* variables, or a profile of `aws configure`."""

    endpoint: str | None = None
    """Address of an S3-compatible service; AWS itself when unset."""
    region: str | None = None
    """Region of the bucket; AWS_REGION when unset."""
    catalog: Literal["sqlite", "glue"] = "sqlite"
    """Where the tables of a bucket are registered: `sqlite`, a local file of the one machine that wrangles, or `glue`."""
    database: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,252}$")] = "telelake"
    """The Glue database; each lake needs one of its own."""


class Aws(Section):
    """What `telelake deploy aws` makes, and how large; the functions in AWS read none of it."""

    region: str | None = None
    """Region that the stack is made in; AWS_REGION, or the profile's, when unset."""
    stack: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")] = "telelake"
    """Name of the CloudFormation stack, and the beginning of its functions' names."""
    endpoint: Literal["api-gateway", "function-url"] = "api-gateway"
    """What Telegram posts to: an HTTP API, which throttles and writes access logs, or the function itself, which costs less."""
    architecture: Literal["arm64", "x86_64"] = "arm64"
    """Processor of the functions; arm64 costs less."""
    raw_days: Annotated[int, Field(ge=1)] | None = None
    """Days that raw and quarantined segments are kept; for ever when unset. `retention.tables_days` must be two days less."""
    wrangle_every_minutes: Annotated[int, Field(ge=1, le=1440)] | None = None
    """Wrangle this often besides once after midnight; only after midnight when unset."""
    after_midnight_minutes: Annotated[int, Field(ge=0, le=720)] = 10
    """Minutes after midnight, in the lake's time zone, at which the day that ended is built."""
    wrangle_memory_mb: Annotated[int, Field(ge=1024, le=10240)] = 3008
    """Memory of the wrangle function; accounts that are new may not have more than 3008."""
    reserve_concurrency: bool = True
    """Keep one execution for wrangle, so that two never run; accounts that are new have too few to keep one."""
    requests_per_second: Annotated[int, Field(ge=1, le=10_000)] = 500
    """What is posted faster than this is refused with 429, and Telegram brings it again."""
    max_connections: Annotated[int, Field(ge=1, le=100)] = 100
    """Requests that Telegram may have open to a bot's webhook at once."""
    alarm_email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    """Where alarms are sent; AWS asks that address to confirm. Without it, alarms only show in CloudWatch."""
    quiet_hours: Annotated[int, Field(ge=1, le=168)] = 24
    """Hours without any update after which there is an alarm."""
    budget_usd: Annotated[float, Field(gt=0)] | None = None
    """Monthly budget of the whole AWS account, in dollars; mail goes to `alarm_email` at 80 % and when 100 % is foreseen."""
    log_days: Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731] = 30
    """Days that logs are kept; CloudWatch knows these numbers only."""
    large_days: Literal["fail", "spark"] = "fail"
    """What becomes of a day too large for the function: it fails and says so, or an application for Spark is there for it."""
    report_language: Literal["pt", "en"] = "pt"
    """Language of the daily report.html."""
    scan_limit_mb: Annotated[int, Field(ge=10)] = 10_000
    """Megabytes that one Athena query may scan before it is stopped."""
    bot_api: Address = "https://api.telegram.org"
    """Address of the Bot API, to set webhooks; another when you run your own server."""
