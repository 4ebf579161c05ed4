"""AWS Glue as the catalog of a bucket's tables: what Athena, Spark and Trino go by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NamespaceAlreadyExistsError, NoSuchNamespaceError

from telelake.errors import SettingsError, StoreError, StoreUnavailable
from telelake.settings import Storage

_REFUSALS = ("AccessDenied", "UnrecognizedClient", "InvalidSignature", "ExpiredToken", "InvalidClientTokenId")


def open_glue(base: str, storage: Storage, properties: Mapping[str, Any]) -> Catalog:
    """Return the catalog of a Glue database, which is made when it is missing.

    Raises:
        SettingsError: the packages for AWS are not installed.
        StoreError: AWS refused.
        StoreUnavailable: call again.
    """
    try:
        from pyiceberg.catalog.glue import GlueCatalog
    except ImportError as error:
        raise SettingsError(
            "storage.catalog = 'glue' needs the packages for AWS. Install them: pip install 'telelake[aws]'"
        ) from error
    given = {"warehouse": base, **properties}
    if storage.endpoint:
        given["glue.endpoint"] = storage.endpoint  # else AWS_ENDPOINT_URL, by boto3 itself
    if region := properties.get("s3.region"):
        given["glue.region"] = region
    with translated(f"Opening the Glue database {storage.database}"):
        catalog = GlueCatalog(storage.database, **given)
        try:
            catalog.load_namespace_properties(storage.database)
        except NoSuchNamespaceError:
            _make(catalog, storage.database)
    return catalog


def _make(catalog: Catalog, database: str) -> None:
    try:
        catalog.create_namespace(database)
    except NamespaceAlreadyExistsError:
        return  # another was quicker


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Let none of botocore's errors through. Without botocore there are none, and it is not loaded for this."""
    try:
        yield
    except Exception as error:
        if not _is_botocores(error):
            raise
        code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
        if code.startswith(_REFUSALS):
            raise StoreError(
                f"{doing} was refused by AWS: {error}. Grant the right to the role in use, then run again."
            ) from error
        raise StoreUnavailable(f"{doing} failed at AWS: {error}") from error


def _is_botocores(error: Exception) -> bool:
    # Those of one service (`glue.exceptions.…`) are made at run time, below botocore's own.
    return any(each.__module__.partition(".")[0] == "botocore" for each in type(error).__mro__)
