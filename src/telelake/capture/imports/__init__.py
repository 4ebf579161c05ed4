"""History that others have recorded: exports of Telegram Desktop, updates as NDJSON, the course design's bucket."""
