"""What people ask through: the catalog's database with its views, Athena's work group, insights as its named queries.

The tables themselves are registered by wrangle, when it publishes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import aws_athena as athena
from aws_cdk import aws_glue as glue

from telelake.aws.athena import named_queries
from telelake.aws.rights import allow, arn
from telelake.aws.views import views

if TYPE_CHECKING:
    import aws_cdk as cdk
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_s3 as s3

    from telelake.aws.storage import Buckets
    from telelake.settings import Settings


@dataclass(frozen=True)
class Database:
    """The catalog's database."""

    ref: str
    """Its name, for what must be made after it."""
    tables: iam.PolicyStatement
    """The right to its tables."""


def make_database(stack: cdk.Stack, name: str, home: s3.Bucket) -> Database:
    """Declare the catalog's database, without anything in it."""
    made = glue.CfnDatabase(
        stack, "Database",
        catalog_id=stack.account,
        database_input=glue.CfnDatabase.DatabaseInputProperty(
            name=name, description="telelake: the published tables", location_uri=home.s3_url_for_object("tables"),
        ),
    )  # fmt: skip
    actions = ("GetDatabase", "GetTable", "GetTables", "CreateTable", "UpdateTable", "DeleteTable")
    return Database(made.ref, allow(
        [f"glue:{each}" for each in actions],
        arn(stack, "glue", "catalog"), arn(stack, "glue", "database", name), arn(stack, "glue", "table", f"{name}/*"),
    ))  # fmt: skip


def make_views(stack: cdk.Stack, settings: Settings, database: Database) -> None:
    """Declare the views; the tables under them need not be there yet."""
    name = settings.storage.database
    for each in views(name, settings.timezone):
        glue.CfnTable(
            stack, f"View{each.name.title().replace('_', '')}",
            catalog_id=stack.account,
            database_name=database.ref,
            table_input=glue.CfnTable.TableInputProperty(
                name=each.name, description=each.description, table_type="VIRTUAL_VIEW",
                # These words are how Trino knows a view of its own; the description is for people.
                parameters={"presto_view": "true", "comment": "Presto View"},
                view_original_text=each.original_text(name), view_expanded_text="/* Presto View */",
                storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                    columns=[glue.CfnTable.ColumnProperty(name=one.name, type=one.glue) for one in each.columns],
                    # A view has none of these, yet Trino fails where one is missing.
                    location="", number_of_buckets=0,
                    serde_info=glue.CfnTable.SerdeInfoProperty(name="-", serialization_library="-"),
                ),
            ),
        )  # fmt: skip


def make_work_group(stack: cdk.Stack, settings: Settings, buckets: Buckets) -> str:
    """Declare the work group and its named queries; return its name."""
    group = athena.CfnWorkGroup(
        stack, "WorkGroup",
        name=settings.aws.stack, description="telelake: questions to the tables", recursive_delete_option=True,
        state="ENABLED",
        work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
            bytes_scanned_cutoff_per_query=settings.aws.scan_limit_mb * 1_000_000,
            enforce_work_group_configuration=True,
            publish_cloud_watch_metrics_enabled=True,
            engine_version=athena.CfnWorkGroup.EngineVersionProperty(selected_engine_version="Athena engine version 3"),
            result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                output_location=buckets.results.s3_url_for_object("athena/"),
                encryption_configuration=athena.CfnWorkGroup.EncryptionConfigurationProperty(encryption_option="SSE_S3"),
            ),
        ),
    )  # fmt: skip
    database = settings.storage.database
    for each in named_queries(database, settings.timezone):
        athena.CfnNamedQuery(
            stack, f"Query{each.name.title().replace('_', '')}",
            name=each.name, description=each.description, query_string=each.sql, database=database,
            work_group=group.ref,
        )  # fmt: skip
    return group.ref
