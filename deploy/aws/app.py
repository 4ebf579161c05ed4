"""The CDK app of telelake, for those who use `cdk`. The stack itself is `telelake.aws.stack`.

Settings are read as by any command: TELELAKE_* over telelake.toml in this folder.
"""

from __future__ import annotations

import os
import sys

from telelake.errors import SettingsError, TelelakeError
from telelake.settings import load


def main() -> int:
    """Write what `cdk` deploys to where it says; return the exit code."""
    try:
        settings = load()
        region = os.environ.get("CDK_DEFAULT_REGION")  # where `cdk` would deploy to: AWS_REGION, or the profile's
        if region and settings.aws.region not in (None, region):
            raise SettingsError(
                f"cdk deploys to {region}, and aws.region is {settings.aws.region}. "
                f"Run: export AWS_REGION={settings.aws.region}"
            )
        from telelake.aws.stack import make_app

        make_app(settings, plain=False).synth()
    except TelelakeError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
