"""What capture counts: every body is accounted for, so a loss of any kind shows."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Counters:
    """Totals since the process started. At rest, received = stored + the sum of rejected."""

    received: int = 0
    """Bodies offered, by whatever source."""
    stored: int = 0
    """Bodies on the medium, acknowledged."""
    rejected: dict[str, int] = field(default_factory=dict)
    """Bodies not acknowledged, by reason: `secret`, `too_large`, `disconnected`, `unavailable`, `cancelled`."""
    sealed_files: int = 0
    """Journal files that became segments."""
    sealed_segments: int = 0
    """Segments made, those that were there already included."""
    sealed_records: int = 0
    """Records in them."""
    quarantined: int = 0
    """Those of them that could not be read."""
    seal_failures: int = 0
    """Attempts that the store refused; each is made again."""
    damaged_frames: int = 0
    """Records lost to damage or to a crash; what a crash tears off was never acknowledged."""
    damaged_bytes: int = 0
    """The bytes they took."""
    torn_bytes: int = 0
    """Those of them at a file's end, as a crash leaves them."""

    def reject(self, reason: str) -> None:
        """Count one body that is not acknowledged."""
        self.rejected[reason] = self.rejected.get(reason, 0) + 1
