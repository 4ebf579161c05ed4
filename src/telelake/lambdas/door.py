"""The door on AWS: an HTTP API or a function URL hands Telegram's request over, and the body goes to the queue.

Answers as `telelake.capture.webhook` does: 200 only when the queue has the body, content is never a reason to refuse,
every answer is empty, a name that is no bot's is answered as a wrong secret is. Nothing looks into the body.

What a queue cannot carry (too long, not UTF-8, empty, a character that SQS refuses) is put into the bucket first, below
`inbox/`, and the message names it.

Loads the standard library, and botocore from Lambda's runtime, nothing else. On Lambda the clients are made when the
function starts, because it has a whole processor then and a fraction of one later; that of S3, which is hardly ever
needed, at its first use.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from telelake.lambdas import say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PREFIX = "/telegram/"
HEALTH = "/healthz"
MAX_BODY_BYTES = 4 * 1024 * 1024
"""A larger body is answered 413 (Telegram's own limit is 512 KiB)."""
MAX_MESSAGE_BYTES = 256 * 1024 - 1024
"""What a message may hold beside its attributes; queues made before August 2025 take 256 KiB, later ones 1 MiB."""
ELSEWHERE = "-"
"""Body of a message whose own lies in the inbox; SQS refuses an empty one."""

_SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 - a header's name
_RETRY_AFTER = "5"  # seconds; Telegram obeys it, and backs off to minutes without it
_KEEP_SECONDS = 300.0  # how long secrets are used before they are read again
_REREAD_SECONDS = 5.0  # a wrong secret may be a new one: read again, but not at everybody's request
_FAILING_SECONDS = 10.0
_REFUSED = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFUSALS = ("InvalidMessageContents", "InvalidParameterValue", "InvalidParameterValueException")

_Answer = dict[str, Any]


class _UnavailableError(Exception):
    """AWS did not take it, or did not say that it has."""


class Door:
    """One function's instance, which answers one request at a time."""

    def __init__(
        self,
        queue_url: str,
        secret_id: str,
        bucket: str,
        client: Callable[[str], Any],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._queue_url = queue_url
        self._bucket = bucket
        self._client = client
        self._clock = clock
        self._keys = Keys(lambda: client("secretsmanager").get_secret_value(SecretId=secret_id)["SecretString"], clock)
        self._failed_at: float | None = None

    def warm(self) -> None:
        """Make what every request needs. A failure is the first request's to meet."""
        try:
            self._client("sqs")
            self._keys.read()
        except Exception as error:
            say("warning", "the door could not be prepared", reason=_reason(error))

    def answer(self, event: Mapping[str, Any]) -> _Answer:
        """Return the answer to a request in payload format 2.0."""
        path = event.get("rawPath") or ""
        method = event.get("requestContext", {}).get("http", {}).get("method", "")
        if path.startswith(PREFIX) and "/" not in path[len(PREFIX) :]:
            if method != "POST":
                return _answer(405, allow="POST")
            try:
                return self._update(path[len(PREFIX) :], event)
            except Exception as error:
                # Telegram brings it again after any failure; only its cause is worth a line.
                self._failed_at = self._clock()
                say("error", "not stored", reason=_reason(error))
                return _answer(503, **{"retry-after": _RETRY_AFTER})
        if path != HEALTH:
            return _answer(404)
        if method not in ("GET", "HEAD"):
            return _answer(405, allow="GET, HEAD")
        failed = self._failed_at is not None and self._clock() - self._failed_at < _FAILING_SECONDS
        return _answer(503 if failed else 200)

    def _update(self, name: str, event: Mapping[str, Any]) -> _Answer:
        received_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        bot_id = self._keys.admit(_unquoted(name), event.get("headers", {}).get(_SECRET_HEADER, ""))
        if bot_id is None:
            return _answer(401)
        body = _body(event)
        if len(body) > MAX_BODY_BYTES:
            return _answer(413)
        self._store(bot_id, received_at, body)
        self._failed_at = None
        return _answer(200)

    def _store(self, bot_id: int, received_at: str, body: bytes) -> None:
        """Return when the queue has the body, or its place in the inbox."""
        attributes = {
            "bot": {"DataType": "Number", "StringValue": str(bot_id)},
            "received_at": {"DataType": "String", "StringValue": received_at},
        }
        text = carried(body)
        if text is not None and self._send(text, attributes):
            return
        key = f"inbox/bot={bot_id}/{os.urandom(16).hex()}"
        self._client("s3").put_object(Bucket=self._bucket, Key=key, Body=body)
        attributes["inbox"] = {"DataType": "String", "StringValue": key}
        if not self._send(ELSEWHERE, attributes):
            raise _UnavailableError("SQS refuses even a message that only names its body's place")

    def _send(self, text: str, attributes: Mapping[str, Any]) -> bool:
        """Return whether the queue took a message; False when it refuses its content."""
        from botocore.exceptions import ClientError

        try:
            self._client("sqs").send_message(QueueUrl=self._queue_url, MessageBody=text, MessageAttributes=attributes)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code", "").rpartition(".")[2] in _REFUSALS:
                return False
            raise
        return True


class Keys:
    """The bots and their secrets, as Secrets Manager has them: `{"<bot name>": {"id": 123456, "secret": "…"}}`."""

    def __init__(self, fetch: Callable[[], str], clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._bots: dict[str, tuple[int, bytes]] | None = None
        self._read_at = 0.0
        self._tried_at = 0.0
        self._nobody = os.urandom(32)

    def read(self) -> None:
        """Read the secrets again."""
        self._tried_at = self._clock()
        text = self._fetch()
        try:
            self._bots = {name: (int(bot["id"]), _digest(bot["secret"])) for name, bot in json.loads(text).items()}
        except (ValueError, TypeError, KeyError, AttributeError):
            # Not the error's own words: they may quote what they could not read.
            raise _UnavailableError('the secret is not of the form {"<bot name>": {"id": …, "secret": "…"}}') from None
        self._read_at = self._tried_at

    def admit(self, name: str, given: str) -> int | None:
        """Return the id of the bot of that name when the secret is its own, else None.

        Raises anything when there are no secrets at all: then nobody can be told right from wrong.
        """
        if self._bots is None:
            self.read()
        elif self._clock() - self._read_at > _KEEP_SECONDS:
            self._read_again()
        bot_id = self._match(name, given)
        if bot_id is None and self._read_again():
            bot_id = self._match(name, given)
        return bot_id

    def _read_again(self) -> bool:
        """Read again unless that was tried just now; what is known stays when it fails."""
        if self._clock() - self._tried_at < _REREAD_SECONDS:
            return False
        try:
            self.read()
        except Exception as error:
            say("warning", "the secrets could not be read again", reason=_reason(error))
            return False
        return True

    def _match(self, name: str, given: str) -> int | None:
        bot_id, expected = (self._bots or {}).get(name, (None, self._nobody))
        # Digests have one length: not even that of the secret shows in the time taken.
        return bot_id if hmac.compare_digest(_digest(given), expected) else None


def carried(body: bytes) -> str | None:
    """Return a body as the text that a queue carries unchanged, or None when it would not."""
    if not 0 < len(body) <= MAX_MESSAGE_BYTES:
        return None
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if _REFUSED.search(text) else text


def handler(event: Mapping[str, Any], context: object) -> _Answer:
    """Answer a request; what Lambda calls."""
    del context
    return _opened().answer(event)


_door: Door | None = None


def _opened() -> Door:
    global _door
    if _door is None:
        missing = [name for name in ("QUEUE_URL", "SECRET_ID", "HOME_BUCKET") if not os.environ.get(name)]
        if missing:
            raise RuntimeError(
                f"The door needs {', '.join(missing)} in its environment. Deploy it with: telelake deploy aws"
            )
        _door = Door(os.environ["QUEUE_URL"], os.environ["SECRET_ID"], os.environ["HOME_BUCKET"], _clients())
    return _door


def _clients() -> Callable[[str], Any]:
    """Return a maker of clients that keeps what it has made."""
    import botocore.session
    from botocore.config import Config

    session = botocore.session.get_session()
    # A service that is away is given up within some 7 s: the 503 must leave before the function's own time is over.
    config = Config(
        connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 2, "mode": "standard"}, tcp_keepalive=True
    )
    made: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in made:
            made[service] = session.create_client(service, region_name=os.environ.get("AWS_REGION"), config=config)
        return made[service]

    return client


def _body(event: Mapping[str, Any]) -> bytes:
    text = event.get("body") or ""
    if event.get("isBase64Encoded"):
        return base64.b64decode(text)
    # A lone surrogate can stand in a text, and has no UTF-8; it must not cost the body.
    return str(text).encode("utf-8", "surrogatepass")


def _unquoted(name: str) -> str:
    if "%" not in name:
        return name
    from urllib.parse import unquote

    return unquote(name)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _reason(error: Exception) -> str:
    """Return what may be told of a failure: an error of others is named and not quoted, it may hold what was sent."""
    if isinstance(error, _UnavailableError):
        return str(error)
    response = getattr(error, "response", {})
    code, operation = response.get("Error", {}).get("Code", ""), getattr(error, "operation_name", "")
    return " ".join(part for part in (type(error).__name__, code, operation) if part)


def _answer(status: int, **headers: str) -> _Answer:
    return {"statusCode": status, "headers": {**headers}, "body": ""}


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    _opened().warm()
