"""`python -m telelake`."""

from telelake.cli import script

script()
