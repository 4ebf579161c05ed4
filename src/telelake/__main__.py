"""`python -m telelake`."""

from telelake.cli import main

main()
