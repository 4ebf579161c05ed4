from pathlib import Path
from typing import Any

from telelake.api import Tables

__version__: str

def open(home: str | Path | None = None, *, config: str | Path | None = None, **bounds: Any) -> Tables: ...  # noqa: A001
