"""The stack: settings in, one plain CloudFormation template out.

    python -m telelake.aws.stack --out DIR

Declared with the AWS CDK, which synthesises without network and without an account. The template has no assets and needs
no bootstrap: where the code lies is said by its parameters (`CodeBucket`, `DoorCodeKey`, `SealCodeKey`,
`WrangleCodeKey`). Owns how the parts hang together; the parts are declared by `storage`, `functions`, `endpoint`,
`asking` and `watch`, rights by `rights`. `deploy` puts it into an account.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from telelake.errors import SettingsError

# jsii says in eleven lines, at each start, that these versions of Node.js have become old; they work.
os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "18,20,22")

try:
    import aws_cdk as cdk
except ImportError as error:
    raise SettingsError(f"The stack needs {error.name}. Run: pip install 'telelake[aws]'") from error

from telelake.aws.asking import make_database, make_views, make_work_group
from telelake.aws.endpoint import make_endpoint
from telelake.aws.functions import Functions, visibility, window
from telelake.aws.storage import make_buckets, make_queues, make_secret
from telelake.aws.watch import Watched, watch
from telelake.settings import Settings, load

if TYPE_CHECKING:
    from collections.abc import Mapping


def synthesise(settings: Settings, out_dir: Path, *, check: bool = False) -> Path:
    """Write the template to `<out_dir>/<stack>.template.json` and return its path.

    Args:
        settings: `aws`, `timezone`, `storage`, `capture.seal_seconds` and `wrangle` are read; no secret is.
        out_dir: made when missing.
        check: let cdk-nag judge it; a finding without a reason raises.

    Raises:
        SettingsError: the settings contradict each other, or cdk-nag has found something.
    """
    with TemporaryDirectory(prefix="telelake-synth-") as folder:
        app = make_app(settings, outdir=folder, check=check)
        try:
            app.synth()
        except RuntimeError as error:
            found = "".join(f"\n  {each}" for each in _findings(Path(folder))) or f" {error}"
            raise SettingsError(f"The template was refused:{found}") from error
        made = Path(folder) / f"{settings.aws.stack}.template.json"
        out_dir.mkdir(parents=True, exist_ok=True)
        target = out_dir / made.name
        target.write_bytes(made.read_bytes())
    return target


def make_app(settings: Settings, *, outdir: str | None = None, check: bool = True, plain: bool = True) -> cdk.App:
    """Return the CDK app of one stack; `plain` for a template that needs no bootstrap, which `cdk deploy` does."""
    app = cdk.App(
        outdir=outdir,
        analytics_reporting=False,
        context={"@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": True},
    )
    stack = cdk.Stack(
        app, settings.aws.stack,
        description="telelake: everything a Telegram bot sees, in a lake you own",
        synthesizer=cdk.BootstraplessSynthesizer() if plain else cdk.DefaultStackSynthesizer(),
    )  # fmt: skip
    cdk.Tags.of(stack).add("application", "telelake")
    cdk.Tags.of(stack).add("telelake:stack", settings.aws.stack)
    _declare(stack, settings)
    if check:
        import cdk_nag

        cdk.Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks(app))
    return app


def _declare(stack: cdk.Stack, settings: Settings) -> None:
    """Declare the parts, in the order in which data go through them."""
    functions = Functions(stack, settings)
    buckets = make_buckets(stack, settings)
    queues = make_queues(stack, visibility(settings))
    secret = make_secret(stack, settings.aws)
    door = functions.door(queues.main, secret, buckets.home)
    url, api = make_endpoint(stack, settings.aws, door)
    seal = functions.seal(queues.main, buckets.home)
    database = make_database(stack, settings.storage.database, buckets.home)
    wrangle = functions.wrangle(buckets, database.tables, queues.failed)
    functions.schedules(wrangle, queues.failed)
    make_views(stack, settings, database)
    work_group = make_work_group(stack, settings, buckets)
    topic = watch(
        stack, settings.aws,
        Watched(
            door.ref, seal.ref, wrangle.ref, api, queues.main, queues.dead, queues.failed,
            patience=window(settings) + visibility(settings),
        ),
    )  # fmt: skip
    _outputs(stack, {
        "WebhookUrl": url, "HomeBucket": buckets.home.bucket_name, "Queue": queues.main.queue_url,
        "DeadLetterQueue": queues.dead.queue_url, "FailedRunsQueue": queues.failed.queue_url,
        "Database": settings.storage.database, "WorkGroup": work_group, "ReportBucket": buckets.report.bucket_name,
        "ResultsBucket": buckets.results.bucket_name, "SecretName": secret.attr_id, "AlarmTopic": topic,
        "DoorFunction": door.ref, "SealFunction": seal.ref, "WrangleFunction": wrangle.ref,
    })  # fmt: skip


def _outputs(stack: cdk.Stack, values: Mapping[str, str]) -> None:
    """Declare what `deploy` and people need to know."""
    for name, value in values.items():
        cdk.CfnOutput(stack, f"{name}Output", value=value).override_logical_id(name)


def _findings(folder: Path) -> list[str]:
    """Return what a check has found, from the report that the CDK leaves: `rule at construct: why`."""
    report = folder / "validation-report.json"
    if not report.is_file():
        return []
    return sorted(
        f"{finding['ruleName']} at {place['constructPath']}: {finding['description']}"
        for plugin in json.loads(report.read_bytes())["pluginReports"]
        for finding in plugin["violations"]
        for place in finding["violatingConstructs"]
    )


def main() -> int:
    """Write the template of the settings found; `--out DIR` names the folder."""
    import argparse

    parser = argparse.ArgumentParser(description="Write the CloudFormation template of telelake.")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--config", type=Path, help="settings file")
    given = parser.parse_args()
    sys.stdout.write(f"{synthesise(load(given.config), given.out, check=True)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
