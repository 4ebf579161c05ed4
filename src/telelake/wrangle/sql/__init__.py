"""The tables' SQL, one file each; those with a leading underscore are shared steps."""

from functools import cache
from importlib.resources import files


@cache
def sql_file(name: str) -> str:
    """Return the text of `<name>.sql`."""
    return files(__package__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
