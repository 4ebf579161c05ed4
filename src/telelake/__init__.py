"""telelake keeps what a Telegram bot sees in a lake you own, and answers questions of it."""

__version__ = "0.1.0"
