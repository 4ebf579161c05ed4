"""Older versions of a bucket's objects, on the stand-in: all gone, and nothing else."""

from __future__ import annotations

import secrets
from typing import Any

import boto3
import pytest

from telelake.errors import StoreUnavailable
from telelake.settings import Storage
from telelake.stores import versions
from telelake.stores.objects import open_store
from tests.lambdas.cloud import Cloud, Fault, Wire


@pytest.fixture
def bucket(cloud: Cloud) -> str:
    """A bucket with versions, in which something was replaced, removed, and made again."""
    name = f"versions-{secrets.token_hex(6)}"
    cloud.s3.create_bucket(Bucket=name)
    cloud.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for home in ("lake", "lake-of-another"):
        store = open_store(f"s3://{name}/{home}", Storage(endpoint=cloud.endpoint))
        store.put("raw/a", b"hers")
        store.delete(["raw/a"])
        store.put("raw/b", b"hers")
        store.delete(["raw/b"])
        store.put("raw/b", b"without her")
        store.put("tables/c", b"as it was")
    return name


def listed(cloud: Cloud, bucket: str, prefix: str) -> list[tuple[str, str]]:
    """Return what a bucket holds below a prefix, older versions and marks included."""
    found: dict[str, Any] = cloud.s3.list_object_versions(Bucket=bucket, Prefix=prefix)
    return sorted((each["Key"], kind) for kind in ("Versions", "DeleteMarkers") for each in found.get(kind, ()))


def test_older_versions_go(cloud: Cloud, bucket: str) -> None:
    """Of each object the newest stays; what was removed is not there in any version, nor brought back; others' stay."""
    others = listed(cloud, bucket, "lake-of-another/")
    assert len(listed(cloud, bucket, "lake/")) == 6
    storage = Storage(endpoint=cloud.endpoint)

    assert versions.remove_older(f"s3://{bucket}/lake", storage) == 4

    assert listed(cloud, bucket, "lake/") == [("lake/raw/b", "Versions"), ("lake/tables/c", "Versions")]
    store = open_store(f"s3://{bucket}/lake", storage)
    assert (store.get("raw/b"), store.get("tables/c")) == (b"without her", b"as it was")
    assert listed(cloud, bucket, "lake-of-another/") == others
    assert versions.remove_older(f"s3://{bucket}/lake", storage) == 0


def test_without_versions_there_are_none(cloud: Cloud) -> None:
    """A bucket that keeps none, and a folder: nothing is removed."""
    name = f"plain-{secrets.token_hex(6)}"
    cloud.s3.create_bucket(Bucket=name)
    open_store(f"s3://{name}", Storage(endpoint=cloud.endpoint)).put("raw/a", b"here")

    assert versions.remove_older(f"s3://{name}", Storage(endpoint=cloud.endpoint)) == 0
    assert listed(cloud, name, "") == [("raw/a", "Versions")]
    assert versions.remove_older("file:///nowhere", Storage()) == 0


def test_versions_that_stay_are_told(wire: Wire, bucket: str) -> None:
    """Who may not see or remove them is told so, and what it takes."""
    wire.faults.append(Fault("GET", "versions", 99, after=False, status=403))

    with pytest.raises(StoreUnavailable, match="s3:DeleteObjectVersion"):
        versions.remove_older(f"s3://{bucket}/lake", Storage(endpoint=wire.address))


def test_marks_that_went_first_would_bring_back(cloud: Cloud, bucket: str) -> None:
    """Twin: a mark of deletion that goes before what it hides makes that the newest again."""
    client = boto3.client("s3", endpoint_url=cloud.endpoint)
    for each in list(versions._older(client, bucket, "lake/", "DeleteMarkers")):
        client.delete_object(Bucket=bucket, **each)

    assert open_store(f"s3://{bucket}/lake", Storage(endpoint=cloud.endpoint)).get("raw/a") == b"hers"
