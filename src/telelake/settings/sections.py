"""The sections of the settings: each field with its type, its default, and one sentence of what it is.

Where their values come from, and which of them belong together, is the business of `telelake.settings`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from telelake.errors import SettingsError

NO_VARIABLE = (
    "That is no name of an environment variable. Give the name of the variable that holds the secret, such as "
    "SUPPORT_BOT_TOKEN, and not the secret itself."
)
USERINFO = "There is a user name or a password in it, and secrets are not written into the settings. Take it out."


def is_variable(text: str) -> bool:
    """Return whether a text can be the name of an environment variable. A token cannot: it has a colon."""
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text) is not None


def is_token(text: str) -> bool:
    """Return whether a text has the form of a bot's token."""
    return re.fullmatch(r"[0-9]+:[A-Za-z0-9_-]+", text) is not None


def has_userinfo(url: str) -> bool:
    """Return whether an address has a user name or a password before its host."""
    return "@" in re.split(r"[/?#]", url.partition("://")[2], maxsplit=1)[0]


def _variable(text: str) -> str:
    # What is wrong is not repeated: it may be the secret.
    if not is_variable(text):
        raise PydanticCustomError("variable", NO_VARIABLE.rstrip("."))
    return text


def _without_userinfo(url: str) -> str:
    if has_userinfo(url):
        raise PydanticCustomError("userinfo", USERINFO.rstrip("."))
    return url


_Address = Annotated[str, Field(pattern=r"^https?://"), AfterValidator(_without_userinfo)]
"""An address of http or https that may be shown."""

_KEY_CHARACTERS = 32
LOOPBACK = ("127.0.0.1", "::1", "localhost")
"""Addresses that only this machine reaches."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True)


class Secret(_Section):
    """Where a secret is found; never the secret itself."""

    env: Annotated[str, AfterValidator(_variable)]
    """Name of the environment variable that holds it."""

    def read(self) -> str:
        """Return the secret.

        Raises:
            SettingsError: the variable is unset or empty.
        """
        value = os.environ.get(self.env, "")
        if not value:
            raise SettingsError(f"The environment variable {self.env} is not set. Export it, then start again.")
        return value


class Bot(_Section):
    """One bot whose updates are captured."""

    token: Secret | None = None
    """The bot's token, as @BotFather gave it; its number is the bot's id."""
    id: Annotated[int, Field(gt=0)] | None = None
    """The bot's numeric id; only needed when no token is given."""
    secret: Secret | None = None
    """The webhook's secret token, 1-256 characters of A-Z a-z 0-9 _ -."""
    mode: Literal["webhook", "poll", "proxy"] = "webhook"
    """How updates come in: Telegram posts them to the webhook, they are fetched, which needs no public address, or the
    bot itself asks for them through the recording proxy."""
    api: _Address = "https://api.telegram.org"
    """Address of the Bot API server that is polled, or that the recording proxy hands calls on to."""
    forward_to: _Address | None = None
    """Address of a bot that exists: what is posted to the webhook is recorded, then handed on, and its answer relayed."""
    forward_seconds: Annotated[float, Field(gt=0, le=50)] = 10.0
    """How long a delivery is tried again within Telegram's request, which lasts 60 at most, while the bot is down."""
    forward_failure: Literal["refuse", "accept"] = "refuse"
    """When the bot stays down: `refuse` answers 503, and Telegram brings the update again; `accept` answers 200, and the
    bot never sees it. It is recorded either way."""
    recorder_failure: Literal["strict", "pass-through"] = "strict"
    """When the recording proxy cannot record: `strict` refuses the call with 503, `pass-through` lets it go unrecorded."""

    def bot_id(self, name: str) -> int:
        """Return the bot's numeric id, from `id` or from the token's first part."""
        if self.id is not None:
            return self.id
        if self.token is None:
            raise SettingsError(
                f'bots.{name} needs `token = {{ env = "…" }}` or `id = …`, to know whose updates these are.'
            )
        return int(self.api_token(name).partition(":")[0])

    def api_token(self, name: str) -> str:
        """Return the bot's token, checked for its form."""
        if self.token is None:
            raise SettingsError(f'bots.{name} has mode = "{self.mode}" and needs `token = {{ env = "…" }}`.')
        value = self.token.read()
        if not is_token(value):
            raise SettingsError(
                f"The token in {self.token.env} is not of the form 123456:ABC…; copy it again from @BotFather."
            )
        return value

    @property
    def has_token(self) -> bool:
        """Whether a token is named, and is there."""
        return self.token is not None and bool(os.environ.get(self.token.env))

    def webhook_secret(self, name: str) -> str:
        """Return the webhook's secret, checked against what Telegram allows."""
        if self.secret is None:
            raise SettingsError(
                f'bots.{name} needs `secret = {{ env = "…" }}`: without it anyone could post to its webhook.'
            )
        value = self.secret.read()
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", value):
            raise SettingsError(
                f"The secret in {self.secret.env} must be 1-256 characters of A-Z a-z 0-9 _ - (Telegram's rule)."
            )
        return value


class Capture(_Section):
    """The public door."""

    host: str = "0.0.0.0"  # noqa: S104 - the webhook is for the outside
    """Address that the capture port listens on."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """The capture port; 0 takes a free one."""
    public_url: Annotated[str, Field(pattern=r"^https?://")] | None = None
    """Address at which Telegram reaches the capture port; when set, `run` and `capture` set and check the webhooks."""
    max_connections: Annotated[int, Field(ge=1, le=100_000)] = 40
    """Requests that Telegram may have open to a bot's webhook at once (at most 100, but for a Bot API server of your own)."""
    source_check: bool = False
    """Whether the webhook admits only Telegram's own addresses (149.154.160.0/20 and 91.108.4.0/22)."""
    trusted_proxy: Annotated[str, Field(min_length=1)] | None = None
    """Address or network of the reverse proxy whose X-Forwarded-For says where a request comes from; nobody's when unset."""
    tls_certificate: Path | None = None
    """PEM file with the certificate and its chain, when the capture port speaks TLS itself."""
    tls_key: Path | None = None
    """PEM file with the certificate's private key."""
    header_seconds: Annotated[float, Field(gt=0)] = 10.0
    """A request whose headers take longer is cut off."""
    body_seconds: Annotated[float, Field(gt=0)] = 60.0
    """A request whose body takes longer is cut off."""
    open_connections: Annotated[int, Field(ge=16)] = 1024
    """Connections that the capture port holds at once; at the bound, those that wait without a request go first."""
    metrics_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    """Port on 127.0.0.1 at which `telelake capture` serves /metrics; none when unset. `run` has it on the dashboard's port."""
    max_body_bytes: Annotated[int, Field(ge=1024)] = 4 * 1024 * 1024
    """A larger body is answered 413 (Telegram's own limit is 512 KiB)."""
    max_pending_bytes: Annotated[int, Field(ge=1024)] = 64 * 1024 * 1024
    """Bodies that wait for the disk; past it the answer is 503, until the disk has caught up."""
    seal_bytes: Annotated[int, Field(ge=1024)] = 64 * 1024 * 1024
    """The journal is sealed into raw segments when it has grown this large."""
    seal_seconds: Annotated[float, Field(gt=0)] = 60.0
    """The journal is sealed at least this often, when anything is in it."""


class User(_Section):
    """Someone who may open the dashboard."""

    role: Literal["viewer", "analyst", "admin"] = "viewer"
    """What they may: a viewer reads the pages, an analyst also asks in SQL and corrects answers, an admin also reads /metrics."""
    password: (
        Annotated[str, Field(pattern=r"^scrypt\$[0-9]+\$[0-9]+\$[0-9]+\$[A-Za-z0-9_-]+\$[A-Za-z0-9_-]+$")] | None
    ) = None
    """Hash of their password, as `telelake password` prints it; never the password itself."""
    telegram: Annotated[int, Field(gt=0)] | None = None
    """Id of their Telegram account, to log in with Telegram."""


class Dashboard(_Section):
    """The page for people."""

    host: str = "127.0.0.1"
    """Address that the dashboard listens on; any but loopback needs `dashboard.users`."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8081
    """The dashboard port; 0 takes a free one."""
    public_url: Annotated[str, Field(pattern=r"^https?://[^/]+$")] | None = None
    """Address under which people open the dashboard, without a path, when it is not host and port; needs `dashboard.users`."""
    users: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")], User] = {}
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


class Schedule(_Section):
    """When `telelake run` wrangles."""

    every_seconds: Annotated[float, Field(gt=0)] = 300.0
    """Seconds between two looks at what is due."""
    after_midnight_seconds: Annotated[float, Field(ge=0)] = 600.0
    """The day that ended is built this long after midnight, in the lake's time zone, whatever `every_seconds` says."""


class Wrangle(_Section):
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
    spark_conf: dict[str, str] = {}
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


class Upkeep(_Section):
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


class Talk(_Section):
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
    working_hours: dict[_Weekday, _Spans] = {}
    """When attendants work, by weekday (mon … sun), in the lake's zone: `09:00-12:00, 13:00-18:00`. Always when unset; with any
    set, a weekday that is not named is a day off."""
    sla_minutes: Annotated[int, Field(ge=1)] | None = None
    """Minutes of working hours within which a question should have its first answer."""
    assume_after_hours: Annotated[int, Field(ge=1, le=72)] = 24
    """Hours of the asker's silence after an answer, from which it is assumed to have helped."""
    repeat_days: Annotated[int, Field(ge=1, le=7)] = 7
    """Days in which the same question of the same person counts as asked again."""


class Topics(_Section):
    """How questions are grouped by meaning (table `question_topics`); needs the extra `topics`."""

    embedder: Annotated[
        str, Field(pattern=r"^(builtin|sentence-transformers:\S+|https?://\S+)$"), AfterValidator(_without_userinfo)
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


class Privacy(_Section):
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


class Retention(_Section):
    """How long a lake keeps what it has."""

    raw_days: Annotated[int, Field(ge=1)] | None = None
    """Days that raw and quarantine are kept; for ever when unset. Rows stay: a day whose raw has expired is frozen."""
    tables_days: Annotated[int, Field(ge=1)] | None = None
    """Days that rows are kept in the tables; for ever when unset. Once `wrangle.keep_days`, which means the same."""


class Notify(_Section):
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


class Log(_Section):
    """What `telelake run`, `capture`, `schedule` and `dashboard` write to stderr of what they do."""

    format: Literal["text", "json"] = "text"
    """Lines for people, or one JSON object a line."""
    level: Literal["debug", "info", "warning", "error"] = "info"
    """From which level on: `info` tells what changes, each change once; `debug` also each request and each publication."""


class Sql(_Section):
    """Bounds of a user's query."""

    seconds: Annotated[float, Field(gt=0)] = 60.0
    """A query that runs longer is stopped."""
    memory: Annotated[str, Field(pattern=r"^\d+(MB|GB)$")] = "1GB"
    """Memory of a query."""
    rows: Annotated[int, Field(ge=1)] = 1_000_000
    """A query that returns more rows is refused."""


class Storage(_Section):
    """How a bucket is reached; credentials come from the usual AWS_* variables, or a profile of `aws configure`."""

    endpoint: str | None = None
    """Address of an S3-compatible service; AWS itself when unset."""
    region: str | None = None
    """Region of the bucket; AWS_REGION when unset."""
    catalog: Literal["sqlite", "glue"] = "sqlite"
    """Where the tables of a bucket are registered: `sqlite`, a local file of the one machine that wrangles, or `glue`."""
    database: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,252}$")] = "telelake"
    """The Glue database; each lake needs one of its own."""


class Aws(_Section):
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
    bot_api: _Address = "https://api.telegram.org"
    """Address of the Bot API, to set webhooks; another when you run your own server."""
