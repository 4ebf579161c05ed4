-- The messages that calls made or changed, as lines of the one pipeline that all messages go through. Telegram never
-- delivers a bot its own messages; they are seen here only.
SELECT context_date, bot_id, record_id, source, received_at, 0 AS bytes, 0::UBIGINT AS body_hash, true AS is_hashed,
       CAST(NULL AS BIGINT) AS update_id, generate_subscripts(messages, 1) AS ordinal, CAST(NULL AS JSON) AS unknown,
       CAST(NULL AS VARCHAR[]) AS notes, file, true AS has_form, true AS is_known, true AS is_plain, false AS is_flat,
       CASE WHEN lower(method) SIMILAR TO '(edit|stop).*' THEN 'changed_message' ELSE 'sent_message' END AS kind, 1 AS kinds, unnest(messages) AS message, CAST(NULL AS JSON) AS event,
       bot_id AS account, CAST(NULL AS BIGINT[]) AS own,
       CAST(NULL AS VARCHAR) AS told_kind, CAST(NULL AS BOOLEAN) AS told_service, CAST(NULL AS JSON) AS told_facts
FROM called
WHERE copy = 1
