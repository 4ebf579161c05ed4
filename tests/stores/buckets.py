"""A new bucket at the stand-in for S3, reached as a machine with credentials in its environment does."""

from __future__ import annotations

import secrets

import boto3
import pytest


def new_bucket(aws: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make a bucket, set the environment to reach it, and return a home in it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    name = f"telelake-{secrets.token_hex(6)}"
    boto3.client("s3", endpoint_url=aws, region_name="us-east-1").create_bucket(Bucket=name)
    return f"s3://{name}/lake"
