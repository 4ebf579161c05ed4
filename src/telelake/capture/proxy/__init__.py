"""The recording proxy: a bot speaks through it to the Bot API, and what passes is kept."""
