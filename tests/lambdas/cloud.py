"""AWS for tests: a lake's part of it, faults between it and us, and the events that Lambda makes."""

from __future__ import annotations

import base64
import hashlib
import http.client
import itertools
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import boto3
import zstandard

from telelake.lambdas.door import Door, _clients
from telelake.raw import parse_key
from telelake.settings import Storage
from telelake.stores.objects import BucketStore, open_store

BOT = 7_000_000_001
SECRET = "s3cret-of-support"
KEYS = {"support": {"id": BOT, "secret": SECRET}, "outra loja": {"id": 7_000_000_002, "secret": "another"}}
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
}  # fmt: skip
_numbers = itertools.count(1)


@dataclass
class Fault:
    """What happens to some requests between us and AWS."""

    method: str
    part: str
    """In the path, or for a service of JSON in `x-amz-target`."""
    times: int
    after: bool
    """Whether AWS has done it before the failure."""
    status: int | None
    """Answered instead; None says nothing and hangs up."""
    seen: int = 0


class Wire:
    """A proxy before AWS that can fail, before or after the request has had its effect."""

    def __init__(self, target: str) -> None:
        self.faults: list[Fault] = []
        self.calls: list[str] = []
        wire = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # headers and body in one packet: else each answer waits for an acknowledgement
            disable_nagle_algorithm = True

            def _pass(self) -> None:
                body = self._body()
                what = f"{self.path} {self.headers.get('x-amz-target', '')}"
                wire.calls.append(f"{self.command} {what}")
                fault = next(
                    (f for f in wire.faults if f.times > f.seen and f.method == self.command and f.part in what), None
                )
                if fault:
                    fault.seen += 1
                if not fault or fault.after:
                    upstream = http.client.HTTPConnection(urlsplit(target).netloc, timeout=30)
                    kept = {
                        k: v
                        for k, v in self.headers.items()
                        if k.lower() not in ("transfer-encoding", "content-length")
                    }
                    upstream.request(self.command, self.path, body, kept)
                    answer = upstream.getresponse()
                    data, status, headers = answer.read(), answer.status, answer.getheaders()
                    upstream.close()
                if fault and fault.status is None:
                    self.close_connection = True
                    return
                if fault:
                    data, status, headers = b"", fault.status, []  # type: ignore[assignment]
                self.send_response(status)
                for key, value in headers:
                    if key.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                        self.send_header(key, value)
                length = {k.lower(): v for k, v in headers}.get("content-length") if self.command == "HEAD" else None
                self.send_header("Content-Length", length or str(len(data)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)

            def handle_expect_100(self) -> bool:
                going_on = super().handle_expect_100()
                self.wfile.flush()  # the client waits for it
                return going_on

            def _body(self) -> bytes:
                if self.headers.get("transfer-encoding", "").lower() != "chunked":
                    return self.rfile.read(int(self.headers.get("content-length") or 0))
                body = b""
                while size := int(self.rfile.readline().strip() or b"0", 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                while self.rfile.readline().strip():
                    continue
                return body

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                del format, args

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def fail(self, method: str, part: str, times: int = 1, *, after: bool = False, status: int | None = 500) -> Fault:
        """Let the next requests of a kind fail."""
        fault = Fault(method, part, times, after, status)
        self.faults.append(fault)
        return fault

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Context:
    """What Lambda tells of an invocation."""

    def __init__(self, seconds: float = 900.0) -> None:
        self.seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


@dataclass
class Found:
    """A record in raw."""

    record_id: str
    envelope: dict[str, Any]
    body: bytes
    quarantined: bool
    day: str


@dataclass
class Cloud:
    """A queue, a bucket and a secret, and what stands on both sides of them."""

    endpoint: str
    name: str = field(default_factory=lambda: f"lake-{next(_numbers)}")

    def __post_init__(self) -> None:
        self.sqs, self.s3, self.secrets = (self.client(each) for each in ("sqs", "s3", "secretsmanager"))
        self.queue_url = self.sqs.create_queue(QueueName=self.name)["QueueUrl"]
        self.s3.create_bucket(Bucket=self.name)
        self.secrets.create_secret(Name=self.name, SecretString=json.dumps(KEYS))

    def client(self, service: str) -> Any:
        """Return a client that speaks to AWS without the faults."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="x",
            aws_secret_access_key="x",
        )

    @property
    def environment(self) -> dict[str, str]:
        """What the functions find in their environment."""
        return {
            **ENVIRONMENT, "AWS_ENDPOINT_URL": self.endpoint, "QUEUE_URL": self.queue_url, "SECRET_ID": self.name,
            "HOME_BUCKET": self.name, "TELELAKE_HOME": f"s3://{self.name}", "TELELAKE_TIMEZONE": "America/Sao_Paulo",
        }  # fmt: skip

    def door(self, **options: Any) -> Door:
        """Return a door with real clients of botocore; the environment says where AWS is."""
        return Door(self.queue_url, self.name, self.name, _clients(), **options)

    def store(self, endpoint: str | None = None) -> BucketStore:
        """Return the bucket as a store."""
        return open_store(f"s3://{self.name}", Storage(endpoint=endpoint or self.endpoint, region="us-east-1"))

    def drain(self) -> list[dict[str, Any]]:
        """Take all messages from the queue, as Lambda hands them over."""
        records: list[dict[str, Any]] = []
        while found := self.sqs.receive_message(
            QueueUrl=self.queue_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], AttributeNames=["All"]
        ).get("Messages"):
            for each in found:
                records.append(as_record(each))
                self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=each["ReceiptHandle"])
        return json.loads(json.dumps(records))  # as it travels

    def listed(self, prefix: str = "") -> list[str]:
        """Return the bucket's keys."""
        return [each["Key"] for each in self.s3.list_objects_v2(Bucket=self.name, Prefix=prefix).get("Contents", [])]

    def raw(self) -> list[Found]:
        """Decode every segment, checking each against its key."""
        found = []
        for key in self.listed():
            if not (segment := parse_key(key)):
                continue
            data = self.s3.get_object(Bucket=self.name, Key=key)["Body"].read()
            lines = zstandard.ZstdDecompressor().decompress(data).split(b"\n")
            assert lines.pop() == b""
            assert len(lines) == segment.records
            for line in lines:
                envelope = json.loads(line)
                if segment.quarantined:
                    body = base64.b64decode(envelope["body_base64"])
                    assert hashlib.sha256(body).hexdigest() == envelope["sha256"]
                else:
                    body = line[line.index(b',"body":') + len(b',"body":') : -1]
                found.append(Found(envelope["record_id"], envelope, body, segment.quarantined, segment.day.isoformat()))
        return found


def as_record(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message of SQS as it stands in Lambda's event."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {
            name: {
                "stringValue": value["StringValue"], "dataType": value["DataType"],
                "stringListValues": [], "binaryListValues": [],
            }
            for name, value in message.get("MessageAttributes", {}).items()
        },
        "eventSource": "aws:sqs",
    }  # fmt: skip


def request(
    body: bytes | str = b"{}",
    *,
    path: str = "/telegram/support",
    method: str = "POST",
    secret: str | None = SECRET,
    base64_: bool | None = None,
) -> dict[str, Any]:
    """Return a request in payload format 2.0, as an HTTP API hands it over: text, or base64 when it is none."""
    if isinstance(body, bytes):
        try:
            text = body.decode()
        except UnicodeDecodeError:
            base64_ = True
        text = base64.b64encode(body).decode() if base64_ else body.decode()
    else:
        text = body
    headers = {"content-type": "application/json"}
    if secret is not None:
        headers["x-telegram-bot-api-secret-token"] = secret
    return {
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "", "headers": headers,
        "requestContext": {"http": {"method": method, "path": path, "protocol": "HTTP/1.1"}},
        "body": text, "isBase64Encoded": bool(base64_),
    }  # fmt: skip
