"""Older versions of a bucket's objects: what a bucket with versions keeps of what was removed or replaced.

A lake never reads them. They are there so that what was deleted by mistake can be fetched back, until the bucket's own rules
let them go; who forgets somebody cannot wait for that. obstore knows no versions, so this speaks to S3 by boto3.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from telelake.errors import StoreUnavailable
from telelake.settings import Storage

_AT_ONCE = 1000
"""Most that S3 deletes in one request."""


def remove_older(home: str, storage: Storage) -> int:
    """Remove all versions below a home but the newest of each object, and the marks of deletion; return how many.

    In a bucket without versions, and for a home that is no bucket, there are none. Versions go before marks: a mark taken away
    first would bring back what it hides.

    Raises:
        StoreUnavailable: some may be left; says why.
    """
    where = urlsplit(home)
    if where.scheme != "s3":
        return 0
    try:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError
    except ModuleNotFoundError as error:
        raise StoreUnavailable(
            f"Older versions in {home} were not looked for: {error.name} is not installed (pip install 'telelake[aws]')."
        ) from error
    prefix = f"{where.path.strip('/')}/" if where.path.strip("/") else ""
    try:
        client = boto3.client("s3", endpoint_url=storage.endpoint, region_name=storage.region)
        removed = 0
        for kind in ("Versions", "DeleteMarkers"):
            found = _older(client, where.netloc, prefix, kind)
            while some := list(islice(found, _AT_ONCE)):
                done = client.delete_objects(Bucket=where.netloc, Delete={"Objects": some, "Quiet": True})
                if errors := done.get("Errors"):
                    raise StoreUnavailable(_left(home, f"{errors[0].get('Code')} at {errors[0].get('Key')}"))
                removed += len(some)
    except (BotoCoreError, ClientError) as error:
        raise StoreUnavailable(_left(home, str(error))) from error
    return removed


def _older(client: Any, bucket: str, prefix: str, kind: str) -> Iterator[dict[str, str]]:
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        for each in page.get(kind, ()):
            # Without versions each object has the one version "null", which is its newest.
            if kind == "DeleteMarkers" or not each["IsLatest"]:
                yield {"Key": each["Key"], "VersionId": each["VersionId"]}


def _left(home: str, why: str) -> str:
    return (
        f"Older versions of objects in {home} could not all be removed: {why}. It takes s3:ListBucketVersions and "
        "s3:DeleteObjectVersion. Run telelake forget again with these rights, or wait until the bucket's rules let them go."
    )
