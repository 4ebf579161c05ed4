"""What a test has the stand-in do wrong, or slowly, on purpose."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Fault:
    """Something that befalls calls instead of their answer, or before it."""

    method: str = ""
    """Which calls, by the server's name of the method; `file` for downloads; all when empty."""
    times: int = 1
    """How many calls are left to befall."""
    status: int = 0
    """Refuse with this status; 0 does not refuse."""
    description: str = "Internal Server Error"
    retry_after: int | None = None
    delay: float = 0.0
    """Seconds of the machine that the answer is late."""
    raw: bytes | None = None
    """Answer these bytes, with `status`."""
    headers: dict[str, str] = field(default_factory=dict)
    hangs_up: bool = False
    """End the connection without an answer, after the call was carried out: the bot cannot know."""

    def takes(self, method: str) -> bool:
        """Say whether a call is befallen, and count it."""
        if self.times <= 0 or self.method not in ("", method):
            return False
        self.times -= 1
        return True
