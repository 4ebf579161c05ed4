SELECT context_date, bot_id, received_at, source, reason, bytes, raw
FROM unreadable
