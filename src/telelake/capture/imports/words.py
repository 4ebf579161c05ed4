"""Words of the summaries."""

from __future__ import annotations


def counted(number: int, word: str) -> str:
    """Return a number with its word: `1 chat`, `1,200 chats`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def were(number: int) -> str:
    """Return `was` or `were`, as the number asks for."""
    return "was" if number == 1 else "were"
