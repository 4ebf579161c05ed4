"""The CDK app of telelake, for those who use `cdk`. The stack itself is `telelake.aws.stack`.

Settings are read as by any command: TELELAKE_* over telelake.toml in this folder.
"""

from __future__ import annotations

from telelake.aws.stack import make_app
from telelake.settings import load

make_app(load(), plain=False).synth()
